"""The inputs of networks: a summary vector and a sequence of steps per modality, scaled on training rows only."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from models.data.design import Block, FoldTransformers
from models.data.modalities import BoolArray, FloatArray, IntArray, Modalities, Ragged
from models.errors import ModelError
from models.nets.steps import (
    MAX_STEPS,
    Floats,
    StepScaler,
    aligned,
    drop_modalities,
    middles_s,
    padded,
    shortened,
    within,
)
from models.nets.trained_net import Batch

MAX_WIDTH = 256  # if there are more TF-IDF columns, they are reduced to their leading singular vectors
SINGULAR = 64  # number of leading singular vectors


class Summary:
    """The columns of a `models.data.design.Block` as one dense vector per row, with wide TF-IDF blocks reduced by SVD.

    References
    ----------
    S. Deerwester et al., Indexing by latent semantic analysis, 1990 (singular vectors of word counts).
    """

    def __init__(self, modality: str, fitted: Sequence[tuple[str, Any]], normalise: str) -> None:
        self.block = Block(modality, fitted, normalise=normalise)

    def fit(self, x: Modalities) -> "Summary":
        """Fit on the rows that have the modality."""
        present = x[x.mask(self.block.modality)]
        parts = self.block.fit(present).transform(present)
        self.reduced_ = [_Reduced().fit(part) if _wide(part) else None for part in parts]
        self.width_ = self._joined(parts).shape[1]
        return self

    def _joined(self, parts: Sequence[Any]) -> Floats:
        dense = [
            part.toarray() if reduced is None and hasattr(part, "tocsr") else part if reduced is None else reduced(part)
            for part, reduced in zip(parts, self.reduced_, strict=True)
        ]
        return np.hstack(dense).astype(np.float32)

    def transform(self, x: Modalities) -> Floats:
        """Return the ``(n, width_)`` summaries; zeros in rows without the modality."""
        present = x.mask(self.block.modality)
        full = np.zeros((len(x), self.width_), np.float32)
        if present.any():
            some = x[present]
            full[present] = self._joined(self.block.transform(some))
        return full


def _wide(part: Any) -> bool:
    return hasattr(part, "tocsr") and part.shape[1] > MAX_WIDTH


class _Reduced:
    def fit(self, counts: Any) -> "_Reduced":
        from sklearn.decomposition import TruncatedSVD

        from models.data.scaling import Standardise

        self.svd_ = TruncatedSVD(min(SINGULAR, *counts.shape), random_state=0).fit(counts)
        self.standardise_ = Standardise().fit(self.svd_.transform(counts))
        return self

    def __call__(self, counts: Any) -> FloatArray:
        return self.standardise_.transform(self.svd_.transform(counts))


class Channel:
    """The inputs from one modality: a summary if it has pooled features or transformers, and steps if it has sequences.

    Attributes
    ----------
    seen_
        Whether any training row has an input from this modality.
    widths_
        Number of columns of the summary (0 without a summary), and number of columns of a step (0 without steps).
    """

    def __init__(self, modality: str, fitted: Sequence[tuple[str, Any]], normalise: str) -> None:
        self.modality = modality
        self.fitted = fitted
        self.normalise = normalise

    def fit(self, x: Modalities) -> "Channel":
        """Fit on the rows that have the modality.

        Raises
        ------
        ModelError
            If the modality has neither a summary nor a sequence.
        """
        m, present = self.modality, x.mask(self.modality)
        has_summary = bool(self.fitted) or (m in x.pooled and x.pooled[m].shape[1] > 0)
        if not has_summary and m not in x.sequences:
            raise ModelError(
                f"the modality {m!r} has neither pooled features, nor a fitted transformer, nor a sequence: "
                "name an extractor for it"
            )
        summary = has_summary and bool(present.any())
        self.summary_ = Summary(m, self.fitted, self.normalise).fit(x) if summary else None
        steps = x.sequences[m][present] if m in x.sequences else None
        self.scaler_ = StepScaler().fit(steps) if steps is not None and steps.lengths.any() else None
        self.widths_ = (
            self.summary_.width_ if self.summary_ is not None else 0,
            len(self.scaler_.mean_) if self.scaler_ is not None else 0,
        )
        self.seen_ = any(self.widths_)
        return self

    def steps(self, x: Modalities) -> Ragged | None:
        """Return the modality's sequences, empty in rows without the modality; None if the model reads no steps.

        Raises
        ------
        ModelError
            If the model reads steps, but `x` has no steps, or steps of a different width.
        """
        if self.scaler_ is None:
            return None
        found = x.sequences.get(self.modality)
        if found is None or (found.width != self.widths_[1] and found.lengths.any()):
            what = "there are none" if found is None else f"these have {found.width}"
            raise ModelError(
                f"the model reads steps of {self.modality!r} with {self.widths_[1]} numbers each, but {what}: "
                "use the features that it was fitted on"
            )
        return Ragged(found.steps, found.starts, np.where(x.mask(self.modality), found.lengths, 0))

    def available(self, x: Modalities) -> BoolArray:
        """Return a mask ``(n,)`` of the rows that have an input from this modality."""
        present, steps = x.mask(self.modality), self.steps(x)
        return present if self.summary_ is not None or steps is None else present & (steps.lengths > 0)


class Inputs:
    """The inputs that a network reads from several modalities.

    Parameters
    ----------
    modalities
        The modalities to read.
    fitted
        For each modality, named scikit-learn transformers of raw transcripts, which are fitted inside the fold.
    normalise
        Scaler of summaries, as in `models.data.design.Block`.

    Attributes
    ----------
    channels_
        One `Channel` for each modality from which any training row has an input.
    """

    def __init__(self, modalities: Sequence[str], fitted: FoldTransformers | None, normalise: str) -> None:
        self.modalities = tuple(modalities)
        self.fitted = {m: tuple((fitted or {}).get(m, ())) for m in self.modalities}
        self.normalise = normalise

    def fit(self, x: Modalities) -> "Inputs":
        """Fit on training rows."""
        channels = [Channel(m, self.fitted[m], self.normalise).fit(x) for m in self.modalities]
        self.channels_ = [channel for channel in channels if channel.seen_]
        return self

    @property
    def widths(self) -> list[list[int]]:
        """For each modality that the model reads, the number of columns of its summary and of one of its steps."""
        return [list(channel.widths_) for channel in self.channels_]

    def available(self, x: Modalities) -> BoolArray:
        """Return a mask ``(n, channels)`` of the modalities from which each row has an input."""
        return np.stack([channel.available(x) for channel in self.channels_], axis=1)

    def usable(self, x: Modalities) -> BoolArray:
        """Return a mask ``(n,)`` of the rows that have any input."""
        if not self.channels_:
            return np.zeros(len(x), bool)
        return np.asarray(self.available(x).any(axis=1))

    def lengths(self, x: Modalities) -> IntArray:
        """Return the ``(n,)`` lengths of the rows' longest sequences, at most `MAX_STEPS`; 0 in rows without steps."""
        found = [steps.lengths for steps in (c.steps(x) for c in self.channels_) if steps is not None]
        lengths: IntArray = np.minimum(np.max(found, axis=0), MAX_STEPS) if found else np.zeros(len(x), np.intp)
        return lengths

    def reader(self, x: Modalities, settings: Mapping[str, Any]) -> "InputReader":
        """Return a reader that makes batches from `x`; the setting ``modality_dropout`` applies to training only."""
        return InputReader(self, x, settings.get("modality_dropout", 0.0))


