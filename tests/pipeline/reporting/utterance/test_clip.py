"""Clips that browsers play: what is encoded comes out again, and what is playable as it is is recognised."""

import os
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.reporting.utterance.clip import FPS, SMALL, encoded, playable
from tests.conftest import ROOT

DEMO = ROOT / "data/raw/demo/clips/ana-01.mp4"


def test_pictures_and_sound_come_out_as_they_went_in() -> None:
    pictures = [np.full((51, 81, 3), level, np.uint8) for level in range(20, 220, 10)]
    tone = (0.3 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)).astype(np.float32)
    content = encoded(pictures, tone, 16_000)
    assert content == encoded(pictures, tone, 16_000)
    with av.open(BytesIO(content)) as made:
        assert [(s.type, s.codec_context.name) for s in made.streams] == [("video", "h264"), ("audio", "aac")]
        frames = [frame.to_ndarray(format="rgb24") for frame in made.decode(video=0)]
    assert [frame.shape for frame in frames] == [(50, 80, 3)] * 20
    assert np.abs(np.array([frame.mean() for frame in frames]) - np.arange(20, 220, 10)).max() < 4
    with av.open(BytesIO(content)) as made:
        heard = np.concatenate([frame.to_ndarray()[0] for frame in made.decode(audio=0)])
    spectrum = np.abs(np.fft.rfft(heard[2000:14_000]))
    assert abs(spectrum.argmax() * 16_000 / 12_000 - 440) < 3


NOISE = """
import hashlib
import numpy as np
from pipeline.reporting.utterance.clip import encoded
noise = np.random.default_rng(1).normal(128, 20, (239, 321, 3))
pictures = [np.clip(noise + 3 * i, 0, 255).astype(np.uint8) for i in range(20)]
print(hashlib.sha256(encoded(pictures, np.zeros(0, np.float32), 16_000)).hexdigest())
"""


def test_bytes_do_not_depend_on_what_memory_held_before() -> None:
    def printed(filled_with: str) -> str:
        own = {**os.environ, "MALLOC_PERTURB_": filled_with, "PYTHONPATH": str(ROOT)}  # a setting of the GNU C library
        return subprocess.run([sys.executable, "-c", NOISE], env=own, capture_output=True, text=True, check=True).stdout

    assert printed("1") == printed("2") != ""


def test_a_clip_may_lack_picture_or_sound() -> None:
    for pictures, sound, kinds in (
        ([], np.zeros(8000, np.float32), ["audio"]),
        ([np.zeros((4, 4, 3), np.uint8)] * FPS, np.zeros(0, np.float32), ["video"]),
    ):
        with av.open(BytesIO(encoded(pictures, sound, 16_000))) as made:
            assert [stream.type for stream in made.streams] == kinds


@pytest.mark.parametrize("suffix", [".mp4", ".MP4"])
def test_a_small_recording_in_h264_is_playable(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(DEMO.read_bytes())
    assert playable(path, "a") == "video/mp4"


def test_other_codecs_containers_and_large_files_are_not_shown_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.mpg"
    path.write_bytes(DEMO.read_bytes())
    assert playable(path, "a") == ""
    large = tmp_path / "a.mp4"
    large.write_bytes(DEMO.read_bytes().ljust(SMALL + 1, b"\0"))
    assert playable(large, "a") == ""
    with av.open(tmp_path / "old.mp4", "w") as made:
        stream = made.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        made.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")))
        made.mux(stream.encode())
    assert playable(tmp_path / "old.mp4", "old") == ""
