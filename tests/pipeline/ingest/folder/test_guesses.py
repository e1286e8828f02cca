"""The settings that are guessed."""

from collections.abc import Sequence

import pytest

from pipeline.ingest.folder.columns import Label
from pipeline.ingest.folder.guesses import Guess, guess
from pipeline.ingest.folder.rows import Cells
from tests.pipeline.ingest.folder.made import recording

MOODS = ["calm", "cross"] * 4


def rows(**columns: Sequence[str]) -> list[Cells]:
    count = len(next(iter(columns.values())))
    return [{"media": f"{i}.mp4", **{name: cells[i] for name, cells in columns.items()}} for i in range(count)]


def made(found: Sequence[Cells], label: str = "mood", *, recognised: bool = False, aligned: bool = False) -> Guess:
    clips = [recording(row["media"]) for row in found]
    column = Label(label, "by its name" if label else "since there are no label columns")
    return guess("mine", found, clips, column, None, recognised=recognised, aligned=aligned)


def lines(found: Guess) -> str:
    return "\n".join(found.lines)


def test_labels_and_speakers_give_classes_and_folds_of_speakers() -> None:
    found = made(rows(mood=MOODS, speaker=["s1", "s1", "s2", "s2", "s3", "s3", "s4", "s4"]))
    assert found.block == {
        "reader": "manifest",
        "root": ".",
        "task": "classification",
        "label": "mood",
        "modalities": ["audio", "video"],
        "protocol": {"kind": "group-kfold", "folds": 4, "group": "speaker"},
    }
    assert "labels: mood, by its name: calm 4, cross 4. Change this with --label COLUMN or --no-labels" in lines(found)
    assert "4 folds (4 speakers allow no more); corpora.mine.protocol.folds changes it" in lines(found)


def test_scores_are_a_regression() -> None:
    assert made(rows(mood=["1.5", "-2", "0"])).block["task"] == "regression"


def test_without_labels_nothing_is_trained_and_that_is_said() -> None:
    found = made(rows(take=["1", "2"]), label="")
    assert found.block["label"] == ""
    assert "features are computed, but nothing is trained" in lines(found)
    assert "protocol" not in lines(found)


def test_one_class_is_no_label() -> None:
    found = made(rows(mood=["calm"] * 4))
    assert found.block["label"] == ""
    assert "every mood is 'calm'" in lines(found)


def test_labels_that_are_all_different_are_said() -> None:
    assert "in both training and test: all of them" in lines(made(rows(mood=["a", "b", "c"])))
    assert "in both training and test: cross" in lines(made(rows(mood=["calm", "calm", "cross"])))


def test_empty_labels_are_counted() -> None:
    assert "1 row without a label" in lines(made(rows(mood=["calm", "calm", "cross", "cross", ""])))


def test_nobody_who_speaks_is_said() -> None:
    found = made(rows(mood=MOODS))
    assert found.block["protocol"] == {"kind": "group-kfold", "folds": 5, "group": "group"}
    assert "it is not known who speaks" in lines(found)


def test_one_speaker_cannot_be_divided() -> None:
    found = made(rows(mood=MOODS, speaker=["s1"] * 8))
    assert found.block["protocol"]["group"] == "group"
    assert "only one speaker" in lines(found)


def test_rows_without_a_speaker_are_groups_of_their_own() -> None:
    found = made(rows(mood=MOODS, speaker=["s1", "s2", "", "", "", "", "", ""]))
    assert found.block["protocol"]["group"] == "group"
    assert "or, in 6 rows without a speaker, the recording" in lines(found)


@pytest.mark.parametrize(("count", "folds"), [(1, 2), (2, 2), (3, 3), (12, 5)])
def test_folds_are_what_the_groups_allow(count: int, folds: int) -> None:
    assert (
        made(rows(mood=["calm", "cross"] * count, group=[f"g{i % count}" for i in range(2 * count)])).block["protocol"][
            "folds"
        ]
        == folds
    )


def test_parts_of_the_data_are_the_protocol() -> None:
    found = made(rows(mood=MOODS, split=["train"] * 5 + ["dev", "test", "test"]))
    assert found.block["protocol"] == {"kind": "official", "group": "group"}
    assert made(rows(mood=MOODS, split=["train"] * 4 + ["more"] * 4)).block["protocol"]["kind"] == "group-kfold"


def test_modalities_are_those_that_some_recording_has() -> None:
    table = rows(mood=MOODS)
    label = Label("mood", "")
    sound = [recording(row["media"], seen=False) for row in table]
    silent = [recording(row["media"], heard=False) for row in table]
    modalities = [
        guess("mine", table, clips, label, None, recognised=recognised, aligned=False).block["modalities"]
        for clips, recognised in ((sound, False), (sound, True), (silent, True), ([*sound[:-1], silent[0]], False))
    ]
    assert modalities == [["audio"], ["text", "audio"], ["video"], ["audio", "video"]]
    written = guess(
        "mine",
        [{**table[0], "text": "bin", "text_source": "subtitles"}, *table[1:]],
        sound,
        label,
        None,
        recognised=False,
        aligned=False,
    )
    assert written.block["modalities"] == ["text", "audio"]
    assert "transcripts of 1 of 8 rows (1 subtitles)" in lines(written)


def test_words_that_are_missing_are_made_where_that_is_possible() -> None:
    table = [{**row, "text": "bin"} if i < 3 else row for i, row in enumerate(rows(mood=MOODS))]
    both = made(table, recognised=True, aligned=True)
    assert both.words == {"transcribe": "missing", "align": "missing"}
    assert "the words of 5 rows will be recognised by an English model, since streams.text.transcribe is" in lines(both)
    assert "word times will be aligned in 8 rows: streams.text.align is set to missing" in lines(both)
    neither = made(table)
    assert neither.words == {}
    assert '5 rows without text: their words can be recognised after pip install "crossmodal[speech]"' in lines(neither)
    assert (
        'text is left out: give transcripts with --transcripts DIR, or recognise words after pip install "crossmodal'
        in lines(made(rows(mood=MOODS)))
    )
