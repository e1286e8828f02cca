"""The clip of an utterance: the recording as it is, a part of it, or a sentence on why there is none."""

from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.reporting.utterance.clip import MOST_HIGH
from pipeline.reporting.utterance.media import clip_of, sound_of
from pipeline.run.plans import Source
from pipeline.settings.streams import AudioConfig, VideoConfig
from pipeline.streams.spans import Region, Span
from tests.conftest import DATA, ROOT, needs_data

DEMO = ROOT / "data/raw/demo/clips/ana-01.mp4"  # 2.64 s, 256 x 256
RATE = 16_000
SILENT = np.zeros(RATE, np.float32)


def source(path: Path, start: float, end: float, region: Region | None = None) -> Source:
    return Source(str(path), path.name, Span(start, end, region))


def test_a_small_playable_recording_is_shown_as_it_is() -> None:
    whole = source(DEMO, 0.0, 2.64)
    found = clip_of(whole, whole, SILENT, RATE, VideoConfig())
    assert found.content == DEMO.read_bytes()
    assert (found.mime, found.size, found.note) == ("video/mp4", (256, 256), "")


@pytest.mark.parametrize("part", [source(DEMO, 0.5, 1.5), source(DEMO, 0.0, 2.64, Region(0.0, 0.0, 0.5, 1.0))])
def test_a_part_is_encoded_again(part: Source) -> None:
    found = clip_of(part, part, SILENT, RATE, VideoConfig())
    with av.open(BytesIO(found.content)) as made:
        frames = sum(1 for _ in made.decode(video=0))
        assert made.streams.video[0].height <= MOST_HIGH
        shape = made.streams.video[0].width / made.streams.video[0].height
    assert abs(frames / 15 - part.span.duration_s) < 0.25
    assert shape == pytest.approx(0.5 if part.span.region else 1.0, abs=0.02)


def test_a_missing_or_broken_recording_has_a_sentence_and_no_clip(tmp_path: Path) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"nothing")
    for path in (tmp_path / "gone.mp4", tmp_path / "broken.mp4"):
        one = source(path, 0.0, 1.0)
        assert path.name in str(sound_of(one, AudioConfig()))
        found = clip_of(one, one, SILENT[:0], RATE, VideoConfig())
        assert (found.content, found.mime) == (b"", "")
        assert path.name in found.note


@needs_data
def test_a_recording_without_sound_or_in_another_codec_is_encoded() -> None:
    silent = source(DATA / "edge/no_audio.mp4", 0.0, 2.0)
    assert sound_of(silent, AudioConfig()) == "no_audio.mp4 has no audio stream"
    found = clip_of(silent, silent, SILENT[:0], RATE, VideoConfig())
    with av.open(BytesIO(found.content)) as made:
        assert [stream.type for stream in made.streams] == ["video"]
