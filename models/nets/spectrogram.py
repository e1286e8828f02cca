"""A convolutional network that reads log-mel spectrograms."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from models.data.modalities import BoolArray, IntArray, Modalities, Ragged, Task
from models.errors import ModelError
from models.nets.neural import LEARNING, NetInputs, Neural
from models.nets.steps import StepScaler, padded
from models.nets.trained_net import Batch, TrainedNet

SOURCE = "spectrogram"  # name of the sequence that is read; it has the mask of audio
RATE_HZ = 25.0  # frames per second that the network reads


class Frames:
    """The inputs of the network: spectrogram frames, standardised band by band over the training frames.

    Attributes
    ----------
    scaler_
        The scaler of the bands; None if the training rows have no frames.
    """

    def __init__(self, modality: str) -> None:
        self.modality = modality

    def _frames(self, x: Modalities) -> Ragged:
        if SOURCE not in x.sequences:
            raise ModelError(f"there is no spectrogram to read: add the extractor {SOURCE!r} to features.extract")
        found = x.sequences[SOURCE]
        return Ragged(found.steps, found.starts, np.where(x.mask(self.modality), found.lengths, 0))

    def fit(self, x: Modalities) -> "Frames":
        """Fit on training rows."""
        frames = self._frames(x)
        self.scaler_ = StepScaler().fit(frames) if frames.lengths.any() else None
        self.join_ = _frames_joined(frames)
        return self

    @property
    def bands(self) -> int:
        """The number of bands; 0 if the training rows have no frames."""
        return len(self.scaler_.mean_) if self.scaler_ is not None else 0

    def usable(self, x: Modalities) -> BoolArray:
        """Return a mask ``(n,)`` of the rows that have any frame."""
        return np.asarray((self._frames(x).lengths > 0) & (self.scaler_ is not None))

    def reader(self, x: Modalities, settings: Mapping[str, Any]) -> "FrameReader":
        """Return a reader that makes batches from `x`."""
        frames = self._frames(x)
        if self.scaler_ is None or frames.width != self.bands:
            raise ModelError(
                f"the model was fitted on spectrograms of {self.bands} bands, not of {frames.width}: use the "
                "features that it was fitted on"
            )
        return FrameReader(frames, self.scaler_, self.join_, settings["crop_s"])


def _frames_joined(frames: Ragged) -> int:
    """Return how many neighbouring frames are averaged into one, so that about `RATE_HZ` per second remain.

    If the frames have no times, there are assumed to be 100 per second.
    """
    starts = frames.steps.times[frames.rows(), 0]
    hops = np.diff(starts)
    hops = hops[hops > 0]
    return max(1, round(1 / (RATE_HZ * float(np.median(hops))))) if len(hops) else 4


class FrameReader:
    """Makes batches of spectrograms, in which neighbouring frames are averaged.

    In training, at most `crop_s` seconds of each clip are read.
    """

    def __init__(self, frames: Ragged, scaler: StepScaler, join: int, crop_s: float) -> None:
        self.frames = frames
        self.scaler = scaler
        self.join = join
        self.longest = max(1, round(crop_s * RATE_HZ)) * join

    def __len__(self) -> int:
        return len(self.frames)

    def batch(self, rows: IntArray, *, training: bool = False) -> Batch:
        """Return ``frames`` ``(b, L, bands)`` and their ``mask`` ``(b, L)``."""
        chosen = self.frames[rows]
        if training:
            chosen = self._cropped(chosen)
        values = chosen.steps.values[chosen.rows()]
        ends = np.cumsum(chosen.lengths)
        within = np.arange(len(values)) - np.repeat(ends - chosen.lengths, chosen.lengths)
        lengths = -(-chosen.lengths // self.join)
        firsts = np.flatnonzero(within % self.join == 0)
        counts = np.diff(firsts, append=len(values)).astype(np.float32)
        joined = (np.add.reduceat(values, firsts) / counts[:, None]).astype(np.float32)
        steps, mask = padded(self.scaler.transform(joined), lengths)
        return {"frames": steps, "mask": mask}

    def _cropped(self, chosen: Ragged) -> Ragged:
        import torch

        spare = np.maximum(chosen.lengths - self.longest, 0)
        shift = (torch.rand(len(spare)).numpy() * (spare + 1)).astype(np.intp)
        return Ragged(chosen.steps, chosen.starts + np.minimum(shift, spare), chosen.lengths - spare)


class SpectrogramCNN(Neural):
    """Convolutions over time and frequency of a clip's log-mel spectrogram, pooled over the whole clip.

    Rows without any frame get the training prior.

    Parameters
    ----------
    modality
        The modality that a row must have for its spectrogram to be read.
    task
        ``classification`` or ``regression``.
    classes
        All classes; by default those in the training labels.
    settings
        Settings that replace ``DEFAULTS``; inner folds choose among the values of a list. ``crop_s`` is the maximum
        length in seconds of the piece of a clip that is read in training.
    budget
        Maximum number of combinations of settings to try; all by default.

    References
    ----------
    K. Piczak, Environmental sound classification with convolutional neural networks, 2015; S. Hershey et al., CNN
    architectures for large-scale audio classification, 2017.
    """

    DEFAULTS: ClassVar[Mapping[str, Any]] = {
        "hidden": 32,
        "dropout": 0.5,
        "crop_s": 3.0,
        **LEARNING,
        "learning_rate": 2e-3,
        "epochs": 25,
    }

    def __init__(
        self,
        modality: str = "audio",
        *,
        task: Task = "classification",
        classes: Sequence[Any] | None = None,
        settings: Mapping[str, Any] | None = None,
        budget: int | None = None,
    ) -> None:
        self.modality = modality
        self.task = task
        self.classes = classes
        self.settings = settings
        self.budget = budget

    @property
    def modalities(self) -> tuple[str, ...]:  # type: ignore[override]
        """The modalities that are read."""
        return (self.modality,)

    def _inputs(self) -> NetInputs:
        return Frames(self.modality)

    def _net(self, inputs: Frames, outputs: int, settings: Mapping[str, Any]) -> TrainedNet:
        options = {key: settings[key] for key in ("hidden", "dropout")}
        return TrainedNet("models.nets.modules:SpectrogramNet", {"bands": inputs.bands, "outputs": outputs, **options})
