"""Score predictions: every metric with its interval, and every fusion compared with the best single modality."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

from models.configuration import Configuration
from models.evaluation.intervals import Interval, Resamples, group_bootstrap, paired_difference, resample
from models.evaluation.metrics import Metric
from models.evaluation.paired_tests import SIGNIFICANT, SWAPS, holm, randomisation_test, swaps
from models.registry import strategy
from pipeline.errors import UserError
from pipeline.evaluation.results import by_configuration, metrics_of, truth_and_outputs
from pipeline.settings.blocks import CorpusParams, EvaluateParams

Verdict = Literal["+ better", "- worse", "? not shown"]


@dataclass(frozen=True)
class Comparison:
    """A fusion compared with the best single modality in the leading metric.

    `p_holm` is p corrected for the number of fusions.
    """

    difference: Interval
    p: float
    p_holm: float
    verdict: Verdict


@dataclass(frozen=True)
class Scored:
    """One row of the table.

    Attributes
    ----------
    configuration
        The configuration as tables name it.
    n
        Number of utterances.
    values
        The value of each metric with its interval, keyed by the metric's name.
    parameters
        Number of parameters that the model learns, if known.
    comparison
        The comparison of a fusion with the best single modality; None for other rows.
    """

    configuration: Configuration
    n: int
    values: Mapping[str, Interval]
    parameters: int | None = None
    comparison: Comparison | None = None

    @property
    def is_baseline(self) -> bool:
        """Whether this is a baseline, which every model must beat."""
        return strategy(self.configuration.strategy).kind == "baseline"

    @property
    def is_fusion(self) -> bool:
        """Whether this row fuses two or more modalities."""
        return self.configuration.is_fusion

    @property
    def is_unimodal(self) -> bool:
        """Whether this row is a model of one modality and not a baseline."""
        return len(self.configuration.modalities) == 1 and not self.is_baseline

    @property
    def block(self) -> int:
        """The block of the table that this row belongs to: 0 for baselines, else the number of modalities."""
        return 0 if self.is_baseline else len(self.configuration.modalities)


@dataclass(frozen=True)
class Scores:
    """The rows of a corpus's table, and its metrics, the leading one first.

    `unranked` says why no row is called best, for example because a speaker may be in both training and test parts. It
    is empty if rows are ranked.
    """

    rows: Sequence[Scored]
    metrics: Sequence[Metric]
    unranked: str = ""

    @property
    def top(self) -> str:
        """What sentences call the best rows: ``best``, or only ``top`` if rows are not ranked."""
        return "top" if self.unranked else "best"

    @property
    def leading(self) -> Metric:
        """The metric that rows are sorted and compared by."""
        return self.metrics[0]

    def best(self, rows: Iterable[Scored]) -> Scored | None:
        """Return the best row by the leading metric (the first if several tie); None if no row has a defined metric."""
        defined = [row for row in rows if math.isfinite(row.values[self.leading.name].value)]
        return max(defined, key=self.goodness, default=None)

    @property
    def best_row(self) -> Scored | None:
        """The best row of the table; if several tie, the first, which has the fewest modalities."""
        return self.best(self.rows)

    @property
    def best_unimodal(self) -> Scored | None:
        """The best single modality, with which fusions are compared."""
        return self.best(row for row in self.rows if row.is_unimodal)

    @property
    def best_fusion(self) -> Scored | None:
        """The best fusion."""
        return self.best(row for row in self.rows if row.is_fusion)

    @property
    def best_full_fusion(self) -> Scored | None:
        """The best of the fusions with the largest number of modalities."""
        full = full_fusions(row.configuration for row in self.rows)
        return self.best(row for row in self.rows if row.configuration in full)

    def sorted(self) -> "Scores":
        """Return the scores with sorted rows: first baselines, then rows of one modality, of two, and so on.

        Among those with equally many modalities, the best row is first; rows with an undefined leading metric are last.
        """

        def place(row: Scored) -> tuple[int, float]:
            goodness = self.goodness(row)
            return row.block, -goodness if math.isfinite(goodness) else math.inf

        return replace(self, rows=sorted(self.rows, key=place))

    def goodness(self, row: Scored) -> float:
        """Return the leading metric, with the sign flipped if lower is better; NaN if it is undefined."""
        return self.leading.sign * row.values[self.leading.name].value


def full_fusions(configurations: Iterable[Configuration]) -> list[Configuration]:
    """Return the fusions with the largest number of modalities; empty if there is no fusion.

    >>> full_fusions([Configuration("unimodal", ("text",)), Configuration("vote", ("text", "audio"))])
    [Configuration(strategy='vote', modalities=('text', 'audio'), model='')]
    """
    fusions = [one for one in configurations if one.is_fusion]
    most = max((len(one.modalities) for one in fusions), default=0)
    return [one for one in fusions if len(one.modalities) == most]


def score(
    predictions: pd.DataFrame,
    groups: pd.Series,
    corpus: CorpusParams,
    settings: EvaluateParams,
    parameters: Mapping[Configuration, int] | None = None,
) -> Scores:
    """Score all configurations of a corpus.

    Parameters
    ----------
    predictions
        The columns of predictions.csv: utterance, strategy, modalities, model, truth, prediction and, if there are
        probabilities, one column per class whose name begins with ``p_``.
    groups
        The group of each utterance, indexed by utterance.
    corpus, settings
        Settings: the metrics, the number of resamples, and the seed of the bootstrap and of the randomisation tests.
    parameters
        Number of parameters that each model learns, if known.

    Raises
    ------
    UserError
        If not all configurations predict the same utterances.
    """
    parts, known, metrics = by_configuration(predictions), parameters or {}, metrics_of(corpus)
    resamples = resamples_of(parts, groups, settings)
    rows = [Scored(one, len(part), _values(part, metrics, resamples), known.get(one)) for one, part in parts.items()]
    return _compared(Scores(rows, metrics).sorted(), parts, resamples, settings.seed)


def verdict(difference: Interval, p: float, higher_is_better: bool) -> Verdict:
    """Return the verdict: a difference counts if its interval excludes 0 and its corrected p is below 0.05.

    >>> verdict(Interval(0.1, 0.02, 0.2), 0.01, True), verdict(Interval(0.1, 0.02, 0.2), 0.2, True)
    ('+ better', '? not shown')
    """
    low, high = (difference.low, difference.high) if higher_is_better else (-difference.high, -difference.low)
    if not p < SIGNIFICANT:
        return "? not shown"
    return "+ better" if low > 0 else "- worse" if high < 0 else "? not shown"


def smallest_p(groups: int, fusions: int) -> float:
    """Return the smallest corrected p that this number of groups and of fusions allows.

    >>> smallest_p(5, 1)
    0.0625
    """
    return min(1.0, max(2.0 ** (1 - groups), 1 / (SWAPS + 1)) * max(1, fusions))


def resamples_of(parts: Mapping[Configuration, pd.DataFrame], groups: pd.Series, settings: EvaluateParams) -> Resamples:
    """Resample the groups of the predicted utterances, for the intervals of all configurations.

    Raises `UserError` if the configurations do not predict the same utterances. `groups` is indexed by utterance.
    """
    utterances = {tuple(part["utterance"]) for part in parts.values()}
    if len(utterances) != 1:
        raise UserError("the strategies were not scored on the same utterances: run `crossmodal train` again")
    return resample(groups[list(utterances.pop())].to_numpy(), draws=settings.resamples, seed=settings.seed)


def _values(part: pd.DataFrame, metrics: Sequence[Metric], resamples: Resamples) -> dict[str, Interval]:
    return {metric.name: group_bootstrap(metric, *truth_and_outputs(metric, part), resamples) for metric in metrics}


def _compared(scores: Scores, parts: Mapping[Configuration, pd.DataFrame], resamples: Resamples, seed: int) -> Scores:
    """Return the scores with each fusion compared with the best single modality; unchanged if either is missing."""
    best, leading = scores.best_unimodal, scores.leading
    fusions = [row.configuration for row in scores.rows if row.is_fusion]
    if best is None or not fusions:
        return scores
    truth, base = truth_and_outputs(leading, parts[best.configuration])
    swapped = swaps(resamples.groups, seed=seed)
    predicted = [truth_and_outputs(leading, parts[fusion])[1] for fusion in fusions]
    differences = [paired_difference(leading, truth, own, base, resamples) for own in predicted]
    raw = [randomisation_test(leading, truth, own, base, swapped) for own in predicted]
    found = {
        fusion: Comparison(difference, p, corrected, verdict(difference, corrected, leading.higher_is_better))
        for fusion, difference, p, corrected in zip(fusions, differences, raw, holm(raw), strict=True)
    }
    return replace(scores, rows=[replace(row, comparison=found.get(row.configuration)) for row in scores.rows])
