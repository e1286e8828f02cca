"""Early fusion before a recurrent network: joined and reduced step by step, then read in order by an LSTM."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from models.data.design import FoldTransformers
from models.data.modalities import BoolArray, FloatArray, IntArray, Modalities, Task
from models.data.scaling import UnitVariance
from models.errors import ModelError
from models.fusion.early import Reducer, reducer
from models.nets.inputs import InputReader, Inputs
from models.nets.neural import LEARNING, NetInputs, Neural
from models.nets.steps import padded
from models.nets.training import Batch, TrainedNet

ENOUGH = 5000  # steps that a reducer is fitted on, taken evenly: more change a covariance little and cost much

Blocks = Sequence[NDArray[Any]]


class _Joined:
    """A reducer on the modalities' rows, each block with a column that says where it is missing."""

    def __init__(self, how: Reducer) -> None:
        self.how = how

    def fit(self, blocks: Blocks, present: BoolArray) -> "_Joined":
        """Learn from one ``(rows, p)`` block a modality and ``(modalities, rows)`` masks."""
        self.shares_ = present.mean(axis=1)
        self.how.fit(self._flagged(blocks, present), present)
        reduced = self.how.transform(self._flagged(blocks, present), present)
        self.scale_, self.width_ = UnitVariance(columns=True).fit(reduced), int(reduced.shape[1])
        return self

    def transform(self, blocks: Blocks, present: BoolArray) -> FloatArray:
        """Return ``(rows, width_)``, at a mean variance of 1 in training."""
        if not present.shape[1]:
            return np.zeros((0, self.width_))
        return np.asarray(self.scale_.transform(self.how.transform(self._flagged(blocks, present), present)))

    def _flagged(self, blocks: Blocks, present: BoolArray) -> list[FloatArray]:
        flags = present - self.shares_[:, None]
        return [
            np.column_stack([block, flag]) if 0 < share < 1 else block.astype(np.float64)
            for block, flag, share in zip(blocks, flags, self.shares_, strict=True)
        ]


