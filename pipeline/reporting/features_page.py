"""The page of a corpus from which nothing was learnt: the reason, the features, and how they were made."""

from features.store import STATUSES, open_store
from pipeline.corpora.utterances import read_utterances
from pipeline.evaluation.answer import sentences, unanswered
from pipeline.reporting.methods.section import methods_of
from pipeline.reporting.page import SCRIPTS, SECTIONS
from pipeline.reporting.predictions import no_predictions
from pipeline.reporting.rendering import render
from pipeline.reporting.sections.answer import AnswerSection
from pipeline.reporting.tables import Table
from pipeline.reporting.utterance.section import DataSections
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths


def page_of_features(params: Params, name: str, why: str, data: DataSections) -> str:
    """Return the page as HTML; names are escaped, so they are shown as text.

    Parameters
    ----------
    params, name
        The settings, and the name of the corpus.
    why
        A sentence that says why nothing can be trained, without its full stop.
    data
        The sections *Data* and *One utterance*.
    """
    corpus = params.corpus(name)
    table = read_utterances(CorpusPaths(name).utterances, corpus.label)
    first, *_ = sentences(unanswered(name, corpus, why))
    return render(
        "page.html",
        name=name,
        mark="",
        sections={section: title for section, title in SECTIONS.items() if section != "results"},
        scripts=SCRIPTS,
        charts=[],
        blocks={"predictions": no_predictions(table, corpus), **data.blocks},
        data=data.data,
        answer=AnswerSection(first, [corpus.note] if corpus.note else [], [], stores=stores_of(name)),
        methods=methods_of(params, name, table),
    )


def stores_of(name: str) -> Table:
    """Return a table with one line per feature store, which says how many utterances have each status."""
    lines = []
    for path in sorted((CorpusPaths(name).work / "features").glob("*.h5")):
        with open_store(path) as store:
            modality = str(store.attribute("modality")) if "modality" in store.file.attrs else ""
            found = list(store.statuses)
        lines.append([path.stem, modality, *(str(found.count(status)) for status in STATUSES)])
    return Table(["features", "modality", *STATUSES], lines)
