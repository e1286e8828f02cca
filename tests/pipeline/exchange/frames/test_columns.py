"""What the columns of a table of frames mean, by the names that tools give them or by options."""

from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.exchange.frames.columns import FrameOptions, Roles, roles_of

OPENFACE = ["frame", "face_id", "timestamp", "confidence", "success", "x_0", "X_0", "AU01_r", "AU01_c"]
PY_FEAT = ["FaceRectX", "FaceScore", "AU01", "anger", "input", "frame", "approx_time", "Identity"]


def roles(header: list[str], **options: object) -> Roles:
    return roles_of(Path("a.csv"), header, FrameOptions(**options))  # type: ignore[arg-type]


def test_the_columns_of_the_tools_are_known() -> None:
    assert roles(OPENFACE) == Roles(
        time=2, frame=0, confidence=3, face=1, success=4, source=None, features=(5, 6, 7, 8)
    )
    assert roles(PY_FEAT) == Roles(time=6, frame=5, confidence=1, face=7, success=None, source=4, features=(2, 3))
    assert roles(["frame_idx", "frame_time_in_ms", "pitch"]) == Roles(time=1, frame=0, features=(2,))


def test_usual_names_may_be_in_any_case_but_features_are_told_apart_by_it() -> None:
    assert roles(["Frame", "TimeStamp", "AU"]) == Roles(time=1, frame=0, features=(2,))
    assert roles(OPENFACE, prefixes=("x_",)).features == (5,)


def test_options_name_other_columns() -> None:
    found = roles(["t", "sure", "who", "AU", "time"], time="T", confidence="sure", face="who")
    assert found == Roles(time=0, confidence=1, face=2, features=(3,))
    assert roles(["n", "AU"], time="n", fps=25.0) == Roles(frame=0, features=(1,))


def test_with_frames_per_second_the_times_are_not_read() -> None:
    assert roles(PY_FEAT, fps=25.0).time is None
    assert roles(PY_FEAT, fps=25.0).features == (2, 3)


def test_prefixes_choose_also_what_is_no_feature_otherwise() -> None:
    assert roles(OPENFACE, prefixes=("AU*_r",)).features == (7,)
    assert roles(OPENFACE, prefixes=("AU*_c", "X")).features == (6, 8)
    assert roles(PY_FEAT, prefixes=("FaceRect", "anger")).features == (0, 3)
    assert roles(["Unnamed: 0", "time", "AU"]).features == (2,)


@pytest.mark.parametrize(
    ("header", "options", "sentence"),
    [
        (["AU"], {}, "a.csv has no column of times (looked for timestamp, time, time_s,"),
        (["frame", "AU"], {}, "only one of frame numbers (frame): give --fps (a number, or recording), or name"),
        (["time", "AU"], {"fps": 25.0}, "has no column of frame numbers (looked for frame, frame_idx, "),
        (["tim", "AU"], {"time": "time"}, "--time: a.csv has no column 'time'; did you mean 'tim'"),
        (["time", "AU"], {"confidence": "sure"}, "--confidence: a.csv has no column 'sure'; available: time, AU"),
        (["time", "AU"], {"face": "id"}, "--face: a.csv has no column 'id'"),
        (OPENFACE, {"prefixes": ("au",)}, "begins with 'au'; did you mean 'AU'? Available: x, X, AU"),
        (OPENFACE, {"prefixes": ("AU", "gase")}, "begins with 'gase'; available: x, X, AU"),
        (["time", "AU", "AU"], {}, "has the column 'AU' twice: rename one"),
        (["time", "success"], {}, "has no feature columns, only time, success"),
    ],
)
def test_columns_that_are_missing_are_named(header: list[str], options: dict[str, object], sentence: str) -> None:
    with pytest.raises(UserError) as error:
        roles(header, **options)
    assert sentence in str(error.value)