class Steps:
    """The sequences of one modality as a network reads them: scaled, at most `MAX_STEPS` long, and concatenated.

    Attributes
    ----------
    values, seconds
        ``(total, d)`` float32 steps, and ``(total,)`` their midpoints in seconds (or positions, if times are unknown).
    starts, lengths
        ``(n,)`` position of each utterance's first step, and number of its steps.
    """

    def __init__(self, sequence: Ragged, scaler: StepScaler) -> None:
        positions = sequence.rows()
        self.values, self.lengths = shortened(scaler.transform(sequence.steps.values[positions]), sequence.lengths)
        self.seconds = shortened(middles_s(sequence, positions)[:, None], sequence.lengths)[0][:, 0]
        self.starts = np.cumsum(self.lengths) - self.lengths

    def padded(self, rows: IntArray, available: BoolArray) -> tuple[Floats, BoolArray, FloatArray]:
        """Return the steps of b rows, ``(b, longest, d)``, and their mask and times, ``(b, longest)``, all padded.

        The mask is True for steps and False for padding. Rows that are not `available` have only padding.
        """
        lengths = np.where(available, self.lengths[rows], 0)
        positions = np.repeat(self.starts[rows], lengths) + within(lengths)
        steps, mask = padded(self.values[positions], lengths)
        return steps, mask, padded(self.seconds[positions][:, None], lengths)[0][:, :, 0]


