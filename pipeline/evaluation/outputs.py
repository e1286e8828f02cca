"""What evaluation writes: tables, drawings, lists of utterances, plots for DVC."""

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from common.atomic import replacing_all, write_text
from pipeline.corpora.utterances import csv_text
from pipeline.evaluation import plots, robustness, tables
from pipeline.evaluation.disagreements import COLUMNS as ONLY_COLUMNS
from pipeline.evaluation.disagreements import only_right
from pipeline.evaluation.results import (
    Key,
    label_of,
    read_attention,
    read_dropped,
    read_presence,
)
from pipeline.evaluation.scoring import Scores
from pipeline.reporting.drawing import Point, forest
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.params import Params
from pipeline.tables.bound import TABLES
from pipeline.tables.bound import record as record_of
from pipeline.training.current import MADE_OF
from pipeline.training.trained import Record

_IMAGES = ("images/forest.svg", "images/robustness.svg", "images/attention.svg")

# The name and the header of a plot.
_PLOT = re.compile(r"\w+?(-(text|audio|video)(_(text|audio|video))*)?(-\w+)?")

_PLOTTED = b"utterance,truth,prediction\n"

Outputs = dict[str, str]  # file below a corpus's results -> what it holds


def write_outputs(outputs: Outputs, folder: Path, made: Mapping[str, str], command: str) -> None:
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


def tables_of(params: Params, name: str, scores: Scores, record: Record) -> Outputs:
    """Return the tables of results, for programs, terminals and papers, and the drawing of the leading figure."""
    words = list(tables.words(scores, params.corpus(name), params.evaluate, record.normalise, record.notices))
    return {
        "table.csv": csv_text(tables.tidy(name, scores)),
        "comparisons.csv": csv_text(tables.comparisons(scores)),
        "metrics.json": json.dumps(_metrics(scores), indent=1) + "\n",
        "table.md": tables.markdown(name, scores, words),
        "table.tex": tables.tex(name, scores),
        "images/forest.svg": _forest(scores),
    }


def robustness_of(params: Params, name: str, parts: Mapping[Key, pd.DataFrame], groups: pd.Series) -> Outputs:
    """Return how fusions fare as utterances lose modalities: tables and a drawing."""
    corpus = params.corpus(name)
    setting = robustness.setting_of(corpus, groups, params.evaluate)
    shares = robustness.by_share(parts, read_dropped(name, corpus), setting)
    present = robustness.by_presence(parts, read_presence(name), setting)
    fused = any("+" in key[1] for key in parts)
    train = f"crossmodal train --corpus {name}"
    said = (
        robustness.markdown(name, shares, present, setting.metric, train) if fused else robustness.nothing_fused(name)
    )
    found = {"robustness.csv": csv_text(shares), "by_presence.csv": csv_text(present), "robustness.md": said}
    return found if shares.empty else found | {"images/robustness.svg": robustness.drawn(shares)}


def attention_of(folder: Path, table: pd.DataFrame, corpus: CorpusParams) -> Outputs:
    """Return the drawing of attention by class; nothing where no strategy gives weights."""
    weights = read_attention(folder / "attention.csv", corpus)
    if weights is None or weights.empty:
        return {}
    points = plots.attention_points(weights, table.set_index("utterance")[corpus.label])
    return {"images/attention.svg": plots.drawn(points)}


def only_right_lists(
    scores: Scores, parts: Mapping[Key, pd.DataFrame], table: pd.DataFrame, corpus: CorpusParams
) -> Outputs:
    """Return what only the best fusion gets right, and only the best single modality; no lines without either."""
    lists = (pd.DataFrame(columns=ONLY_COLUMNS), pd.DataFrame(columns=ONLY_COLUMNS))
    if (fusion := scores.best_fusion) and (single := scores.best_single):
        lists = only_right(parts[fusion.key], parts[single.key], table, corpus.task)
    return {name: csv_text(found) for name, found in zip(("only_fusion.csv", "only_single.csv"), lists, strict=True)}


def _metrics(scores: Scores) -> dict[str, dict[str, float | None]]:
    """Return the metrics by row, for `dvc metrics`; an undefined one is null, as JSON knows no NaN."""
    return {
        label_of(row.key): {m: round(f.value, 6) if math.isfinite(f.value) else None for m, f in row.values.items()}
        for row in scores.rows
    }


def _forest(scores: Scores) -> str:
    """Draw the leading figure of all rows, with a line at the best single modality."""
    leading = scores.leading
    found = [(label_of(row.key), row.values[leading.name]) for row in scores.rows]
    ends = [x for _, f in found for x in (f.value, f.low, f.high) if math.isfinite(x)]
    span = (0.0, 1.0) if leading.share else (min([0.0, *ends]), max(ends, default=1.0))
    best = scores.best_single
    base = best.values[leading.name].value if best else None
    points = [Point(label, f.value, f.low, f.high) for label, f in found]
    return forest(points, f"{leading.name} by row", span, base)


def confusions(parts: Mapping[Key, pd.DataFrame], corpus: CorpusParams) -> Outputs:
    """Return one CSV a system: truth and prediction of each utterance, which DVC draws as a confusion matrix."""
    found = {}
    for key, part in parts.items():
        shown = part[["utterance", "truth", "prediction"]].copy()
        if corpus.task == "regression":
            shown[["truth", "prediction"]] = np.rint(shown[["truth", "prediction"]]).astype(int)
        found[f"plots/{'-'.join(k.replace('+', '_') for k in key if k)}.csv"] = csv_text(shown)
    return found
