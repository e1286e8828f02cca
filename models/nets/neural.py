"""The base class of neural strategies: one network, trained with the settings that are best on inner folds."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np

from models.classical.estimator import UtteranceEstimator
from models.classical.search import ValidationOutputs, search
from models.classical.search_space import edges, search_space, within_budget
from models.classical.target import Target
from models.data.design import FoldTransformers
from models.data.modalities import BoolArray, FloatArray, IntArray, Modalities, Pairs, Task, softmax
from models.errors import ModelError
from models.nets.inputs import Inputs
from models.nets.trained_net import Reader, TrainedNet
from models.nets.training import Training, held_out, train

LEARNING: Mapping[str, Any] = {
    "learning_rate": 3e-3,
    "weight_decay": 1e-3,
    "epochs": 20,
    "patience": 5,
    "batch": 64,
    "seed": 0,
}


class NetInputs(Protocol):
    """An object, fitted on training rows, that turns utterances into the inputs of a network."""

    def fit(self, x: Modalities) -> Any:
        """Fit on training rows."""
        ...

    def usable(self, x: Modalities) -> BoolArray:
        """Return a mask ``(n,)`` of the rows that have any input."""
        ...

    def reader(self, x: Modalities, settings: Mapping[str, Any]) -> Reader:
        """Return a reader that makes batches from `x`."""
        ...


class Neural(UtteranceEstimator):
    """A network over `Modalities`, trained on the rows that have any input; other rows get the prior.

    The settings with the lowest log loss (or squared error) on the inner folds win; if several tie, the first of them
    wins. Without inner folds, the first settings are used. A subclass has ``DEFAULTS`` and implements ``_inputs`` and
    ``_net``.

    Attributes
    ----------
    DEFAULTS
        The default of each setting: a value, or a tuple of values among which inner folds choose.
    settings_
        The chosen settings.
    edges_
        Settings whose chosen value is the smallest or largest that was tried (`models.classical.search_space.edges`).
    out_of_fold_
        ``(n, k)`` outputs for the training rows, computed with the chosen settings. The output for a row comes from a
        network that was trained on the other part of an inner fold. Rows that are in no validation part are NaN; if
        there was nothing to choose, all rows are NaN.
    """

    DEFAULTS: ClassVar[Mapping[str, Any]] = {}
    modalities: Sequence[str]
    settings: Mapping[str, Any] | None
    budget: int | None

    def _inputs(self) -> NetInputs:
        raise NotImplementedError

    def _net(self, inputs: Any, outputs: int, settings: Mapping[str, Any]) -> TrainedNet:
        raise NotImplementedError

    def _own_settings(self) -> Mapping[str, Any]:
        return self.settings or {}

    def usable(self, X: Modalities) -> BoolArray:
        """Return a mask ``(n,)`` of the rows that have at least one modality."""
        if not self.modalities:
            raise ModelError(f"{type(self).__name__} needs at least one modality")
        return np.asarray(np.stack([X.mask(m) for m in self.modalities]).any(axis=0))

    def _fit(self, x: Modalities, target: Target, inner: Pairs) -> None:
        space = search_space(self.DEFAULTS, self._own_settings(), type(self).__name__)
        candidates = within_budget(space, self.budget)

        def fit_fold(train_rows: IntArray, valid: IntArray) -> ValidationOutputs:
            rows, validation = _ReadableRows(self._inputs(), x[train_rows], target[train_rows]), x[valid]
            return lambda settings: rows.fit(self._net, settings).outputs(validation)

        pairs = inner if len(candidates) > 1 else ()
        self.settings_, self.out_of_fold_, losses = search(candidates, target, pairs, fit_fold, self.usable(x))
        self.edges_ = edges(space, candidates, self.settings_, losses) if pairs else {}
        self.model_ = _ReadableRows(self._inputs(), x, target).fit(self._net, self.settings_)

    def _outputs(self, x: Modalities) -> FloatArray:
        return self.model_.outputs(x)


class _ReadableRows:
    """Training rows that have any input, prepared once to train networks with different settings."""

    def __init__(self, inputs: NetInputs, x: Modalities, target: Target) -> None:
        self.inputs = inputs
        self.inputs.fit(x)
        rows = np.flatnonzero(inputs.usable(x))
        self.prior = target.prior()
        self.x, self.target = x[rows], target[rows]

    def fit(self, build: Any, settings: Mapping[str, Any]) -> "FittedNet":
        fitted = FittedNet(self.inputs, settings, self.target[:0], self.prior)
        if len(np.unique(self.target.values)) > 1:
            fitted.train(build, self.x, self.target)
        return fitted


class FittedNet:
    """A trained network, with the inputs that it reads and the scale of its outputs.

    There is no network if all training rows have the same class or score, or if none has an input. The output is then
    the prior.

    Parameters
    ----------
    inputs
        The fitted inputs.
    settings
        The value of each setting.
    target
        A target without labels, which holds the task and the classes.
    prior
        ``(k,)`` output for rows without any input.

    Attributes
    ----------
    net_
        The network, or None.
    seen_
        Positions of the classes that occur in training; all other classes have probability 0.
    """

    def __init__(self, inputs: Any, settings: Mapping[str, Any], target: Target, prior: FloatArray) -> None:
        self.inputs = inputs
        self.settings = dict(settings)
        self.target = target
        self.prior = prior
        self.net_: TrainedNet | None = None

    def train(self, build: Any, x: Modalities, target: Target) -> None:
        """Train the network that `build` returns; every row of `x` must have an input."""
        from models.nets.modules import Loss

        learning = {key: self.settings[key] for key in LEARNING}
        self.net_ = train(
            build(self.inputs, self._width(target), self.settings),
            self.inputs.reader(x, self.settings),
            self._numbers(target),
            Training(**learning),
            criterion=Loss(target.task, self.settings.get("auxiliary", 0.0)),
            split=held_out(x.groups, target.values, target.task),
        )

    def _width(self, target: Target) -> int:
        self.seen_ = np.unique(target.values) if target.task == "classification" else np.arange(1)
        return len(self.seen_)

    def _numbers(self, target: Target) -> Any:
        if target.task == "classification":
            return np.searchsorted(self.seen_, target.values).astype(np.int64)
        self.mean_, self.deviation_ = float(target.values.mean()), float(target.values.std())
        return ((target.values - self.mean_) / self.deviation_).astype(np.float32)

    def scaled(self, logits: FloatArray) -> FloatArray:
        """Return the network's raw outputs as ``(n, k)`` probabilities of all classes, or as ``(n, 1)`` scores."""
        if self.target.task == "regression":
            scores: FloatArray = logits * self.deviation_ + self.mean_
            return scores
        full = np.zeros((len(logits), self.target.width))
        full[:, self.seen_] = softmax(logits)
        return full

    def network_outputs(self, x: Modalities) -> tuple[IntArray, list[Any]]:
        """Return the positions of rows that have any input, and the network's outputs for them, one item per batch.

        Both are empty if there is no network.
        """
        rows: IntArray = np.flatnonzero(self.inputs.usable(x))
        if self.net_ is None or not len(rows):
            return rows[:0], []
        return rows, list(self.net_.outputs(self.inputs.reader(x[rows], self.settings)))

    def outputs(self, x: Modalities) -> FloatArray:
        """Return ``(n, k)`` outputs; the prior in rows without any input."""
        full: FloatArray = np.tile(self.prior, (len(x), 1))
        rows, batches = self.network_outputs(x)
        if batches:
            full[rows] = self.scaled(np.concatenate([batch["outputs"] for batch in batches]))
        return full


