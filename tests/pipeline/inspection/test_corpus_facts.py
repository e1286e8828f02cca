"""What a corpus holds is counted right, and said in sentences."""

from dataclasses import replace

import pandas as pd

from pipeline.inspection.corpus_facts import Part, facts_of
from pipeline.settings.blocks import CorpusParams, ProtocolParams

CORPUS = CorpusParams(
    "manifest", "raw", "classification", "mood", ("text",), ProtocolParams("group-kfold", 2, "speaker")
)


def table(**columns: list[str]) -> pd.DataFrame:
    rows = {
        "utterance": [f"u{i}" for i in range(5)],
        "recording": ["r1", "r1", "r2", "r3", "r3"],
        "speaker": ["ana", "ana", "ben", "ben", "cleo"],
        "group": [f"u{i}" for i in range(5)],
        "split": [""] * 5,
        "mood": ["sad", "joy", "joy", "sad", "joy"],
        "text_source": ["given"] * 5,
        "words_source": [""] * 5,
    }
    return pd.DataFrame(rows | columns)


def words(starts: list[float | None]) -> pd.DataFrame:
    return pd.DataFrame({"utterance": ["u0"] * len(starts), "start": pd.Series(starts, dtype=float)})


def test_facts_count_what_is_there() -> None:
    facts = str(facts_of("mine", table(), words([0.0, 0.5, None]), CORPUS))
    assert facts == ("mine: 5 utterances, 3 recordings, 3 groups, 2 timed words and 1 without times; 3 joy, 2 sad")


def test_facts_on_each_part_of_a_published_split() -> None:
    split = table(split=["train", "train", "train", "test", "test"])
    lines = str(facts_of("mine", split, words([]), CORPUS)).splitlines()
    assert lines[1:] == ["mine: train: 3 utterances in 2 groups", "mine: test: 2 utterances in 2 groups"]


def test_nothing_is_called_a_group_where_every_utterance_is_alone() -> None:
    alone = table(speaker=[""] * 5)
    assert "no groups (each utterance by itself)" in str(facts_of("mine", alone, words([]), CORPUS))


def test_counts_are_there_as_numbers() -> None:
    some = table(mood=["sad", "", "joy", "NA", "joy"], split=["train", "train", "train", "test", "test"])
    facts = facts_of("mine", some, words([0.0, None]), CORPUS)
    assert (facts.utterances, facts.recordings, facts.groups) == (5, 3, 3)
    assert (facts.timed_words, facts.untimed_words) == (1, 1)
    assert facts.labels == {"joy": 2, "sad": 1}
    assert facts.unlabelled == 2
    assert facts.split == (Part("train", 3, 2), Part("test", 2, 2))


def test_scores_are_not_listed_but_missing_ones_are_counted() -> None:
    scores = table(mood=["1", "", "-0.5", "2", "0"])
    facts = facts_of("mine", scores, words([]), replace(CORPUS, task="regression"))
    assert (facts.labels, facts.unlabelled) == ({}, 1)
    assert str(facts).endswith("0 timed words; 1 without a label")


def test_a_corpus_without_labels() -> None:
    facts = facts_of("mine", table(), words([]), replace(CORPUS, label=""))
    assert facts.unlabelled == 0
    assert str(facts).endswith("; no labels: features only")
