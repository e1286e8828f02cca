"""Early fusion: a reducer joins the columns of all modalities, and one classifier reads the result."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from models.builders import class_of
from models.classical.domains import require
from models.classical.tabular import Tabular
from models.data.design import Block, Design, FoldTransformers, joined
from models.data.modalities import BoolArray, Matrix, Modalities, Task
from models.data.scaling import total_variance
from models.errors import ModelError
from models.registry import strategy


class Reducer(Protocol):
    """Joins the blocks, one matrix per modality, into one matrix; it is fitted on training rows.

    `fit` and `transform` accept a mask ``(blocks, n)`` that says which rows are present in each block. In a row that is
    absent from a block, all columns of this block are 0; if they are standardised, this is their training mean.
    """

    def fit(self, blocks: Sequence[Matrix], present: BoolArray | None = None) -> Any:
        """Learn from one ``(n, p)`` matrix per modality."""
        ...

    def transform(self, blocks: Sequence[Matrix], present: BoolArray | None = None) -> Matrix:
        """Return one ``(n, q)`` matrix, joined from one ``(n, p)`` matrix per modality."""
        ...


class Concat:
    """Columns side by side; by default, each block is divided by the square root of its total variance.

    Parameters
    ----------
    weighting
        ``block``: every modality has the same weight, however many columns it has. ``column``: every column has the
        same weight.
    """

    def __init__(self, weighting: str = "block") -> None:
        require("concat", weighting=weighting)
        self.weighting = weighting

    def fit(self, blocks: Sequence[Matrix], present: BoolArray | None = None) -> "Concat":  # noqa: ARG002
        """Learn the weight of each block."""
        variances = [total_variance(block) for block in blocks]
        by_block = self.weighting == "block"
        self.weights_ = [1 / np.sqrt(v) if by_block and v > 0 else 1.0 for v in variances]
        return self

    def transform(self, blocks: Sequence[Matrix], present: BoolArray | None = None) -> Matrix:  # noqa: ARG002
        """Return the weighted columns of all blocks side by side, ``(n, sum of p)``."""
        return joined([block * weight for block, weight in zip(blocks, self.weights_, strict=True)])


class Pca:
    """Principal components of the joined columns.

    Parameters
    ----------
    components
        Number of components (at most the number of rows and of columns); below 1, the share of variance to keep.
    weighting
        As for `Concat`.
    """

    def __init__(self, components: float = 0.95, weighting: str = "block") -> None:
        require("pca", components=components)
        self.components = components
        self.concat = Concat(weighting)

    def fit(self, blocks: Sequence[Matrix], present: BoolArray | None = None) -> "Pca":  # noqa: ARG002
        """Learn the components of the training rows."""
        from sklearn.decomposition import PCA

        matrix = _dense(self.concat.fit(blocks).transform(blocks))
        n, p = matrix.shape
        wanted = self.components if self.components < 1 else min(int(self.components), n, p)
        solver = "covariance_eigh" if n >= 2 * p else "full"
        self.pca_ = None
        if n > 1 and np.ptp(matrix, axis=0).any():
            with np.errstate(invalid="ignore", divide="ignore"):  # ratios to a variance that is rounded to 0
                self.pca_ = PCA(wanted, svd_solver=solver).fit(matrix)
        return self

    def transform(self, blocks: Sequence[Matrix], present: BoolArray | None = None) -> Matrix:  # noqa: ARG002
        """Return the ``(n, components)`` projections, or the joined columns if the training rows do not vary."""
        matrix = _dense(self.concat.transform(blocks))
        return matrix if self.pca_ is None else self.pca_.transform(matrix)


def _dense(matrix: Matrix) -> Any:
    return matrix.toarray() if hasattr(matrix, "tocsr") else matrix


def reducer(name: str, settings: Mapping[str, Any]) -> Reducer:
    """Build the reducer of the strategy registered as `name`.

    Raises
    ------
    ModelError
        If the strategy is unknown or not an early fusion, or a setting is unknown or invalid.
    """
    found = strategy(name)
    if not found.early or found.core is None:
        raise ModelError(f"the strategy {name!r} cannot join features: name an early fusion, such as concat")
    try:
        made: Reducer = class_of(found.core)(**settings)
    except TypeError as error:
        raise ModelError(f"the reducer {name!r} cannot be built: {error}") from error
    return made


class _Joined:
    """Joins the columns of all modalities with a reducer.

    If some training rows lack a modality, one more column marks the rows that have it.
    """

    def __init__(
        self, modalities: Sequence[str], fitted: FoldTransformers | None, how: Reducer, normalise: str
    ) -> None:
        given = fitted or {}
        self.blocks = [Block(m, given.get(m, ()), indicator=True, normalise=normalise) for m in modalities]
        self.how = how

    def usable(self, x: Modalities) -> BoolArray:
        masks: BoolArray = np.stack([x.mask(block.modality) for block in self.blocks])
        return np.asarray(masks.any(axis=0))

    def fit(self, x: Modalities) -> "_Joined":
        for block in self.blocks:
            block.fit(x)
        self.how.fit(*self._parts(x))
        return self

    def transform(self, x: Modalities) -> Matrix:
        return self.how.transform(*self._parts(x))

    def _parts(self, x: Modalities) -> tuple[list[Matrix], BoolArray]:
        seen = [block for block in self.blocks if block.seen_]
        return [joined(block.transform(x)) for block in seen], np.stack([x.mask(block.modality) for block in seen])


class Early(Tabular):
    """One classifier on the joined features of several modalities.

    A missing modality is replaced by the training means of its columns. If it is missing in some training rows, an
    indicator column marks the rows that have it. If all modalities are missing, the prediction is the prior.

    Parameters
    ----------
    modalities
        The modalities to read.
    reducer
        Name of the reducer: ``concat``, ``pca``, ``cca``, ``autoencoder``, or a registered one.
    classifier
        Name of the classifier in `models.classical.classifiers`.
    task
        ``classification`` or ``regression``.
    classes
        All classes; by default those in the training labels.
    fitted
        For each modality, named scikit-learn transformers of raw transcripts, which are fitted inside the fold.
    settings
        Settings of the classifier; the key ``reducer`` holds the settings of the reducer.
    normalise
        Scaler of columns, ``standard`` or ``quantile``, which is fitted inside the fold.
    budget
        Maximum number of combinations of settings to try; all by default.
    """

    def __init__(
        self,
        modalities: Sequence[str],
        reducer: str = "concat",
        *,
        classifier: str = "logistic",
        task: Task = "classification",
        classes: Sequence[Any] | None = None,
        fitted: FoldTransformers | None = None,
        settings: Mapping[str, Any] | None = None,
        normalise: str = "standard",
        budget: int | None = None,
    ) -> None:
        self.modalities = modalities
        self.reducer = reducer
        self.classifier = classifier
        self.task = task
        self.classes = classes
        self.fitted = fitted
        self.settings = settings
        self.normalise = normalise
        self.budget = budget

    def _classifier_settings(self) -> dict[str, Any]:
        return {key: value for key, value in (self.settings or {}).items() if key != "reducer"}

    def _design(self) -> Design:
        if not self.modalities:
            raise ModelError("early fusion needs at least one modality")
        how = reducer(self.reducer, (self.settings or {}).get("reducer") or {})
        return _Joined(self.modalities, self.fitted, how, self.normalise)
