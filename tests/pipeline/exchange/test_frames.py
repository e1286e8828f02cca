"""Tables of frames as OpenFace, py-feat and LibreFace write them, made from a track that the tests know."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.exchange.frames import FrameColumns, read_track, rows_of

RATE = 30  # frames a second of the track; utterances begin and end between two of them


def table(path: Path, header: str, rows: list[str]) -> Path:
    path.write_text("\n".join([header, *rows, ""]))
    return path


def smile(times: np.ndarray) -> np.ndarray:
    return np.sin(times) + 2


@pytest.fixture
def openface(tmp_path: Path) -> Path:
    """Return 4 s as OpenFace 2 writes them: spaces in the header, the tracker lost from 1 to 1.5 s, unsure at 2 s."""
    rows = []
    for frame in range(4 * RATE):
        time = frame / RATE
        lost, unsure = 1 <= time < 1.5, frame == 2 * RATE
        confidence, success = (0.02, 0) if lost else (0.3 if unsure else 0.98, 1)
        action = 0 if lost else smile(np.array(time))
        rows.append(f"{frame + 1}, 0, {time:.3f}, {confidence}, {success}, 0.1, {action:.6f}, {action > 2:d}.0")
    header = "frame, face_id, timestamp, confidence, success, gaze_0_x, AU12_r, AU12_c"
    return table(tmp_path / "clip.csv", header, rows)


def test_rows_of_an_utterance_are_those_of_its_time_without_failed_ones(openface: Path) -> None:
    track = read_track(openface, FrameColumns(prefixes=("AU12_r",)))
    values, times, left_out = rows_of(track, 0.75, 2.25)
    frames = np.arange(4 * RATE) / RATE
    right = frames[(frames >= 0.75) & (frames < 2.25) & ~((frames >= 1) & (frames < 1.5)) & (frames != 2)]
    assert track.names == ("AU12_r",)
    np.testing.assert_allclose(values[:, 0], smile(right), atol=1e-6)
    np.testing.assert_allclose(times[:, 0], right - 0.75, atol=1e-3)
    assert left_out == 15 + 1
    assert times[-1, 1] <= 1.5
    np.testing.assert_allclose(times[:5, 1] - times[:5, 0], 1 / RATE, atol=2e-3)


def test_all_columns_of_numbers_are_features_but_what_tells_frames_apart(openface: Path) -> None:
    assert read_track(openface, FrameColumns()).names == ("gaze_0_x", "AU12_r", "AU12_c")
    assert read_track(openface, FrameColumns(prefixes=("AU", "gaze"))).names == ("gaze_0_x", "AU12_r", "AU12_c")


def test_py_feat_has_minutes_empty_rows_and_names_of_files(tmp_path: Path) -> None:
    rows = [
        "0,100.0,50.0,0.99,1.5,0.1,00:00.0,a.mp4",
        "5,,,,,,00:00.2,a.mp4",
        "10,100.0,50.0,0.97,2.5,0.3,01:00.4,a.mp4",
    ]
    path = table(tmp_path / "a.csv", "frame,FaceRectX,FaceRectY,FaceScore,AU01,anger,approx_time,input", rows)
    track = read_track(path, FrameColumns())
    assert track.names == ("AU01", "anger")
    assert track.times.tolist() == [0.0, 0.2, 60.4]
    assert track.kept.tolist() == [True, False, True]
    np.testing.assert_allclose(track.values[[0, 2]], [[1.5, 0.1], [2.5, 0.3]])


def test_libreface_counts_milliseconds(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", "frame_idx,frame_time_in_ms,au_1", ["0,0,0.5", "1,40,0.75"])
    assert read_track(path, FrameColumns()).times.tolist() == [0.0, 0.04]


def test_of_two_faces_at_a_time_the_surer_one_counts(tmp_path: Path) -> None:
    rows = ["0.0,0,0.6,1", "0.0,1,0.9,2", "0.1,0,0.8,3", "0.1,1,0.7,4"]
    track = read_track(table(tmp_path / "a.csv", "timestamp,face_id,confidence,AU", rows), FrameColumns())
    assert track.values[:, 0].tolist() == [2.0, 3.0]


def test_the_least_confidence_is_a_setting(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", "timestamp,sure,AU", ["0,0.7,1", "1,0.9,2"])
    assert read_track(path, FrameColumns(confidence="sure", least=0.8)).kept.tolist() == [False, True]
    assert read_track(path, FrameColumns()).names == ("sure", "AU")


@pytest.mark.parametrize(
    ("header", "rows", "columns", "sentence"),
    [
        ("frame,AU", ["0,1"], FrameColumns(), "has no column of times (timestamp, time,"),
        ("t,AU", ["0,1"], FrameColumns(time="tt"), "has no column 'tt'; did you mean 't'"),
        ("time,AU", ["0,1", "x,2"], FrameColumns(), "a.csv:3: time is 'x', but must be a time in seconds"),
        ("time,AU", ["0,1"], FrameColumns(prefixes=("gaze",)), "has no columns of numbers that begin with gaze"),
        ("time,AU", [], FrameColumns(), "holds no frames"),
        ("time,AU", ["0,1"], FrameColumns(confidence="sure"), "--confidence: "),
    ],
)
def test_what_cannot_be_read_is_a_sentence(
    header: str, rows: list[str], columns: FrameColumns, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as error:
        read_track(table(tmp_path / "a.csv", header, rows), columns)
    assert sentence in str(error.value)
