"""evaluate: from predictions to tables, plots and lists of utterances, every figure with its interval."""

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from features.atomic import replacing_all, write_text
from models.evaluation.metrics import metric
from models.nets.threads import one_thread
from pipeline.corpora.utterances import csv_text, read_table, read_utterances
from pipeline.errors import UserError
from pipeline.evaluation import attending, robustness, tables
from pipeline.evaluation.cells import SHARES, pipe_table
from pipeline.evaluation.only_right import COLUMNS as ONLY_COLUMNS
from pipeline.evaluation.only_right import only_right
from pipeline.evaluation.results import (
    WHO,
    Key,
    group_by_utterance,
    label_of,
    read_attention,
    read_dropped,
    read_parameters,
    read_predictions,
    read_presence,
    read_seconds,
    systems,
)
from pipeline.evaluation.scoring import Scores, score
from pipeline.reporting.drawing import Point, forest
from pipeline.run.locks import writing
from pipeline.settings.params import CorpusParams, Params
from pipeline.settings.paths import CorpusPaths
from pipeline.tables.bound import TABLES, require_written
from pipeline.tables.bound import record as record_of
from pipeline.training.current import MADE_OF, evaluated, made_of, require_evaluated, require_same, require_trained
from pipeline.training.trained import Record

_IMAGES = ("images/forest.svg", "images/robustness.svg", "images/attention.svg")
# The name and the header of a plot.
_PLOT = re.compile(r"\w+?(-(text|audio|video)(_(text|audio|video))*)?(-\w+)?")
_PLOTTED = b"utterance,truth,prediction\n"
Outputs = dict[str, str]  # file below a corpus's results -> what it holds


def evaluate(params: Params, name: str) -> None:
    """Write the tables, plots and lists of results/<corpus>, all or none.

    Raises
    ------
    UserError
        If the predictions are missing or are not of these utterances, or were written again meanwhile.
    """
    with writing(CorpusPaths(name).results / "table.csv"), one_thread():
        _evaluate(params, name)


def _evaluate(params: Params, name: str) -> None:
    corpus, paths = params.corpus(name), CorpusPaths(name)
    record = require_trained(params, name)
    made = made_of(params, name, record)
    predictions = read_predictions(paths.predictions, corpus)
    table = read_utterances(paths.utterances, corpus.label)
    groups = group_by_utterance(table, corpus, predictions)
    scores = score(predictions, groups, corpus, params.evaluate, read_parameters(name))
    parts = systems(predictions)
    outputs = {
        **_tables(params, name, scores, record),
        **_robustness(params, name, parts, groups),
        **_attention(paths.results, table, corpus),
        **_only_right(scores, parts, table, corpus),
        **_confusions(parts, corpus),
    }
    require_same(record, params, name)
    _write(outputs, paths.results, made, f"crossmodal evaluate --corpus {name}")


def _write(outputs: Outputs, folder: Path, made: Mapping[str, str], command: str) -> None:
    """Write all outputs, with a record a folder, and take away what an earlier run wrote and this one does not."""
    plots = {file: text for file, text in outputs.items() if file.startswith("plots/")}  # for DVC alone: not bound
    bound, records = [file for file in outputs if file not in plots], [TABLES, f"images/{TABLES}"]
    with replacing_all([folder / file for file in (*bound, *records)]) as temporary:
        written = dict(zip((*bound, *records), temporary, strict=True))
        for file in bound:
            written[file].write_text(outputs[file], encoding="utf-8")
        for one in records:
            mine = {Path(file).name: written[file] for file in bound if Path(file).parent == Path(one).parent}
            written[one].write_text(record_of(mine, command, {MADE_OF: dict(made)}), encoding="utf-8")
        for file, text in plots.items():
            write_text(folder / file, text)
    plotted = {path for path in folder.glob("plots/*.csv") if _is_plot(path)}
    for old in (plotted | {folder / file for file in _IMAGES}) - {folder / file for file in outputs}:
        old.unlink(missing_ok=True)


