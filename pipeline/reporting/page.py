"""The page of a corpus as one self-contained HTML file: the answer, the results, the data, and the methods."""

import pandas as pd
from markupsafe import Markup

from pipeline.corpora.utterances import read_utterances
from pipeline.evaluation.answer import read_answer
from pipeline.evaluation.results import by_configuration, count_groups, group_by_utterance
from pipeline.evaluation.scoring import Scores
from pipeline.reporting.charts.chart import unvalidated
from pipeline.reporting.methods.models import Division
from pipeline.reporting.methods.section import methods_of
from pipeline.reporting.predictions import predictions_block
from pipeline.reporting.rendering import render
from pipeline.reporting.sections.answer import answer_section
from pipeline.reporting.sections.results import results_of
from pipeline.reporting.utterance.section import DataSections
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.training.current import page_mark

SECTIONS = {  # the title of each section; its name is that of a template
    "answer": "Answer",
    "results": "Results",
    "data": "Data",
    "utterance": "One utterance",
    "methods": "Methods",
}
SCRIPTS = (
    "page.js",
    "charts.js",
    "tables.js",
    "timeline.js",
    "utterance.js",
    "gallery.js",
    "matrices.js",
)  # of the folder `assets`, in the order in which they run


def page_of(
    params: Params, name: str, scores: Scores, predictions: pd.DataFrame, key: str, sections: DataSections
) -> str:
    """Return the page as HTML; names, labels and notes are escaped, so they are shown as text.

    Parameters
    ----------
    params, name
        The settings, and the name of the corpus.
    scores
        The scores in table.csv.
    predictions
        The rows of predictions.csv.
    key
        The key of everything that the page is made from.
    sections
        The sections *Data* and *One utterance*.
    """
    corpus, paths = params.corpus(name), CorpusPaths(name)
    table = read_utterances(paths.utterances, corpus.label)
    groups = group_by_utterance(table, corpus, predictions)
    with unvalidated():
        results = results_of(name, scores, by_configuration(predictions), table, corpus, groups)
        answer = answer_section(read_answer(name), scores)
    charts = [*([answer.gains] if answer.gains else []), *results.charts]
    return render(
        "page.html",
        name=name,
        mark=Markup(page_mark(key)),
        sections=SECTIONS,
        scripts=SCRIPTS,
        charts=charts,
        blocks={
            "predictions": predictions_block(scores, predictions, table, corpus),
            "charts": {chart.name: chart.spec | {"description": chart.title} for chart in charts},
            **sections.blocks,
        },
        answer=answer,
        data=sections.data,
        methods=methods_of(
            params, name, table, scores, Division(count_groups(groups, predictions), _per_fold(predictions))
        ),
        results=results,
    )


def _per_fold(predictions: pd.DataFrame) -> tuple[int, ...]:
    """Return how many utterances each fold tests."""
    return tuple(predictions.drop_duplicates("utterance")["fold"].value_counts().tolist())
