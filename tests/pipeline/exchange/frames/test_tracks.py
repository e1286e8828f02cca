"""Tables of frames as the tools write them, made from a face whose movements the tests know."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.exchange.frames.columns import FrameOptions
from pipeline.exchange.frames.tracks import _succeeded, read_track, rows_of
from tests.pipeline.exchange.frames.face_track import (
    frown,
    libreface,
    lost,
    openface2,
    openface3,
    py_feat,
    smile,
    table,
)

UNITS = FrameOptions(prefixes=("AU*_r",))


def frames(rate: float, start: float, end: float) -> np.ndarray:
    """Return the times of a film's frames from `start` to `end` at which the face is seen."""
    times = np.arange(10_000) / rate
    return times[(times >= start) & (times < end) & ~lost(times)]


def test_openface_2_rows_of_an_utterance_are_those_of_its_time_without_failed_ones(tmp_path: Path) -> None:
    track = read_track(openface2(tmp_path / "a.csv", 30, 4, unsure=[60]), UNITS)
    values, times, failed = rows_of(track, 0.75, 2.25)
    right = np.delete(frames(30, 0.75, 2.25), np.flatnonzero(frames(30, 0.75, 2.25) == 2))
    assert track.names == ("AU04_r", "AU12_r")
    np.testing.assert_allclose(values, np.stack([frown(right), smile(right)], axis=1), atol=1e-6)
    np.testing.assert_allclose(times[:, 0], right - 0.75, atol=1e-6)
    assert failed == 15 + 1


def test_a_row_lasts_to_the_next_frame_but_not_over_a_gap_or_the_end(tmp_path: Path) -> None:
    track = read_track(openface2(tmp_path / "a.csv", 25, 4, gaps=range(60, 70)), UNITS)
    _, times, failed = rows_of(track, 2, 3.02)
    assert failed == 0
    assert len(times) == 10 + 6
    np.testing.assert_allclose(np.diff(times)[:-1, 0], 1 / 25, atol=2e-6)  # also that before the gap
    np.testing.assert_allclose(times[-1], [1.0, 1.02], atol=1e-6)


def test_py_feat_times_follow_from_the_frames_since_its_own_are_whole_seconds(tmp_path: Path) -> None:
    path = py_feat(tmp_path / "a.csv", 24, 4, every=2)
    track = read_track(path, FrameOptions(prefixes=("AU",), fps=24))
    values, times, failed = rows_of(track, 0.5, 3)
    right = frames(12, 0.5, 3)
    np.testing.assert_allclose(values, np.stack([frown(right), smile(right)], axis=1), atol=1e-6)
    np.testing.assert_allclose(times[:, 0] + 0.5, right, atol=1e-9)
    assert failed == 6
    with pytest.raises(
        UserError, match=r"approx_time has only 4 different times for 48 frames: .*--fps .* to compute times from frame"
    ):
        read_track(path, FrameOptions())


@pytest.mark.parametrize(("unit", "told"), [(1.0, "was read as seconds"), (1000.0, "")])
def test_libreface_times_are_seconds_or_milliseconds_as_their_steps_show(
    unit: float, told: str, tmp_path: Path
) -> None:
    track = read_track(libreface(tmp_path / "a.csv", 30, 3, unit=unit), FrameOptions())
    right = frames(30, 0, 3)
    np.testing.assert_allclose(track.times, right, atol=1e-9)
    np.testing.assert_allclose(track.values[:, 2], smile(right), atol=1e-6)
    assert (track.names, track.texts) == (("yaw", "au_4_intensity", "au_12_intensity"), ("facial_expression",))
    assert told in track.notice
    assert bool(told) == bool(track.notice)


def test_openface_3_has_the_time_of_day_and_lists_in_cells(tmp_path: Path) -> None:
    path = openface3(tmp_path / "a.csv", 25, 3)
    track = read_track(path, FrameOptions(prefixes=("action_units", "gaze"), fps=25))
    values, _, failed = rows_of(track, 0, 2)
    right = frames(25, 0, 2)
    assert track.names == ("gaze_yaw", "action_units_0", "action_units_1")
    np.testing.assert_allclose(values[:, 1:], np.stack([frown(right), smile(right)], axis=1), atol=1e-6)
    assert failed == 13  # frames 25 to 37
    assert read_track(path, FrameOptions(fps=25)).names == ("emotion", "gaze_yaw", "action_units_0", "action_units_1")
    with pytest.raises(
        UserError, match=r"a\.csv:2: timestamp is '2026-02-01 12:00:00', but .* compute times from frame_index"
    ):
        read_track(path, FrameOptions())


def test_without_a_prefix_all_columns_of_numbers_are_features_whose_meaning_is_not_known(tmp_path: Path) -> None:
    path = openface2(tmp_path / "a.csv", 30, 2)
    assert read_track(path, FrameOptions()).names == ("gaze_0_x", "x_0", "X_0", "AU04_r", "AU12_r", "AU12_c")
    assert read_track(path, FrameOptions(prefixes=("X_", "gaze"))).names == ("gaze_0_x", "X_0")


