"""The data that models read: the features of each modality, transcripts, and which modalities are present."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
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
Matrix = Any  # (n, p) float64, or a scipy sparse matrix of that shape
Pairs = tuple[tuple[IntArray, IntArray], ...]  # (training rows, validation rows), once per inner fold


@dataclass(frozen=True, eq=False)
class _Steps:
    """The steps of all utterances of a corpus; selections of utterances share them without copying."""

    values: NDArray[np.float32]
    times: FloatArray

    @cached_property
    def digest(self) -> str:
        """A hash of the content; computed only once."""
        return hashlib.sha256(
            np.ascontiguousarray(self.values).tobytes() + np.ascontiguousarray(self.times).tobytes()
        ).hexdigest()


@dataclass(frozen=True, eq=False)
class Ragged:
    """The sequences of n utterances, which have different lengths; selecting utterances does not copy steps.

    Attributes
    ----------
    steps
        The steps of all sequences, as `Ragged.of` makes them.
    starts, lengths
        ``(n,)`` the position of each utterance's first step, and the number of its steps.

    Examples
    --------
    >>> r = Ragged.of([np.zeros((3, 2), np.float32), np.ones((1, 2), np.float32)])
    >>> r.width, r.lengths.tolist(), r[[1]].values(0).tolist()
    (2, [3, 1], [[1.0, 1.0]])
    """

    steps: _Steps
    starts: IntArray
    lengths: IntArray

    @classmethod
    def of(cls, values: Sequence[NDArray[np.float32]], times: Sequence[FloatArray] | None = None) -> "Ragged":
        """Make sequences from two arrays per utterance: ``(steps, d)`` values, and ``(steps, 2)`` start and end times.

        Times are in seconds; without them, all times are NaN.

        Raises
        ------
        ModelError
            If the widths differ, if there are more or fewer times than steps in total, or if a value is infinite.
        """
        if len({v.shape[1:] for v in values}) > 1 or any(v.ndim != 2 for v in values):
            raise ModelError(
                "sequences must all be (steps, d) with the same d; the shapes of their steps are "
                f"{sorted({v.shape[1:] for v in values})}"
            )
        lengths = np.array([len(v) for v in values], np.intp)
        joined = np.concatenate(values).astype(np.float32) if values else np.zeros((0, 0), np.float32)
        clock = np.full((len(joined), 2), np.nan) if times is None else np.concatenate([*times, np.zeros((0, 2))])
        if clock.shape != (len(joined), 2):
            raise ModelError(f"sequences of {len(joined)} steps have times of shape {clock.shape}, not (steps, 2)")
        if np.isinf(joined).any():
            raise ModelError("a sequence holds an infinite number: an undefined entry must be NaN")
        starts = np.concatenate([[0], np.cumsum(lengths)])[: len(lengths)].astype(np.intp)
        return cls(_Steps(joined, clock), starts, lengths)

    @property
    def width(self) -> int:
        """The number of values per step."""
        return int(self.steps.values.shape[1])

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, rows: Any) -> "Ragged":
        return Ragged(self.steps, self.starts[rows], self.lengths[rows])

    def _where(self, i: int) -> slice:
        return slice(int(self.starts[i]), int(self.starts[i] + self.lengths[i]))

    def values(self, i: int) -> NDArray[np.float32]:
        """Return the steps of utterance i, ``(steps, d)``; undefined entries are NaN."""
        return self.steps.values[self._where(i)]

    def times(self, i: int) -> FloatArray:
        """Return the start and end of each step of utterance i in seconds, ``(steps, 2)``; NaN if unknown."""
        return self.steps.times[self._where(i)]

    def with_values(self, values: NDArray[np.float32]) -> "Ragged":
        """Return the same sequences with new values; `values` has one row for each row of `steps`."""
        return Ragged(_Steps(values, self.steps.times), self.starts, self.lengths)

    def rows(self) -> IntArray:
        """Return which rows of `steps` belong to these utterances, in the order of the utterances."""
        total = int(self.lengths.sum())
        ends = np.cumsum(self.lengths)
        within = np.arange(total) - np.repeat(ends - self.lengths, self.lengths)
        positions: IntArray = np.repeat(self.starts, self.lengths) + within
        return positions

    def fingerprint(self) -> str:
        """Return a hash of the content."""
        return hashlib.sha256(self.steps.digest.encode() + self.starts.tobytes() + self.lengths.tobytes()).hexdigest()


@dataclass(frozen=True, eq=False)
class Modalities:
    """The features of n utterances, which can be indexed by rows, so that scikit-learn's tools accept them as ``X``.

    Attributes
    ----------
    pooled
        ``(n, p)`` float32 features of each modality; an undefined feature is NaN. Rows that are not `present` are never
        read.
    present
        ``(n,)`` bool mask of each modality: which utterances have it. An absent modality is only masked: zeros
        are not stored in its place, and its utterance is not dropped.
    text
        ``(n,)`` transcripts as written, or None; read by transformers that are fitted inside a fold (TF-IDF, word2vec).
    groups
        ``(n,)`` group of each utterance (speaker, session, video); inner folds do not split groups.
    names
        The p column names of each modality; may be empty.
    sequences
        The steps over time of each modality; may be empty. The sequence of a modality that is not `present` is never
        read; a present one may have no steps. ``spectrogram`` holds spectrogram frames, whose mask is that of audio.

    Raises
    ------
    ModelError
        If lengths do not match, if a modality has features but no mask, or if a number is infinite.

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
    sequences: Mapping[str, Ragged] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.groups)
        _check_rows({"text": self.text, **{f"present[{m!r}]": a for m, a in self.present.items()}}, n)
        _check_rows({f"pooled[{m!r}]": a for m, a in self.pooled.items()}, n)
        for modality, matrix in self.pooled.items():
            self._check_matrix(modality, matrix)
        for name, sequence in self.sequences.items():
            if len(sequence) != n:
                raise ModelError(f"sequences[{name!r}] holds {len(sequence)} utterances, but there are {n}")

    def _check_matrix(self, modality: str, matrix: NDArray[np.float32]) -> None:
        if modality not in self.present:
            masks = ", ".join(self.present) or "none"
            raise ModelError(f"pooled[{modality!r}] has no presence mask; modalities with a mask: {masks}")
        if matrix.ndim != 2:
            raise ModelError(f"pooled[{modality!r}] has shape {matrix.shape}: it must be (utterances, features)")
        if np.isinf(matrix[self.present[modality]]).any():
            raise ModelError(f"pooled[{modality!r}] holds an infinite number: an undefined entry must be NaN")
        names = self.names.get(modality)
        if names is not None and len(names) != matrix.shape[1]:
            raise ModelError(
                f"names[{modality!r}] has {len(names)} entries, but pooled[{modality!r}] has shape {matrix.shape}"
            )

    @property
    def modalities(self) -> tuple[str, ...]:
        """The names of the modalities that have a presence mask."""
        return tuple(self.present)

    @property
    def shape(self) -> tuple[int]:
        """The shape that scikit-learn reads, ``(n,)`` for n utterances."""
        return (len(self.groups),)

    def __len__(self) -> int:
        return len(self.groups)

    def __getitem__(self, rows: Any) -> "Modalities":
        """Return the utterances at `rows`: integers, a slice or a mask, optionally followed by an ellipsis."""
        if isinstance(rows, tuple):
            if len(rows) != 2 or rows[1] is not Ellipsis:
                raise ModelError(f"modalities can only be indexed by rows, not by {rows!r}")
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
            {m: s[rows] for m, s in self.sequences.items()},
        )

    def without(self, ablated: Iterable[str]) -> "Modalities":
        """Return the same utterances with the masks of some modalities set to False.

        An unknown modality raises `ModelError`.
        """
        names = set(ablated)
        for name in names:
            self.mask(name)
        return replace(self, present={m: a & (m not in names) for m, a in self.present.items()})

    def mask(self, modality: str) -> BoolArray:
        """Return a mask ``(n,)`` of the utterances that have a modality; an unknown modality raises `ModelError`."""
        if modality not in self.present:
            raise ModelError(f"there is no modality {modality!r}; available: {', '.join(self.present) or 'none'}")
        return self.present[modality]

    def fingerprint(self, modalities: Iterable[str]) -> str:
        """Return a hash of the features and masks of some modalities, and of all sequences, transcripts and groups."""
        digest = hashlib.sha256(repr(self.shape).encode())
        for modality in modalities:
            digest.update(modality.encode() + np.ascontiguousarray(self.mask(modality)).tobytes())
            if modality in self.pooled:
                digest.update(repr(self.pooled[modality].shape).encode())
                digest.update(np.ascontiguousarray(self.pooled[modality]).tobytes())
        for name in sorted(self.sequences):
            digest.update(name.encode() + self.sequences[name].fingerprint().encode())
        digest.update("\x1f".join(repr(text) for text in self.text).encode(errors="surrogatepass"))
        digest.update("\x1f".join(map(repr, self.groups.tolist())).encode(errors="surrogatepass"))
        return digest.hexdigest()


