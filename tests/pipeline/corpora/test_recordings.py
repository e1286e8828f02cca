"""What `prepare` reports about recordings; an odd track, channel or file gives problems of rows and never a hang."""

import csv
import os
from pathlib import Path

import h5py
import numpy as np
import pytest
import soundfile

from pipeline.corpora.gathering import gather
from pipeline.corpora.recordings import read_all
from pipeline.settings.blocks import CorpusParams, ProtocolParams
from pipeline.streams import decode
from tests.conftest import BLOCK, run, write_csv
from tests.pipeline.streams.container.test_tracks import TWO, film, program, tone, with_unknown
from tests.pipeline.streams.container.test_unread import wav
from tests.pipeline.streams.recordings import flashing, of_two_programs

HEADER = ("media", "utterance", "label", "speaker", "audio_track", "audio_channel")


def corpus_of(folder: Path, rows: list[tuple[object, ...]], header: tuple[str, ...] = HEADER) -> Path:
    write_csv(folder / "mine" / "manifest.csv", header, rows)
    settings = BLOCK.format(name="mine", max_failed=1.0, task="classification")
    (folder / "params.yaml").write_text(settings.replace("[text, audio, video]", "[audio]"))
    return folder


def settings(folder: Path) -> CorpusParams:
    return CorpusParams(
        "manifest", str(folder), "classification", "label", ("audio", "video"), ProtocolParams("official")
    )


def interview(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, np.stack([tone(400), tone(900)], axis=1), 48000)
    return path


def statuses(folder: Path) -> dict[str, tuple[str, str]]:
    with h5py.File(folder / "data" / "work" / "mine" / "streams" / "audio.h5") as file:
        columns = (file[name].asstr()[:] for name in ("utterance", "status", "note"))
        return {utterance: (status, note) for utterance, status, note in zip(*columns, strict=True)}


