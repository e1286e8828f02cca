"""Design matrices: turn `Modalities` into the matrix that a classifier reads, fitted on training rows only."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from models.data.context import extractor_of
from models.data.modalities import BoolArray, FloatArray, Matrix, Modalities
from models.data.scaling import Standardise, scaler
from models.errors import ModelError

SPARSE_COLUMNS = 100  # a block of TF-IDF columns gets the weight of this many standardised columns

FoldTransformers = Mapping[str, Sequence[tuple[str, Any]]]  # modality -> named transformers to fit inside a fold


class Block:
    """The columns of one modality: its pooled features, followed by the outputs of fitted text transformers.

    Parameters
    ----------
    modality
        The modality to read.
    fitted
        Named scikit-learn transformers of raw transcripts; `fit` clones them and fits the clones.
    indicator
        Whether to add a column that marks the rows that have the modality. It is added only if some training rows lack
        the modality.
    only
        The only extractor or transformer whose columns are read; all by default. An extractor's columns are named
        ``<extractor>.<feature>``, and ``<extractor>@-1.<feature>`` if they belong to a neighbour in the dialogue.
    normalise
        Scaler of pooled features and dense transformer outputs, ``standard`` or ``quantile``.
    """

    def __init__(
        self,
        modality: str,
        fitted: Sequence[tuple[str, Any]] = (),
        *,
        indicator: bool = False,
        only: str = "",
        normalise: str = "standard",
    ) -> None:
        self.modality = modality
        self.fitted = [(name, transformer) for name, transformer in fitted if only in ("", name)]
        self.indicator = indicator
        self.only = only
        self.normalise = normalise

    def fit(self, x: Modalities) -> "Block":
        """Fit scalers and text transformers on the rows of `x` that have the block's modality."""
        from sklearn.base import clone

        present = x.mask(self.modality)
        self.seen_ = bool(present.any())
        self.columns_ = self._columns(x)
        read = bool(np.size(self.columns_))
        self.pooled_ = scaler(self.normalise).fit(x.pooled[self.modality][present][:, self.columns_]) if read else None
        texts = x.text[present]
        self.transformers_ = []
        for name, transformer in self.fitted if self.seen_ else ():
            with _named_failure(name, len(texts)):
                self.transformers_.append(clone(transformer).fit(texts))
        columns = [self._text_columns(i, texts) for i in range(len(self.transformers_))]
        self.scalers_ = [_text_scaler(found, self.normalise) for found in columns]
        varies = self.indicator and self.seen_ and not present.all()
        self.indicator_ = Standardise().fit(present[:, None]) if varies else None
        return self

    def _columns(self, x: Modalities) -> NDArray[np.intp]:
        """Return the positions of the pooled columns that are read."""
        width = x.pooled[self.modality].shape[1] if self.modality in x.pooled else 0
        columns = np.arange(width)
        if self.only:
            names = x.names.get(self.modality, ())
            columns = np.array([i for i, name in enumerate(names) if extractor_of(name) == self.only], np.intp)
        if not len(columns) and not self.fitted:
            what = f"the modality {self.modality!r}" + (f", of which only {self.only!r} is read," if self.only else "")
            raise ModelError(f"{what} has neither pooled features nor a fitted transformer")
        return columns

    def usable(self, x: Modalities) -> BoolArray:
        """Return a mask ``(n,)`` of the rows that this block can use: those that have the modality.

        If the block reads only one extractor, a row must also have a defined feature of this extractor; features of
        neighbouring utterances do not count. If the block reads only one text transformer, a row must also have a
        transcript.
        """
        present = x.mask(self.modality)
        if not self.only:
            return present
        names, found = x.names.get(self.modality, ()), np.zeros(len(x), bool)
        if own := [
            i for i in self._columns(x) if names[i].partition(".")[0] == self.only
        ]:  # without the columns of neighbours
            found |= np.isfinite(x.pooled[self.modality][:, own]).any(axis=1)
        if self.fitted:
            found |= np.array([bool(text) for text in x.text], bool)
        return present & found

    def _text_columns(self, i: int, texts: NDArray[Any]) -> Any:
        """Return the ``(n, p)`` output of the block's i-th text transformer for n transcripts."""
        name = self.fitted[i][0]
        with _named_failure(name, len(texts)):
            found = self.transformers_[i].transform(texts)
        if len(np.shape(found)) != 2 or np.shape(found)[0] != len(texts):
            raise ModelError(
                f"the text transformer {name!r} gave {type(found).__name__} of shape {np.shape(found)} for {len(texts)}"
                " texts: it must give one row of numbers per text"
            )
        _refuse_infinite(found, texts, name)
        return found

    def transform(self, x: Modalities) -> list[Matrix]:
        """Return matrices of n rows, which `joined` puts side by side; rows without the modality are 0.

        An exception is the column that marks the rows with the modality: it tells them apart from the others.
        """
        present = x.mask(self.modality)
        parts: list[Matrix] = []
        if self.pooled_ is not None:
            pooled = x.pooled[self.modality][present][:, self.columns_]
            parts.append(_placed(self.pooled_.transform(pooled), present))
        for i, scale in enumerate(self.scalers_):
            columns = scale(self._text_columns(i, x.text[present])) if present.any() else np.zeros((0, scale.width))
            parts.append(_placed(columns, present))
        if self.indicator_ is not None:
            parts.append(self.indicator_.transform(present[:, None]))
        return parts


