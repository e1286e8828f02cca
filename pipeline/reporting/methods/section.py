"""The section *Methods*: paragraphs, a bibliography, and tables of versions and licences."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pandas as pd

from common.references import Reference
from pipeline.evaluation.scoring import Scores
from pipeline.reporting.methods.choices import settings_sentences
from pipeline.reporting.methods.corpus import corpus_sentences, published_in
from pipeline.reporting.methods.features import feature_sentences, stream_sentences, used_features
from pipeline.reporting.methods.models import (
    UNTESTED,
    Division,
    model_sentences,
    protocol_sentences,
    statistics_sentences,
    used_references,
)
from pipeline.reporting.methods.software import commands, devices_sentence, licences, versions
from pipeline.reporting.methods.words import word_tools, words_made
from pipeline.reporting.tables import Table
from pipeline.settings.params import Params
from pipeline.training.inputs import settings_of
from pipeline.training.trained import read_record


@dataclass(frozen=True)
class Methods:
    """The content of the section *Methods*.

    Attributes
    ----------
    paragraphs
        Text for a paper: the title and the sentences of each paragraph.
    bibliography
        The references that the text cites, as BibTeX.
    versions, licences
        The versions of packages, and the licences of the corpus and of features.
    commands
        The commands that reproduce the results.
    """

    paragraphs: Sequence[tuple[str, str]]
    bibliography: str
    versions: Table
    licences: Table
    commands: str


def methods_of(
    params: Params, name: str, table: pd.DataFrame, scores: Scores | None = None, tested: Division = UNTESTED
) -> Methods:
    """Return the content of the section *Methods*.

    Parameters
    ----------
    params, name
        The settings, and the name of the corpus.
    table
        The utterance table.
    scores
        The rows of the table; None if nothing was learnt.
    tested
        The predicted utterances.
    """
    corpus, published, used = params.corpus(name), published_in(params, name), list(used_features(params, name))
    record, tools = read_record(name), list(word_tools(table, words_made(name)))
    parts = {
        "Corpus": corpus_sentences(params, name, table, published, tools),
        "Streams": stream_sentences(params, name),
        "Features": feature_sentences(used),
    }
    references: list[Reference] = [tool.reference for tool in tools if tool.reference]
    references += [one for feature in used for one in feature.references]
    if scores is not None:
        unranked = scores.unranked
        parts |= {
            "Models": model_sentences(scores, settings_of(params, name)),
            "Settings": settings_sentences(scores, settings_of(params, name)),
            "Protocol": protocol_sentences(corpus, tested, unranked),
            "Statistics": statistics_sentences(scores, corpus, params.evaluate, tested.groups),
        }
        references += used_references(scores)
    device = devices_sentence(record.devices) if record else ""
    written = {title: " ".join(sentences) for title, sentences in parts.items()} | {"Devices": device}
    return Methods(
        paragraphs=[(title, text) for title, text in written.items() if text],
        bibliography=_bibliography(references),
        versions=versions(used, tools),
        licences=licences(used, published, tools),
        commands=commands(name),
    )


def _bibliography(references: Iterable[Reference]) -> str:
    entries = {one.key: one.bibtex() for one in references}
    return "\n\n".join(entries[key] for key in sorted(entries))
