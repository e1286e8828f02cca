"""Settings of the streams: what cannot be is refused by its name and its value."""

from typing import Any

import pytest

from pipeline.errors import UserError
from pipeline.settings.streams import AudioConfig, VideoConfig, check_channel, check_track
from pipeline.settings.validation import parse


@pytest.mark.parametrize(
    ("settings_", "named"),
    [
        ({"rate_hz": 100}, "rate_hz is 100"),
        ({"low_hz": 8000.0}, "low_hz is 8000.0 and high_hz 7600.0"),
        ({"high_hz": 9000.0}, "high_hz 9000.0"),
        ({"order": 0}, "order is 0"),
        ({"level_db": 3.0}, "level_db is 3.0"),
        ({"trim_db": 0.0}, "trim_db is 0.0"),
    ],
)
def test_impossible_settings_of_audio_are_refused_by_name_and_value(settings_: dict[str, Any], named: str) -> None:
    with pytest.raises(UserError, match=named):
        parse(AudioConfig, settings_, "x")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("fps", 0),
        ("fps", float("nan")),
        ("detector", "mtcnn"),
        ("min_score", 1.0),
        ("margin", -0.1),
        ("size", 8),
        ("frame_height", 9000),
        ("jpeg_quality", 101),
    ],
)
def test_impossible_settings_of_video_are_refused_by_name_and_value(setting: str, value: Any) -> None:
    with pytest.raises(UserError, match=f"{setting} (is )?.*{value}"):
        parse(VideoConfig, {setting: value}, "x")


@pytest.mark.parametrize("wrong", ["0", "-1", "centre-ish", "", "1.5", "both", "XYZ"])
def test_impossible_channels_are_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"is no channel: write left \(or L, FL\), right .*, mix, a number from 1"):
        check_channel(wrong)


@pytest.mark.parametrize("wrong", ["0", "-2"])
def test_impossible_tracks_are_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="is no track"):
        check_track(wrong)
    for config in (VideoConfig, AudioConfig):
        with pytest.raises(UserError, match=r"x\.track: .* is no track"):
            parse(config, {"track": int(wrong)}, "x")
