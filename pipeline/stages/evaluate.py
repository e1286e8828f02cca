"""evaluate: from predictions to tables, plots and lists of utterances, every figure with its interval."""

import json
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from features.atomic import write_text
from features.errors import StoreError
from models.metrics import metric
from models.threads import one_thread
from pipeline.bound import bind, require_written
from pipeline.drawing import Point, forest
from pipeline.errors import UserError
from pipeline.params import CorpusParams, Params
from pipeline.paths import CorpusPaths
from pipeline.run.locks import writing
from pipeline.stages import attending, robustness, tables
from pipeline.stages.cells import SHARES, pipe_table
from pipeline.stages.only_right import COLUMNS as ONLY_COLUMNS
from pipeline.stages.only_right import only_right
from pipeline.stages.results import (
    WHO,
    Key,
    group_by_utterance,
    label_of,
    normalisation,
    notices_of,
    read_attention,
    read_dropped,
    read_parameters,
    read_predictions,
    read_presence,
    read_seconds,
    systems,
)
from pipeline.stages.scoring import Scores, score
from pipeline.stages.train import inputs_key, read_record
from pipeline.utterances import read_table, read_utterances, write_table


def evaluate(params: Params, name: str) -> None:
    """Write the tables, plots and lists of results/<corpus>.

    Raises
    ------
    UserError
        If the predictions are missing or are not of these utterances.
    """
    with writing(CorpusPaths(name).results / "table.csv"), one_thread():
        _evaluate(params, name)


def _evaluate(params: Params, name: str) -> None:
    corpus, paths = params.corpus(name), CorpusPaths(name)
    predictions = read_predictions(paths.predictions, corpus)
    _require_current(params, name)
    table = read_utterances(paths.utterances, corpus.label)
    groups = group_by_utterance(table, corpus, predictions)
    scores = score(predictions, groups, corpus, params.evaluate, read_parameters(name))
    parts = systems(predictions)
    _write_tables(params, name, scores)
    _write_robustness(params, name, parts, groups)
    _write_attention(paths.results, table, corpus)
    _write_only_right(paths.results, scores, parts, table, corpus)
    _write_confusions(paths.results / "plots", parts, corpus)
    for folder in (paths.results, paths.results / "images"):
        names = [name for name in _READ_AGAIN if (folder / name).exists()]
        bind(folder, names, f"crossmodal evaluate --corpus {name}")


_READ_AGAIN = (  # what other commands read
    *("table.csv", "table.md", "comparisons.csv", "robustness.md", "only_fusion.csv", "only_single.csv"),
    *("forest.svg", "robustness.svg", "attention.svg"),
)


def printed(params: Params, name: str) -> str:
    """Return what `evaluate` wrote, for a terminal: the leading figures, and seconds where train noted them.

    Raises
    ------
    UserError
        If there is nothing yet.
    """
    corpus, folder = params.corpus(name), CorpusPaths(name).results
    written = _written(folder / "table.md", name)
    types = dict.fromkeys([*WHO, "metric"], str)
    table, compared = (_numbers(read_table(folder / f, dtype=types)) for f in ("table.csv", "comparisons.csv"))
    rows = tables.rows_of(table, compared, read_parameters(name))
    names = list(rows[0].figures)
    scores = Scores(rows, names[0], metric(corpus.task, names[0]).higher_is_better, 0)
    heading = tables.headings(scores)[1]
    above, _, below = written.partition(f"{heading}\n\n")
    words = below.split("\n\n", 1)[1]
    lines = pipe_table(*tables.all_rows(scores, tables.SHORT, read_seconds(name)))
    rest = names[tables.SHORT :]
    more = [f"With {', '.join(rest)}: {folder / 'table.md'}.", ""] if rest else []
    return "\n".join([f"{above}{heading}", "", *lines, "", *more, words])


def printed_robustness(name: str) -> str:
    """Return robustness.md as `evaluate` wrote it; a missing one raises `UserError`."""
    return _written(CorpusPaths(name).results / "robustness.md", name)


@one_thread()
def printed_without(params: Params, name: str, modalities: str) -> str:
    """Return a table of all fusions with some modalities, written with commas, taken away from every utterance.

    Raises
    ------
    UserError
        If a modality is unknown, or `train` has not written what the fusions predict without it.
    """
    corpus, paths = params.corpus(name), CorpusPaths(name)
    taken = robustness.chosen_modalities(modalities, corpus)
    predictions = read_predictions(paths.predictions, corpus)
    dropped = read_dropped(name, corpus)
    if dropped is None:
        raise UserError(f"{paths.results / 'dropped.csv'} does not exist: run `crossmodal train --corpus {name}` first")
    table = read_utterances(paths.utterances, corpus.label)
    setting = robustness.setting_of(corpus, group_by_utterance(table, corpus, predictions), params.evaluate)
    return robustness.dropping(name, predictions, dropped, taken, setting)


