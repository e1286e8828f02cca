"""answer.json holds an answer whole, is valid JSON, and an edited or damaged one is refused."""

import json
from pathlib import Path

import pytest

from models.evaluation.intervals import Interval
from pipeline.errors import UserError
from pipeline.evaluation.answer.facts import Answer, Compared, Gain, Measure, Measured, Modality
from pipeline.evaluation.answer.files import answer_json, read_answer
from tests.conftest import bind

NAN = float("nan")
ROW = Measured("vote", ("text", "audio"), "svm", "T+A by majority vote (SVM)", Interval(0.5, 0.25, 0.75))
FUSION = Compared(ROW, Interval(0.125, 0.0, 0.25), 0.5, 1.0, "? not shown")
ANSWER = Answer(
    "c",
    "Tränen & <i>",
    measure=Measure("accuracy", share=True, higher_is_better=True),
    utterances=8,
    single=ROW,
    fusion=FUSION,
    better=(FUSION,),
    modalities=(Modality("text", ROW, Gain(ROW, Interval(0.1, -0.1, 0.3)), {"ok": 3, "absent": 1}),),
    caveats=("few_groups",),
)


def written(text: str) -> None:
    folder = Path("results/c")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "answer.json").write_text(text, encoding="utf-8")
    bind(folder)


def test_an_answer_is_read_as_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    written(answer_json(ANSWER))
    assert read_answer("c") == ANSWER


def test_undefined_numbers_are_null_and_nan_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    undefined = Measured("vote", (), "", "majority vote", Interval(NAN, NAN, NAN))
    text = answer_json(Answer("c", "", single=undefined))
    assert json.loads(text, parse_constant=pytest.fail)["single"]["found"]["low"] is None
    written(text)
    found = read_answer("c")
    assert found.single is not None
    assert found.single.found.low != found.single.found.low
    assert found.fusion is None


def test_a_missing_edited_or_damaged_answer_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="does not exist: run `crossmodal evaluate --corpus c` first"):
        read_answer("c")
    for text in ("{", "[]", '{"corpus": "c", "note": "", "groups": "many"}'):
        written(text)
        with pytest.raises(UserError, match=r"answer.json is damaged .*: run `crossmodal evaluate --corpus c` again"):
            read_answer("c")
    Path("results/c/answer.json").write_text("{}")
    with pytest.raises(UserError, match="was edited"):
        read_answer("c")
