"""What evaluation wrote, for a terminal."""

from pathlib import Path

import pandas as pd

from common.threads import one_thread
from pipeline.corpora.utterances import read_table, read_utterances
from pipeline.errors import UserError
from pipeline.evaluation import robustness, tables
from pipeline.evaluation.formatting import pipe_table
from pipeline.evaluation.results import (
    WHO,
    group_by_utterance,
    metrics_of,
    read_dropped,
    read_parameters,
    read_predictions,
    read_seconds,
)
from pipeline.evaluation.scoring import Scores
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.tables.bound import require_written
from pipeline.training.current import evaluated, require_evaluated, require_same, require_trained


def printed(params: Params, name: str) -> str:
    """Return what `evaluate` wrote, for a terminal: the leading figures, and seconds where train noted them.

    Raises
    ------
    UserError
        If there is nothing yet, or it is out of date.
    """
    corpus, folder = params.corpus(name), CorpusPaths(name).results
    types = dict.fromkeys([*WHO, "metric"], str)
    with evaluated(params, name):
        written, known = _written(folder / "table.md", name), read_parameters(name)
        table, compared = (_numbers(read_table(folder / f, dtype=types)) for f in ("table.csv", "comparisons.csv"))
    rows = tables.rows_of(table, compared, known)
    scores = Scores(rows, metrics_of(corpus), 0)
    heading = tables.headings(scores)[1]
    above, _, below = written.partition(f"{heading}\n\n")
    words = below.split("\n\n", 1)[1]
    lines = pipe_table(*tables.all_rows(scores, tables.SHORT, read_seconds(name)))
    rest = [metric.name for metric in scores.metrics[tables.SHORT :]]
    more = [f"With {', '.join(rest)}: {folder / 'table.md'}.", ""] if rest else []
    return "\n".join([f"{above}{heading}", "", *lines, "", *more, words])


def printed_robustness(params: Params, name: str) -> str:
    """Return robustness.md as `evaluate` wrote it; one that is missing or out of date raises `UserError`."""
    require_evaluated(params, name)
    return _written(CorpusPaths(name).results / "robustness.md", name)


@one_thread()
def printed_without(params: Params, name: str, modalities: str) -> str:
    """Return a table of all fusions with some modalities, written with commas, taken away from every utterance.

    Raises
    ------
    UserError
        If a modality is unknown, or `train` has not written what the fusions predict without it.
    """
    record = require_trained(params, name)
    corpus, paths = params.corpus(name), CorpusPaths(name)
    taken = robustness.chosen_modalities(modalities, corpus)
    predictions = read_predictions(paths.predictions, corpus)
    dropped = read_dropped(name, corpus)
    if dropped is None:
        raise UserError(f"{paths.results / 'dropped.csv'} does not exist: run `crossmodal train --corpus {name}` first")
    table = read_utterances(paths.utterances, corpus.label)
    setting = robustness.setting_of(corpus, group_by_utterance(table, corpus, predictions), params.evaluate)
    require_same(record, params, name)
    return robustness.dropping(name, predictions, dropped, taken, setting)


def _written(path: Path, name: str) -> str:
    if not path.exists():
        raise UserError(f"{path} does not exist: run `crossmodal evaluate --corpus {name}` first")
    require_written(path)
    return path.read_text(encoding="utf-8")


def _numbers(table: pd.DataFrame) -> pd.DataFrame:
    """Read the columns of figures as numbers, empty cells as NaN."""
    columns = [c for c in table.columns if c in ("value", "difference", "low", "high", "p", "p_holm")]
    return table.assign(**{column: pd.to_numeric(table[column]) for column in columns})
