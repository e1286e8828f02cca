"""The page of a corpus, as one self-contained HTML file: the answer, the results, the data, and how they were made."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from markupsafe import Markup

from models.evaluation.intervals import Interval
from pipeline.corpora.utterances import read_utterances
from pipeline.evaluation.formatting import lower_is_better
from pipeline.evaluation.groups import blocks, heading, how_resampled, read_by_group
from pipeline.evaluation.results import encoders_of, notices_of, speakers_of
from pipeline.evaluation.scoring import Scores
from pipeline.reporting.predictions import predictions_block
from pipeline.reporting.rendering import render
from pipeline.reporting.tables import Table
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.training.current import page_mark

SECTIONS = {  # a section is a template of this name
    "answer": "Answer",
    "results": "Results",
    "data": "Data",
    "utterance": "One utterance",
    "methods": "Methods",
}
SCRIPTS = ("page.js", "utterance.js")  # of the folder `assets`, in the order in which they run


@dataclass(frozen=True)
class Groups:
    """The leading metric by group: a title, a table, and sentences on it."""

    title: str
    table: Table
    sentences: Sequence[str]


def page_of(params: Params, name: str, scores: Scores, predictions: pd.DataFrame, key: str) -> str:
    """Return the page as HTML; names, labels and notes are escaped, so they are shown as text.

    Parameters
    ----------
    params, name
        The settings, and which corpus.
    scores
        The scores in table.csv.
    predictions
        The rows of predictions.csv.
    key
        The key of everything that the page is made from.
    """
    corpus, paths = params.corpus(name), CorpusPaths(name)
    table = read_utterances(paths.utterances, corpus.label)
    return render(
        "page.html",
        name=name,
        mark=Markup(page_mark(key)),
        sections=SECTIONS,
        scripts=SCRIPTS,
        blocks={"predictions": predictions_block(scores, predictions, table, corpus)},
        charts=[],
        note=corpus.note,
        protocol=corpus.protocol.kind,
        notices=[*([note] if (note := speakers_of(name, corpus)) else []), *notices_of(name)],
        encoders=encoders_of(name),
        metrics=scores.metrics,
        rows=scores.rows,
        groups=_groups(name, scores, corpus),
        lower_is_better=lower_is_better(scores.metrics),
        value=_value,
    )


def _groups(name: str, scores: Scores, corpus: CorpusParams) -> Groups | None:
    """Return the figures by group that `evaluate` wrote; None without groups."""
    found = blocks(read_by_group(name), scores, "", "by_group.csv")
    tables = [block for block in found if isinstance(block, Table)]
    sentences = [block for block in found if isinstance(block, str)]
    if not tables:
        return None
    return Groups(heading(scores, tables[0].header[0]), tables[0], [*sentences, how_resampled(corpus)])


def _value(found: Interval) -> Markup | str:
    """Return a cell: the value and, smaller, its interval."""
    if not math.isfinite(found.value):
        return "undefined"
    there = math.isfinite(found.low)
    interval = f"[{found.low:.3f}, {found.high:.3f}]" if there else "[no interval: one group]"
    return Markup("{:.3f} <small>{}</small>").format(found.value, interval)