def _refuse_infinite(found: Any, texts: NDArray[Any], name: str) -> None:
    """Raise `ModelError` if the output `found` of the text transformer `name` has a number that is not allowed.

    An infinite number is never allowed; an undefined one (NaN) is allowed in a dense output, but not in a sparse one.
    """
    if hasattr(found, "tocoo"):
        entries = found.tocoo()
        bad = np.sort(entries.row[~np.isfinite(entries.data)])
    else:
        bad = np.flatnonzero(np.isinf(np.asarray(found, np.float64)).any(axis=1))
    if len(bad):
        raise ModelError(
            f"the text transformer {name!r} gave an infinite value, or NaN in sparse columns, for the transcript "
            f"{str(texts[bad[0]])!r:.80}: undefined values must be NaN in dense columns, and left out of sparse ones"
        )


@contextmanager
def _named_failure(name: str, count: int) -> Iterator[None]:
    """Turn any exception of a text transformer, perhaps a plugin's, into a `ModelError` that names the transformer."""
    try:
        yield
    except ModelError:
        raise
    except Exception as error:
        raise ModelError(
            f"the text transformer {name!r} failed on {count} texts ({type(error).__name__}: {error}): correct it, or "
            "remove it from the text features"
        ) from error


class _SparseScaler:
    """Scale sparse columns without centring them, so that the mean squared length of a row is `SPARSE_COLUMNS`."""

    def __init__(self, counts: Any) -> None:
        length = float(counts.multiply(counts).sum()) / max(counts.shape[0], 1)
        self.scale = np.sqrt(SPARSE_COLUMNS / length) if length > 0 else 1.0
        self.width = counts.shape[1]

    def __call__(self, counts: Any) -> Any:
        return counts * self.scale


class _DenseScaler:
    def __init__(self, values: NDArray[Any], normalise: str) -> None:
        self.scaler = scaler(normalise).fit(values)
        self.width = values.shape[1]

    def __call__(self, values: NDArray[Any]) -> FloatArray:
        return self.scaler.transform(values)


def _text_scaler(values: Any, normalise: str) -> Any:
    return _SparseScaler(values) if hasattr(values, "tocsr") else _DenseScaler(np.asarray(values), normalise)


def _placed(values: Matrix, present: BoolArray) -> Matrix:
    """Return a matrix with `values` in the rows where `present` is true, and zeros in all other rows."""
    if present.all():
        return values
    if not hasattr(values, "tocsr"):
        full = np.zeros((len(present), values.shape[1]))
        full[present] = values
        return full
    from scipy.sparse import csr_matrix

    rows = np.flatnonzero(present)
    placement = csr_matrix((np.ones(len(rows)), (rows, np.arange(len(rows)))), shape=(len(present), len(rows)))
    return (placement @ values).tocsr()


def joined(parts: Sequence[Matrix]) -> Matrix:
    """Join matrices of n rows side by side; the result is sparse if one of them is sparse."""
    if not parts:
        raise ModelError("there is nothing to learn from: no modality has a feature")
    if any(hasattr(part, "tocsr") for part in parts):
        from scipy.sparse import hstack

        return hstack(parts, format="csr")
    return parts[0] if len(parts) == 1 else np.hstack(parts)


def width(matrix: Matrix) -> float:
    """Return the number of columns, or for a sparse matrix the mean number of entries that a row stores."""
    return float(matrix.nnz / max(matrix.shape[0], 1) if hasattr(matrix, "tocsr") else matrix.shape[1])


class Design(Protocol):
    """An object that turns `Modalities` into a matrix."""

    def usable(self, x: Modalities) -> BoolArray:
        """Return a mask ``(n,)`` of the rows that have anything to read."""
        ...

    def fit(self, x: Modalities) -> Any:
        """Learn from training rows."""
        ...

    def transform(self, x: Modalities) -> Matrix:
        """Return the ``(n, p)`` matrix."""
        ...


class OneModality:
    """The design of a unimodal model: its matrix has the columns of one modality."""

    def __init__(
        self, modality: str, fitted: FoldTransformers | None, only: str = "", normalise: str = "standard"
    ) -> None:
        self.block = Block(modality, (fitted or {}).get(modality, ()), only=only, normalise=normalise)

    def usable(self, x: Modalities) -> BoolArray:
        """Return a mask ``(n,)`` of the rows that have anything to read."""
        return self.block.usable(x)

    def fit(self, x: Modalities) -> "OneModality":
        """Learn from training rows."""
        self.block.fit(x)
        return self

    def transform(self, x: Modalities) -> Matrix:
        """Return the ``(n, p)`` matrix."""
        return joined(self.block.transform(x))
