"""Streams of real and composed recordings: times, faces, the followed person, and reasons for having no stream."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from features.errors import EmptyInput, NoStream
from features.types import VideoStream
from pipeline.settings.streams import AudioConfig, VideoConfig
from pipeline.streams import frames, video
from pipeline.streams.audio import read_audio
from pipeline.streams.container.opening import MediaError
from pipeline.streams.decode import probe
from pipeline.streams.pictures import Painter, iou
from pipeline.streams.spans import Region, Span
from pipeline.streams.video import read_video

DATA = Path(__file__).parents[4] / "shared" / "data"
CONFIG = VideoConfig()
GRID = "grid/s1/bbaf2n.mpg"
RAVDESS = "ravdess/av/01-01-08-02-02-02-01.mp4"
HALF_A_FRAME = {".mpg": 0.5 / 25, ".mp4": 0.5 / 29.97, ".mov": 0.5 / 24}


def real(name):
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"needs the real recording {path}")
    return path


def whole(path, config=CONFIG, **span):
    ((_, outcome),) = read_video(path, [Span(0.0, probe(path).duration_s, **span)], config)
    return outcome


def pictures(name):
    with av.open(str(real(name))) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def write(path, frames, prepare=lambda stream: None, rate=25):
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate, options={"crf": "12", "preset": "ultrafast"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        prepare(stream)
        for picture in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def two_people(tmp_path_factory):
    """A speaker at 5/4 of the size, left of another at 4/5, on grey; the larger is absent in the last third."""
    left, right = pictures(GRID)[:60], pictures("grid/speakers/lrwp9a.mpg")[:60]
    frames = []
    for i, (a, b) in enumerate(zip(left, right, strict=True)):
        canvas = np.full((360, 900, 3), 128, np.uint8)
        if i < 40:
            canvas[:, :450] = cv2.resize(a, (450, 360))
        canvas[60:290, 495:783] = cv2.resize(b, (288, 230))
        frames.append(canvas)
    return write(tmp_path_factory.mktemp("video") / "two.mp4", frames)


@pytest.mark.parametrize(
    "name", [GRID, "grid/s1/swih9a.mpg", "grid/speakers/pwij3p.mpg", "grid/speakers/swiz3n.mpg", RAVDESS]
)
def test_real_clips_have_their_face_and_their_times(name):
    path = real(name)
    stream = whole(path)
    n = len(stream.times)
    assert n == pytest.approx(probe(path).duration_s * 5, abs=1)
    assert np.abs(stream.times - np.arange(n) / 5).max() <= HALF_A_FRAME[path.suffix]
    assert np.mean([bool(face) for face in stream.faces]) >= 0.99
    assert stream.boxes.shape == stream.crops.shape == (n, 4)
    assert stream.boxes.dtype == stream.crops.dtype == stream.scores.dtype == np.float32
    assert [bool(frame) for frame in stream.frames] == [i % 5 == 0 or i == n - 1 for i in range(n)]
    for face in stream.faces:
        assert cv2.imdecode(np.frombuffer(face, np.uint8), 1).shape == (224, 224, 3)
    for frame in stream.frames[::5]:
        assert cv2.imdecode(np.frombuffer(frame, np.uint8), 1).shape[0] == 256
    assert (stream.crops[:, :2] <= stream.boxes[:, :2]).all()
    assert (stream.crops[:, :2] + stream.crops[:, 2:] >= stream.boxes[:, :2] + stream.boxes[:, 2:]).all()


def test_a_crop_shows_its_square():
    path, frames = real(GRID), pictures(GRID)
    stream = whole(path)
    for i in (0, 7, 14):
        x, y, side, _ = stream.crops[i].astype(int)
        expected = cv2.resize(frames[round(stream.times[i] * 25)][y : y + side, x : x + side], (224, 224))
        shown = cv2.imdecode(np.frombuffer(stream.faces[i], np.uint8), 1)[..., ::-1]
        assert np.abs(shown.astype(int) - expected).mean() < 3


def test_the_same_recording_gives_the_same_bytes():
    path = real(GRID)
    first, second = whole(path), whole(path)
    assert first.faces == second.faces
    assert first.frames == second.frames
    np.testing.assert_array_equal(first.boxes, second.boxes)


def test_whole_frames_are_the_same_whatever_the_step_and_the_last_one_is_kept():
    each, some = (whole(real(GRID), VideoConfig(frame_step=step)) for step in (1, 4))
    assert all(each.frames)
    last = len(each.frames) - 1
    assert last % 4
    assert some.frames == tuple(frame if i % 4 == 0 or i == last else b"" for i, frame in enumerate(each.frames))
    assert some.faces == each.faces


def test_no_face_is_empty():
    outcome = whole(real("edge/no_face.mp4"))
    assert isinstance(outcome, EmptyInput)
    assert "no face in any sampled frame (20 in all)" in str(outcome)


def test_a_face_that_leaves_is_seen_in_the_first_part_only():
    stream = whole(real("edge/face_noface.mov"))
    seen = [bool(face) for face in stream.faces]
    assert seen[:8] == [True] * 8
    assert not any(seen[16:])
    np.testing.assert_array_equal(np.isfinite(stream.boxes).all(1), seen)
    np.testing.assert_array_equal(np.isfinite(stream.crops).all(1), seen)
    np.testing.assert_array_equal(np.isfinite(stream.scores), seen)


def test_a_speech_with_a_variable_frame_rate():
    stream = whole(real("edge/obama_speech.mp4"))
    assert np.abs(stream.times - np.arange(len(stream.times)) / 5).max() <= 0.5 / 12
    assert all(stream.faces)


def test_of_two_people_the_track_with_the_larger_weight_is_followed(two_people):
    stream = whole(two_people)
    assert [bool(face) for face in stream.faces] == [True] * 8 + [False] * 4
    assert (stream.boxes[:8, 0] < 450).all()
    late = dict(read_video(two_people, [Span(1.0, 2.4)], CONFIG))[0]  # 3 samples of the larger, 7 of the smaller
    assert all(late.faces)
    assert (late.boxes[:, 0] > 450).all()


def test_a_region_picks_the_person(two_people):
    stream = whole(two_people, region=Region(0.5, 0.0, 1.0, 1.0))
    assert all(stream.faces)
    assert (stream.boxes[:, 0] > 450).all()  # in pixels of the whole picture
    assert cv2.imdecode(np.frombuffer(stream.frames[0], np.uint8), 1).shape == (256, 320, 3)
    other = whole(two_people, region=Region(0.0, 0.0, 0.5, 1.0))
    assert [bool(face) for face in other.faces] == [True] * 8 + [False] * 4


def test_a_lone_face_is_followed_over_a_jump_cut(tmp_path):
    frames = [np.roll(picture, 150 * (i >= 25), axis=1) for i, picture in enumerate(pictures(GRID)[:50])]
    frames = [np.pad(picture, ((0, 0), (0, 200), (0, 0)), mode="edge") for picture in frames]
    stream = whole(write(tmp_path / "cut.mp4", frames))
    assert all(stream.faces)
    assert stream.boxes[-1, 0] - stream.boxes[0, 0] > 100
    assert "across 1 cut:" in stream.note
    assert whole(real(GRID)).note == ""


@pytest.mark.parametrize("sizes", [[(360, 288), (720, 576)], [(720, 576), (360, 288), (240, 192)]])
def test_a_face_is_followed_where_the_pictures_size_changes(tmp_path, sizes):
    """As a video call does it: intra-coded pictures of several sizes in one stream, boxes in pixels of the first."""
    shown, shots = pictures(GRID)[:60], []
    for i, (width, height) in enumerate(sizes):
        part = shown[i * 20 : i * 20 + 20]
        shots.append(write(tmp_path / f"{i}.mkv", [cv2.resize(picture, (width, height)) for picture in part]))
    stream, plain = whole(joined(tmp_path / "call.mkv", shots)), whole(real(GRID))
    n = len(stream.times)
    assert n == 4 * len(sizes)
    assert all(stream.faces)
    assert stream.note == ""
    np.testing.assert_allclose(stream.boxes, plain.boxes[:n] * (sizes[0][0] / 360), atol=12)
    np.testing.assert_allclose(stream.crops[:, 2] / stream.boxes[:, 2], 1.5, atol=0.03)


def joined(path, shots):
    """Write the packets of recordings of one codec one after the other into one stream, each with its own headers."""
    with av.open(str(path), "w") as container:
        stream, shift = None, 0
        for shot in shots:
            with av.open(str(shot)) as source:
                headers = av.bitstream.BitStreamFilterContext("h264_mp4toannexb", source.streams.video[0])
                packets = [p for packet in source.demux(video=0) for p in headers.filter(packet) if p.size]
                if stream is None:
                    stream = container.add_stream_from_template(source.streams.video[0])
                for packet in packets:
                    packet.pts, packet.dts, packet.stream = packet.pts + shift, packet.dts + shift, stream
                    container.mux(packet)
                shift += 20 * 40
    return path


def test_spans_may_overlap_and_come_in_any_order(two_people):
    spans = [Span(1.21, 2.0), Span(0.0, 1.5), Span(0.5, 1.9, Region(0.5, 0, 1, 1)), Span(7.0, 8.0), Span(1.21, 2.0)]
    outcomes = list(read_video(two_people, spans, CONFIG))
    assert [index for index, _ in outcomes] == [3, 1, 2, 0, 4]  # each as soon as its last frame is there
    together = dict(outcomes)
    assert isinstance(together[3], EmptyInput)
    for index in (0, 1, 2, 4):
        alone = dict(read_video(two_people, [spans[index]], CONFIG))[0]
        assert together[index].faces == alone.faces
        assert together[index].frames == alone.frames
        np.testing.assert_array_equal(together[index].times, alone.times)
        np.testing.assert_array_equal(together[index].boxes, alone.boxes)
    np.testing.assert_allclose(together[0].times, [-0.01, 0.19, 0.39, 0.59], atol=1e-6)


@pytest.fixture
def looked(monkeypatch):
    """The pictures in which the detector looks for faces."""
    pictures, plain = [], video.found_faces
    monkeypatch.setattr(video, "found_faces", lambda *given: pictures.append(given[0]) or plain(*given))
    return pictures


def test_faces_of_a_frame_are_detected_once_for_all_spans(two_people, looked):
    list(read_video(two_people, [Span(0.0, 1.0)] * 3, CONFIG))
    assert len(looked) == 5


@pytest.mark.parametrize(("name", "most"), [(GRID, 3), ("grid/speakers/lrwp9a.mpg", 3), (RAVDESS, 4)])
def test_a_lone_face_is_detected_once_a_second_and_is_where_the_detector_finds_it(name, most, looked):
    path = real(name)
    stream = whole(path)
    assert len(looked) == most
    every = whole(path, replace(CONFIG, detect_every_s=0))
    assert len(looked) == most + len(every.times)
    assert all(stream.faces)
    same = [i for i, (a, b) in enumerate(zip(stream.faces, every.faces, strict=True)) if a == b]
    assert same[0] == 0
    assert np.diff(same).max() <= 5
    overlap = [iou(tuple(a), tuple(b)) for a, b in zip(stream.boxes, every.boxes, strict=True)]
    assert np.mean(overlap) > 0.92
    assert min(overlap) > 0.8


def test_the_detector_runs_in_every_frame_of_several_people(two_people):
    every = replace(CONFIG, detect_every_s=0)
    for follow in ("size", "speaking"):
        for span in (Span(0.0, 1.6), Span(0.4, 2.4)):
            configs = (replace(config, follow=follow) for config in (CONFIG, every))
            ((_, stream),), ((_, dense),) = (read_video(two_people, [span], config) for config in configs)
            assert stream.faces == dense.faces


def test_a_single_face_costs_no_more_if_the_speaker_is_followed(looked):
    path = real(GRID)
    ((_, largest),) = read_video(path, [Span(0.0, 2.5)], CONFIG)
    runs = len(looked)
    ((_, speaking),) = read_video(path, [Span(0.0, 2.5)], replace(CONFIG, follow="speaking"))
    assert speaking.faces == largest.faces
    assert len(looked) == 2 * runs < len(largest.faces)


@pytest.mark.parametrize(("degrees", "mirrored"), [(90, False), (180, False), (270, False), (0, True), (90, True)])
def test_phone_recordings_are_turned_upright(tmp_path, degrees, mirrored):
    """Players turn the stored picture by `degrees` counter-clockwise, then mirror it."""
    original = pictures(GRID)[:10]
    stored = [np.rot90(picture[:, ::-1] if mirrored else picture, -degrees // 90) for picture in original]
    path = write(
        tmp_path / "phone.mp4",
        [np.ascontiguousarray(picture) for picture in stored],
        lambda stream: stream.set_display_rotation(degrees, hflip=mirrored),
    )
    with av.open(str(path)) as container:
        shown = Painter(1.0)(next(container.decode(video=0)))
    assert shown.shape == original[0].shape
    assert np.abs(shown.astype(int) - original[0]).mean() < 6
    stream = whole(path)
    upright = whole(write(tmp_path / "upright.mp4", original))
    assert all(stream.faces)
    np.testing.assert_allclose(stream.boxes, upright.boxes, atol=6)


def test_pixels_that_are_not_square_become_so(tmp_path):
    squeezed = [cv2.resize(picture, (240, 288)) for picture in pictures(GRID)[:10]]

    def widen(stream):
        stream.codec_context.sample_aspect_ratio = Fraction(3, 2)

    stream = whole(write(tmp_path / "wide.mp4", squeezed, widen))
    plain = whole(real(GRID))
    np.testing.assert_allclose(stream.boxes[0], plain.boxes[0], atol=6)


def test_a_cover_is_not_a_picture_stream(tmp_path):
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as container:
        voice = container.add_stream("aac", rate=16000)
        cover = container.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        container.mux(cover.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")))
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 16000), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 16000
        container.mux(voice.encode(sound))
        container.mux(voice.encode(None))
    (outcome,) = dict(read_video(path, [Span(0, 1)], CONFIG)).values()
    assert isinstance(outcome, NoStream)


@pytest.mark.parametrize("content", [None, b"", b"no recording at all" * 99])
def test_unreadable_recordings_fail_every_span(tmp_path, content):
    path = tmp_path / "clip.mp4"
    if content is not None:
        path.write_bytes(content)
    outcomes = dict(read_video(path, [Span(0, 1), Span(1, 2)], CONFIG))
    assert sorted(outcomes) == [0, 1]
    assert all(isinstance(outcome, MediaError) and "clip.mp4" in str(outcome) for outcome in outcomes.values())


def test_a_truncated_recording_fails_only_the_spans_after_the_break(tmp_path):
    source = real(RAVDESS)
    path = tmp_path / "cut.mp4"
    path.write_bytes(source.read_bytes()[: source.stat().st_size * 6 // 10])
    outcomes = dict(read_video(path, [Span(0, 3.2), Span(0, 1.0), Span(2.8, 3.2)], CONFIG))
    assert isinstance(outcomes[1], VideoStream)
    assert all("breaks off at" in str(outcomes[i]) and isinstance(outcomes[i], MediaError) for i in (0, 2))
    complete = dict(read_video(source, [Span(0, 1.0)], CONFIG))[0]
    assert outcomes[1].faces == complete.faces


def test_haar_finds_the_same_face():
    path = real(GRID)
    found, expected = whole(path, replace(CONFIG, detector="haar")), whole(path)
    both = np.isfinite(found.scores) & np.isfinite(expected.scores)
    assert both.mean() > 0.9
    np.testing.assert_allclose(found.boxes[both], expected.boxes[both], atol=30)


@pytest.mark.parametrize("content", [None, b"", b"no recording at all" * 99])
def test_messages_call_a_recording_by_its_name(tmp_path, content):
    path = tmp_path / "clip.mp4"
    if content is not None:
        path.write_bytes(content)
    for read, config in ((read_video, CONFIG), (read_audio, AudioConfig())):
        ((_, outcome),) = read(path, [Span(0, 1)], config, "videos/clip.mp4")
        assert str(outcome).startswith("videos/clip.mp4 ")
        assert str(tmp_path) not in str(outcome)


def test_messages_call_a_recording_without_sound_or_picture_by_its_name(tmp_path):
    silent = write(tmp_path / "silent.mp4", [np.zeros((64, 64, 3), np.uint8)] * 5)
    ((_, outcome),) = read_audio(silent, [Span(0, 0.2)], AudioConfig(), "a/silent.mp4")
    assert str(outcome) == "a/silent.mp4 has no audio stream"
    ((_, outcome),) = read_video(silent, [Span(0, 0.2, track="eng")], CONFIG, "a/silent.mp4")
    assert str(outcome).startswith("a/silent.mp4 has no video track 'eng'")


def in_container(path, codec, source, options):
    """Write the pictures of a real recording three times over into another container, and return it."""
    frames = pictures(source) * 3
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for picture in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("a.mpg", "mpeg2video", {"bf": "2", "g": "12"}),
        ("a.mkv", "libx264", {"x264-params": "open-gop=1:bframes=3:keyint=25"}),
        ("a.webm", "libvpx-vp9", {"deadline": "realtime", "cpu-used": "8", "g": "30"}),
    ],
)
def test_parts_of_a_recording_have_the_bytes_of_the_whole(tmp_path, name, codec, options):
    path = in_container(tmp_path / name, codec, GRID, options)
    assert frames.divisible(path)
    spans = [Span(at / 2, at / 2 + 1) for at in range(16)]
    together = dict(read_video(path, spans, CONFIG))
    apart = [dict(read_video(path, spans[first : first + 6], CONFIG)) for first in (0, 6, 12)]
    for index, one in together.items():
        other = apart[index // 6][index % 6]
        assert isinstance(one, VideoStream)
        assert (one.faces, one.frames, one.note) == (other.faces, other.frames, other.note)
        np.testing.assert_array_equal(one.times, other.times)
        np.testing.assert_array_equal(one.crops, other.crops)


@pytest.mark.parametrize("name", [GRID, RAVDESS])
def test_parts_of_a_real_clip_have_the_bytes_of_the_whole(name):
    path = real(name)
    spans = [Span(0, 1), Span(1, 2), Span(2, 2.9)]
    together = dict(read_video(path, spans, CONFIG))
    for index, span in enumerate(spans):
        ((_, alone),) = read_video(path, [span], CONFIG)
        assert (together[index].faces, together[index].frames) == (alone.faces, alone.frames)