def _is_plot(path: Path) -> bool:
    """Whether a CSV is one of those that DVC draws: a person may keep others beside them."""
    if not (_PLOT.fullmatch(path.stem) and path.is_file()):
        return False
    with path.open("rb") as file:
        return file.readline(len(_PLOTTED)) == _PLOTTED


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
    names = list(rows[0].figures)
    scores = Scores(rows, names[0], metric(corpus.task, names[0]).higher_is_better, 0)
    heading = tables.headings(scores)[1]
    above, _, below = written.partition(f"{heading}\n\n")
    words = below.split("\n\n", 1)[1]
    lines = pipe_table(*tables.all_rows(scores, tables.SHORT, read_seconds(name)))
    rest = names[tables.SHORT :]
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


def _tables(params: Params, name: str, scores: Scores, record: Record) -> Outputs:
    words = list(tables.words(scores, params.corpus(name), params.evaluate, record.normalise, record.notices))
    return {
        "table.csv": csv_text(tables.tidy(name, scores)),
        "comparisons.csv": csv_text(tables.comparisons(scores)),
        "metrics.json": json.dumps(_metrics(scores), indent=1) + "\n",
        "table.md": tables.markdown(name, scores, words),
        "table.tex": tables.tex(name, scores),
        "images/forest.svg": _forest(scores),
    }


def _robustness(params: Params, name: str, parts: Mapping[Key, pd.DataFrame], groups: pd.Series) -> Outputs:
    corpus = params.corpus(name)
    setting = robustness.setting_of(corpus, groups, params.evaluate)
    shares = robustness.by_share(parts, read_dropped(name, corpus), setting)
    present = robustness.by_presence(parts, read_presence(name), setting)
    fused = any("+" in key[1] for key in parts)
    train = f"crossmodal train --corpus {name}"
    said = robustness.markdown(name, shares, present, train) if fused else robustness.nothing_fused(name)
    found = {"robustness.csv": csv_text(shares), "by_presence.csv": csv_text(present), "robustness.md": said}
    return found if shares.empty else found | {"images/robustness.svg": robustness.drawn(shares)}


def _attention(folder: Path, table: pd.DataFrame, corpus: CorpusParams) -> Outputs:
    weights = read_attention(folder / "attention.csv", corpus)
    if weights is None or weights.empty:
        return {}
    points = attending.attention_points(weights, table.set_index("utterance")[corpus.label])
    return {"images/attention.svg": attending.drawn(points)}


def _only_right(
    scores: Scores, parts: Mapping[Key, pd.DataFrame], table: pd.DataFrame, corpus: CorpusParams
) -> Outputs:
    """Return what only the best fusion gets right, and only the best single modality; no lines without either."""
    lists = (pd.DataFrame(columns=ONLY_COLUMNS), pd.DataFrame(columns=ONLY_COLUMNS))
    if (fusion := scores.best_fusion) and (single := scores.best_single):
        lists = only_right(parts[fusion.key], parts[single.key], table, corpus.task)
    return {name: csv_text(found) for name, found in zip(("only_fusion.csv", "only_single.csv"), lists, strict=True)}


def _metrics(scores: Scores) -> dict[str, dict[str, float | None]]:
    """Return the figures by row, for `dvc metrics`; an undefined one is null, as JSON knows no NaN."""
    return {
        label_of(row.key): {m: round(f.value, 6) if math.isfinite(f.value) else None for m, f in row.figures.items()}
        for row in scores.rows
    }


def _forest(scores: Scores) -> str:
    """Draw the leading figure of all rows, with a line at the best single modality."""
    found = [(label_of(row.key), row.figures[scores.leading]) for row in scores.rows]
    ends = [x for _, f in found for x in (f.value, f.low, f.high) if math.isfinite(x)]
    span = (0.0, 1.0) if scores.leading in SHARES else (min([0.0, *ends]), max(ends, default=1.0))
    best = scores.best_single
    base = best.figures[scores.leading].value if best else None
    points = [Point(label, f.value, f.low, f.high) for label, f in found]
    return forest(points, f"{scores.leading} by row", span, base)


def _confusions(parts: Mapping[Key, pd.DataFrame], corpus: CorpusParams) -> Outputs:
    """Return one CSV a system: truth and prediction of each utterance, which DVC draws as a confusion matrix."""
    found = {}
    for key, part in parts.items():
        shown = part[["utterance", "truth", "prediction"]].copy()
        if corpus.task == "regression":
            shown[["truth", "prediction"]] = np.rint(shown[["truth", "prediction"]]).astype(int)
        found[f"plots/{'-'.join(k.replace('+', '_') for k in key if k)}.csv"] = csv_text(shown)
    return found
