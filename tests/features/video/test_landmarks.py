"""Measures of the face mesh against geometry, mirrored and turned pictures, and real speech."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from features.errors import EmptyInput, ExtractorError
from features.registry import build
from features.video.images import landmark_array, read_jpeg
from features.video.landmarks import FUNCTIONALS, MEASURES, Landmarks, LandmarksConfig, functionals, measure, upright
from pipeline.settings.streams import VideoConfig
from pipeline.streams.decode import probe
from pipeline.streams.spans import Span
from pipeline.streams.video import read_video

DATA = Path(__file__).parents[4] / "shared" / "data"
ANGLES = ("head_yaw", "head_pitch", "head_roll")


def stream_of(name, fps=5.0):
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"needs the real recording {path}")
    return dict(read_video(path, [Span(0.0, probe(path).duration_s)], VideoConfig(fps=fps, frame_step=1)))[0]


def encoded(picture):
    return cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 98])[1].tobytes()


def changed(stream, change):
    return replace(stream, faces=tuple(encoded(change(read_jpeg(face))) for face in stream.faces))


def column(features, name):
    return features.values[:, MEASURES.index(name)]


@pytest.fixture(scope="module")
def extractor():
    return Landmarks(LandmarksConfig())


@pytest.fixture(scope="module")
def clip():
    return stream_of("grid/s1/bbaf2n.mpg")


@pytest.fixture(scope="module")
def surprised():
    return stream_of("ravdess/av/01-01-08-02-02-02-01.mp4")


@pytest.fixture(scope="module")
def mesh(extractor, clip):
    return next(extractor._meshes([read_jpeg(clip.faces[0])]))


@pytest.mark.parametrize(
    "name", ["grid/speakers/brbk7n.mpg", "grid/speakers/sbwe5n.mpg", "edge/obama_speech.mp4", "edge/no_audio.mp4"]
)
def test_the_mesh_is_found_in_real_crops(extractor, name):
    stream = stream_of(name)
    found = extractor.extract(stream)
    assert len(found.values) >= 0.95 * len(stream.times)
    assert np.isfinite(found.values).all()
    assert np.isfinite(found.pooled).all()
    assert found.values.dtype == found.pooled.dtype == np.float32
    assert found.values.shape[1] == len(extractor.feature_names)
    assert found.pooled.shape == (len(extractor.pooled_names),)
    for name in ("eye_opening_left", "eye_opening_right"):
        assert 0.03 < np.median(column(found, name)) < 0.5
    assert np.abs(column(found, "head_yaw")).max() < 60


def test_a_clip_measures_the_same_before_and_after_others(extractor, clip, surprised):
    before = extractor.extract(clip)
    extractor.extract(surprised)
    after = extractor.extract(clip)
    np.testing.assert_array_equal(before.values, after.values)
    np.testing.assert_array_equal(before.pooled, after.pooled)
    np.testing.assert_array_equal(Landmarks(LandmarksConfig()).extract(clip).values, before.values)


def test_measures_do_not_depend_on_size_position_or_rotation_of_the_head(mesh):
    turn = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    plain = measure(mesh)
    moved = measure(mesh @ turn.T * 1.7 + np.array([30, -20, 5]))
    shape = [i for i, name in enumerate(MEASURES) if name not in ANGLES]
    np.testing.assert_allclose(moved[shape], plain[shape], atol=1e-4)


def test_upright_axes(mesh):
    face = upright(mesh, mesh[263] - mesh[33], mesh[10] - mesh[2])
    assert np.linalg.norm(face[263] - face[33]) == pytest.approx(1)
    assert face[263][1] == pytest.approx(face[33][1])
    assert face[10][1] > face[2][1] > face[152][1]  # forehead, nose, chin
    assert face[1][2] < face[234][2]  # the tip of the nose lies in front of the ear


def test_a_picture_turned_by_20_degrees_has_that_roll_and_the_same_measures(extractor, clip):
    turn = cv2.getRotationMatrix2D((112, 112), -20, 1)  # clockwise
    turned = extractor.extract(
        changed(clip, lambda face: cv2.warpAffine(face, turn, (224, 224), borderMode=cv2.BORDER_REPLICATE))
    )
    plain = extractor.extract(clip)
    assert np.median(column(turned, "head_roll") - column(plain, "head_roll")) == pytest.approx(20, abs=2)
    for name in MEASURES:
        if name not in ANGLES:
            assert column(turned, name).mean() == pytest.approx(column(plain, name).mean(), abs=0.05), name


def test_a_mirrored_picture_swaps_left_and_right(extractor, surprised):
    mirrored, plain = extractor.extract(changed(surprised, np.fliplr)), extractor.extract(surprised)
    for name in ("eye_opening", "corner_lift", "brow_inner", "brow_outer"):
        for a, b in (("left", "right"), ("right", "left")):
            expected = column(plain, f"{name}_{b}").mean()
            assert column(mirrored, f"{name}_{a}").mean() == pytest.approx(expected, abs=0.03), name
    for name in ("gaze_x", "head_yaw", "head_roll"):
        assert column(mirrored, name).mean() == pytest.approx(-column(plain, name).mean(), abs=3)


def test_one_side_is_the_subjects_own(mesh):
    """The subject's left is on the right of the picture; opening that eye changes the measure of that side only."""
    wide = mesh.copy()
    wide[[385, 387]] += (mesh[10] - mesh[2]) * 0.05
    more = dict(zip(MEASURES, measure(wide) - measure(mesh), strict=True))
    assert mesh[263][0] > mesh[33][0]
    assert more["eye_opening_left"] > 0.05
    assert more["eye_opening_right"] == 0


