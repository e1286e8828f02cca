"""Early fusion of sequences: the steps of all modalities are joined, reduced, and read by an LSTM."""

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
from models.nets.trained_net import Batch, TrainedNet

FITTED_STEPS = 5000  # about how many steps a reducer is fitted on; more would change it little but take much longer

Blocks = Sequence[NDArray[Any]]


class _Joined:
    """Applies a reducer to the blocks of several modalities; a block with missing rows gets an indicator column."""

    def __init__(self, how: Reducer) -> None:
        self.how = how

    def fit(self, blocks: Blocks, present: BoolArray) -> "_Joined":
        """Fit on one ``(rows, p)`` block per modality and a ``(modalities, rows)`` mask of present rows."""
        self.present_shares_ = present.mean(axis=1)
        self.how.fit(self._flagged(blocks, present), present)
        reduced = self.how.transform(self._flagged(blocks, present), present)
        self.scale_, self.width_ = UnitVariance(columns=True).fit(reduced), int(reduced.shape[1])
        return self

    def transform(self, blocks: Blocks, present: BoolArray) -> FloatArray:
        """Return the reduced ``(rows, width_)`` matrix, whose mean variance in training is 1."""
        if not present.shape[1]:
            return np.zeros((0, self.width_))
        return np.asarray(self.scale_.transform(self.how.transform(self._flagged(blocks, present), present)))

    def _flagged(self, blocks: Blocks, present: BoolArray) -> list[FloatArray]:
        flags = present - self.present_shares_[:, None]
        return [
            np.column_stack([block, flag]) if 0 < share < 1 else block.astype(np.float64)
            for block, flag, share in zip(blocks, flags, self.present_shares_, strict=True)
        ]


class ReducedInputs(Inputs):
    """The inputs of an LSTM: one reduced sequence and one reduced summary of several modalities.

    Parameters
    ----------
    modalities, fitted, normalise
        As for `models.nets.inputs.Inputs`.
    how, options
        Name of the reducer, and its settings.

    Attributes
    ----------
    steps_, summary_
        The fitted reducer of steps, and that of summaries. If the training rows have no steps, the first is None. If
        they have no summaries, the second is None.
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
        """Fit the scalers, then the reducers, on training rows."""
        super().fit(x)
        self.steps_, self.summary_ = None, None
        rows = np.flatnonzero(self.usable(x))
        if len(rows):
            reader = ReducedReader(self, x[rows], 0.0)
            if any(steps for _, steps in self.widths):
                total = int(self.lengths(x[rows]).sum())
                some = np.arange(0, len(rows), -(-total // FITTED_STEPS))
                blocks, present, _ = reader.steps(some, reader.available[some])
                self.steps_ = _Joined(reducer(self.how, self.options)).fit(blocks, present)
            if any(summary for summary, _ in self.widths):
                summaries = reader.summarised(np.arange(len(rows)), reader.available)
                self.summary_ = _Joined(reducer(self.how, self.options)).fit(*summaries)
        return self

    def reader(self, x: Modalities, settings: Mapping[str, Any]) -> "ReducedReader":
        """Return a reader that makes batches from `x`."""
        return ReducedReader(self, x, settings.get("modality_dropout", 0.0))


class ReducedReader(InputReader):
    """Makes batches for an LSTM: one sequence and one summary per utterance.

    If the training rows have no sequences, the LSTM gets the summary as a sequence of one step.
    """

    def __init__(self, inputs: ReducedInputs, x: Modalities, modality_dropout: float) -> None:
        super().__init__(inputs, x, modality_dropout)
        self.inputs = inputs

    def steps(self, rows: IntArray, available: BoolArray) -> tuple[Blocks, BoolArray, IntArray]:
        """Return ``(total, d)`` steps of each modality that has steps, a mask of them, and each row's number of steps.

        The mask, ``(modalities, total)``, is False where the row has no steps of the modality; these steps are 0.
        """
        read = [m for m, (_, width) in enumerate(self.inputs.widths) if width]
        blocks, has, lengths = self.side_by_side(rows, available)
        return [blocks[m] for m in read], has[read], lengths

    def summarised(self, rows: IntArray, available: BoolArray) -> tuple[Blocks, BoolArray]:
        """Return ``(b, p)`` summaries of each modality that has summaries; also a mask, False for missing summaries."""
        read = [m for m, (width, _) in enumerate(self.inputs.widths) if width]
        found = self.summary(rows, available)
        return [found[m] for m in read], available.T[read]

    def batch(self, rows: IntArray, *, training: bool = False) -> Batch:
        """Return ``steps`` ``(b, L, q)`` with their ``mask`` ``(b, L)``, and ``summary`` ``(b, r)``."""
        available, joined = self.readable(rows, training), self.inputs
        summary = np.zeros((len(rows), 0))
        if joined.summary_ is not None:
            summary = joined.summary_.transform(*self.summarised(rows, available))
        if joined.steps_ is None:
            return {"steps": summary[:, None], "mask": np.ones((len(rows), 1), bool), "summary": summary[:, :0]}
        blocks, present, lengths = self.steps(rows, available)
        steps, mask = padded(joined.steps_.transform(blocks, present), lengths)
        return {"steps": steps, "mask": mask, "summary": summary}


class SequenceLSTM(Neural):
    """An LSTM over the steps of one modality, or over the joined and reduced steps of several modalities.

    Within an utterance, the steps of shorter sequences are repeated to the length of the longest one, and a column
    marks where a modality is missing. The summaries are joined and reduced in the same way, and concatenated with the
    state of the LSTM. If there are no sequences, the reduced summary is the LSTM's only step.

    Parameters
    ----------
    modalities
        The modalities to read.
    reducer
        Name of the reducer, as in `models.fusion.early.Early`; it is fitted on training steps.
    task
        ``classification`` or ``regression``.
    classes
        All classes; by default those in the training labels.
    fitted
        For each modality, named scikit-learn transformers of raw transcripts, which are fitted inside the fold.
    settings
        Settings that replace ``DEFAULTS``; inner folds choose among the values of a list. The key ``reducer`` holds the
        settings of the reducer. ``pooling`` is ``mean`` or ``last``: whether the LSTM's states are averaged, or only
        the last state is used.
    normalise
        Scaler of summaries, ``standard`` or ``quantile``, which is fitted inside the fold.
    budget
        Maximum number of combinations of settings to try; all by default.

    References
    ----------
    S. Hochreiter and J. Schmidhuber, Long short-term memory, 1997; M. Wöllmer et al., LSTM-modeling of continuous
    emotions in an audiovisual affect recognition framework, 2013 (features joined before the LSTM).
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
            raise ModelError(f"the pooling {settings['pooling']!r} is unknown: choose mean or last")
        steps, summary = (0 if part is None else part.width_ for part in (inputs.steps_, inputs.summary_))
        widths = {"steps": steps, "summary": summary} if steps else {"steps": summary, "summary": 0}
        options = {key: settings[key] for key in ("hidden", "dropout", "pooling")}
        return TrainedNet("models.nets.modules:SequenceNet", {**widths, "outputs": outputs, **options})
