"""A face that is moved by known steps is found there without the detector, and is lost where its look changes."""

import numpy as np
import pytest

from pipeline.streams.faces import Detection, detector
from pipeline.streams.tracking import FaceTracker, detected
from tests.pipeline.streams.test_faces import pictures

GRID, OTHER = "grid/s1/bbaf2n.mpg", "grid/speakers/lrwp9a.mpg"
EVERY_S = 0.9


class Watched:
    """A detector that notes when it runs."""

    def __init__(self, tracker, fixed=None):
        self.tracker, self.fixed, self.times = tracker, fixed, []

    def __call__(self, picture, time_s):
        def detect():
            self.times.append(time_s)
            return detector("mediapipe", 0.5)(picture) if self.fixed is None else list(self.fixed)

        return self.tracker.find(picture, time_s, detect)


@pytest.fixture(scope="module")
def picture():
    return np.pad(pictures(GRID, 1)[0], ((40, 40), (60, 60), (0, 0)), mode="edge")


def test_a_moved_face_is_found_without_the_detector(picture):
    watched = Watched(FaceTracker(EVERY_S))
    ((first,), *later) = (watched(np.roll(picture, (2 * i, -5 * i), axis=(0, 1)), 0.2 * i) for i in range(5))
    assert watched.times == [0]
    for i, (face,) in enumerate(later, 1):
        expected = (first.box[0] - 5 * i, first.box[1] + 2 * i, *first.box[2:])
        assert face.box == pytest.approx(expected, abs=1.5)
        assert face.score == first.score


def test_the_detector_runs_at_least_as_often_as_it_is_told(picture):
    for every_s, expected in ((EVERY_S, [0, 5, 10]), (0.5, [0, 3, 6, 9]), (0.0, list(range(12)))):
        watched = Watched(FaceTracker(every_s))
        for i in range(12):
            watched(picture, 0.2 * i)
        assert watched.times == pytest.approx([0.2 * i for i in expected])


@pytest.mark.parametrize("every_s", [EVERY_S, 0.5, 0.0])
def test_where_the_detector_ran_is_told_by_times_and_scores(picture, every_s):
    """Also where the picture stands still, so that the detector finds the same score again."""
    seen = (
        [picture] * 7
        + [np.full_like(picture, 90)] * 2
        + [np.pad(pictures(OTHER, 1)[0], ((40, 40), (60, 60), (0, 0)))] * 6
    )
    watched = Watched(FaceTracker(every_s))
    faces = [watched(one, 0.2 * i) for i, one in enumerate(seen)]
    times = [0.2 * i for i in range(len(seen))]
    assert [time for time, ran in zip(times, flags(times, faces, every_s), strict=True) if ran] == watched.times


def flags(times, faces, every_s):
    scores = [found[0].score if found else np.nan for found in faces]
    boxes = [found[0].box if found else (np.nan,) * 4 for found in faces]
    return detected(times, scores, boxes, every_s)


def test_a_frame_that_is_shown_at_several_times_was_looked_at_once(picture):
    """The recording has 2 frames per second, and 5 are sampled: the second frame is tracked, whenever it is shown."""
    watched = Watched(FaceTracker(EVERY_S))
    decoded = [watched(np.roll(picture, -3 * i, axis=1), 0.6 * i) for i in range(3)]
    assert watched.times == [0, 1.2]
    faces = [decoded[i] for i in (0, 0, 0, 1, 1, 1, 2, 2)]
    assert flags([0.2 * i for i in range(8)], faces, EVERY_S) == [True] * 3 + [False] * 3 + [True] * 2


def test_in_a_still_picture_a_detector_that_runs_in_every_frame_is_said_to(picture):
    """Where the speaker among several faces is followed, the detector runs more often than the settings say."""
    watched = Watched(FaceTracker(0))
    faces = [watched(picture, 0.2 * i) for i in range(4)]
    assert len(watched.times) == 4
    assert flags([0.2 * i for i in range(4)], faces, EVERY_S) == [True] * 4


@pytest.mark.parametrize("change", ["cut", "gone", "far", "size"])
def test_the_detector_runs_where_the_face_is_lost(picture, change):
    changed = {
        "cut": np.pad(pictures(OTHER, 1)[0], ((40, 40), (60, 60), (0, 0)), mode="edge"),
        "gone": np.full_like(picture, 90),
        "far": np.roll(picture, 120, axis=1),
        "size": picture[:-2],
    }[change]
    watched = Watched(FaceTracker(EVERY_S))
    watched(picture, 0.0)
    found = watched(changed, 0.2)
    assert watched.times == [0, 0.2]
    assert len(found) == (change != "gone")
    watched(changed, 0.4)  # and from there on the new face is followed, or one is looked for
    assert (watched.times == [0, 0.2]) == (change != "gone")


@pytest.mark.parametrize(
    "found",
    [
        [],
        [Detection((150, 160, 133, 133), 0.7)],  # not sure
        [Detection((-90, 160, 133, 133), 0.9)],  # mostly outside
        [Detection((150, 160, 133, 133), 0.9), Detection((0, 0, 40, 40), 0.9)],
    ],
)
def test_the_detector_runs_in_every_frame_without_one_face_that_it_is_sure_of(picture, found):
    watched = Watched(FaceTracker(EVERY_S), found)
    assert all(watched(picture, 0.2 * i) == found for i in range(4))
    assert len(watched.times) == 4


def test_once_several_faces_were_seen_the_detector_always_runs(picture):
    one = Detection((150, 160, 133, 133), 0.9)
    watched = Watched(FaceTracker(EVERY_S), [one, Detection((0, 0, 40, 40), 0.9)])
    watched(picture, 0.0)
    watched.fixed = [one]
    for i in range(1, 4):
        watched(picture, 0.2 * i)
    assert len(watched.times) == 4


def test_a_plain_patch_looks_like_any_place_and_is_not_followed():
    watched = Watched(FaceTracker(EVERY_S), [Detection((50, 50, 20, 20), 0.9)])
    for i in range(3):
        watched(np.full((120, 120, 3), 90, np.uint8), 0.2 * i)
    assert len(watched.times) == 3
