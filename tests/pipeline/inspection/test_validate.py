"""validate: what a corpus holds is counted right, and what is wrong with it is found without running it."""

import os
import wave
from pathlib import Path

import numpy as np
import pytest

from pipeline.corpora.problems import Problem
from pipeline.inspection.validate import validate, what_errors_stop
from pipeline.settings.params import load_params
from tests.conftest import write_csv


@pytest.mark.parametrize(
    ("stops", "start"),
    [
        (["prepare"], "nothing can be prepared"),
        (["train"], "it can be prepared, but not trained on"),
        (["train", "prepare"], "nothing can be prepared"),
    ],
)
def test_what_errors_stop(stops: list[str], start: str) -> None:
    problems = [Problem("error", Path("m.csv"), 3, "bad", stops=stop) for stop in stops]
    assert what_errors_stop(problems, "mine").startswith(start)


def corpus(folder: Path, rows: list[tuple[str, ...]], header: tuple[str, ...]) -> Path:
    write_csv(folder / "raw/manifest.csv", header, rows)
    path = folder / "params.yaml"
    path.write_text(
        "corpora:\n  mine: {reader: manifest, root: raw, task: classification, label: mood, modalities: [text],\n"
        "    protocol: {kind: group-kfold, folds: 2, group: speaker}}\n"
    )
    return path


HEADER = ("utterance", "text", "mood", "speaker")
ROWS = [(f"u{i}", f"sentence {i}", ("joy", "sad")[i % 2], f"s{i // 2}") for i in range(8)]


def test_a_sound_corpus_has_no_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = validate(load_params(corpus(tmp_path, ROWS, HEADER)), "mine")
    assert list(found.problems) == []
    assert str(found) == "mine: 8 utterances, 8 recordings, 4 groups, 0 timed words; 4 joy, 4 sad"


def test_bad_rows_are_named_and_the_protocol_is_not_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    problems = validate(load_params(corpus(tmp_path, [*ROWS, ("u0", "again", "joy", "s9")], HEADER)), "mine").problems
    [problem] = [one for one in problems if one.severity == "error"]
    assert (problem.stops, problem.line) == ("prepare", 10)


def test_rows_without_a_label_are_counted_once_among_the_problems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    more = [("v1", "one more", "", "s0"), ("v2", "and another", "", "s1")]
    found = validate(load_params(corpus(tmp_path, [*ROWS, *more], HEADER)), "mine")
    assert sum("2 of 10" in problem.message for problem in found.problems) == 1
    assert found.facts.unlabelled == 2
    assert str(found).endswith("; 4 joy, 4 sad, 2 without a label")


def test_a_protocol_that_cannot_split_the_rows_stops_training_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    one_speaker = [(*row[:3], "s0") for row in ROWS]
    problems = validate(load_params(corpus(tmp_path, one_speaker, HEADER)), "mine").problems
    [problem] = [one for one in problems if one.severity == "error"]
    assert problem.stops == "train"
    assert what_errors_stop(problems, "mine").endswith("change corpora.mine.protocol")


def test_one_file_under_two_names_is_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hard links: training refuses them on both sides of a fold; of plain recordings nothing is said."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "raw").mkdir()
    media = [f"{i}.wav" for i in range(8)]
    _sounds(tmp_path / "raw", media)
    (tmp_path / "raw/7.wav").unlink()
    os.link(tmp_path / "raw/0.wav", tmp_path / "raw/7.wav")
    rows = [(*row, name) for row, name in zip(ROWS, media, strict=True)]
    path = corpus(tmp_path, rows, (*HEADER, "media"))
    path.write_text(path.read_text().replace("[text]", "[text, audio]"))
    problems = validate(load_params(path), "mine").problems
    messages = [one.message for one in problems if "one file under several names" in one.message]
    assert len(messages) == 1
    assert messages[0].startswith("2 utterances are in recordings that are one file under several names")


def _sounds(folder: Path, names: list[str]) -> None:
    for k, name in enumerate(names):
        tone = 8000 * np.sin(np.arange(16000) * (0.1 + 0.01 * k))
        with wave.open(str(folder / name), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16000)
            file.writeframes(tone.astype("<i2").tobytes())