@pytest.mark.parametrize(
    ("points", "name", "sign"),
    [
        ((61,), "corner_lift_right", 1),
        ((291,), "corner_lift_left", 1),
        ((55, 107), "brow_inner_right", 1),
        ((276, 300), "brow_outer_left", 1),
        ((473, 468), "gaze_y", 1),
        ((152,), "jaw_drop", -1),
        ((0, 13), "mouth_opening", 1),
    ],
)
def test_points_that_move_up_change_their_measure(mesh, points, name, sign):
    moved = mesh.copy()
    moved[list(points)] += (mesh[10] - mesh[2]) * 0.02
    change = dict(zip(MEASURES, measure(moved) - measure(mesh), strict=True))
    assert np.sign(change[name]) == sign
    assert abs(change[name]) > 0.005


def test_eye_aspect_ratio_by_hand(mesh):
    flat = mesh.copy()
    width = np.linalg.norm(flat[33] - flat[133])
    up = np.array([0, -1.0, 0]) * width
    for lower, upper, height in ((144, 160, 0.2), (153, 158, 0.4)):
        flat[upper] = flat[lower] + up * height
    assert dict(zip(MEASURES, measure(flat), strict=True))["eye_opening_right"] == pytest.approx(0.3, abs=1e-5)


@pytest.mark.parametrize("name", ["bbaf2n", "swih9a", "lgbm3s"])
def test_the_mouth_moves_in_speech_and_rests_in_silence(extractor, name):
    stream = stream_of(f"grid/s1/{name}.mpg", fps=25)
    words = [line.split() for line in (DATA / f"grid/s1/{name}.align").read_text().splitlines()]
    spoken = [(int(start) / 25000, int(end) / 25000) for start, end, word in words if word not in ("sil", "sp")]
    found = extractor.extract(stream)
    opening = column(found, "mouth_opening")
    speech = (found.times[:, 0] >= spoken[0][0]) & (found.times[:, 0] < spoken[-1][1])
    assert opening[speech].mean() > 1.3 * opening[~speech].mean()
    assert opening[speech].std() > 1.3 * opening[~speech].std()


def test_surprise_opens_eyes_and_raises_brows(extractor, surprised):
    neutral = extractor.extract(stream_of("ravdess/av/01-01-01-01-02-01-01.mp4"))
    found = extractor.extract(surprised)
    for name in ("eye_opening_left", "eye_opening_right", "brow_inner_left", "brow_inner_right"):
        assert column(found, name).mean() > column(neutral, name).mean() + 0.02, name


def test_functionals_by_hand():
    values = np.array([[0, 1], [2, 1], [1, 1]], dtype=np.float32)
    found = functionals(values, np.array([0.0, 0.2, 0.4])).reshape(len(FUNCTIONALS), 2)
    np.testing.assert_allclose(found[:, 0], [1, np.sqrt(2 / 3), 0.2, 1.8, 7.5], rtol=1e-6)
    np.testing.assert_allclose(found[:, 1], [1, 0, 1, 1, 0])
    assert np.isnan(functionals(values[:1], np.array([0.0]))[-2:]).all()


def test_crops_without_a_face_are_empty(extractor, clip):
    for faces in ((b"",) * 15, (encoded(np.full((224, 224, 3), 128, np.uint8)),) * 15):
        with pytest.raises(EmptyInput, match=r"no face mesh in any sampled frame \(15 in all\)"):
            extractor.extract(replace(clip, faces=faces))


def test_rows_are_the_frames_with_a_mesh(extractor, clip):
    blank = encoded(np.full((224, 224, 3), 128, np.uint8))
    faces = tuple(blank if i == 4 else b"" if i == 6 else face for i, face in enumerate(clip.faces))
    found = extractor.extract(replace(clip, faces=faces))
    np.testing.assert_allclose(found.times[:, 0], np.delete(clip.times, [4, 6]))


def test_landmark_array_scales_each_axis():
    class Point:
        x, y, z = 0.5, 0.25, -0.1

    class Points:
        landmark = (Point, Point)

    np.testing.assert_allclose(landmark_array(Points, (100, 200, 10)), [[50, 50, -1]] * 2)


def test_settings():
    assert build("landmarks", {}).config == LandmarksConfig()
    with pytest.raises(ExtractorError, match="min_score is 2"):
        build("landmarks", {"min_score": 2})
