"""Write the scores as the tidy files table.csv and comparisons.csv, and read them back."""

import pandas as pd

from models.evaluation.intervals import Interval
from models.evaluation.metrics import metrics_of as known_metrics
from pipeline.corpora.utterances import read_table
from pipeline.errors import UserError
from pipeline.evaluation.results import NAMES, by_configuration, metrics_of, read_parameters, unranked
from pipeline.evaluation.scoring import Comparison, Scored, Scores
from pipeline.foreign import one_line
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.paths import CorpusPaths
from pipeline.training.trained import read_record

TABLE_COLUMNS = ["corpus", *NAMES, "metric", "value", "low", "high", "n"]
COMPARISON_COLUMNS = [*NAMES, "metric", "difference", "low", "high", "p", "p_holm", "verdict", "parameters"]


def tidy(corpus: str, scores: Scores) -> pd.DataFrame:
    """Return table.csv: one line per configuration and metric."""
    lines = [
        (corpus, *row.configuration.names, name, found.value, found.low, found.high, row.n)
        for row in scores.rows
        for name, found in row.values.items()
    ]
    return pd.DataFrame(lines, columns=TABLE_COLUMNS)


def comparisons(scores: Scores) -> pd.DataFrame:
    """Return comparisons.csv: one line per fusion, compared with the best single modality in the leading metric."""
    lines = []
    for row in scores.rows:
        if (found := row.comparison) is not None:
            difference = (found.difference.value, found.difference.low, found.difference.high)
            who = (*row.configuration.names, scores.leading.name)
            parameters = "" if row.parameters is None else row.parameters
            lines.append((*who, *difference, found.p, found.p_holm, found.verdict, parameters))
    return pd.DataFrame(lines, columns=COMPARISON_COLUMNS)


def read_scores(name: str, corpus: CorpusParams, *, as_written: bool = False) -> Scores:
    """Read the scores that `evaluate` wrote: table.csv, comparisons.csv and, if it is there, parameters.csv.

    Parameters
    ----------
    name, corpus
        The name of the corpus and its settings.
    as_written
        Whether to take the metrics and their order from the table rather than from the settings.

    Raises
    ------
    UserError
        If the corpus has not been evaluated, or its table lacks a metric that the settings list.
    """
    table = _numbers(name, "table.csv", ("value", "low", "high", "n"))
    metrics = known_metrics(corpus.task, tuple(table["metric"].unique())) if as_written else metrics_of(corpus)
    compared = _numbers(name, "comparisons.csv", ("difference", "low", "high", "p", "p_holm"))
    comparisons = {one: _comparison(part) for one, part in by_configuration(compared).items()}
    known, rows = read_parameters(name), []
    for one, part in by_configuration(table).items():
        values = {line.metric: Interval(line.value, line.low, line.high) for line in part.itertuples(index=False)}
        rows.append(Scored(one, int(part["n"].iloc[0]), values, known.get(one), comparisons.get(one)))
    missing = [metric.name for metric in metrics if not all(metric.name in row.values for row in rows)]
    if missing or not rows:
        raise UserError(
            f"{CorpusPaths(name).results / 'table.csv'} lacks {', '.join(missing) or 'all rows'}, which the settings "
            f"require: run `crossmodal evaluate --corpus {name}` again"
        )
    return Scores(rows, metrics, unranked(read_record(name), corpus))


def _comparison(lines: pd.DataFrame) -> Comparison:
    line = lines.iloc[0]
    return Comparison(
        Interval(line["difference"], line["low"], line["high"]), line["p"], line["p_holm"], line["verdict"]
    )


def _numbers(name: str, file: str, columns: tuple[str, ...]) -> pd.DataFrame:
    """Read a table with some columns as numbers; empty cells become NaN."""
    path, command = CorpusPaths(name).results / file, f"run `crossmodal evaluate --corpus {name}`"
    if not path.exists():
        raise UserError(f"{path} does not exist: {command} first")
    table = read_table(path, dtype=dict.fromkeys([*NAMES, "metric"], str))
    try:
        return table.assign(**{column: pd.to_numeric(table[column]) for column in columns})
    except (KeyError, ValueError) as error:
        raise UserError(f"{path} is damaged ({one_line(error)}): {command} again") from error
