"""Keys of what is computed for one utterance: everything that it depends on changes its key, and nothing else does."""

import hashlib
from dataclasses import astuple, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from features.codec import STREAM_SCHEMAS, audio_entry
from features.registry import build
from features.store import Item, open_store, write_store
from features.types import AudioStream
from pipeline.errors import UserError
from pipeline.run.keys.utterance import (
    audio_key,
    extractor_program,
    feature_key,
    frames_key,
    preview_key,
    preview_program,
    stream_program,
    text_key,
    video_key,
    weights_sha256,
)
from pipeline.settings.streams import AudioConfig, VideoConfig
from pipeline.streams.spans import Span

PROGRAM = {"step": "audio", "version": 3, "config": {"rate_hz": 16000}, "libraries": {"av": "1"}}


def test_all_inputs_of_a_stream_are_in_its_key() -> None:
    one = ("x" * 64, (0.5, 1.5), "2", "left", {"words": 3})
    others: list[Any] = [
        ("y" * 64, *one[1:]),
        (one[0], (0.5, 1.6), *one[2:]),
        (one[0], (0.4, 1.5), *one[2:]),
        (*one[:2], "1", *one[3:]),
        (*one[:3], "right", one[4]),
        (*one[:4], {"words": 4}),
    ]
    found = [audio_key(PROGRAM, *given) for given in [one, *others]]
    found.append(audio_key({**PROGRAM, "version": 4}, *one))
    found += [video_key(PROGRAM, one[0], one[1], "2", region) for region in ("", "0,0,1,1")]
    words = [("hello", 0.1, 0.2)]
    found += [text_key(PROGRAM, text, words, start) for text in ("a", "b") for start in (0.0, 1.0)]
    found.append(text_key(PROGRAM, "a", [], 0.0))
    assert len(set(found)) == len(found) == 15


def test_a_stream_depends_on_settings_version_and_libraries() -> None:
    program = stream_program("audio", AudioConfig())
    assert set(program) == {"step", "version", "config", "libraries"}
    assert set(program["libraries"]) == {"av", "scipy", "numpy"}
    assert program["libraries"]["numpy"] == np.__version__
    other = stream_program("audio", AudioConfig(trim_db=20))
    assert {name for name in program if program[name] != other[name]} == {"config"}


def test_the_key_of_a_picture_holds_the_voice_only_where_the_face_that_speaks_is_followed() -> None:
    plain = stream_program("video", VideoConfig(mouth_fps=10))
    before = ("fps", "detector", "min_score", "margin", "size", "frame_step", "frame_height", "jpeg_quality", "track")
    assert plain == stream_program("video", VideoConfig())
    assert tuple(stream_program("video", VideoConfig(detect_every_s=0))["config"]) == before
    assert set(plain["config"]) == {*before, "detect_every_s"}
    speaking = stream_program("video", VideoConfig(follow="speaking"))
    assert set(speaking["config"]) == {*before, "detect_every_s", "follow", "mouth_fps"}
    assert set(speaking["libraries"]) - set(plain["libraries"]) == {"scipy"}
    picture = ("x" * 64, (0.5, 1.5), "", "")
    at = Span(0.5, 1.5, track="2", channel="left")
    others = [replace(at, start_s=0.6), replace(at, end_s=1.6), replace(at, track="1"), replace(at, channel="mix")]
    voices = [("y" * 64, at), ("z" * 64, at), *(("y" * 64, other) for other in others)]
    found = [video_key(speaking, *picture, voice=(sha256, *astuple(span))) for sha256, span in voices]
    assert len({*found, video_key(speaking, *picture)}) == 7


def test_features_depend_on_the_stream_and_its_content(tmp_path: Path) -> None:
    def stream(key: str, sample: int) -> str:
        entry = audio_entry(AudioStream(np.array([sample], np.int16), 16000, 0.0, 1.0, 0.0))
        write_store(tmp_path / "a.h5", STREAM_SCHEMAS["audio"], {"rate_hz": 16000}, [Item("u", key, 1, lambda: entry)])
        with open_store(tmp_path / "a.h5") as store:
            return feature_key(extractor_program(build("mfcc", {})), store, 0)

    assert stream("k", 1) == stream("k", 1)
    assert len({stream("k", 1), stream("l", 1), stream("k", 2)}) == 3


def test_imported_frames_depend_on_their_origin_and_on_where_the_utterance_is() -> None:
    row = {"utterance": "u", "recording": "a", "media_sha256": "1", "sound_sha256": ""}

    def key(origin: str = "o", store: str = "s", start: float = 0.5, end: float = 2.0, **changed: str) -> str:
        return frames_key(origin, store, SimpleNamespace(**row | changed), (start, end))

    others: list[dict[str, Any]] = [{"utterance": "v"}, {"recording": "b"}, {"start": 0.6}, {"end": float("nan")}]
    others += [{"media_sha256": "2"}, {"sound_sha256": "2"}, {"origin": "p"}, {"store": "t"}]
    assert len({key(), *(key(**other) for other in others)}) == 1 + len(others)
    assert key(start=0.5000000001) == key()  # the table holds microseconds


def test_an_extractor_depends_on_each_weights_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    extractor = build("vader", {})
    files = (tmp_path / "w" / "a.bin", tmp_path / "w" / "deep" / "b.bin")
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(file.name.encode())
    monkeypatch.setattr(type(extractor), "weights", lambda self: files)
    assert weights_sha256(extractor) == {
        "a.bin": hashlib.sha256(b"a.bin").hexdigest(),
        "deep/b.bin": hashlib.sha256(b"b.bin").hexdigest(),
    }
    files[0].unlink()
    with pytest.raises(UserError, match=r"^features\.vader: its weights cannot be read: "):
        extractor_program(extractor)


def test_a_preview_depends_on_its_drawing_recordings_streams_and_libraries() -> None:
    program = preview_program({"version": 1}, True)
    assert set(program["libraries"]) == {"av", "numpy", "opencv-contrib-python", "mediapipe"}
    keys = [
        preview_key(program, ("a", "v"), ("x", "y")),
        preview_key(preview_program({"version": 1}, False), ("a", "v"), ("x", "y")),
        preview_key(preview_program({"version": 2}, True), ("a", "v"), ("x", "y")),
        preview_key(program, ("b", "v"), ("x", "y")),
        preview_key(program, ("a", "v"), ("x", "z")),
    ]
    assert len(set(keys)) == 5
