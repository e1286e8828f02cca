"""What the answer consists of: plain data, as answer.json holds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from models.configuration import Configuration
from models.evaluation.intervals import Interval
from pipeline.evaluation.scoring import Verdict

Caveat = Literal[
    "nothing_learnt", "one_modality", "one_group", "few_groups", "speakers_unknown", "undefined", "best_of_many"
]


@dataclass(frozen=True)
class Measure:
    """The leading metric: its name, whether it is a share (written in percent), and whether more is better."""

    name: str
    share: bool
    higher_is_better: bool


@dataclass(frozen=True)
class Measured:
    """A row of the table: its configuration, what that is called in a sentence, and the leading metric."""

    strategy: str
    modalities: tuple[str, ...]
    model: str
    words: str
    found: Interval

    @property
    def configuration(self) -> Configuration:
        """What was fitted, as tables name it."""
        return Configuration(self.strategy, self.modalities, self.model)


@dataclass(frozen=True)
class Compared:
    """A fusion, and its paired difference to the best single modality (fusion minus single modality).

    `p` is that of the randomisation test, `p_holm` is corrected over all fusions of the table.
    """

    row: Measured
    difference: Interval
    p: float
    p_holm: float
    verdict: Verdict


@dataclass(frozen=True)
class Gain:
    """What a modality adds: the best row of all modalities minus the best row without this one, paired."""

    without: Measured
    difference: Interval


@dataclass(frozen=True)
class Modality:
    """What one modality tells.

    Attributes
    ----------
    name
        ``text``, ``audio`` or ``video``.
    single
        Its best row by itself.
    gain
        What it adds to the others; None unless it is one of several that were fused.
    statuses
        How many utterances have features of it (``ok``), and how many have none because it is ``absent``, ``empty`` (no
        words, silence, no face) or ``failed``; without entries if that is not known.
    """

    name: str
    single: Measured | None
    gain: Gain | None
    statuses: Mapping[str, int]


@dataclass(frozen=True)
class Answer:
    """Whether fusing helps, by how much, and how sure that is.

    Attributes
    ----------
    corpus, note
        The corpus, and what its settings say of it (that it is synthetic).
    unanswered
        Why nothing was learnt; empty if something was, otherwise all that follows is empty.
    measure
        The leading metric.
    utterances, groups, unit
        How many utterances are scored, of how many groups, and what a group is (``speaker``).
    protocol
        How training and test were divided.
    baseline, single
        The best baseline, and the best single modality.
    singles
        How many rows of a single modality the best was chosen from.
    fusion
        The best fusion by the leading metric.
    fusions
        How many fusions p was corrected for.
    full
        The best row of those with the most modalities.
    better, worse
        The fusions that are shown to be better than the best single modality, the best first; how many are worse.
    smallest_p
        The smallest corrected p that so few groups and so many fusions allow.
    decidable
        Whether any fusion could have been shown to be better.
    unranked
        Why no row is called best: it is not known who speaks.
    modalities
        Each modality of the corpus.
    caveats
        What the reader has to know.
    """

    corpus: str
    note: str
    unanswered: str = ""
    measure: Measure | None = None
    utterances: int = 0
    groups: int = 0
    unit: str = ""
    protocol: str = ""
    baseline: Measured | None = None
    single: Measured | None = None
    singles: int = 0
    fusion: Compared | None = None
    fusions: int = 0
    full: Measured | None = None
    better: tuple[Compared, ...] = ()
    worse: int = 0
    smallest_p: float = 1.0
    decidable: bool = False
    unranked: str = ""
    modalities: tuple[Modality, ...] = ()
    caveats: tuple[Caveat, ...] = ()