class ReducedInputs(Inputs):
    """One reduced sequence of several modalities, and one reduced summary.

    Parameters
    ----------
    modalities, fitted, normalise
        As for `models.nets.inputs.Inputs`.
    how, options
        Name of the reducer, and its settings.

    Attributes
    ----------
    steps_, summary_
        The reducer of steps and that of summaries; None where training has none.
    """

    def __init__(
        self,
        modalities: Sequence[str],
        fitted: FoldTransformers | None,
        normalise: str,
        how: str,
        options: Mapping[str, Any],
    ) -> None:
        super().__init__(modalities, fitted, normalise)
        self.how = how
        self.options = dict(options)

    def fit(self, x: Modalities) -> "ReducedInputs":
        """Learn scales, then the reducers, from training rows."""
        super().fit(x)
        self.steps_, self.summary_ = None, None
        rows = np.flatnonzero(self.usable(x))
        if len(rows):
            reader = ReducedReader(self, x[rows], 0.0)
            if any(steps for _, steps in self.widths):
                total = int(self.lengths(x[rows]).sum())
                some = np.arange(0, len(rows), -(-total // ENOUGH))
                blocks, present, _ = reader.steps(some, reader.there[some])
                self.steps_ = _Joined(reducer(self.how, self.options)).fit(blocks, present)
            if any(summary for summary, _ in self.widths):
                summaries = reader.summarised(np.arange(len(rows)), reader.there)
                self.summary_ = _Joined(reducer(self.how, self.options)).fit(*summaries)
        return self

    def reader(self, x: Modalities, settings: Mapping[str, Any]) -> "ReducedReader":
        """Return what makes batches of `x`."""
        return ReducedReader(self, x, settings.get("modality_dropout", 0.0))


class ReducedReader(InputReader):
    """Batches for an LSTM: one sequence, and one summary beside it.

    Where training has no sequence at all, the summary is the only step.
    """

    def __init__(self, inputs: ReducedInputs, x: Modalities, modality_dropout: float) -> None:
        super().__init__(inputs, x, modality_dropout)
        self.inputs = inputs

    def steps(self, rows: IntArray, there: BoolArray) -> tuple[Blocks, BoolArray, IntArray]:
        """Return all steps, ``(total, d)`` a modality, which of them are there, and how many each row has."""
        read = [m for m, (_, width) in enumerate(self.inputs.widths) if width]
        blocks, has, lengths = self.side_by_side(rows, there)
        return [blocks[m] for m in read], has[read], lengths

    def summarised(self, rows: IntArray, there: BoolArray) -> tuple[Blocks, BoolArray]:
        """Return the summaries, ``(b, p)`` a modality, and which of them are there."""
        read = [m for m, (width, _) in enumerate(self.inputs.widths) if width]
        found = self.summary(rows, there)
        return [found[m] for m in read], there.T[read]

    def batch(self, rows: IntArray, *, training: bool = False) -> Batch:
        """Return ``steps`` ``(b, L, q)`` with their ``mask`` ``(b, L)``, and ``summary`` ``(b, r)``."""
        there, joined = self.drawn(rows, training), self.inputs
        summary = np.zeros((len(rows), 0))
        if joined.summary_ is not None:
            summary = joined.summary_.transform(*self.summarised(rows, there))
        if joined.steps_ is None:
            return {"steps": summary[:, None], "mask": np.ones((len(rows), 1), bool), "summary": summary[:, :0]}
        blocks, present, lengths = self.steps(rows, there)
        steps, mask = padded(joined.steps_.transform(blocks, present), lengths)
        return {"steps": steps, "mask": mask, "summary": summary}


class SequenceLSTM(Neural):
    """An LSTM over the steps of one modality, or over those of several, joined and reduced before it.

    A shorter sequence is stretched to the longest of its utterance, and a column says where a modality is missing. The
    summaries, joined and reduced alike, are read beside the LSTM's state; without any sequence they are its only step.

    Parameters
    ----------
    modalities
        Which.
    reducer
        Name of a reducer of `models.fusion.early`, fitted on training steps.
    task
        ``classification`` or ``regression``.
    classes
        All classes there are; by default those in the training labels.
    fitted
        Modality -> named scikit-learn transformers over raw transcripts, fitted in the fold.
    settings
        Overrule ``DEFAULTS``; a list is a choice made on inner folds. The key ``reducer`` holds those of the reducer.
        ``pooling`` is ``mean`` or ``last``: how the LSTM's states become one.
    normalise
        ``standard`` or ``quantile``: how summaries are brought to one scale, learnt in the fold.
    budget
        At most so many settings are tried; all by default.

    References
    ----------
    S. Hochreiter and J. Schmidhuber, Long short-term memory, 1997; M. Wöllmer et al., LSTM-modeling of continuous
    emotions in an audiovisual affect recognition framework, 2013 (features joined before it).
    """

    DEFAULTS: ClassVar[Mapping[str, Any]] = {
        "hidden": 32,
        "dropout": (0.1, 0.3, 0.5),
        "pooling": "mean",
        "modality_dropout": 0.15,
        **LEARNING,
    }

    def __init__(
        self,
        modalities: Sequence[str],
        reducer: str = "concat",
        *,
        task: Task = "classification",
        classes: Sequence[Any] | None = None,
        fitted: FoldTransformers | None = None,
        settings: Mapping[str, Any] | None = None,
        normalise: str = "standard",
        budget: int | None = None,
    ) -> None:
        self.modalities = modalities
        self.reducer = reducer
        self.task = task
        self.classes = classes
        self.fitted = fitted
        self.settings = settings
        self.normalise = normalise
        self.budget = budget

    def _own_settings(self) -> Mapping[str, Any]:
        return {key: value for key, value in (self.settings or {}).items() if key != "reducer"}

    def _inputs(self) -> NetInputs:
        options = (self.settings or {}).get("reducer") or {}
        return ReducedInputs(self.modalities, self.fitted, self.normalise, self.reducer, options)

    def _net(self, inputs: ReducedInputs, outputs: int, settings: Mapping[str, Any]) -> TrainedNet:
        if settings["pooling"] not in ("mean", "last"):
            raise ModelError(f"the pooling {settings['pooling']!r} is unknown: there are mean, last")
        steps, summary = (0 if part is None else part.width_ for part in (inputs.steps_, inputs.summary_))
        widths = {"steps": steps, "summary": summary} if steps else {"steps": summary, "summary": 0}
        options = {key: settings[key] for key in ("hidden", "dropout", "pooling")}
        return TrainedNet("models.nets.modules:SequenceNet", {**widths, "outputs": outputs, **options})
