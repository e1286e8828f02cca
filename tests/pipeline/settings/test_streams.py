"""Settings of the streams: the edges of what each allows are inside or outside, and the rest is refused."""

from typing import Any

import pytest

from pipeline.settings.streams import AudioConfig, TextConfig, TextParams, VideoConfig, check_channel, check_track
from pipeline.settings.validation import validated

EDGES: list[tuple[type[Any], str, list[Any], list[Any]]] = [
    (TextConfig, "lowercase", [True, False], [1, "true", None]),
    (TextParams, "transcribe", ["missing", "always", "never"], ["", "yes", True, None]),
    (TextParams, "model", ["packaged", "small", "a/b", "../folder"], ["", None, 1]),
    (TextParams, "language", ["en", "haw"], ["", "EN", "english", "e"]),
    (TextParams, "align", ["missing", "always", "never"], ["", "yes"]),
    (AudioConfig, "rate_hz", [16000, 48000], [7999, 16000.5, "16000"]),
    (AudioConfig, "low_hz", [0.1, 7599.9], [0, -1, 7600, 8000]),
    (AudioConfig, "high_hz", [70.1, 7999.9], [70, 8000]),
    (AudioConfig, "order", [1, 10], [0, 11, 2.5]),
    (AudioConfig, "level_db", [-60, -0.1], [-60.1, 0, 3]),
    (AudioConfig, "trim_db", [0.1, 200], [0, -1]),
    (AudioConfig, "track", [1, "2", "eng", "default", "Director's comment"], [0, -1, "0", "-2", True, None]),
    (AudioConfig, "channel", [1, "2", "left", "L", "FC", "lfe", "mix", "TBC"], [0, "middle", "-1", "XY", 1.5]),
    (VideoConfig, "fps", [0.1, 120], [0, 120.1]),
    (VideoConfig, "detector", ["mediapipe", "haar"], ["hair", ""]),
    (VideoConfig, "min_score", [0, 0.99], [-0.1, 1]),
    (VideoConfig, "detect_every_s", [0, 0.4, 60], [-0.1, 61]),
    (VideoConfig, "margin", [0, 2], [-0.1, 2.1]),
    (VideoConfig, "size", [32, 1024], [31, 1025]),
    (VideoConfig, "frame_step", [1, 100], [0, -1]),
    (VideoConfig, "frame_height", [32, 2160], [31, 2161]),
    (VideoConfig, "jpeg_quality", [1, 100], [0, 101]),
    (VideoConfig, "track", [3, "default"], [0]),
    (VideoConfig, "follow", ["size", "speaking"], ["", "largest", True, None]),
    (VideoConfig, "mouth_fps", [5, 12.5, 120], [4.9, 120.1]),
]


@pytest.mark.parametrize(("config", "name", "allowed", "refused"), EDGES)
def test_edges_of_what_is_allowed(config: type[Any], name: str, allowed: list[Any], refused: list[Any]) -> None:
    for value in allowed:
        found, faults = validated(config, {name: value})
        assert not faults
        assert getattr(found, name) == value
    for value in refused:
        assert validated(config, {name: value})[1], value


def test_a_band_must_lie_below_half_the_sampling_rate() -> None:
    [(place, fault)] = validated(AudioConfig, {"rate_hz": 8000})[1]
    assert place == ()
    assert fault.startswith(": low_hz is 70.0 and high_hz is 7600.0: low_hz must be below high_hz")
    assert not validated(AudioConfig, {"rate_hz": 8000, "high_hz": 3999})[1]


def test_every_setting_has_its_edges_tested() -> None:
    for config in (AudioConfig, VideoConfig):
        named = {name for cls, name, _, _ in EDGES if cls is config}
        assert named == set(config.__dataclass_fields__)


@pytest.mark.parametrize("channel", ["left", " L ", "fl", "Right", "7", "SL", "LFE2", "mix"])
def test_channels_that_some_recording_can_have(channel: str) -> None:
    check_channel(channel)


@pytest.mark.parametrize("check", [check_channel, check_track])
@pytest.mark.parametrize("text", ["0", "-3", "+0"])
def test_a_number_below_one_is_neither_channel_nor_track(check: Any, text: str) -> None:
    with pytest.raises(ValueError, match="a number from 1"):
        check(text)


def test_the_text_stream_depends_on_its_cleaning_alone() -> None:
    found, _ = validated(TextParams, {"lowercase": False, "transcribe": "missing", "model": "small"})
    assert found is not None
    assert found.cleaning == TextConfig(lowercase=False)
    assert (found.words.transcribe, found.words.model, found.words.align) == ("missing", "small", "never")
