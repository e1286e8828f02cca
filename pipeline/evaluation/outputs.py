"""Write the files of an evaluation (tables, plots, lists of utterances), either all of them or none."""

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from common.atomic import replacing_all, write_text
from models.configuration import Configuration
from pipeline.corpora.utterances import csv_text
from pipeline.evaluation import plots, robustness, table_files, tables
from pipeline.evaluation.disagreements import alike, of_the_best
from pipeline.evaluation.groups import below_table
from pipeline.evaluation.results import read_attention, read_dropped, read_presence
from pipeline.evaluation.scoring import Scores
from pipeline.reporting.tables import markdown
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.params import Params
from pipeline.tables.bound import TABLES
from pipeline.tables.bound import record as record_of
from pipeline.training.trained import Record

GROUPS = "groups"  # key in the records: the number of groups of the predicted utterances
_IMAGES = ("images/forest.svg", "images/robustness.svg", "images/attention.svg", "images/reliability.svg")
_BY_COLUMN = "by_column.csv"  # `evaluate --by` writes it; new tables make it out of date

_LOOSE = ("plots/", "confusions/")  # folders of files that the pipeline never reads, so no record lists them

# The name and the header of a CSV of truths and predictions.
_PLOT = re.compile(r"\w+?(-(text|audio|video)(_(text|audio|video))*)?(-\w+)?")

_PLOTTED = b"utterance,truth,prediction\n"

Outputs = dict[str, str]  # file below a corpus's results -> its text


def write_outputs(outputs: Outputs, folder: Path, noted: Mapping[str, Any], command: str) -> None:
    """Write all outputs and one record per folder; delete plots and by_column.csv of earlier runs.

    Parameters
    ----------
    outputs
        The text of each file, keyed by its path below `folder`.
    folder
        The corpus's results folder.
    noted
        Further entries of the records.
    command
        The command that writes the files.
    """
    loose = {file: text for file, text in outputs.items() if file.startswith(_LOOSE)}
    bound, records = [file for file in outputs if file not in loose], [TABLES, f"images/{TABLES}"]
    with replacing_all([folder / file for file in (*bound, *records)]) as temporary:
        written = dict(zip((*bound, *records), temporary, strict=True))
        for file in bound:
            written[file].write_text(outputs[file], encoding="utf-8")
        for one in records:
            mine = {Path(file).name: written[file] for file in bound if Path(file).parent == Path(one).parent}
            written[one].write_text(record_of(mine, command, noted), encoding="utf-8")
        for file, text in loose.items():
            write_text(folder / file, text)
    plotted = {path for place in _LOOSE for path in folder.glob(f"{place}*.csv") if _is_plot(path)}
    for old in (plotted | {folder / file for file in (*_IMAGES, _BY_COLUMN)}) - {folder / file for file in outputs}:
        old.unlink(missing_ok=True)


def _is_plot(path: Path) -> bool:
    """Return whether a CSV holds truths and predictions; users may keep other files in the same folder."""
    if not (_PLOT.fullmatch(path.stem) and path.is_file()):
        return False
    with path.open("rb") as file:
        return file.readline(len(_PLOTTED)) == _PLOTTED


def tables_of(
    params: Params,
    name: str,
    scores: Scores,
    parts: Mapping[Configuration, pd.DataFrame],
    groups: int,
    record: Record,
    by_group: pd.DataFrame,
) -> Outputs:
    """Return the tables of results (CSV, JSON, Markdown and LaTeX) and the plot of the leading metric."""
    corpus = params.corpus(name)
    remarks = filter(None, [below_table(by_group, scores, corpus), *alike(scores, parts)])
    notes = tables.notes(scores, groups, corpus, params.evaluate, record, remarks)
    return {
        "by_group.csv": csv_text(by_group),
        "table.csv": csv_text(table_files.tidy(name, scores)),
        "comparisons.csv": csv_text(table_files.comparisons(scores)),
        "all_metrics.json": json.dumps(metrics_json(scores), indent=1) + "\n",
        "table.md": markdown(tables.page(name, scores, tables.all_rows(scores), notes)),
        "table.tex": tables.tex(name, scores),
        "images/forest.svg": plots.scores_plot(scores),
    }


def robustness_of(params: Params, name: str, parts: Mapping[Configuration, pd.DataFrame], groups: pd.Series) -> Outputs:
    """Return the tables and the plot that show how well fusions perform as utterances lose modalities."""
    corpus = params.corpus(name)
    setting = robustness.setting_of(corpus, groups, params.evaluate)
    shares = robustness.by_share(parts, read_dropped(name, corpus), setting)
    present = robustness.by_presence(parts, read_presence(name), setting)
    page = robustness.page(name, shares, present, setting.metric, fused=any(one.is_fusion for one in parts))
    found = {"robustness.csv": csv_text(shares), "by_presence.csv": csv_text(present), "robustness.md": markdown(page)}
    return found if shares.empty else found | {"images/robustness.svg": plots.robustness_plot(shares)}


def attention_of(folder: Path, table: pd.DataFrame, corpus: CorpusParams) -> Outputs:
    """Return the plot of attention weights by class; empty if no strategy uses attention."""
    weights = read_attention(folder / "attention.csv", corpus)
    if weights is None or weights.empty:
        return {}
    points = plots.attention_points(weights, table.set_index("utterance")[corpus.label])
    return {"images/attention.svg": plots.attention_plot(points)}


def reliability_of(scores: Scores, parts: Mapping[Configuration, pd.DataFrame], corpus: CorpusParams) -> Outputs:
    """Return the reliability plot of the best rows; empty in regression or if none of them has probabilities."""
    drawn = plots.reliability_plot(scores, parts) if corpus.task == "classification" else None
    return {} if drawn is None else {"images/reliability.svg": drawn}


def disagreements_of(
    scores: Scores, parts: Mapping[Configuration, pd.DataFrame], table: pd.DataFrame, corpus: CorpusParams
) -> Outputs:
    """Return two CSVs: what only the best fusion gets right, and what only the best single modality gets right."""
    return {file: csv_text(found) for file, found in of_the_best(scores, parts, table, corpus.task).items()}


def confusions_of(parts: Mapping[Configuration, pd.DataFrame], corpus: CorpusParams) -> Outputs:
    """Return one CSV of truths and predictions per configuration."""
    return {f"confusions/{stem}.csv": csv_text(found) for stem, found in plots.confusions(parts, corpus.task).items()}


def plots_of(scores: Scores, parts: Mapping[Configuration, pd.DataFrame], corpus: CorpusParams) -> Outputs:
    """Return the CSVs that DVC plots: scores of the rows shown first, and truths and predictions of the best rows."""
    return {f"plots/{stem}.csv": csv_text(found) for stem, found in plots.for_dvc(scores, parts, corpus.task).items()}


def metrics_json(scores: Scores) -> dict[str, dict[str, float | None]]:
    """Return all metrics of each row, keyed by row and metric; None for an undefined one, since JSON has no NaN."""
    return {
        row.configuration.display: {
            name: round(found.value, 6) if math.isfinite(found.value) else None for name, found in row.values.items()
        }
        for row in scores.rows
    }
