"""Sentences of the methods text about the corpus: its size, labels, speakers, and how its words were made."""

from collections.abc import Iterable, Iterator, Mapping

import pandas as pd

from pipeline.corpora.base import Description
from pipeline.corpora.registry import description
from pipeline.errors import counted
from pipeline.reporting.methods.words import Tool
from pipeline.settings.params import Params

_MOST = 12  # a sentence lists at most this many classes


def corpus_sentences(
    params: Params, name: str, table: pd.DataFrame, published: Mapping[str, Description], tools: Iterable[Tool]
) -> Iterator[str]:
    """Yield sentences about a corpus.

    Parameters
    ----------
    params, name
        The settings, and the name of the corpus.
    table
        The utterance table.
    published
        The descriptions that `published_in` returned.
    tools
        The programs that made words or their times.
    """
    corpus = params.corpus(name)

    def cited(one: str) -> str:
        return f"{one} ({published[one].title}; {published[one].citation})" if one in published else one

    yield f"The corpus {cited(name)} has {_size(table)}."
    if corpus.note:
        yield corpus.note
    if corpus.of:
        yield f"It is a union of {', '.join(map(cited, corpus.of))}."
    yield _labels(table, corpus.label, corpus.task)
    yield from _speakers(table)
    yield from (tool.sentence for tool in tools)


def published_in(params: Params, name: str) -> dict[str, Description]:
    """Return the description of a published corpus, or of each published part of a union, keyed by name."""
    corpus = params.corpus(name)
    if corpus.of:
        return {part: found for one in corpus.of for part, found in published_in(params, one).items()}
    found = description(corpus.reader)
    return {} if found is None else {name: found}


def _size(table: pd.DataFrame) -> str:
    seconds = pd.to_numeric(table["duration"], errors="coerce").sum() if "duration" in table.columns else 0.0
    long = f", {seconds / 60:.1f} minutes in all" if seconds > 0 else ""
    return f"{counted(len(table), 'utterance')} of {counted(table['recording'].nunique(), 'recording')}{long}"


def _labels(table: pd.DataFrame, label: str, task: str) -> str:
    if not label:
        return "It has no labels."
    cells = table[label][table[label].astype(str) != ""]
    if task == "regression":
        numbers = pd.to_numeric(cells, errors="coerce").dropna()
        span = f", from {numbers.min():g} to {numbers.max():g} (mean {numbers.mean():.2f})" if len(numbers) else ""
        return f"The score {label} is predicted{span}."
    counts = cells.astype(str).value_counts()
    shown = ", ".join(f"{one} {count}" for one, count in counts.head(_MOST).items())
    more = f", and {len(counts) - _MOST} more" if len(counts) > _MOST else ""
    return f"The label {label} is predicted, one of {len(counts)} classes (utterances: {shown}{more})."


def _speakers(table: pd.DataFrame) -> Iterator[str]:
    known = table["speaker"][table["speaker"] != ""]
    if known.empty:
        yield "It is not known who speaks."
    elif len(known) < len(table):
        yield f"The speaker is known for {len(known)} of the utterances ({counted(known.nunique(), 'speaker')})."
    else:
        counts = known.value_counts()
        most = counts.iloc[0]
        alone = f", one of whom has {most} of the {len(known)} utterances" if len(known) > most > len(known) / 2 else ""
        yield f"It has {counted(len(counts), 'speaker')}{alone}."
