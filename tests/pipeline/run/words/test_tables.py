"""Tables with made words: what was asked for is replaced, the rest stays."""

import math

import pandas as pd

from pipeline.corpora.utterances import Corpus
from pipeline.ingest.words import Spoken, Word
from pipeline.run.words.tables import with_text, with_times, with_words

TABLE = pd.DataFrame(
    {
        "utterance": ["a", "b", "c"],
        "start": [0.0, 10.0, 20.0],
        "text": ["given words", "", "wrong"],
        "text_source": ["given", "", "subtitles"],
        "words_source": ["given", "", ""],
    }
)
WORDS = pd.DataFrame(
    {"utterance": ["a", "a"], "word": ["given", "words"], "start": [0.1, math.nan], "end": [0.4, math.nan]}
)
HEARD = {"b": Spoken("Oh, yes.", (Word("Oh,", 0.5, 0.7, 0.8), Word("yes.", 0.7, 1.0, 0.9)))}


def test_recognised_words_take_the_place_of_what_there_was() -> None:
    found = with_text(Corpus(TABLE, WORDS, ()), ["b", "c"], HEARD)
    assert found.utterances["text"].tolist() == ["given words", "Oh, yes.", ""]
    assert found.utterances["text_source"].tolist() == ["given", "recognised", ""]
    assert found.utterances["words_source"].tolist() == ["given", "recognised", ""]
    assert found.words["word"].tolist() == ["given", "words", "Oh,", "yes."]
    assert found.words["start"].round(2).tolist()[2:] == [10.5, 10.7]  # seconds of the recording
    assert found.words["confidence"].isna().tolist() == [True, True, False, False]


def test_without_made_words_there_is_no_column_of_confidences() -> None:
    assert with_words(WORDS, TABLE, [], {}).equals(WORDS)
    assert "confidence" not in with_words(WORDS, TABLE, ["a"], {})
    assert with_words(WORDS, TABLE, ["a"], {}).empty


def test_made_words_are_in_the_order_of_the_table() -> None:
    heard = {name: Spoken(name, (Word(name, 0, 1, 1),)) for name in ("c", "a")}
    assert with_words(WORDS, TABLE, ["a", "c"], heard)["utterance"].tolist() == ["a", "c"]


def test_aligned_words_take_the_place_of_what_there_was() -> None:
    aligned = {"a": Spoken("given words", (Word("given", 0.2, 0.5, 0.7), Word("words", 0.5, 0.9, 0.6)))}
    found = with_times(Corpus(TABLE, WORDS, ()), aligned)
    assert found.utterances["text"].tolist() == TABLE["text"].tolist()
    assert found.utterances["words_source"].tolist() == ["aligned", "", ""]
    assert found.words.drop(columns="utterance").values.tolist() == [["given", 0.2, 0.5, 0.7], ["words", 0.5, 0.9, 0.6]]


def test_aligned_words_that_were_recognised_keep_the_confidence_of_the_recogniser() -> None:
    heard = with_text(Corpus(TABLE, WORDS, ()), ["b"], HEARD)
    aligned = {"b": Spoken("Oh, yes.", (Word("Oh,", 0.4, 0.6, 0.1), Word("yes.", 0.6, 1.0, 0.2)))}
    found = with_times(heard, aligned)
    assert found.utterances["text_source"].tolist()[1] == "recognised"
    assert found.utterances["words_source"].tolist()[1] == "aligned"
    assert found.words["start"].tolist()[2:] == [10.4, 10.6]
    assert found.words["confidence"].tolist()[2:] == [0.8, 0.9]
