"""What a model sees of n utterances: numbers per modality, the transcript, and which modality is there at all."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from models.errors import ModelError

Task = Literal["classification", "regression"]
TASKS: tuple[Task, ...] = ("classification", "regression")

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.intp]
BoolArray = NDArray[np.bool_]
Labels = NDArray[Any]  # class names, or scores
Pairs = tuple[tuple[IntArray, IntArray], ...]  # (training rows, validation rows), once per inner fold


@dataclass(frozen=True, eq=False)
class Modalities:
    """The features of n utterances, indexable by rows, so that scikit-learn's tools take it for ``X``.

    Attributes
    ----------
    pooled
        Modality -> ``(n, p)`` float32; NaN where a feature is undefined. A row that is not `present` is never read.
    present
        Modality -> ``(n,)`` bool: whether the utterance has this modality. Absent is a mask, never zeros, never a
        dropped row.
    text
        ``(n,)`` transcripts as written, or None; for what is fitted inside a fold (TF-IDF, word2vec).
    groups
        ``(n,)`` what inner folds may not split (speaker, session, video).
    names
        Modality -> the p names of its columns; may be empty.

    Raises
    ------
    ModelError
        If lengths disagree, a modality has numbers but no mask, or a number is infinite.

    Examples
    --------
    >>> x = Modalities(
    ...     pooled={"audio": np.zeros((3, 2), np.float32)},
    ...     present={"audio": np.array([True, False, True])},
    ...     text=np.array(["yes", None, "no"], object),
    ...     groups=np.array([1, 1, 2]),
    ... )
    >>> len(x), x.shape, x[[0, 2]].present["audio"].tolist(), x.modalities
    (3, (3,), [True, True], ('audio',))
    """

    pooled: Mapping[str, NDArray[np.float32]]
    present: Mapping[str, BoolArray]
    text: NDArray[np.object_]
    groups: NDArray[Any]
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.groups)
        _check_rows({"text": self.text, **{f"present[{m!r}]": a for m, a in self.present.items()}}, n)
        _check_rows({f"pooled[{m!r}]": a for m, a in self.pooled.items()}, n)
        for modality, matrix in self.pooled.items():
            self._check_matrix(modality, matrix)

    def _check_matrix(self, modality: str, matrix: NDArray[np.float32]) -> None:
        if modality not in self.present:
            masks = ", ".join(self.present) or "none"
            raise ModelError(f"pooled[{modality!r}] has no presence mask: there are {masks}")
        if matrix.ndim != 2:
            raise ModelError(f"pooled[{modality!r}] has shape {matrix.shape}: it must be (utterances, features)")
        if np.isinf(matrix[self.present[modality]]).any():
            raise ModelError(f"pooled[{modality!r}] holds an infinite number: an undefined entry must be NaN")
        names = self.names.get(modality)
        if names is not None and len(names) != matrix.shape[1]:
            raise ModelError(f"names[{modality!r}] has {len(names)} entries, pooled[{modality!r}] shape {matrix.shape}")

    @property
    def modalities(self) -> tuple[str, ...]:
        """Names of the modalities that have a presence mask."""
        return tuple(self.present)

    @property
    def shape(self) -> tuple[int]:
        """``(n,)``."""
        return (len(self.groups),)

    def __len__(self) -> int:
        return len(self.groups)

    def __getitem__(self, rows: Any) -> "Modalities":
        """Return the utterances at `rows`: integers, a slice, or a mask, alone or followed by an ellipsis."""
        if isinstance(rows, tuple):
            if len(rows) != 2 or rows[1] is not Ellipsis:
                raise ModelError(f"modalities are indexed by rows alone, not by {rows!r}")
            rows = rows[0]
        if not isinstance(rows, slice):
            rows = np.atleast_1d(np.asarray(rows))
            rows = rows.astype(np.intp) if rows.size == 0 else rows
        return Modalities(
            {m: a[rows] for m, a in self.pooled.items()},
            {m: a[rows] for m, a in self.present.items()},
            self.text[rows],
            self.groups[rows],
            self.names,
        )

    def mask(self, modality: str) -> BoolArray:
        """Return ``(n,)``: which utterances have `modality`; an unknown one raises `ModelError`."""
        if modality not in self.present:
            raise ModelError(f"there is no modality {modality!r}: there are {', '.join(self.present) or 'none'}")
        return self.present[modality]

    def fingerprint(self, modalities: Iterable[str]) -> str:
        """Return a hash of all that these modalities hold: equal content, equal hash."""
        digest = hashlib.sha256(repr(self.shape).encode())
        for modality in modalities:
            digest.update(modality.encode() + np.ascontiguousarray(self.mask(modality)).tobytes())
            if modality in self.pooled:
                digest.update(repr(self.pooled[modality].shape).encode())
                digest.update(np.ascontiguousarray(self.pooled[modality]).tobytes())
        digest.update("\x1f".join(repr(text) for text in self.text).encode(errors="surrogatepass"))
        digest.update("\x1f".join(map(repr, self.groups.tolist())).encode(errors="surrogatepass"))
        return digest.hexdigest()


def softmax(logits: FloatArray) -> FloatArray:
    """Return ``(n, k)`` probabilities of ``(n, k)`` logits."""
    return shares(np.exp(logits - logits.max(axis=1, keepdims=True)))


def shares(amounts: FloatArray) -> FloatArray:
    """Return ``(n, k)`` amounts divided by their rows' sums."""
    divided: FloatArray = amounts / amounts.sum(axis=1, keepdims=True)
    return divided


def _check_rows(columns: Mapping[str, NDArray[Any]], n: int) -> None:
    for name, column in columns.items():
        if column.ndim == 0 or len(column) != n:
            raise ModelError(f"{name} has shape {column.shape}, but there are {n} utterances (the length of groups)")
