"""Write the output of `evaluate` if nothing could be learnt: tables without rows, and pages that say why."""

import pandas as pd

from pipeline.corpora.utterances import csv_text
from pipeline.evaluation import disagreements, groups, plots, robustness
from pipeline.evaluation.answer import answer_json, unanswered
from pipeline.evaluation.outputs import GROUPS, write_outputs
from pipeline.evaluation.table_files import COMPARISON_COLUMNS, TABLE_COLUMNS
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.paths import CorpusPaths

_TABLES = {
    "table.csv": TABLE_COLUMNS,
    "comparisons.csv": COMPARISON_COLUMNS,
    "robustness.csv": robustness.COLUMNS,
    "by_presence.csv": robustness.PRESENCE_COLUMNS,
    "by_group.csv": groups.COLUMNS,
    "only_fusion.csv": disagreements.COLUMNS,
    "only_single.csv": disagreements.COLUMNS,
    "plots/scores.csv": plots.SCORE_COLUMNS,
    "plots/best_single.csv": plots.CONFUSION_COLUMNS,
    "plots/best_fusion.csv": plots.CONFUSION_COLUMNS,
    "confusions/none.csv": plots.CONFUSION_COLUMNS,  # DVC warns about an empty folder
}


def write_unevaluated(name: str, corpus: CorpusParams, why: str) -> None:
    """Write every file that DVC expects of `evaluate`, without results.

    Parameters
    ----------
    name, corpus
        The corpus and its settings.
    why
        A sentence, without a full stop, that says why nothing was learnt.
    """
    folder = CorpusPaths(name).results
    tables = {file: csv_text(pd.DataFrame(columns=columns)) for file, columns in _TABLES.items()}
    page = f"# {name}\n\n{why[0].upper()}{why[1:]}.\n"
    said = {"table.md": page, "robustness.md": page, "table.tex": f"% {why}\n", "metrics.json": "{}\n"}
    said |= {"all_metrics.json": "{}\n", "answer.json": answer_json(unanswered(name, corpus, why))}
    command = f"crossmodal evaluate --corpus {name}"
    write_outputs({**tables, **said}, folder, {GROUPS: 0, "untrained": why}, command)
