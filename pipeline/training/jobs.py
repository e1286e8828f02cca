"""Jobs: configurations that are fitted on one fold, and what comes of them."""

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

STEP = "fits"  # its folder in the cache


@dataclass(frozen=True)
class Job:
    """Configurations to be fitted on one fold; those of one job share fitted unimodal models."""

    name: str
    folder: str  # the working directory, for workers that run elsewhere
    corpus: CorpusParams
    settings: TrainParams
    plugins: tuple[str, ...]
    fold: Fold
    configurations: tuple[Configuration, ...]
    shuffled: int | None = None  # the seed, where labels are shuffled
    keys: tuple[str, ...] = ()  # of the configurations, as they were when the job was planned


@dataclass(frozen=True, eq=False)
class Fit:
    """What a configuration said about the test part of one fold, and what it cost.

    Attributes
    ----------
    configuration, fold, test
        Whose, on which fold, and the n rows of the table that were tested.
    predictions
        ``(n,)`` positions in the sorted classes, or scores.
    shares
        ``(n, k)`` class probabilities; ``(n, 0)`` for a score.
    dropped
        ``"audio"``, ``"text+audio"``, ... -> ``(n,)`` predictions with these modalities taken away; only for fusions.
    weights
        ``(n, modalities)`` attention on each modality; ``(n, 0)`` for strategies without.
    inner
        A figure (`inner_figure`) on training rows that inner folds held out; NaN where a strategy has no such answers.
    fit_s, predict_s
        Seconds.
    parameters
        How many numbers were learnt.
    settings
        Those chosen on inner folds, as JSON.
    ends
        Those of them that lie at an edge of what was tried, as JSON (`models.classical.search_space.edges`).
    warned
        What libraries warned of, each as the end of a sentence.
    """

    configuration: Configuration
    fold: str
    test: NDArray[np.intp]
    predictions: NDArray[Any]
    shares: NDArray[np.float64]
    dropped: Mapping[str, NDArray[Any]]
    weights: NDArray[np.float64]
    inner: float
    fit_s: float
    predict_s: float
    parameters: int
    settings: str
    ends: str = "{}"
    warned: tuple[str, ...] = ()

    def entry(self) -> Entry:
        """Return it as the cache keeps it."""
        arrays = {"test": self.test, "predictions": self.predictions, "shares": self.shares, "weights": self.weights}
        arrays |= {f"dropped {name}": answers for name, answers in self.dropped.items()}
        arrays |= {"numbers": np.array([self.inner, self.fit_s, self.predict_s, self.parameters])}
        return Entry(
            "ok", clips={**arrays, "settings": self.settings, "ends": self.ends, "warned": json.dumps(self.warned)}
        )

    @classmethod
    def of(cls, configuration: Configuration, fold: str, entry: Entry) -> "Fit":
        """Return what `entry` kept."""
        kept: Any = entry.clips
        inner, fit_s, predict_s, parameters = kept["numbers"].tolist()
        dropped = {name.removeprefix("dropped "): a for name, a in kept.items() if name.startswith("dropped ")}
        arrays = (kept["test"].astype(np.intp), kept["predictions"], kept["shares"], dropped, kept["weights"])
        said = (kept["settings"], kept["ends"], tuple(json.loads(kept["warned"])))
        return cls(configuration, fold, *arrays, inner, fit_s, predict_s, int(parameters), *said)


@dataclass(frozen=True)
class Failed:
    """A configuration that could not be fitted on one fold, and why, as the end of a sentence."""

    configuration: Configuration
    fold: str
    reason: str


def drops(modalities: Sequence[str]) -> list[tuple[str, ...]]:
    """Return every set of modalities that can be taken away; of a single one, none.

    >>> drops(("text", "audio"))
    [('text',), ('audio',), ('text', 'audio')]
    """
    sizes = range(1, len(modalities) + 1) if len(modalities) > 1 else ()
    return list(chain.from_iterable(combinations(modalities, size) for size in sizes))
