"""Put recognised or aligned words into the tables of a corpus: texts, words, times, and their sources."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import pandas as pd

from pipeline.corpora.utterances import CONFIDENCE, WORD_COLUMNS, Corpus
from pipeline.corpora.word_sources import ALIGNED, RECOGNISED
from pipeline.ingest.words import Spoken


def with_text(corpus: Corpus, asked: Collection[str], heard: Mapping[str, Spoken]) -> Corpus:
    """Return a corpus in which recognised words replace the words of the utterances in `asked`.

    Parameters
    ----------
    corpus
        The corpus.
    asked
        The utterances that should be recognised.
    heard
        The recognised words of each utterance; an utterance of `asked` that is missing here gets no text and no words.
    """
    table = corpus.utterances
    mask = table["utterance"].isin(list(asked))
    names = table["utterance"][mask]
    texts = names.map(lambda name: heard[name].text if name in heard else "")
    source = names.map(lambda name: RECOGNISED if name in heard else "")
    new = {"text": texts, "text_source": source, "words_source": source}
    table = table.assign(**{column: table[column].where(~mask, cells) for column, cells in new.items()})
    return replace(corpus, utterances=table, words=with_words(corpus.words, table, asked, heard))


def with_times(corpus: Corpus, aligned: Mapping[str, Spoken]) -> Corpus:
    """Return a corpus in which aligned words replace the old ones; a recognised word keeps its confidence.

    Parameters
    ----------
    corpus
        The corpus.
    aligned
        The aligned words of each utterance; an utterance that is missing here stays as it is.
    """
    table, words = corpus.utterances, corpus.words
    sure = {name: rows.tolist() for name, rows in words.groupby("utterance")[CONFIDENCE]} if CONFIDENCE in words else {}
    spoken = {name: _as_sure(found, sure.get(name, [])) for name, found in aligned.items()}
    source = table["words_source"].where(~table["utterance"].isin(list(aligned)), ALIGNED)
    table = table.assign(words_source=source)
    return replace(corpus, utterances=table, words=with_words(words, table, spoken, spoken))


def _as_sure(spoken: Spoken, confidences: Sequence[float]) -> Spoken:
    """Return words with the given confidences; if not every word has one, return the words unchanged."""
    if len(confidences) != len(spoken.words) or any(map(math.isnan, confidences)):
        return spoken
    pairs = zip(spoken.words, confidences, strict=True)
    return replace(spoken, words=tuple(word._replace(confidence=sure) for word, sure in pairs))


def with_words(
    words: pd.DataFrame, table: pd.DataFrame, asked: Collection[str], spoken: Mapping[str, Spoken]
) -> pd.DataFrame:
    """Return the table of words, with the words of the utterances in `asked` replaced by those in `spoken`.

    Times are converted to seconds from the start of the recording. If there are new words, the table has a column of
    confidences.
    """
    starts = dict(zip(table["utterance"], table["start"], strict=True))
    rows = [
        (name, word.text, word.start_s + starts[name], word.end_s + starts[name], word.confidence)
        for name in table["utterance"]
        if name in spoken
        for word in spoken[name].words
    ]
    kept = words[~words["utterance"].isin(list(asked))]
    if not rows:
        return kept
    new = pd.DataFrame(rows, columns=[*WORD_COLUMNS, CONFIDENCE])
    return pd.concat([kept, new], ignore_index=True) if len(kept) else new