def require_columns(values: NDArray[Any], mean: NDArray[Any]) -> None:
    """Raise `ModelError` if `values`, ``(n, p)``, have more or fewer columns than a scaler has means, ``(p,)``."""
    if len(values) and values.shape[1:] != mean.shape:
        raise ModelError(f"rows have shape {values.shape[1:]}, but the scaler was fitted on rows of shape {mean.shape}")


def softmax(logits: FloatArray) -> FloatArray:
    """Return the ``(n, k)`` probabilities of ``(n, k)`` logits."""
    return normalised(np.exp(logits - logits.max(axis=1, keepdims=True)))


def normalised(amounts: FloatArray) -> FloatArray:
    """Return ``(n, k)`` amounts divided by the sum of their row; a row of zeros becomes equal shares.

    >>> normalised(np.array([[1.0, 3.0], [0.0, 0.0]])).tolist()
    [[0.25, 0.75], [0.5, 0.5]]
    """
    total = amounts.sum(axis=1, keepdims=True)
    divided: FloatArray = np.where(total == 0, 1 / amounts.shape[1], amounts / np.where(total == 0, 1, total))
    return divided


def _check_rows(columns: Mapping[str, NDArray[Any]], n: int) -> None:
    for name, column in columns.items():
        if column.ndim == 0 or len(column) != n:
            raise ModelError(f"{name} has shape {column.shape}, but there are {n} utterances (the length of groups)")
