"""Detectors on real faces; cut-out faces checked against values computed by hand."""

from pathlib import Path

import av
import numpy as np
import pytest

from features.video.images import load_mediapipe, read_jpeg
from pipeline.settings.streams import VideoConfig
from pipeline.streams.faces import MAX_FACES, Detection, Face, cut_face, detector, found_faces
from pipeline.streams.pictures import iou
from tests.pipeline.streams.recordings import face

DATA = Path(__file__).parents[4] / "shared" / "data"


def pictures(name, count):
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"needs the real recording {path}")
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return frames[:: max(len(frames) // count, 1)][:count]


def test_at_most_five_faces_largest_weight_first_and_none_outside():
    found = [Detection((20 * i, 0, 10 + i, 10 + i), 1.0) for i in range(8)] + [Detection((-50, 0, 40, 40), 1.0)]
    faces = found_faces(np.zeros((100, 300, 3), np.uint8), lambda picture: found)
    assert [each.box[0] for each in faces] == [140, 120, 100, 80, 60]
    assert len(faces) == MAX_FACES


def test_a_face_is_cut_out_with_its_margin():
    picture = np.zeros((100, 300, 3), np.uint8)
    picture[30:50, 40:60] = 250
    cut = cut_face(picture, Detection((40, 30, 20, 20), 0.9), 0.25, 60, 90)
    assert (cut.box, cut.square, cut.score) == ((40, 30, 20, 20), (35, 25, 30, 30), 0.9)
    shown = read_jpeg(cut.image)
    assert shown.shape == (60, 60, 3)
    assert shown[30, 30].mean() > 240 > 20 > shown[3, 3].mean()


def test_a_moved_face_keeps_its_image():
    moved = face(10, 20, 30).moved(5, 7)
    assert moved.box == (15, 27, 30, 30)
    assert moved.square == (15, 27, 30, 30)
    assert moved.image == face(10, 20, 30).image


def test_a_scaled_face_keeps_its_image():
    assert face(10, 20, 30).scaled(2.0) == Face((20, 40, 60, 60), 1.0, (20, 40, 60, 60), face(10, 20, 30).image)
    assert face(10.3, 20.1, 30.7).scaled(1.0) == face(10.3, 20.1, 30.7)


def test_unknown_detector():
    with pytest.raises(ValueError, match="'mtcnn': choose from mediapipe, haar"):
        detector("mtcnn", 0.5)


@pytest.mark.parametrize("name", ["mediapipe", "haar"])
def test_detectors_agree_on_where_a_real_face_is(name):
    detect = detector(name, 0.5)
    assert detector(name, 0.5) is detect
    for recording, box in (
        ("grid/s1/bbaf2n.mpg", (90, 120, 133, 133)),
        ("ravdess/av/01-01-01-01-01-01-01.mp4", (468, 183, 369, 369)),
    ):
        for picture in pictures(recording, 3):
            best = max(detect(picture), key=lambda found: found.box[2])
            assert iou(best.box, box) > 0.55
            assert 0.5 <= best.score <= 1


def test_a_face_with_a_lower_score_is_not_found():
    picture = pictures("grid/s1/bbaf2n.mpg", 1)[0]
    (score,) = (found.score for found in detector("mediapipe", 0.6)(picture))
    assert 0.6 < score < 0.99
    assert [found.score for found in detector("mediapipe", score - 0.01)(picture)] == [score]
    assert detector("mediapipe", score + 0.005)(picture) == []


def test_by_default_the_detector_is_that_of_mediapipes_own_solution():
    own = load_mediapipe().solutions.face_detection.FaceDetection(model_selection=1)
    detect = detector("mediapipe", VideoConfig().min_score)
    for picture in pictures("ravdess/av/01-01-01-01-01-01-01.mp4", 3):
        box = own.process(picture).detections[0].location_data.relative_bounding_box
        height, width = picture.shape[:2]
        expected = box.xmin * width, box.ymin * height, box.width * width, box.height * height
        assert [found.box for found in detect(picture)] == [expected]


def test_detection_does_not_depend_on_other_pictures():
    detect = detector("mediapipe", 0.5)
    here, elsewhere = pictures("grid/s1/bbaf2n.mpg", 2), pictures("ravdess/av/01-01-01-01-01-01-01.mp4", 2)
    before = detect(here[0])
    for other in (elsewhere[0], np.zeros((50, 60, 3), np.uint8), here[1]):
        detect(other)
        assert detect(here[0]) == before


def test_no_face_is_found_in_an_empty_picture():
    for name in ("mediapipe", "haar"):
        assert detector(name, 0.5)(np.full((200, 300, 3), 90, np.uint8)) == []
