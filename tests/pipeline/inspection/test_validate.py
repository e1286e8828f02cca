"""validate: what a corpus holds is counted right, and what is wrong with it is found without running it."""

import os
import wave
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.corpora.problems import Problem
from pipeline.inspection.validate import facts_of, validate, what_errors_stop
from pipeline.settings.blocks import CorpusParams, ProtocolParams
from pipeline.settings.params import load_params
from tests.conftest import write_csv

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
    facts = facts_of("mine", table(), words([0.0, 0.5, None]), CORPUS)
    assert facts == ("mine: 5 utterances, 3 recordings, 3 groups, 2 timed words and 1 without times; 3 joy, 2 sad")


def test_facts_on_each_part_of_a_published_split() -> None:
    split = table(split=["train", "train", "train", "test", "test"])
    lines = facts_of("mine", split, words([]), CORPUS).splitlines()
    assert lines[1:] == ["mine: train: 3 utterances in 2 groups", "mine: test: 2 utterances in 2 groups"]


def test_nothing_is_called_a_group_where_every_utterance_is_alone() -> None:
    alone = table(speaker=[""] * 5)
    assert "no groups (each utterance by itself)" in facts_of("mine", alone, words([]), CORPUS)


@pytest.mark.parametrize(
    ("stops", "start"),
    [
        (["prepare"], "nothing can be prepared"),
        (["train"], "it can be prepared, but not trained"),
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
    problems, facts = validate(load_params(corpus(tmp_path, ROWS, HEADER)), "mine")
    assert list(problems) == []
    assert facts == "mine: 8 utterances, 8 recordings, 4 groups, 0 timed words; 4 joy, 4 sad"


def test_bad_rows_are_named_and_the_protocol_is_not_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    problems, _ = validate(load_params(corpus(tmp_path, [*ROWS, ("u0", "again", "joy", "s9")], HEADER)), "mine")
    [problem] = [one for one in problems if one.severity == "error"]
    assert (problem.stops, problem.line) == ("prepare", 10)


def test_a_protocol_that_cannot_split_the_rows_stops_training_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    one_speaker = [(*row[:3], "s0") for row in ROWS]
    problems, _ = validate(load_params(corpus(tmp_path, one_speaker, HEADER)), "mine")
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
    problems, _ = validate(load_params(path), "mine")
    messages = [one.message for one in problems if "one file under several names" in one.message]
    assert len(messages) == 1
    assert messages[0].startswith("2 recordings are one file under several names")


def _sounds(folder: Path, names: list[str]) -> None:
    for k, name in enumerate(names):
        tone = 8000 * np.sin(np.arange(16000) * (0.1 + 0.01 * k))
        with wave.open(str(folder / name), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(16000)
            file.writeframes(tone.astype("<i2").tobytes())