def test_an_undefined_number_of_a_good_frame_stays_undefined(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", "time,AU1,AU2", ["0,1,", "0.1,nan,2", "0.2,NA,-nan(ind)", "0.3,inf,1e99"])
    values, _, failed = rows_of(read_track(path, FrameOptions()), 0, 1)
    np.testing.assert_array_equal(values, [[1, np.nan], [np.nan, 2]])
    assert failed == 2


def test_the_least_confidence_is_an_option_and_an_unknown_one_is_none(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", "timestamp,sure,AU", ["0,0.7,1", "1,0.9,2", "2,,3"])
    assert read_track(path, FrameOptions(confidence="sure", min_confidence=0.8)).good.tolist() == [False, True, False]
    assert read_track(path, FrameOptions(confidence="sure", min_confidence=0)).good.tolist() == [True, True, False]
    assert read_track(path, FrameOptions(min_confidence=0.8)).names == ("sure", "AU")
    path = table(tmp_path / "b.csv", "timestamp,confidence,AU", ["0,98,1", "1,3,2"])
    assert read_track(path, FrameOptions(min_confidence=50)).good.tolist() == [True, False]
    assert [_succeeded(cell) for cell in ("1", "True", "1.0", "0", "0.0", "False", "")] == [True] * 3 + [False] * 4


def test_rows_in_any_order_give_the_same_frames(tmp_path: Path) -> None:
    path = openface2(tmp_path / "a.csv", 10, 3)
    header, *rows = path.read_text().splitlines()
    mixed = table(tmp_path / "b.csv", header, [rows[i] for i in np.random.default_rng(0).permutation(len(rows))])
    for one, other in zip(rows_of(read_track(path, UNITS), 0, 2), rows_of(read_track(mixed, UNITS), 0, 2), strict=True):
        np.testing.assert_array_equal(one, other)


def test_of_several_faces_the_one_that_is_seen_most_counts_in_all_frames(tmp_path: Path) -> None:
    rows = []
    for i in range(10):  # face 7 is there from the start to 0.8 s, lost once; face 3 from 0.4 s on, and surer
        rows += [f"{i},{i / 10},7,{0.6 if i != 5 else 0.1},{i}"] if i < 8 else []
        rows += [f"{i},{i / 10},3,0.9,{100 + i}"] if i >= 4 else []
    track = read_track(table(tmp_path / "a.csv", "frame,timestamp,face_id,confidence,AU", rows), FrameOptions())
    assert track.crowded
    values, times, failed = rows_of(track, 0, 1)
    assert values[:, 0].tolist() == [0, 1, 2, 3, 4, 6, 7]
    assert failed == 3
    values, _, failed = rows_of(track, 0.7, 1)
    assert (values[:, 0].tolist(), failed) == ([107, 108, 109], 0)
    assert times[5, 0] == pytest.approx(0.6)


def test_without_ids_the_surest_row_of_each_frame_counts(tmp_path: Path) -> None:
    rows = ["0.0,0.6,1", "0.0,0.9,2", "0.1,0.8,3", "0.1,0.7,4"]
    track = read_track(table(tmp_path / "a.csv", "timestamp,confidence,AU", rows), FrameOptions())
    assert rows_of(track, 0, 1)[0][:, 0].tolist() == [2.0, 3.0]


def test_other_delimiters_encodings_and_line_ends(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", "timestamp;AU", ["0;1", "0.1;2"], end="\r\n")
    assert read_track(path, FrameOptions()).values[:, 0].tolist() == [1, 2]
    path.write_text("timestamp\tAU\n0\t1\n0.1\t2\n", encoding="utf-16")
    assert read_track(path, FrameOptions()).values[:, 0].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("header", "rows", "options", "sentence"),
    [
        ("", [], FrameOptions(), "is empty: let the tool write it again"),
        ("time,AU", [], FrameOptions(), "holds no frames: let the tool write it again, or move it away"),
        ("time,AU", ["0,1", "0.1,2,3"], FrameOptions(), "a.csv:3: the row has 3 cells, but the header has 2"),
        ("time,AU", ["0,0,5"], FrameOptions(), "write numbers with a decimal point"),
        ("time,AU", ["0,happy"], FrameOptions(), "has no columns of numbers, only of text (AU): choose other"),
        (
            "time,sure,AU",
            ["0,high,1"],
            FrameOptions(confidence="sure"),
            "a.csv:2: sure is 'high': must be a number",
        ),
        (
            "time,confidence,AU",
            ["0,98,1"],
            FrameOptions(),
            "confidence goes up to 98, so a minimum of 0.5 cannot be on the same scale: give",
        ),
        (
            "time,AU",
            ["0,1", "0.1,2", "0,1", "0.1,2"],
            FrameOptions(),
            "a.csv:4: the frame at 0 s occurs again after other frames",
        ),
        (
            "frame,time,AU,input",
            ["0,0,1,a.mp4", "1,0.1,2,a.mp4", "0,0,3,b.mp4"],
            FrameOptions(),
            "occurs again after other frames (input: 'a.mp4', 'b.mp4'): write one table per recording",
        ),
    ],
)
def test_what_cannot_be_read_is_a_sentence(
    header: str, rows: list[str], options: FrameOptions, sentence: str, tmp_path: Path
) -> None:
    path = table(tmp_path / "a.csv", header, rows) if header else tmp_path / "a.csv"
    path.touch()
    with pytest.raises(UserError) as error:
        read_track(path, options)
    assert sentence in str(error.value)