def _require_current(params: Params, name: str) -> None:
    """Refuse predictions of other labels, features or settings; where the features are gone, take them as they are."""
    record = read_record(name)
    try:
        key = inputs_key(params, name)
    except StoreError:
        return
    if record is None or record.inputs != key:
        path = CorpusPaths(name).predictions
        raise UserError(
            f"{path} was made from other labels, features or settings: run `crossmodal train --corpus {name}`"
        )


def _written(path: Path, name: str) -> str:
    if not path.exists():
        raise UserError(f"{path} does not exist: run `crossmodal evaluate --corpus {name}` first")
    require_written(path)
    return path.read_text(encoding="utf-8")


def _numbers(table: pd.DataFrame) -> pd.DataFrame:
    """Read the columns of figures as numbers, empty cells as NaN."""
    columns = [c for c in table.columns if c in ("value", "difference", "low", "high", "p", "p_holm")]
    return table.assign(**{column: pd.to_numeric(table[column]) for column in columns})


def _write_tables(params: Params, name: str, scores: Scores) -> None:
    corpus, folder = params.corpus(name), CorpusPaths(name).results
    words = list(tables.words(scores, corpus, params.evaluate, normalisation(name), notices_of(name)))
    write_table(tables.tidy(name, scores), folder / "table.csv")
    write_table(tables.comparisons(scores), folder / "comparisons.csv")
    write_text(folder / "metrics.json", json.dumps(_metrics(scores), indent=1) + "\n")
    write_text(folder / "table.md", tables.markdown(name, scores, words))
    write_text(folder / "table.tex", tables.tex(name, scores))
    write_text(folder / "images" / "forest.svg", _forest(scores))


def _write_robustness(params: Params, name: str, parts: Mapping[Key, pd.DataFrame], groups: pd.Series) -> None:
    corpus, folder = params.corpus(name), CorpusPaths(name).results
    setting = robustness.setting_of(corpus, groups, params.evaluate)
    shares = robustness.by_share(parts, read_dropped(name, corpus), setting)
    present = robustness.by_presence(parts, read_presence(name), setting)
    write_table(shares, folder / "robustness.csv")
    write_table(present, folder / "by_presence.csv")
    fused = any("+" in key[1] for key in parts)
    train = f"crossmodal train --corpus {name}"
    said = robustness.markdown(name, shares, present, train) if fused else robustness.nothing_fused(name)
    write_text(folder / "robustness.md", said)
    image = folder / "images" / "robustness.svg"
    if shares.empty:
        image.unlink(missing_ok=True)
    else:
        write_text(image, robustness.drawn(shares))


def _write_attention(folder: Path, table: pd.DataFrame, corpus: CorpusParams) -> None:
    weights, image = read_attention(folder / "attention.csv", corpus), folder / "images" / "attention.svg"
    if weights is None or weights.empty:
        image.unlink(missing_ok=True)
        return
    write_text(image, attending.drawn(attending.attention_points(weights, table.set_index("utterance")[corpus.label])))


def _write_only_right(
    folder: Path, scores: Scores, parts: Mapping[Key, pd.DataFrame], table: pd.DataFrame, corpus: CorpusParams
) -> None:
    """Write what only the best fusion gets right, and only the best single modality; no lines without either."""
    lists = (pd.DataFrame(columns=ONLY_COLUMNS), pd.DataFrame(columns=ONLY_COLUMNS))
    if (fusion := scores.best_fusion) and (single := scores.best_single):
        lists = only_right(parts[fusion.key], parts[single.key], table, corpus.task)
    for name, found in zip(("only_fusion.csv", "only_single.csv"), lists, strict=True):
        write_table(found, folder / name)


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


def _write_confusions(folder: Path, parts: Mapping[Key, pd.DataFrame], corpus: CorpusParams) -> None:
    """Write one CSV a system: truth and prediction of each utterance, which DVC draws as a confusion matrix."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = set()
    for key, part in parts.items():
        path = folder / ("-".join(k.replace("+", "_") for k in key if k) + ".csv")
        shown = part[["utterance", "truth", "prediction"]].copy()
        if corpus.task == "regression":
            shown[["truth", "prediction"]] = np.rint(shown[["truth", "prediction"]]).astype(int)
        write_table(shown, path)
        wanted.add(path)
    for old in set(folder.glob("*.csv")) - wanted:
        old.unlink()
