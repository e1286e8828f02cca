"""Corpora whose words nobody gave: what `prepare` writes, by each setting."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.corpora.sources import current
from pipeline.inspection.overview import used_keys
from pipeline.settings.params import load_params
from tests.conftest import DATA, run, shell, write_csv

RAVDESS = DATA / "ravdess" / "speech"
KIDS, DOGS = "03-01-01-01-01-01-01", "03-01-02-01-02-01-06"
PARAMS = """run: {{corpora: [c], workers: 2}}
corpora: {{c: {{reader: manifest, root: c, task: classification, label: mood, modalities: [text],
  protocol: {{kind: group-kfold, folds: 2}}{block}}}}}
streams: {{text: {{{text}}}}}
"""


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Four utterances: a transcript is given, none is, nobody speaks, and no recording."""
    import soundfile

    if not RAVDESS.is_dir():
        pytest.skip("needs the clips of RAVDESS")
    monkeypatch.chdir(tmp_path)
    for name in (KIDS, DOGS):
        (tmp_path / "c").mkdir(exist_ok=True)
        shutil.copy(RAVDESS / f"{name}.flac", tmp_path / "c")
    soundfile.write("c/still.wav", np.zeros(16000), 16000)
    rows = [
        ("kids", f"{KIDS}.flac", "Kids are talking to the door.", "up"),
        ("dogs", f"{DOGS}.flac", "", "down"),
        ("still", "still.wav", "", "up"),
        ("read", "", "Nobody recorded this.", "down"),
    ]
    write_csv(tmp_path / "c" / "manifest.csv", ("utterance", "media", "text", "mood"), rows)
    return tmp_path


def prepared(folder: Path, *options: str, text: str = "", block: str = "", workers: str = "0") -> Any:
    (folder / "params.yaml").write_text(PARAMS.format(text=text, block=block))
    command = shell if workers != "0" else run
    ended = command("prepare", "--workers", workers, *options, cwd=folder)
    table = pd.read_csv(folder / "data/work/c/utterances.csv", keep_default_na=False).set_index("utterance")
    words = pd.read_csv(folder / "data/work/c/words.csv")
    return table, words, ended.stdout + ended.stderr


def test_only_missing_words_are_recognised_and_they_are_marked(corpus: Path) -> None:
    table, words, said = prepared(corpus, text="transcribe: missing")
    assert table["text_source"].to_dict() == {"kids": "given", "dogs": "recognised", "still": "", "read": "given"}
    assert table["words_source"].to_dict() == {"kids": "", "dogs": "recognised", "still": "", "read": ""}
    assert table.at["kids", "text"] == "Kids are talking to the door."
    assert table.at["dogs", "text"].rstrip(".!") == "Dogs are sitting by the door"
    assert list(words.columns) == ["utterance", "word", "start", "end", "confidence"]
    assert set(words["utterance"]) == {"dogs"}
    assert words["confidence"].between(0.3, 1).all()
    assert "1 utterance without words (such as still): nobody speaks" in said
    assert "the words of 1 of 3 utterances with words (33%) were recognised by a machine" in said


def test_always_replaces_what_was_given_where_there_is_a_recording(corpus: Path) -> None:
    table, _, _ = prepared(corpus, block=", transcribe: always")
    sources = {"kids": "recognised", "dogs": "recognised", "still": "", "read": "given"}
    assert table["text_source"].to_dict() == sources
    assert table.at["kids", "text"].rstrip(".!") == "Kids are talking by the door"


def test_never_writes_what_was_given(corpus: Path) -> None:
    table, words, said = prepared(corpus, text="transcribe: missing", block=", transcribe: never")
    assert table["text"].to_dict() == {
        "kids": "Kids are talking to the door.",
        "dogs": "",
        "still": "",
        "read": "Nobody recorded this.",
    }
    assert list(words.columns) == ["utterance", "word", "start", "end"]
    assert "machine" not in said
    assert "words" not in json.loads((corpus / "data/work/c/tables.json").read_text())


def test_one_and_two_workers_write_the_same_bytes(corpus: Path) -> None:
    def tables() -> list[bytes]:
        return [(corpus / "data/work/c" / name).read_bytes() for name in ("utterances.csv", "words.csv", "tables.json")]

    prepared(corpus, block=", transcribe: always")
    alone = tables()
    shutil.rmtree(corpus / "data")
    prepared(corpus, block=", transcribe: always", workers="2")
    assert tables() == alone


def test_a_prepared_corpus_is_current_until_its_files_or_settings_change(corpus: Path) -> None:
    prepared(corpus, text="transcribe: missing")
    assert current(load_params(Path("params.yaml")), "c")
    assert "recognised by a machine" in run("status", cwd=corpus).stdout
    assert len(used_keys()) == 2  # of the two utterances that were listened to
    manifest = corpus / "c" / "manifest.csv"
    before = manifest.read_text()
    manifest.write_text(before.replace("Kids are talking to", "Kids are walking to"))
    assert not current(load_params(Path("params.yaml")), "c")
    manifest.write_text(before.replace(f"{DOGS}.flac,,", f"{DOGS}.flac,Dogs bark.,"))
    assert not current(load_params(Path("params.yaml")), "c")  # what was recognised is given now
    manifest.write_text(before)
    Path("params.yaml").write_text(PARAMS.format(text="transcribe: always", block=""))
    assert not current(load_params(Path("params.yaml")), "c")


def test_validate_says_how_many_words_will_be_recognised(corpus: Path) -> None:
    (corpus / "params.yaml").write_text(PARAMS.format(text="transcribe: missing", block=""))
    assert "`prepare` recognises the words of 2 utterances" in run("validate", "c", cwd=corpus).stdout
    (corpus / "params.yaml").write_text(PARAMS.format(text="", block=""))
    assert "recognises" not in run("validate", "c", cwd=corpus).stdout
