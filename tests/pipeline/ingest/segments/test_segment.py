from pathlib import Path

import numpy as np
import pytest
import soundfile

from pipeline.errors import UserError
from pipeline.ingest.segments.finding import Request
from pipeline.ingest.segments.rows import COLUMNS
from pipeline.ingest.segments.segment import segment
from pipeline.tables.csv_files import read_sheet
from tests.pipeline.ingest.segments.speaking import recording
from tests.pipeline.streams.recordings import flashing

CUE = "1\n00:00:00,500 --> 00:00:01,500\nHello\n"


def test_what_can_be_cut_is_written_and_the_rest_is_named(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4", "c.mp4"):
        flashing(tmp_path / name, 2.0, 1.0, video="libx264", audio="aac")
    (tmp_path / "a.srt").write_text(CUE)
    (tmp_path / "b.srt").write_text(CUE.replace("-->", "--> x"))
    manifest = tmp_path / "manifest.csv"
    lines, faults = segment([tmp_path / f"{name}.mp4" for name in "abca"], manifest, Request())
    assert lines == [
        f"{tmp_path / 'a.mp4'}: 1 utterance by a.srt, 1.0 to 1.0 s long, 1 s in all",
        f"  1 row added to {manifest}",
        f"{tmp_path / 'c.mp4'}: nothing is written: nobody speaks in it",
    ]
    assert len(faults) == 1
    assert "b.srt:2: " in faults[0]
    again, _ = segment([tmp_path / "a.mp4"], manifest, Request())
    assert again[1] == f"  all of them are already in {manifest}: nothing is changed"


def test_the_voice_is_heard_where_the_row_of_the_whole_recording_says(tmp_path: Path) -> None:
    """In another file, in which the recording begins after a quarter of a second, and on its second channel."""
    flashing(tmp_path / "talk.mp4", 12.0, 1.0, video="mpeg4")
    recording(tmp_path / "mono.wav", clips=2)
    mono, rate = soundfile.read(tmp_path / "mono.wav")
    soundfile.write(tmp_path / "voice.wav", np.stack([np.zeros_like(mono), mono], axis=1), rate)
    manifest = tmp_path / "manifest.csv"
    head = "media,sound,sound_start,audio_channel\ntalk.mp4,voice.wav,0.25,"
    manifest.write_text(f"{head}right\n")
    segment([tmp_path / "talk.mp4"], manifest, Request())
    segment([tmp_path / "mono.wav"], tmp_path / "own.csv", Request())
    rows, own = ([row for _, row in read_sheet(path, COLUMNS, ()).rows] for path in (manifest, tmp_path / "own.csv"))
    assert len(own) == 2
    for row, alone in zip(rows, own, strict=True):
        assert float(row["start"]) == pytest.approx(float(alone["start"]) - 0.25, abs=0.0011)
        assert float(row["sound_start"]) == pytest.approx(float(alone["start"]), abs=0.0011)
    manifest.write_text(f"{head}left\n")
    lines, _ = segment([tmp_path / "talk.mp4"], manifest, Request())
    assert lines == [f"{tmp_path / 'talk.mp4'}: nothing is written: nobody speaks in it"]


def test_one_file_of_subtitles_for_several_recordings_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.srt"
    path.write_text(CUE)
    with pytest.raises(UserError, match=r"a\.srt is one file for 2 recordings: give a folder"):
        segment([tmp_path / "a.mp4", tmp_path / "b.mp4"], tmp_path / "m.csv", Request(source=path))


def test_a_folder_is_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"corpus is not the name of a file: give --into .*corpus/manifest\.csv"):
        segment([tmp_path / "a.mp4"], tmp_path / "corpus", Request())


def test_a_long_recording_is_cut_in_blocks_as_a_short_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.streams import listening

    path = tmp_path / "talk.wav"
    recording(path)
    segment([path], tmp_path / "whole.csv", Request())
    monkeypatch.setattr(listening, "BLOCK_S", 0.7)
    segment([path], tmp_path / "blocks.csv", Request())
    assert (tmp_path / "blocks.csv").read_text() == (tmp_path / "whole.csv").read_text()
