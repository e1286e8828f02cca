"""What columns hold."""

import pytest

from pipeline.errors import UserError
from pipeline.ingest.folder.columns import label_of, role_of, task_of

EMOTIONS = ["happy", "sad", "happy", "sad", "angry", "angry"]
SPEAKERS = ["s1", "s1", "s2", "s2", "s3", "s3"]
TAKES = ["1", "2", "3", "4", "5", "6"]


@pytest.mark.parametrize(
    ("name", "role"),
    [("speaker", "speaker"), ("Talker", "speaker"), ("actor", "speaker"), ("actor_id", "speaker"),
     ("subject", "speaker"), ("group", "group"), ("utterance", "utterance"), ("clip_id", "utterance"),
     ("order", "order"), ("split", "split"), ("Set", "split"), ("emotion", ""), ("take", ""), ("speaker_age", "")],
)  # fmt: skip
def test_a_name_gives_a_role(name: str, role: str) -> None:
    assert role_of(name) == role


def test_cells_can_contradict_a_role() -> None:
    assert role_of("order", ["1", "2"]) == "order"
    assert role_of("order", ["pizza", "pasta"]) == ""


def test_the_label_is_the_column_that_is_asked_for() -> None:
    assert label_of({"take": TAKES, "Emotion": EMOTIONS}, "take").name == "take"
    assert label_of({"take": TAKES, "Emotion": EMOTIONS}, "emotion").name == "Emotion"
    with pytest.raises(UserError, match=r"--label emotoin: there is no such column; did you mean 'Emotion'"):
        label_of({"take": TAKES, "Emotion": EMOTIONS}, "emotoin")
    with pytest.raises(UserError, match="the column is empty"):
        label_of({"mood": ["", "n/a"]}, "mood")


def test_the_label_is_else_found_by_its_name() -> None:
    assert label_of({"take": TAKES, "emotion": TAKES}, "").name == "emotion"
    assert label_of({"phrase": SPEAKERS, "emotion_label": EMOTIONS}, "").name == "emotion_label"


def test_the_label_is_else_the_only_column_that_repeats() -> None:
    assert label_of({"take": TAKES, "what": EMOTIONS}, "").name == "what"
    assert label_of({"who": SPEAKERS, "what": EMOTIONS}, "", taken=["who"]).name == "what"


def test_two_columns_that_may_be_the_label_are_not_guessed_between() -> None:
    with pytest.raises(
        UserError, match=r"several columns could be the label \(who, what\): choose one, for example --label"
    ):
        label_of({"who": SPEAKERS, "what": EMOTIONS}, "")
    with pytest.raises(UserError, match=r"several columns could be the label \(valence, arousal\)"):
        label_of({"valence": TAKES, "arousal": TAKES}, "")


@pytest.mark.parametrize("cells", [TAKES, ["a"] * 6, ["", "", "", "", "", ""], []])
def test_without_a_column_that_repeats_there_is_no_label(cells: list[str]) -> None:
    assert label_of({"take": cells}, "").name == ""
    assert label_of({}, "").name == ""


@pytest.mark.parametrize(
    ("cells", "task"),
    [(EMOTIONS, "classification"), (["1.0", "2.5"], "regression"), (["-1", "0", "1"], "regression"),
     (["0", "1"], "classification"), (["01", "08"], "classification"), ([str(n) for n in range(40)], "regression"),
     (["1", "x"], "classification"), (["", "nan"], "classification"), (["1e3", "2"], "regression")],
)  # fmt: skip
def test_the_task_follows_from_the_labels(cells: list[str], task: str) -> None:
    assert task_of("mood", cells)[0] == task


def test_one_class_is_said() -> None:
    assert task_of("mood", ["happy", "happy"]) == ("classification", "one class")