class InputReader:
    """Makes batches for a network: summaries, and the steps of each modality, padded to the longest sequence."""

    def __init__(self, inputs: Inputs, x: Modalities, modality_dropout: float) -> None:
        if not 0 <= modality_dropout < 1:
            raise ModelError(f"modality_dropout is {modality_dropout}: it must be a share of at least 0 and below 1")
        self.available = inputs.available(x)
        self.modality_dropout = modality_dropout
        self.summaries = [
            c.summary_.transform(x) if c.summary_ is not None else np.zeros((len(x), 1), np.float32)
            for c in inputs.channels_
        ]
        read = [(channel.steps(x), channel.scaler_) for channel in inputs.channels_]
        self.sequences = [Steps(s, scaler) if s is not None and scaler is not None else None for s, scaler in read]

    def __len__(self) -> int:
        return len(self.available)

    def readable(self, rows: IntArray, training: bool) -> BoolArray:
        """Return a mask ``(b, modalities)`` of what to read: available modalities, except those dropped in training."""
        return drop_modalities(self.available[rows], self.modality_dropout) if training else self.available[rows]

    def summary(self, rows: IntArray, available: BoolArray) -> list[Floats]:
        """Return ``(b, p)`` summaries per modality; zeros where the modality is not `available`."""
        return [summary[rows] * available[:, [m]] for m, summary in enumerate(self.summaries)]

    def batch(self, rows: IntArray, *, training: bool = False) -> Batch:
        """Return the inputs of b rows: a mask ``available``, ``(b, modalities)``, and lists of one array per modality.

        The lists are ``summaries``, ``steps``, and the ``masks`` and ``times`` of the steps.
        """
        available = self.readable(rows, training)
        padded = [
            s.padded(rows, available[:, m]) if s is not None else _nothing(len(rows))
            for m, s in enumerate(self.sequences)
        ]
        return {
            "available": available,
            "summaries": self.summary(rows, available),
            "steps": [steps for steps, _, _ in padded],
            "masks": [mask for _, mask, _ in padded],
            "times": [times for _, _, times in padded],
        }

    def side_by_side(self, rows: IntArray, available: BoolArray) -> tuple[list[Floats], BoolArray, IntArray]:
        """Return the steps of all modalities, with sequences of equal length within each row.

        The steps of shorter sequences are repeated to the length of the longest one (see `models.nets.steps.aligned`).

        Returns
        -------
        tuple
            ``(total, d)`` steps per modality, zeros in rows that lack the modality; a ``(modalities, total)`` mask of
            steps that are not missing; and the ``(b,)`` number of steps of each row.
        """
        lengths = np.stack([_lengths(s, rows) * available[:, m] for m, s in enumerate(self.sequences)])
        reads, longest = aligned(lengths)
        has = np.repeat(lengths > 0, longest, axis=1)
        found = []
        for steps, places, known in zip(self.sequences, reads, has, strict=True):
            values = np.zeros((len(known), steps.values.shape[1] if steps is not None else 1), np.float32)
            if steps is not None:
                values[known] = steps.values[(np.repeat(steps.starts[rows], longest) + places)[known]]
            found.append(values)
        return found, has, longest


def _lengths(steps: Steps | None, rows: IntArray) -> IntArray:
    return steps.lengths[rows] if steps is not None else np.zeros(len(rows), np.intp)


def _nothing(n: int) -> tuple[Floats, BoolArray, FloatArray]:
    return np.zeros((n, 1, 1), np.float32), np.zeros((n, 1), bool), np.zeros((n, 1))
