"""The answer as data, which answer.json stores."""

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
    """The leading metric: its name, whether it is a share (written in percent), and whether higher is better."""

    name: str
    share: bool
    higher_is_better: bool


@dataclass(frozen=True)
class Measured:
    """A row of the table: its configuration, its name in sentences (`words`), and its leading metric (`found`)."""

    strategy: str
    modalities: tuple[str, ...]
    model: str
    words: str
    found: Interval

    @property
    def configuration(self) -> Configuration:
        """The configuration as tables name it."""
        return Configuration(self.strategy, self.modalities, self.model)


@dataclass(frozen=True)
class Compared:
    """A fusion, and its paired difference from the best single modality (fusion minus single modality).

    `p` comes from the randomisation test; `p_holm` is p corrected for all fusions of the table.
    """

    row: Measured
    difference: Interval
    p: float
    p_holm: float
    verdict: Verdict


@dataclass(frozen=True)
class Gain:
    """What a modality adds, as a paired difference: `Answer.full` minus the best row without the modality."""

    without: Measured
    difference: Interval


@dataclass(frozen=True)
class Modality:
    """What is known about one modality.

    Attributes
    ----------
    name
        ``text``, ``audio`` or ``video``.
    single
        The best row of this modality alone; None if there is no such row.
    gain
        What the modality adds to the others; None if `Answer.full` does not fuse it, or there is no row without it.
    statuses
        The number of utterances with each status of this modality: ``ok`` if they have its features, else ``absent``,
        ``empty`` (no words, silence, no face) or ``failed``. The mapping is empty if the statuses are unknown.
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
        The corpus, and the note in its settings (for example that it is synthetic).
    unanswered
        Why nothing was learnt; the attributes below then keep their defaults, except `caveats`. Empty if something was
        learnt.
    measure
        The leading metric.
    utterances, groups, unit
        How many utterances are scored, to how many groups they belong, and what a group is (``speaker``).
    protocol
        The protocol that divided the utterances into training and test parts.
    baseline, single
        The best baseline, and the best single modality.
    singles
        The number of single-modality rows, the best of which is `single`.
    fusion
        The best fusion by the leading metric.
    fusions
        The number of fusions for which the p values were corrected.
    full
        The best of the fusions with the largest number of modalities.
    better, worse
        The fusions that are shown to be better than the best single modality, the best first; and how many fusions are
        shown to be worse.
    smallest_p
        The smallest corrected p that this number of groups and fusions allows.
    decidable
        Whether any fusion could have been shown to be better.
    unranked
        Why no row is called best (speakers are unknown); empty if rows are ranked.
    modalities
        Each modality of the corpus.
    caveats
        What to keep in mind when reading the answer.
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
