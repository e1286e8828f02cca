"""Results of the evaluation, as pages for a terminal."""

from common.threads import one_thread
from pipeline.corpora.utterances import read_utterances
from pipeline.errors import UserError
from pipeline.evaluation import robustness, tables
from pipeline.evaluation.outputs import GROUPS
from pipeline.evaluation.results import group_by_utterance, read_dropped, read_predictions, read_seconds
from pipeline.evaluation.table_files import read_scores
from pipeline.reporting.tables import Block
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.tables.bound import TABLES, read_record, require_written
from pipeline.training.current import evaluated, require_evaluated, require_same, require_trained

SHORT = 2  # metrics that the terminal shows; the files hold all


def printed(params: Params, name: str) -> list[Block]:
    """Return the table that `evaluate` wrote: its first metrics, and seconds if `train` recorded them.

    Raises
    ------
    UserError
        If there is no table yet, or it is out of date.
    """
    corpus = params.corpus(name)
    with evaluated(params, name):
        record = require_trained(params, name)
        scores = read_scores(name, corpus)
        rest = ", ".join(metric.name for metric in scores.metrics[SHORT:])
        rows = tables.all_rows(scores, SHORT, read_seconds(name))
        notes = tables.notes(scores, _number_of_groups(name), corpus, params.evaluate, record)
        *page, below = tables.page(name, scores, rows, notes)
    return [*page, *([f"With {rest}: {CorpusPaths(name).results / 'table.md'}."] if rest else []), below]


def printed_robustness(params: Params, name: str) -> list[Block]:
    """Return robustness.md as `evaluate` wrote it; one that is missing or out of date raises `UserError`."""
    path = CorpusPaths(name).results / "robustness.md"
    require_evaluated(params, name)
    if not path.exists():
        raise UserError(f"{path} does not exist: run `crossmodal evaluate --corpus {name}` first")
    require_written(path)
    return [path.read_text(encoding="utf-8").rstrip("\n")]


@one_thread()
def printed_without(params: Params, name: str, modalities: str) -> list[Block]:
    """Return a table of all fusions with some modalities (separated by commas) ablated in every utterance.

    Raises
    ------
    UserError
        If a modality is unknown, or `train` has not written the predictions without it.
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


def _number_of_groups(name: str) -> int:
    """Return the number of groups of the predicted utterances when the table was made."""
    path = CorpusPaths(name).results / TABLES
    groups = read_record(path).get(GROUPS)
    if not isinstance(groups, int):
        raise UserError(f"{path} lacks the number of groups: run `crossmodal evaluate --corpus {name}` again")
    return groups
