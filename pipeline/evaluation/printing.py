"""Results of the evaluation, laid out for the terminal."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from common.threads import one_thread
from pipeline.corpora.utterances import read_utterances, write_table
from pipeline.errors import Untrainable, UserError
from pipeline.evaluation import groups, robustness, tables
from pipeline.evaluation.answer import View, read_answer, rows_json
from pipeline.evaluation.compare import find_configuration
from pipeline.evaluation.disagreements import alike
from pipeline.evaluation.outputs import GROUPS
from pipeline.evaluation.results import (
    by_configuration,
    group_by_utterance,
    read_dropped,
    read_predictions,
    read_seconds,
)
from pipeline.evaluation.table_files import read_scores
from pipeline.reporting.tables import Block
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.tables.bound import TABLES, require_written
from pipeline.tables.bound import read_record as read_bound
from pipeline.training.current import as_written, evaluated, require_reported, require_same, require_trained
from pipeline.training.trained import read_record

SHORT = 2  # metrics that the terminal shows; the files hold all


def printed(params: Params, name: str) -> list[Block]:
    """Return the tables that `evaluate` wrote, with the first metrics only, and seconds per fit if `train` timed them.

    If they are out of date, return table.md as it was written, after a sentence that says so.

    Raises
    ------
    UserError
        If there is no table yet.
    """
    corpus, path = params.corpus(name), CorpusPaths(name).results / "table.md"
    with as_written(params, name) as why:
        if why:
            return [old(why), _text_of(path)]
        record = require_trained(params, name)
        scores = read_scores(name, corpus)
        rest = ", ".join(metric.name for metric in scores.metrics[SHORT:])
        rows = tables.all_rows(scores, SHORT, read_seconds(name))
        parts = by_configuration(read_predictions(CorpusPaths(name).predictions, corpus))
        by_group = groups.below_table(groups.read_by_group(name), scores, corpus)
        remarks = filter(None, [by_group, *alike(scores, parts)])
        notes = tables.notes(scores, _number_of_groups(name), corpus, params.evaluate, record, remarks)
        *page, below = tables.page(name, scores, rows, notes)
    return [*page, *([f"With {rest}: {path}."] if rest else []), below]


def old(why: str) -> str:
    """Return the sentence that says why results are out of date; empty if they are current."""
    return f"Out of date, shown as `evaluate` last wrote it: {why}" if why else ""


def _text_of(path: Path) -> str:
    require_written(path)
    return path.read_text(encoding="utf-8").rstrip("\n")


def view_of(params: Params, name: str) -> View:
    """Return the answer that `evaluate` wrote, with the table from which it was derived, for the terminal.

    Raises
    ------
    UserError
        If there is no table yet.
    """
    with as_written(params, name) as why:
        record, answer = read_record(name), read_answer(name)
        scores = read_scores(name, params.corpus(name), as_written=True)
        return View(answer, scores, len(record.notices) if record else 0, _page(params, name), old(why))


def facts_of(params: Params, name: str) -> dict[str, Any]:
    """Return the answer that `evaluate` wrote, all rows of the table as plain data, and why they are out of date.

    The reason is empty if they are current. If nothing could be learnt, the answer says why, and there are no rows.
    Raises the errors of `view_of`.
    """
    try:
        with as_written(params, name) as why:
            rows = rows_json(read_scores(name, params.corpus(name), as_written=True), read_seconds(name))
            return {"answer": read_answer(name), "rows": rows, "out_of_date": why}
    except Untrainable:
        return {"answer": read_answer(name), "rows": [], "out_of_date": ""}


def csv_of(params: Params, name: str) -> tuple[str, str]:
    """Return table.csv as `evaluate` wrote it, and a sentence if it is out of date, else ``""``.

    Raises the errors of `view_of`.
    """
    with as_written(params, name) as why:
        return _text_of(CorpusPaths(name).results / "table.csv"), old(why)


def _page(params: Params, name: str) -> str:
    """Return a sentence that says where the page is, or how to make it if it is missing or out of date."""
    path = CorpusPaths(name).results / "report.html"
    try:
        require_reported(params, name)
    except (UserError, FileNotFoundError):
        return f"To make the page {path}: crossmodal report {name}"
    return f"The page: {path}"


def printed_robustness(params: Params, name: str) -> list[Block]:
    """Return robustness.md as `evaluate` wrote it; if it is out of date, a sentence that says so comes first.

    Raises the errors of `view_of`.
    """
    path = CorpusPaths(name).results / "robustness.md"
    with as_written(params, name) as why:
        if not path.exists():
            raise UserError(f"{path} does not exist: run `crossmodal evaluate --corpus {name}` first")
        return [*([old(why)] if why else []), _text_of(path)]


@one_thread()
def printed_without(params: Params, name: str, modalities: str) -> list[Block]:
    """Return a table of the scores of all fusions with `modalities` (separated by commas) ablated in every utterance.

    Raises
    ------
    UserError
        If a modality is unknown, if the training is out of date, or if it has not written predictions without the
        modality.
    """
    record = require_trained(params, name)
    corpus, paths = params.corpus(name), CorpusPaths(name)
    ablated = robustness.parse_modalities(modalities, corpus)
    predictions = read_predictions(paths.predictions, corpus)
    dropped = read_dropped(name, corpus)
    if dropped is None:
        raise UserError(f"{paths.results / 'dropped.csv'} does not exist: run `crossmodal train --corpus {name}` first")
    table = read_utterances(paths.utterances, corpus.label)
    setting = robustness.setting_of(corpus, group_by_utterance(table, corpus, predictions), params.evaluate)
    require_same(record, params, name)
    return robustness.without_modalities(name, predictions, dropped, ablated, setting)


@one_thread()
def printed_by(params: Params, name: str, columns: Sequence[str], specs: Sequence[str] = ()) -> list[Block]:
    """Write by_column.csv and return it as tables: the leading metric for each value of the given columns.

    Parameters
    ----------
    params, name
        The settings and the name of the corpus.
    columns
        Columns of the utterance table.
    specs
        Rows to show besides the best fusion, single modality and baseline, written ``strategy:modalities:model``.

    Raises
    ------
    UserError
        If a column or row is unknown, if a column makes no groups, or if the table is missing or out of date.
    """
    corpus, paths = params.corpus(name), CorpusPaths(name)
    with evaluated(params, name):
        scores = read_scores(name, corpus)
        predictions = read_predictions(paths.predictions, corpus)
        table = read_utterances(paths.utterances, corpus.label)
    parts = by_configuration(predictions)
    wanted = [*groups.best_of_each_kind(scores), *(find_configuration(spec, list(parts)) for spec in specs)]
    shown = {one: parts[one] for one in dict.fromkeys(wanted)}
    members = group_by_utterance(table, corpus, predictions)
    resampling = groups.Resampling(members, corpus.protocol.group, params.evaluate)
    utterances, path = list(predictions["utterance"].unique()), paths.results / "by_column.csv"
    page: list[Block] = []
    found = []
    for column in columns:
        grouping = groups.by_column(table, column, utterances, corpus)
        found.append(groups.by_group(shown, grouping, scores.leading, resampling))
        page += [
            f"# {name}: {groups.heading(scores, column)}",
            *groups.blocks(found[-1], scores, grouping.note, str(path)),
        ]
    every = pd.concat(found)
    write_table(every, path)
    return [*page, f"{groups.how_resampled(every, corpus)} All figures: {path}.".lstrip()]


def _number_of_groups(name: str) -> int:
    """Return how many groups the predicted utterances had when the table was made."""
    path = CorpusPaths(name).results / TABLES
    groups = read_bound(path).get(GROUPS)
    if not isinstance(groups, int):
        raise UserError(f"{path} lacks the number of groups: run `crossmodal evaluate --corpus {name}` again")
    return groups