def test_a_recording_that_is_not_a_file_fails_alone(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    good = interview(folder / "good.wav")
    os.mkfifo(folder / "pipe.wav")
    (folder / "loop.wav").symlink_to("loop.wav")
    (folder / "device.wav").symlink_to("/dev/zero")
    (folder / "folder.wav").mkdir()
    names = ("good", "pipe", "loop", "device", "folder", "good2")
    rows = [(f"{name.removesuffix('2')}.wav", name, "ab"[i % 2], f"s{i}", "", "") for i, name in enumerate(names)]
    corpus_of(tmp_path, rows)
    reported = run("validate", "mine", cwd=tmp_path, check=False, timeout_s=60)
    for name in ("pipe.wav is a named pipe", "leads to itself", "device.wav is a device", "folder.wav is a folder"):
        assert name in reported.stdout + reported.stderr
    run("prepare", cwd=tmp_path, timeout_s=60)
    run("preprocess", cwd=tmp_path, timeout_s=60)
    found = statuses(tmp_path)
    assert {name for name, (status, _) in found.items() if status == "failed"} == {"pipe", "loop", "device", "folder"}
    assert found["good"][0] == "ok"
    assert good.exists()


def test_rows_choose_tracks_and_channels(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    interview(folder / "interview.wav")
    film(folder / "two.mkv", TWO)
    rows = [
        ("interview.wav", "left", "a", "s1", "", "left"),
        ("interview.wav", "right", "b", "s2", "", "right"),
        ("interview.wav", "both", "a", "s3", "", ""),
        ("two.mkv", "first", "b", "s4", "1", ""),
        ("two.mkv", "mic", "a", "s5", "Mic", ""),
        ("two.mkv", "none", "b", "s6", "7", ""),
        ("two.mkv", "mono", "b", "s7", "", "right"),
    ]
    corpus_of(tmp_path, rows)
    reported = run("prepare", cwd=tmp_path)
    lines = [line for line in (reported.stdout + reported.stderr).splitlines() if "two.mkv" in line]
    assert any("manifest.csv:7" in line and "no audio track '7'" in line for line in lines)
    assert any("manifest.csv:8" in line and "no channel 'right'" in line for line in lines)
    assert any("several audio tracks" in line for line in lines)
    run("preprocess", cwd=tmp_path)
    found = statuses(tmp_path)
    assert {name for name, (status, _) in found.items() if status == "failed"} == {"none", "mono"}
    with h5py.File(tmp_path / "data" / "work" / "mine" / "streams" / "audio.h5") as file:
        assert len(set(file["key"].asstr()[:])) == len(rows)
    table = (tmp_path / "data" / "work" / "mine" / "utterances.csv").read_text()
    assert next(csv.DictReader(table.splitlines()))["audio_channel"] == "left"


def test_many_recordings_of_several_tracks_are_one_notice(tmp_path: Path) -> None:
    first = film(tmp_path / "0.mkv", TWO)
    for number in range(1, 12):
        (tmp_path / f"{number}.mkv").write_bytes(first.read_bytes())
    rows = [(f"{number}.mkv", "ab"[number % 2], "") for number in range(12)]
    write_csv(tmp_path / "manifest.csv", ("media", "label", "audio_track"), rows)
    notices = [p for p in gather(settings(tmp_path)).problems if "audio tracks" in p.message]
    assert len(notices) == 1
    assert "12 recordings have several audio tracks" in notices[0].message
    write_csv(tmp_path / "manifest.csv", ("media", "label", "audio_track"), [(*row[:2], "2") for row in rows])
    assert not [p for p in gather(settings(tmp_path)).problems if "audio tracks" in p.message]


def test_a_recording_that_breaks_off_is_reported_once_with_its_line(tmp_path: Path) -> None:
    whole = flashing(tmp_path / "whole.wav", 4.0, 1.0, audio="pcm_s16le")
    (tmp_path / "cut.wav").write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    rows = [("whole.wav", 0, 1, "a"), ("cut.wav", 0, 1, "b"), ("cut.wav", 1, 2, "a"), ("whole.wav", 1, 2, "b")]
    write_csv(tmp_path / "manifest.csv", ("media", "start", "end", "label"), rows)
    reported = [p for p in gather(settings(tmp_path)).problems if "breaks off" in p.message]
    assert [(p.severity, p.line) for p in reported] == [("failed", 3)]
    assert "cut.wav breaks off at 2.0" in reported[0].message


@pytest.mark.parametrize(("pictures", "shorter"), [(4, "picture"), (20, "sound")])
def test_a_picture_or_sound_that_ends_before_utterances_do_is_remarked_on(
    pictures: int, shorter: str, tmp_path: Path
) -> None:
    film(tmp_path / "odd.mkv", [(400.0, 0, {})], [("mpeg4", (64, 64), 0)], (pictures,))
    film(tmp_path / "even.mkv", [(400.0, 0, {})], [("mpeg4", (64, 64), 0)], (10,))
    ends = {"picture": ("0.80", "1.98"), "sound": ("1.98", "4.00")}[shorter]
    rows = [("even.mkv", "u0", "", "a"), ("odd.mkv", "u1", "0.7", "b"), ("odd.mkv", "u2", "", "a")]
    rows += [("odd.mkv", "u3", "", "b")]
    write_csv(tmp_path / "manifest.csv", ("media", "utterance", "end", "label"), rows)
    (reported,) = [p for p in gather(settings(tmp_path)).problems if " ends at " in p.message]
    assert (reported.severity, reported.line) == ("warning", 4)
    longer = {"picture": "sound", "sound": "picture"}[shorter]
    assert f"odd.mkv: the {shorter} ends at {ends[0]} s" in reported.message
    assert f"but the {longer} at {ends[1]} s" in reported.message
    assert f"2 utterances, such as 'u2', have no {shorter} at the end: copy or convert" in reported.message


def test_sound_that_is_not_read_is_a_warning_with_its_line(tmp_path: Path) -> None:
    flashing(tmp_path / "whole.wav", 4.0, 1.0, audio="pcm_s16le")
    (tmp_path / "died.wav").write_bytes(wav((tmp_path / "whole.wav").read_bytes()))
    write_csv(tmp_path / "manifest.csv", ("media", "label"), [("whole.wav", "a"), ("died.wav", "b")])
    (reported,) = [p for p in gather(settings(tmp_path)).problems if "are not read" in p.message]
    assert (reported.severity, reported.line) == ("warning", 3)
    assert "died.wav: its header states an end at 1.00 s" in reported.message


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [("audio_channel", "middle", "'middle' is not a channel"), ("audio_track", "0", "'0' is not a track")],
)
def test_impossible_tracks_and_channels_are_errors(tmp_path: Path, column: str, value: str, message: str) -> None:
    interview(tmp_path / "a.wav")
    write_csv(tmp_path / "manifest.csv", ("media", "label", column), [("a.wav", "a", value), ("a.wav", "b", "")])
    errors = [p for p in gather(settings(tmp_path)).problems if p.severity == "error"]
    assert any(message in p.message and p.line == 2 for p in errors)


def test_a_picture_with_an_unknown_codec_fails_its_recording(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    unknown = with_unknown(folder / "unknown.mkv", "video", 2)
    flashing(folder / "good.mkv", 2.0, 0.5, video="libx264", audio="aac")
    rows = [(name, f"{i}", "ab"[i % 2], f"s{i}", "x") for i, name in enumerate(("good.mkv", unknown.name) * 2)]
    write_csv(folder / "manifest.csv", ("media", "utterance", "label", "speaker", "text"), rows)
    reported = [p for p in gather(settings(folder)).problems if p.severity in ("failed", "error")]
    assert [(p.severity, p.line) for p in reported] == [("failed", 3)]
    assert "unknown.mkv cannot be decoded" in reported[0].message
    corpus_of(tmp_path, [(*row[:4], "", "") for row in rows])
    assert "Traceback" not in run("validate", "mine", cwd=tmp_path, check=False).stderr
    run("prepare", cwd=tmp_path)
    run("preprocess", cwd=tmp_path)
    assert {status for status, _ in statuses(tmp_path).values()} == {"ok"}


def test_an_unexpected_error_in_one_recording_does_not_affect_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("good.wav", "odd.wav"):
        interview(tmp_path / name)

    def probe_or_break(path: Path) -> decode.RecordingInfo:
        if path.name == "odd.wav":
            raise AttributeError("'VideoStream' object has no attribute 'width'")
        return probe(path)

    probe = decode.probe
    monkeypatch.setattr(decode, "probe", probe_or_break)
    rows = [(name, f"{i}", "ab"[i % 2], f"s{i}", "", "") for i, name in enumerate(("good.wav", "odd.wav"))]
    write_csv(tmp_path / "manifest.csv", HEADER, rows)
    (reported,) = [p for p in gather(settings(tmp_path)).problems if p.severity == "failed"]
    assert reported.line == 3
    for part in ("odd.wav cannot be read: AttributeError in test_recordings.py, line", "has no attribute 'width'"):
        assert part in reported.message


def test_picture_and_sound_of_two_programs_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    parts = [program(folder / "a.ts", 0.5), program(folder / "b.ts", 2.0, second=True)]
    of_two_programs(folder / "two.ts", parts)
    header = ("media", "utterance", "label", "speaker", "audio_track", "video_track", "text")
    rows = [
        ("two.ts", "one", "a", "s1", "", "", "x"),
        ("two.ts", "both", "b", "s2", "2", "2", "x"),
        ("two.ts", "mixed", "a", "s3", "", "2", "x"),
    ]
    write_csv(folder / "manifest.csv", header, rows)
    reported = [str(problem) for problem in gather(settings(folder)).problems]
    (mixed,) = [line for line in reported if "belong to two programs" in line]
    assert ":4" in mixed or "line 4" in mixed
    assert "program 2" in mixed
    assert any("several audio tracks" in line and "program 2" in line for line in reported)


def test_a_fault_of_a_file_with_two_names_is_named_by_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.mp4").write_text("this is not a recording")
    os.link(tmp_path / "a.mp4", tmp_path / "b.mp4")
    found = read_all(["a.mp4", "b.mp4"], settings(tmp_path))
    assert [str(found[name]).count(name) for name in ("a.mp4", "b.mp4")] == [1, 1]
    assert "a.mp4" not in str(found["b.mp4"])


def test_a_path_that_lacks_the_root_gets_the_whole_path_as_a_hint(tmp_path: Path) -> None:
    interview(tmp_path / "a.wav")
    found = read_all(["a.wav"], settings(tmp_path))["a.wav"]
    assert isinstance(found, str)
    assert f"did you mean '{tmp_path.as_posix()}/a.wav'?" in found
