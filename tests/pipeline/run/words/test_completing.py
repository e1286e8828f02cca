"""Corpora whose words nobody gave: what `prepare` writes, by each setting."""

import json
import shutil
from pathlib import Path
from typing import Any

import av
import numpy as np
import pandas as pd
import pytest

from features.audio.speech_models import PACKAGED
from pipeline.corpora.sources import current
from pipeline.inspection.cleaning import used_keys
from pipeline.reporting.methods.words import words_made
from pipeline.settings.params import load_params
from tests.conftest import DATA, needs_data, run, shell, write_csv
from tests.pipeline.ingest.alignment.sounds import GRID, Sentence, sentences

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
    made = words_made("c")
    assert (made["recognised"], made["aligned"], made["settings"]["model"]) == (["dogs"], [], PACKAGED)


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
    assert words_made("c") == {}


def test_one_and_two_workers_write_the_same_bytes(corpus: Path) -> None:
    def tables() -> list[bytes]:
        return [(corpus / "data/work/c" / name).read_bytes() for name in ("utterances.csv", "words.csv", "tables.json")]

    both = ", transcribe: always, align: always"
    assert set(prepared(corpus, block=both)[0]["words_source"]) == {"aligned", ""}
    assert words_made("c")["recognised"] == words_made("c")["aligned"] == ["dogs", "kids"]
    alone = tables()
    shutil.rmtree(corpus / "data")
    prepared(corpus, block=both, workers="2")
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


SHIFT_S = {"late": 0.7, "second": 3.0}


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Sentence]:
    """Sentences whose words are given: plain, in sound that starts late, and the second of two in a recording."""
    import soundfile

    if not GRID.is_dir():
        pytest.skip("needs the clips of GRID")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "c").mkdir()
    plain, late, first, second = list(sentences(10))
    shutil.copy(GRID / f"{plain.name}.mpg", "c/plain.mpg")
    with_late_sound(GRID / f"{late.name}.mpg", Path("c/late.mkv"), SHIFT_S["late"])
    silence = np.zeros(round(3.0 * 16000) - len(first.samples), np.float32)
    soundfile.write("c/both.wav", np.concatenate([first.samples, silence, second.samples]), 16000)
    rows = [
        ("plain", "plain.mpg", "", "", plain.text, "up"),
        ("late", "late.mkv", "", "", late.text.title(), "down"),
        ("second", "both.wav", 3.2, "", second.text + "!", "up"),
        ("music", "both.wav", 0, 0.2, "I said a great many things at once", "down"),
    ]
    write_csv(tmp_path / "c" / "manifest.csv", ("utterance", "media", "start", "end", "text", "mood"), rows)
    return {"plain": plain, "late": late, "second": second}


def with_late_sound(source: Path, target: Path, shift_s: float) -> None:
    """Copy a film; its sound begins later, as ``ffmpeg -itsoffset`` makes it."""
    with av.open(str(source)) as read, av.open(str(target), "w") as out:
        streams = {stream.index: out.add_stream_from_template(stream) for stream in read.streams}
        for packet in read.demux():
            if packet.dts is None:
                continue
            if packet.stream.type == "audio":
                shift = round(shift_s / packet.time_base)
                packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
            packet.stream = streams[packet.stream.index]
            out.mux(packet)


def errors_s(words: pd.DataFrame, known: dict[str, Sentence]) -> list[float]:
    errors: list[float] = []
    for name, sentence in known.items():
        true = np.array([start for _, start, _ in sentence.words]) + SHIFT_S.get(name, 0.0)
        errors += (words[words["utterance"] == name]["start"].to_numpy() - true).tolist()
    return errors


@needs_data
def test_missing_times_are_those_of_the_recordings_clock(known: dict[str, Sentence], tmp_path: Path) -> None:
    table, words, said = prepared(tmp_path, text="align: missing")
    assert table["text_source"].unique().tolist() == ["given"]
    assert table["words_source"].to_dict() == {"plain": "aligned", "late": "aligned", "second": "aligned", "music": ""}
    assert np.median(np.abs(errors_s(words, known))) <= 0.03
    assert np.max(np.abs(errors_s(words, known))) < 0.15
    assert words["confidence"].between(0, 1).all()
    assert "1 utterance without aligned words (such as music): 8 words cannot be said in 0.20 s" in said
    assert "the word times of 3 of 3 utterances with timed words (100%) were aligned by a machine" in said
    assert current(load_params(Path("params.yaml")), "c")
    write_csv(tmp_path / "c" / "words.csv", ("utterance", "word", "start", "end"), [("plain", "bin", 0.1, 0.2)])
    assert not current(load_params(Path("params.yaml")), "c")


@needs_data
def test_given_times_are_kept_and_those_of_subtitles_are_refined(known: dict[str, Sentence], tmp_path: Path) -> None:
    given = [("plain", word, start + 0.05, end) for word, start, end in known["plain"].words]
    first, last = known["late"].words[0][1] + 0.3, known["late"].words[-1][2] + 1.1
    cue = [("late", word, first, last) for word, _, _ in known["late"].words]
    write_csv(tmp_path / "c" / "words.csv", ("utterance", "word", "start", "end"), given + cue)
    table, words, _ = prepared(tmp_path, text="align: missing")
    assert table["words_source"].to_dict() == {"plain": "given", "late": "aligned", "second": "aligned", "music": ""}
    plain = words[words["utterance"] == "plain"]
    assert plain["start"].tolist() == pytest.approx([start for _, _, start, _ in given])
    assert plain["confidence"].isna().all()
    late = {"late": known["late"]}
    assert np.max(np.abs(errors_s(words[words["utterance"] == "late"], late))) < 0.15
    _, words, _ = prepared(tmp_path, text="align: always")
    assert words["confidence"].notna().all()


@needs_data
def test_other_languages_are_not_aligned(known: dict[str, Sentence], tmp_path: Path) -> None:
    table, words, said = prepared(tmp_path, text="align: missing, language: de")
    assert words.empty
    assert "only English words can be aligned with the sound, and streams.text.language is de" in " ".join(said.split())
    assert (table["words_source"] == "").all()


def test_recognised_words_are_aligned_as_well(corpus: Path) -> None:
    table, words, _ = prepared(corpus, text="transcribe: missing, align: missing")
    assert table.at["dogs", "text_source"] == "recognised"
    assert table["words_source"].to_dict() == {"kids": "aligned", "dogs": "aligned", "still": "", "read": ""}
    assert set(words["utterance"]) == {"kids", "dogs"}
    assert words["start"].notna().all()