class Multimodal(Neural):
    """A network that reads the summary and the steps of each modality.

    Parameters
    ----------
    modalities
        The modalities to read.
    task
        ``classification`` or ``regression``.
    classes
        All classes; by default those in the training labels.
    fitted
        For each modality, named scikit-learn transformers of raw transcripts, which are fitted inside the fold.
    settings
        Settings that replace ``DEFAULTS``; inner folds choose among the values of a list.
    normalise
        Scaler of summaries, ``standard`` or ``quantile``, which is fitted inside the fold.
    budget
        Maximum number of combinations of settings to try; all by default.
    """

    _module: ClassVar[str]
    _options: ClassVar[tuple[str, ...]] = ("hidden", "dropout")

    def __init__(
        self,
        modalities: Sequence[str],
        *,
        task: Task = "classification",
        classes: Sequence[Any] | None = None,
        fitted: FoldTransformers | None = None,
        settings: Mapping[str, Any] | None = None,
        normalise: str = "standard",
        budget: int | None = None,
    ) -> None:
        self.modalities = modalities
        self.task = task
        self.classes = classes
        self.fitted = fitted
        self.settings = settings
        self.normalise = normalise
        self.budget = budget

    def _inputs(self) -> NetInputs:
        return Inputs(self.modalities, self.fitted, self.normalise)

    def _net(self, inputs: Inputs, outputs: int, settings: Mapping[str, Any]) -> TrainedNet:
        options = {key: settings[key] for key in self._options}
        return TrainedNet(self._module, {"widths": inputs.widths, "outputs": outputs, **options})
