"""The section *Results*: charts and tables of the scores that `evaluate` wrote."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from models.configuration import Configuration
from pipeline.corpora.utterances import read_table
from pipeline.evaluation.disagreements import alike
from pipeline.evaluation.formatting import basic_intervals, lower_is_better, with_interval
from pipeline.evaluation.groups import blocks, how_resampled, read_by_group, unit_of
from pipeline.evaluation.results import NAMES, leading_of_predictions, read_attention, read_presence
from pipeline.evaluation.robustness import ORDERS
from pipeline.evaluation.scoring import Scored, Scores
from pipeline.evaluation.tables import VERDICTS
from pipeline.reporting.alone import best_of_each_modality
from pipeline.reporting.charts.attention import attention_chart
from pipeline.reporting.charts.calibration import calibration_charts
from pipeline.reporting.charts.chart import Chart, axis_title, kind_of, label_of, scaled
from pipeline.reporting.charts.groups import groups_chart
from pipeline.reporting.charts.intervals import Row, forest
from pipeline.reporting.charts.robustness import robustness_charts
from pipeline.reporting.sections.errors import Errors, errors_of
from pipeline.reporting.sections.lists import UtteranceList, lists_of
from pipeline.reporting.sections.rows import Rows, rows_of
from pipeline.reporting.tables import Table
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.paths import CorpusPaths

SHOWN = 20  # the forest plot has at most this many rows


@dataclass(frozen=True)
class Groups:
    """The leading metric by group: a chart with its table, and sentences about it."""

    chart: Chart
    sentences: Sequence[str]


@dataclass(frozen=True)
class Results:
    """The content of the section *Results*; a part that the corpus does not have is empty or None.

    Attributes
    ----------
    forest
        The chart of the leading metric for at most `SHOWN` rows.
    rows
        The table of all rows with all metrics.
    scores
        Whether scores are predicted rather than classes.
    reading
        Sentences on how to read the table of all rows, and on fusions that repeat a single modality.
    picked
        The configurations whose confusion matrices are shown first.
    errors
        The errors of the best fusion, or of the best single modality; None if neither has a defined metric.
    lists
        Lists of utterances on which the best models differ.
    robustness, fusions, best
        One chart per ablated modality, the names of the fusions in the charts, and the name that is highlighted.
    top
        What sentences call the best rows: ``best``, or only ``top`` if rows are not ranked.
    calibration
        Reliability diagrams.
    groups
        The leading metric by group.
    attention
        The chart of the attention that each modality gets.
    """

    forest: Chart
    rows: Rows
    scores: bool
    reading: Sequence[str]
    picked: Sequence[str]
    errors: Errors | None
    lists: Sequence[UtteranceList]
    robustness: Sequence[Chart]
    fusions: Sequence[str]
    best: str
    top: str
    calibration: Sequence[Chart]
    groups: Groups | None
    attention: Chart | None

    @property
    def orders(self) -> int:
        """The number of random orders in which utterances lose a modality."""
        return ORDERS

    @property
    def charts(self) -> list[Chart]:
        """All charts, in their order in the page."""
        groups = [self.groups.chart] if self.groups else []
        attention = [self.attention] if self.attention else []
        return [self.forest, *self.robustness, *attention, *self.calibration, *groups]


def results_of(
    name: str,
    scores: Scores,
    parts: Mapping[Configuration, pd.DataFrame],
    table: pd.DataFrame,
    corpus: CorpusParams,
    groups: pd.Series,
) -> Results:
    """Return the content of the section *Results*.

    Parameters
    ----------
    name, corpus
        The name of the corpus and its settings.
    scores
        The scores in table.csv.
    parts
        The predictions of each configuration.
    table
        The utterance table.
    groups
        The group of each utterance, indexed by utterance.
    """
    metric, shares = leading_of_predictions(corpus), _shares(name)
    best = scores.best_full_fusion
    weights = read_attention(CorpusPaths(name).results / "attention.csv", corpus)
    truth = table.set_index("utterance")[corpus.label]
    predicted = next(iter(parts.values()))["utterance"]
    unit = unit_of(table, groups.loc[predicted], corpus)
    picked = [row.configuration.display for row in (scores.best_unimodal, scores.best_fusion) if row]
    drawn = best is not None and not shares.empty
    return Results(
        forest=_forest(scores),
        rows=rows_of(scores),
        scores=corpus.task == "regression",
        reading=_reading(scores, parts),
        picked=picked or [scores.rows[0].configuration.display],
        errors=errors_of(scores, parts, corpus, read_presence(name), groups.rename(unit)),
        lists=lists_of(scores, parts, corpus.task),
        robustness=robustness_charts(shares, metric, best.configuration) if best and drawn else [],
        fusions=list(dict.fromkeys(_displays(shares))),
        best=best.configuration.display if best else "",
        top=scores.top,
        calibration=list(calibration_charts(scores, parts)) if corpus.task == "classification" else [],
        groups=_groups(name, scores, corpus),
        attention=None if weights is None or weights.empty else attention_chart(weights, truth),
    )


def shown_rows(scores: Scores, most: int = SHOWN) -> list[Scored]:
    """Choose the rows of a short table: the best baseline, the best row of each modality alone, and the best others.

    Parameters
    ----------
    scores
        All rows; their order is kept.
    most
        The maximum number of rows.
    """
    baseline = scores.best(row for row in scores.rows if row.is_baseline)
    kept = [row for row in (baseline, *best_of_each_modality(scores).values()) if row is not None]
    left = [row for row in scores.rows if row not in kept and not row.is_baseline]
    while left and len(kept) < most:
        best = scores.best(left) or left[0]
        kept.append(best)
        left.remove(best)
    return [row for row in scores.rows if row in kept]


def _forest(scores: Scores) -> Chart:
    leading, rows, single = scores.leading, shown_rows(scores), scores.best_unimodal
    factor = 100.0 if leading.share else 1.0
    drawn = [Row.of(label_of(row.configuration), row.values[leading.name], kind_of(row), factor) for row in rows]
    line = scaled(leading, single.values[leading.name].value) if single else None
    named = f"the {scores.top} single modality: {single.configuration}" if single else ""
    lines = [[*row.configuration.names, with_interval(leading, row.values[leading.name])] for row in rows]
    top = scores.top
    kinds = f"the {top} baseline, the {top} of each modality, and the {top} of the others"
    caption = f"{len(rows)} of {len(scores.rows)} rows: {kinds}. " if len(rows) < len(scores.rows) else ""
    caption += f"With 95 % intervals.{f' The dashed line is {named}.' if named else ''}"
    spec = forest(drawn, axis_title(leading), line=line, line_label=named)
    return Chart("forest", f"Rows by {leading.name}", spec, Table([*NAMES, leading.name], lines), caption)


def _reading(scores: Scores, parts: Mapping[Configuration, pd.DataFrame]) -> list[str]:
    verdicts = VERDICTS if any(row.comparison for row in scores.rows) else ""
    said = [lower_is_better(scores.metrics), basic_intervals(scores.metrics), verdicts, *alike(scores, parts)]
    if any(row.parameters is not None for row in scores.rows):
        said.append("Parameters: the coefficients, weights and thresholds that a model has learnt, mean over its fits.")
    return [sentence for sentence in said if sentence]


def _groups(name: str, scores: Scores, corpus: CorpusParams) -> Groups | None:
    table = read_by_group(name)
    found = blocks(table, scores, "", "by_group.csv")
    shown = next((block for block in found if isinstance(block, Table)), None)
    if shown is None:
        return None
    sentences = [block for block in found if isinstance(block, str)]
    chart = groups_chart(table, scores, shown)
    drawn = table[table["group"].isin([line[0] for line in shown.lines])]
    return Groups(chart, list(filter(None, [*sentences, how_resampled(drawn, corpus)])))


def _shares(name: str) -> pd.DataFrame:
    types = dict.fromkeys([*NAMES, "removed", "metric"], str)
    return read_table(CorpusPaths(name).results / "robustness.csv", dtype=types)


def _displays(shares: pd.DataFrame) -> list[str]:
    lines = shares[NAMES].drop_duplicates().itertuples(index=False)
    return [Configuration.parse(*line).display for line in lines]
