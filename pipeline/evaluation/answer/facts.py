"""The answer as data, which answer.json stores."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from models.configuration import Configuration
from models.evaluation.intervals import Interval
from pipeline.evaluation.scoring import Verdict

Caveat = Literal[
    "nothing_learnt",
    "one_modality",
    "one_group",
    "few_groups",
    "unequal_groups",
    "speakers_unknown",
    "undefined",
    "best_of_many",
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
    """What a modality adds, as a paired difference: `Answer.full` minus the best row without the modality.

    `others_fitted` is False if no row fuses all modalities of `Answer.full` except this one.
    """

    without: Measured
    difference: Interval
    others_fitted: bool = True


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
class Largest:
    """The group to which more than half of the utterances belong.

    Attributes
    ----------
    group
        Its name.
    utterances
        The number of its utterances.
    others
        The number of all other utterances, which is the most that models tested on this group can learn from; None if
        the protocol has a training part that is not scored.
    """

    group: str
    utterances: int
    others: int | None


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
    largest
        The group with more than half of the utterances, if there is one among several groups.
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
    largest: Largest | None = None
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

    @property
    def gains(self) -> list[tuple[tuple[str, ...], Gain]]:
        """Each gain, with the modalities that add it: those of `full` that the row `Gain.without` does not use.

        If that row uses a modality that `full` does not, only the modality to which the gain belongs is named.
        """
        found: dict[tuple[tuple[str, ...], Configuration], Gain] = {}
        full = self.full.modalities if self.full else ()
        for one in self.modalities:
            if one.gain is not None:
                read = one.gain.without.modalities
                added = tuple(m for m in full if m not in read) if set(read) <= set(full) else (one.name,)
                found.setdefault((added, one.gain.without.configuration), one.gain)
        return [(added, gain) for (added, _), gain in found.items()]
