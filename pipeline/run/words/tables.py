"""The tables of a corpus with words that were made: texts, words and times, and where they come from."""

from collections.abc import Collection, Mapping
from dataclasses import replace

import pandas as pd

from pipeline.corpora.utterances import CONFIDENCE, WORD_COLUMNS, Corpus
from pipeline.corpora.word_sources import RECOGNISED
from pipeline.ingest.words import Spoken


def with_text(corpus: Corpus, asked: Collection[str], heard: Mapping[str, Spoken]) -> Corpus:
    """Return a corpus with recognised words in place of those that it has.

    Parameters
    ----------
    corpus
        The corpus.
    asked
        Utterances that were to be recognised.
    heard
        Utterance -> its words; one that was asked for but is missing here has no text and no words.
    """
    table = corpus.utterances
    mask = table["utterance"].isin(list(asked))
    names = table["utterance"][mask]
    texts = names.map(lambda name: heard[name].text if name in heard else "")
    source = names.map(lambda name: RECOGNISED if name in heard else "")
    new = {"text": texts, "text_source": source, "words_source": source}
    table = table.assign(**{column: table[column].where(~mask, cells) for column, cells in new.items()})
    return replace(corpus, utterances=table, words=with_words(corpus.words, table, asked, heard))


def with_words(
    words: pd.DataFrame, table: pd.DataFrame, asked: Collection[str], spoken: Mapping[str, Spoken]
) -> pd.DataFrame:
    """Return the table of words, those of the utterances that were asked for replaced by what was made, in its order.

    Times become those of the recording. The column of confidences is there if any word was made.
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
