"""Jobs (configurations to fit on one fold) and their results."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.store import Entry
from models.configuration import Configuration
from models.validation.protocol import Fold
from pipeline.settings.blocks import CorpusParams, TrainParams

STEP = "fits"  # folder of the fits in the cache


@dataclass(frozen=True)
class Job:
    """Configurations to fit on one fold; within a job, they share fitted unimodal models."""

    name: str
    folder: str  # the working directory, for workers that run elsewhere
    corpus: CorpusParams
    settings: TrainParams
    plugins: tuple[str, ...]
    fold: Fold
    configurations: tuple[Configuration, ...]
    shuffled: int | None = None  # the seed of the permutation if labels are shuffled
    keys: tuple[str, ...] = ()  # the key of each configuration's fit at the time when the job was planned


@dataclass(frozen=True, eq=False)
class Fit:
    """The predictions of a configuration for the test part of one fold, and the cost of the fit.

    Attributes
    ----------
    configuration, fold, test
        The configuration, the name of the fold, and the n rows of the utterance table that were tested.
    predictions
        Predictions ``(n,)``: positions in the sorted classes, or scores.
    probabilities
        Class probabilities ``(n, k)``; ``(n, 0)`` in regression.
    ablated
        Ablated modalities (``"audio"``, ``"text+audio"``, ...) -> predictions ``(n,)`` without them. The mapping is
        empty unless the configuration is a fusion.
    weights
        Attention weights ``(n, modalities)``; ``(n, 0)`` for strategies without attention.
    inner
        The inner metric (`inner_metric`) of out-of-fold predictions; NaN for a strategy without such predictions.
    fit_s, predict_s
        Seconds of fitting and of predicting.
    parameters
        Number of learnt parameters.
    settings
        The settings chosen on inner folds, as JSON.
    ends
        The chosen settings that lie at an edge of the search space, as JSON (`models.classical.search_space.edges`).
    warned
        Warnings of libraries, each worded as the end of a sentence.
    """

    configuration: Configuration
    fold: str
    test: NDArray[np.intp]
    predictions: NDArray[Any]
    probabilities: NDArray[np.float64]
    ablated: Mapping[str, NDArray[Any]]
    weights: NDArray[np.float64]
    inner: float
    fit_s: float
    predict_s: float
    parameters: int
    settings: str
    ends: str = "{}"
    warned: tuple[str, ...] = ()

    def entry(self) -> Entry:
        """Return the fit as a cache entry."""
        arrays = {
            "test": self.test,
            "predictions": self.predictions,
            "probabilities": self.probabilities,
            "weights": self.weights,
        }
        arrays |= {f"ablated {name}": predictions for name, predictions in self.ablated.items()}
        arrays |= {"numbers": np.array([self.inner, self.fit_s, self.predict_s, self.parameters])}
        return Entry(
            "ok", clips={**arrays, "settings": self.settings, "ends": self.ends, "warned": json.dumps(self.warned)}
        )

    @classmethod
    def of(cls, configuration: Configuration, fold: str, entry: Entry) -> "Fit":
        """Return the fit that a cache entry holds."""
        kept: Any = entry.clips
        inner, fit_s, predict_s, parameters = kept["numbers"].tolist()
        ablated = {name.removeprefix("ablated "): a for name, a in kept.items() if name.startswith("ablated ")}
        arrays = (kept["test"].astype(np.intp), kept["predictions"], kept["probabilities"], ablated, kept["weights"])
        texts = (kept["settings"], kept["ends"], tuple(json.loads(kept["warned"])))
        return cls(configuration, fold, *arrays, inner, fit_s, predict_s, int(parameters), *texts)


@dataclass(frozen=True)
class Failed:
    """A configuration that could not be fitted on one fold, and the reason, worded as the end of a sentence."""

    configuration: Configuration
    fold: str
    reason: str


def ablations(modalities: Sequence[str]) -> list[tuple[str, ...]]:
    """Return every set of modalities that a fusion is tested without; empty for a single modality.

    >>> ablations(("text", "audio"))
    [('text',), ('audio',), ('text', 'audio')]
    """
    sizes = range(1, len(modalities) + 1) if len(modalities) > 1 else ()
    return list(chain.from_iterable(combinations(modalities, size) for size in sizes))
