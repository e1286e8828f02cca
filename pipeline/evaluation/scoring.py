"""From predictions to rows: every figure with its interval, every fusion against the best single modality."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import pandas as pd

from models.evaluation.intervals import Interval, Resamples, group_bootstrap, paired_difference, resample
from models.evaluation.metrics import Metric
from models.evaluation.paired_tests import SIGNIFICANT, SWAPS, holm, randomisation_test, swaps
from models.registry import strategy
from pipeline.errors import UserError
from pipeline.evaluation.results import Key, metrics_of, systems
from pipeline.settings.blocks import CorpusParams, EvaluateParams

Verdict = Literal["+ better", "- worse", "= not better"]


@dataclass(frozen=True)
class Comparison:
    """A fusion against the best single modality, in the leading figure; `p_holm` is corrected over all fusions."""

    difference: Interval
    p: float
    p_holm: float
    verdict: Verdict


@dataclass(frozen=True)
class Scored:
    """One row of the table: a configuration, its metrics by name, and its comparison with the best single modality."""

    strategy: str
    modalities: str
    model: str
    n: int
    values: Mapping[str, Interval]
    parameters: int | None = None
    comparison: Comparison | None = None

    @property
    def key(self) -> Key:
        """Strategy, modalities and model, as the files name them."""
        return self.strategy, self.modalities, self.model

    @property
    def floor(self) -> bool:
        """Whether this is a floor, which all else must beat."""
        return strategy(self.strategy).kind == "baseline"

    @property
    def fused(self) -> bool:
        """Whether this fuses two modalities or more."""
        return "+" in self.modalities

    @property
    def single(self) -> bool:
        """Whether this is one modality alone, and no floor."""
        return bool(self.modalities) and not self.fused and not self.floor

    @property
    def block(self) -> int:
        """Place in the table: floors, then by the number of modalities."""
        return 0 if self.floor else len(self.modalities.split("+"))


@dataclass(frozen=True)
class Scores:
    """All rows of a corpus in the table's order, its metrics, the leading one first, and its number of groups."""

    rows: Sequence[Scored]
    metrics: Sequence[Metric]
    groups: int

    @property
    def leading(self) -> Metric:
        """The metric that rows are ordered and compared by."""
        return self.metrics[0]

    def best(self, rows: Sequence[Scored]) -> Scored | None:
        """Return the best of some rows in the leading metric, the first of equals; None if all are undefined."""
        known = [row for row in rows if math.isfinite(row.values[self.leading.name].value)]
        return max(known, key=self._goodness, default=None)

    @property
    def best_row(self) -> Scored | None:
        """The best row of the table; of equals the one with fewest modalities."""
        return self.best(self.rows)

    @property
    def best_single(self) -> Scored | None:
        """The best single modality, to which fusions are compared."""
        return self.best([row for row in self.rows if row.single])

    @property
    def best_fusion(self) -> Scored | None:
        """The best fusion."""
        return self.best([row for row in self.rows if row.fused])

    def sorted(self) -> "Scores":
        """Return the blocks in order, the best first in each; rows whose leading metric is undefined come last."""

        def place(row: Scored) -> tuple[int, float]:
            goodness = self._goodness(row)
            return row.block, -goodness if math.isfinite(goodness) else math.inf

        return replace(self, rows=sorted(self.rows, key=place))

    def _goodness(self, row: Scored) -> float:
        return self.leading.sign * row.values[self.leading.name].value


def score(
    predictions: pd.DataFrame,
    groups: pd.Series,
    corpus: CorpusParams,
    settings: EvaluateParams,
    parameters: Mapping[Key, int] | None = None,
) -> Scores:
    """Score all rows of a corpus.

    Parameters
    ----------
    predictions
        As predictions.csv: utterance, strategy, modalities, model, truth, prediction.
    groups
        The group of each utterance, by utterance.
    corpus, settings
        Which metrics, how many resamples, and the seed of resamples and swaps.
    parameters
        How many numbers each row's model learns, where that is known.

    Raises
    ------
    UserError
        If not all rows predict the same utterances.
    """
    parts = systems(predictions)
    drawn = _resamples(parts, groups, settings)
    known, metrics = parameters or {}, metrics_of(corpus)
    rows = [
        Scored(*key, len(part), _values(part, metrics, drawn), parameters=known.get(key)) for key, part in parts.items()
    ]
    found = Scores(rows, metrics, drawn.counts.shape[1]).sorted()
    return _compared(found, parts, drawn, settings.seed)


def verdict(difference: Interval, p: float, higher_is_better: bool) -> Verdict:
    """Say whether a difference is one: its interval leaves out 0 and its corrected p is below 0.05.

    >>> verdict(Interval(0.1, 0.02, 0.2), 0.01, True), verdict(Interval(0.1, 0.02, 0.2), 0.2, True)
    ('+ better', '= not better')
    """
    low, high = (difference.low, difference.high) if higher_is_better else (-difference.high, -difference.low)
    if not p < SIGNIFICANT:
        return "= not better"
    return "+ better" if low > 0 else "- worse" if high < 0 else "= not better"


def smallest_p(scores: Scores) -> float:
    """Return the smallest corrected p that the number of groups allows for the fusions of a table.

    >>> smallest_p(Scores([], [], 5))
    0.0625
    """
    alone = max(2.0 ** (1 - scores.groups), 1 / (SWAPS + 1))
    return min(1.0, alone * max(1, sum(row.fused for row in scores.rows)))


def _resamples(parts: Mapping[Key, pd.DataFrame], groups: pd.Series, settings: EvaluateParams) -> Resamples:
    utterances = {tuple(part["utterance"]) for part in parts.values()}
    if len(utterances) != 1:
        raise UserError("the strategies were not scored on the same utterances: run `crossmodal train` again")
    return resample(groups[list(utterances.pop())].to_numpy(), draws=settings.resamples, seed=settings.seed)


def _values(part: pd.DataFrame, metrics: Sequence[Metric], drawn: Resamples) -> dict[str, Interval]:
    truth, prediction = part["truth"].to_numpy(), part["prediction"].to_numpy()
    return {metric.name: group_bootstrap(metric, truth, prediction, drawn) for metric in metrics}


def _compared(scores: Scores, parts: Mapping[Key, pd.DataFrame], drawn: Resamples, seed: int) -> Scores:
    """Add to each fusion its paired difference to the best single modality."""
    best, leading = scores.best_single, scores.leading
    fusions = [row for row in scores.rows if row.fused]
    if best is None or not fusions:
        return scores
    truth, base = (parts[best.key][column].to_numpy() for column in ("truth", "prediction"))
    swapped = swaps(drawn.groups, seed=seed)
    mine = {row.key: parts[row.key]["prediction"].to_numpy() for row in fusions}
    differences = {key: paired_difference(leading, truth, own, base, drawn) for key, own in mine.items()}
    raw = [randomisation_test(leading, truth, own, base, swapped) for own in mine.values()]
    found = {
        key: Comparison(difference, p, corrected, verdict(difference, corrected, leading.higher_is_better))
        for (key, difference), p, corrected in zip(differences.items(), raw, holm(raw), strict=True)
    }
    return replace(scores, rows=[replace(row, comparison=found.get(row.key)) for row in scores.rows])
