"""Which face speaks, in recordings composed of real clips; and the lips of real faces."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from benchmarks.tools import scenes
from features.types import VideoStream
from features.video.landmarks import Landmarks, LandmarksConfig, measure
from pipeline.settings.streams import VideoConfig
from pipeline.streams import video
from pipeline.streams.faces import cut_face, detector, found_faces
from pipeline.streams.frames import survey
from pipeline.streams.sampling import seen
from pipeline.streams.spans import Region, Span
from pipeline.streams.speaker.voice import Voice
from pipeline.streams.speaker.watching import lips_apart, sightings, watch
from pipeline.streams.video import NOBODY, read_video
from tests.conftest import DATA, needs_data

pytestmark = needs_data

SIZE, SPEAKING = VideoConfig(detect_every_s=0), VideoConfig(follow="speaking", mouth_fps=12.5)
A, B, C = (DATA / "grid" / name for name in ("s1/bbaf2n.mpg", "speakers/lrwp9a.mpg", "speakers/swiz3n.mpg"))
WHOLE = Span(0.0, 3.0)


@pytest.fixture(scope="module")
def clips():
    return [scenes.pictures(path) for path in (A, B, C)]


@pytest.fixture(scope="module")
def voices():
    return [scenes.sound(path) for path in (A, B)]


def stream(path, config=SPEAKING, span=WHOLE, voice=None):
    ((_, outcome),) = read_video(path, [span], config, "clip.mp4", {} if voice is None else {0: voice})
    assert isinstance(outcome, VideoStream), outcome
    return outcome


def on_the_right(found, width=720):
    """Whether the followed face is in the right half, in each frame."""
    assert all(found.faces)
    return (found.boxes[:, 0] + found.boxes[:, 2] / 2 > width / 2).tolist()


@pytest.mark.parametrize("listens", [scenes.frozen, scenes.listening])
def test_the_speaker_is_followed_and_not_the_listener(tmp_path, clips, voices, listens):
    a, b, _ = clips
    for right, shown in enumerate([(a, listens(b)), (listens(a), b)]):
        path = scenes.compose(tmp_path / f"{right}.mp4", scenes.beside(*shown), voices[right])
        found = stream(path)
        assert on_the_right(found) == [bool(right)] * 15
        assert found.note == ""


def test_of_two_talkers_the_one_who_is_heard_is_followed(tmp_path, clips, voices):
    """The sound may also lie in another file, come late, or be one of several tracks: the voice says where it is."""
    path = scenes.compose(tmp_path / "both.mp4", scenes.beside(*clips[:2]), voices[0])
    assert on_the_right(stream(path)) == [False] * 15
    late = scenes.compose(tmp_path / "late.mp4", clips[1][:1] * 125, voices[1], late_s=2.0)
    assert on_the_right(stream(path, voice=Voice(late, Span(2.0, 5.0)))) == [True] * 15
    own = stream(path, span=replace(WHOLE, region=Region(0.5, 0, 1, 1)))
    assert on_the_right(own) == [True] * 15  # a region decides first


def test_the_speaker_is_followed_where_people_change_places(tmp_path, clips, voices):
    a, b, _ = clips
    shown = [*scenes.beside(a[:38], b[:38]), *scenes.beside(b[38:], a[38:])]
    found = stream(scenes.compose(tmp_path / "changing.mp4", shown, voices[0]))
    assert on_the_right(found) == [time_s > 1.51 for time_s in found.times]
    assert "1 cut" in found.note


def test_a_small_speaker_in_the_corner_is_followed(tmp_path, clips, voices):
    a, b, c = clips
    path = scenes.compose(tmp_path / "corner.mp4", scenes.in_the_corner(a, scenes.listening(b)), voices[0])
    assert on_the_right(stream(path)) == [True] * 15
    assert (stream(path, SIZE).boxes[:, 2] > 100).all()
    path = scenes.compose(tmp_path / "three.mp4", scenes.beside(scenes.listening(a), b, scenes.frozen(c)), voices[1])
    found = stream(path)
    assert ((found.boxes[:, 0] > 360) & (found.boxes[:, 0] < 720)).all()


def test_the_largest_is_followed_and_a_note_says_so_where_nobody_in_the_picture_speaks(tmp_path, clips, voices):
    a, b, c = clips
    shown = scenes.beside(scenes.listening(a), scenes.frozen(c))
    off_screen = scenes.compose(tmp_path / "off.mp4", shown, voices[1])
    mute = scenes.compose(tmp_path / "mute.mp4", scenes.beside(a, b), None)
    notes = [NOBODY, "the voice cannot be heard (clip.mp4 has no audio stream): the largest face is followed"]
    for path, note in zip((off_screen, mute), notes, strict=True):
        found, plain = stream(path), stream(path, SIZE)
        assert found.note == note
        assert plain.note == ""
        assert found.faces == plain.faces
        np.testing.assert_array_equal(found.boxes, plain.boxes)


def test_one_face_is_read_as_where_the_largest_is_followed(monkeypatch):
    def nothing(spans):
        assert not spans, "nothing is to be measured where there is one face"
        return {}

    monkeypatch.setattr(video, "watch", lambda _path, _contents, spans, _config: nothing(spans).items())
    monkeypatch.setattr(video, "levels", nothing)
    found, plain = stream(A), stream(A, VideoConfig())
    assert found.faces == plain.faces
    assert found.frames == plain.frames
    assert found.note == plain.note == ""


def test_spans_with_several_faces_do_not_wait_for_the_end(tmp_path, clips, voices, monkeypatch):
    """Their order changes nothing, nor how many wait for each other."""
    path = scenes.compose(tmp_path / "both.mp4", scenes.beside(*clips[:2]), voices[0])
    spans = [Span(0.0, 2.0), Span(0.5, 2.5), Span(0.0, 2.0, Region(0, 0, 0.5, 1))]
    together = dict(read_video(path, spans, SPEAKING))
    monkeypatch.setattr(video, "MOST_HELD", 1)
    early = list(read_video(path, spans, SPEAKING))
    assert [index for index, _ in early] == [2, 0, 1]
    for index, outcome in early:
        assert outcome.faces == together[index].faces


def test_frames_that_are_sampled_anyway_are_among_those_read(tmp_path, clips, voices):
    path = scenes.compose(tmp_path / "both.mp4", scenes.beside(*clips[:2])[:20], voices[0])
    contents = survey(path)
    assert contents is not None
    sampled = seen(contents.times, contents.end_s, np.array([0.0, 0.2, 0.4]), 0.2)[0]
    ((key, glances),) = watch(path, contents, {5: (Span(0.0, 0.6), sampled)}, SPEAKING)
    assert key == 5
    assert [glance.number for glance in glances] == [0, 2, 4, 5, 6, 8, 10, 12, 14]  # every other one, and the fifth
    assert [len(glance.faces) for glance in glances] == [2] * 9
    np.testing.assert_allclose([glance.time_s for glance in glances], [glance.number / 25 for glance in glances])


def test_lips_are_those_of_the_landmarks(clips):
    """The distance of the outer edges is about that of the lips' thicknesses and of the opening between them."""
    picture = clips[0][30]
    detect = detector("mediapipe", 0.5)
    ((face,), (found,)) = sightings(picture, detect), found_faces(picture, detect)
    kept = cut_face(picture, found, 0.25, 224, 95)
    assert face.box == kept.box
    crop = cv2.cvtColor(cv2.imdecode(np.frombuffer(kept.image, np.uint8), 1), cv2.COLOR_BGR2RGB)
    landmarks = Landmarks(LandmarksConfig())
    (mesh,) = landmarks._meshes([crop])
    values = dict(zip(landmarks.feature_names, measure(mesh), strict=True))
    parts = values["upper_lip"] + values["mouth_opening"] + values["lower_lip"]
    assert face.lips == pytest.approx(parts, rel=0.12)
    assert np.isnan(lips_apart(np.zeros((224, 224, 3), np.uint8)))
