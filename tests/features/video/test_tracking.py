"""Following a face or a body: what mediapipe's own model finds in a new process, whatever clip was read before."""

import cv2
import numpy as np
import pytest

from features.video.images import cross, landmark_array, load_mediapipe, mesh_array, norm, read_jpeg
from features.video.landmarks import Landmarks, LandmarksConfig
from features.video.posture import Posture, PostureConfig
from tests.features.video.test_landmarks import stream_of

SIZE = (224, 224, 224)


@pytest.fixture(scope="module")
def clips():
    names = ("grid/s1/bbaf2n.mpg", "ravdess/av/01-01-08-02-02-02-01.mp4")
    return [[read_jpeg(face) for face in stream_of(name).faces if face][:6] for name in names]


@pytest.fixture(scope="module")
def extractor():
    return Landmarks(LandmarksConfig())


def meshes(extractor, crops):
    return np.array([mesh for mesh in extractor._meshes(crops) if mesh is not None])


def test_meshes_are_those_of_mediapipes_own_model_that_has_seen_nothing_before(extractor, clips):
    for crops in clips:
        own = load_mediapipe().solutions.face_mesh.FaceMesh(max_num_faces=1, refine_landmarks=True)
        expected = [landmark_array(own.process(crop).multi_face_landmarks[0], SIZE) for crop in crops]
        np.testing.assert_array_equal(meshes(extractor, crops), expected)


def test_no_clip_leaves_a_trace_in_the_next(extractor, clips):
    first, second = clips
    turned = [cv2.flip(crop, 1) for crop in second]
    before = meshes(extractor, first)
    for other in (second, turned, [np.zeros_like(first[0])], []):
        meshes(extractor, other)
        np.testing.assert_array_equal(meshes(extractor, first), before)


def test_poses_are_those_of_mediapipes_own_model_that_has_seen_nothing_before():
    posture = Posture(PostureConfig(step=1))
    for name in ("edge/no_audio.mp4", "grid/s1/bbaf2n.mpg"):
        frames = [read_jpeg(frame) for frame in stream_of(name).frames[:3]]
        own = load_mediapipe().solutions.pose.Pose(model_complexity=1, smooth_landmarks=False)
        expected = [landmark_array(own.process(frame).pose_landmarks, (1, 1, 1))[:, :2] for frame in frames]
        found = [body.points / (frames[0].shape[1] / frames[0].shape[0], 1) for body in posture._bodies(frames)]
        np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_the_face_is_followed_within_a_clip(extractor, clips):
    """The region of the picture before changes what is found, by less than a pixel or two."""
    alone = np.array([mesh for crop in clips[0] for mesh in extractor._meshes([crop])])
    followed = meshes(extractor, clips[0])
    np.testing.assert_array_equal(followed[0], alone[0])
    assert 0 < np.abs(followed[1:] - alone[1:]).mean() < 3


def test_a_mesh_is_read_as_point_after_point(extractor, clips):
    own = load_mediapipe().solutions.face_mesh.FaceMesh(max_num_faces=1, refine_landmarks=True)
    found = own.process(clips[0][0]).multi_face_landmarks[0]
    np.testing.assert_array_equal(mesh_array(found.SerializeToString(), (3, 5, 7)), landmark_array(found, (3, 5, 7)))
    found.landmark[0].visibility = 0.5
    with pytest.raises(ValueError, match="a mesh of 8131 bytes does not consist of points with x, y and z only"):
        mesh_array(found.SerializeToString(), SIZE)
    found.landmark[0].ClearField("z")  # which takes as many bytes as a visibility
    with pytest.raises(ValueError, match="a mesh of 8126 bytes"):
        mesh_array(found.SerializeToString(), SIZE)


def test_lengths_and_cross_products_are_those_of_numpy_to_the_last_bit():
    for a, b in np.random.default_rng(0).normal(scale=100, size=(1000, 2, 3)):
        assert norm(a) == np.linalg.norm(a)
        np.testing.assert_array_equal(cross(a, b), np.cross(a, b))
