"""Measures of the body pose against made-up bodies, and on real and turned pictures."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from features.errors import EmptyInput, ExtractorError
from features.registry import build
from features.video.images import read_jpeg
from features.video.posture import MEASURES, Body, Posture, PostureConfig, functionals, head, measure, motion
from pipeline.settings.streams import VideoConfig
from pipeline.streams.decode import probe
from pipeline.streams.spans import Span
from pipeline.streams.video import read_video

DATA = Path(__file__).parents[4] / "shared" / "data"


def stream_of(name):
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"needs the real recording {path}")
    return dict(read_video(path, [Span(0.0, min(probe(path).duration_s, 3.0))], VideoConfig(frame_step=1)))[0]


def encoded(picture):
    return cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 98])[1].tobytes()


def changed(stream, change):
    return replace(stream, frames=tuple(encoded(change(read_jpeg(frame))) for frame in stream.frames))


def column(features, name):
    return features.values[:, MEASURES.index(name)]


def body(visibility=1.0, **moved):
    """A frontal body, its head 0.2 heights wide; `moved` shifts points, ``p11=(x, y)``."""
    points = np.zeros((33, 2))
    eyes = [(0.52 + 0.02 * i, 0.3) for i in range(3)] + [(0.48 - 0.02 * i, 0.3) for i in range(3)]
    points[:13] = [(0.5, 0.35), *eyes, (0.6, 0.32), (0.4, 0.32), (0.53, 0.4), (0.47, 0.4), (0.7, 0.6), (0.3, 0.6)]
    for number, shift in moved.items():
        points[int(number[1:])] += shift
    return Body(points, visibility)


def named(values):
    return dict(zip(MEASURES, values, strict=False))


@pytest.fixture(scope="module")
def extractor():
    return Posture(PostureConfig())


@pytest.fixture(scope="module")
def clip():
    return stream_of("grid/s1/bbaf2n.mpg")


def test_a_frontal_body_by_hand():
    values = named(measure(body(), 0.5))
    assert values["head_size"] == pytest.approx(0.2)
    assert values["head_pitch"] == pytest.approx(-np.degrees(np.arctan(0.03 / 0.2 / 0.85)), abs=1e-4)
    assert values["shoulder_width"] == pytest.approx(2)
    assert values["shoulder_raise"] == pytest.approx(-1)
    for name in ("head_yaw", "head_roll", "shoulder_tilt", "lean_side"):
        assert values[name] == pytest.approx(0, abs=1e-5), name


@pytest.mark.parametrize("yaw", [-50, -20, 0, 35])
@pytest.mark.parametrize("roll", [-30, 0, 25])
def test_head_angles_of_a_head_turned_in_space(yaw, roll):
    y, r = np.radians([yaw, roll])
    points = np.zeros((33, 3))
    points[0] = (0, 0, -0.85)  # nose
    points[1:7] = [(0.2 + 0.1 * i, -0.2, -0.6) for i in range(3)] + [(-0.2 - 0.1 * i, -0.2, -0.6) for i in range(3)]
    points[7:9] = [(0.5, 0, 0), (-0.5, 0, 0)]
    turn = np.array([[np.cos(y), 0, -np.sin(y)], [0, 1, 0], [np.sin(y), 0, np.cos(y)]])
    tip = np.array([[np.cos(r), -np.sin(r)], [np.sin(r), np.cos(r)]])
    turned = (points @ turn.T)[:, :2] @ tip.T
    assert head(Body(turned * 0.3 + 0.5, 1.0)) == pytest.approx((yaw, 0, roll, 0.3), abs=1e-6)


@pytest.mark.parametrize(
    ("moved", "name", "expected"),
    [
        ({"p11": (0, 0.4)}, "shoulder_tilt", 45),
        ({"p11": (0, -0.1), "p12": (0, -0.1)}, "shoulder_raise", -0.5),
        ({"p11": (-0.1, 0), "p12": (-0.1, 0)}, "lean_side", 0.5),
        ({"p11": (0.2, 0)}, "shoulder_width", 3),
    ],
)
def test_moved_shoulders(moved, name, expected):
    assert named(measure(body(**moved), 0.5))[name] == pytest.approx(expected, abs=1e-4)


def test_shoulders_out_of_sight_are_undefined_and_the_head_is_not():
    values = measure(body(visibility=0.3), 0.5)
    assert np.isfinite(values[:5]).all()
    assert np.isnan(values[5:]).all()


def test_motion_by_hand():
    bodies = [body(), body(p0=(0, 0.1)), body(p0=(0, 0.1), p11=(0, 0.04), p12=(0, 0.04)), body(0.1)]
    found = motion(bodies, np.array([0.0, 0.2, 0.4, 0.6]), 0.5)
    np.testing.assert_allclose(found[:, 0], [np.nan, 2.5, 0, 2.5], atol=1e-5)
    np.testing.assert_allclose(found[:, 1], [np.nan, 0, 1, np.nan], atol=1e-5)


def test_functionals_ignore_undefined_values():
    values = np.array([[1, np.nan, np.nan], [3, 5, np.nan]], dtype=np.float32)
    np.testing.assert_allclose(functionals(values), [2, 5, np.nan, 1, 0, np.nan])


@pytest.mark.parametrize("name", ["grid/speakers/brbk7n.mpg", "edge/obama_speech.mp4", "edge/no_audio.mp4"])
def test_real_bodies(extractor, name):
    stream = stream_of(name)
    found = extractor.extract(stream)
    assert len(found.values) >= 0.9 * len(stream.times[::5])
    assert found.values.shape[1] == len(extractor.feature_names) == len(MEASURES)
    assert found.pooled.shape == (len(extractor.pooled_names),)
    assert found.values.dtype == found.pooled.dtype == np.float32
    assert not np.isinf(found.values).any()
    assert np.isnan(found.values[0, -2:]).all()
    assert np.abs(column(found, "head_yaw")).max() < 60
    assert 1.2 < np.nanmedian(column(found, "shoulder_width")) < 4


def test_one_frame_a_second_by_default(extractor, clip):
    found, every = extractor.extract(clip), Posture(PostureConfig(step=1)).extract(clip)
    np.testing.assert_array_equal(found.times[:, 0], clip.times[::5])
    np.testing.assert_array_equal(every.times[:, 0], clip.times)
    np.testing.assert_allclose(found.times[0], [0, 1.0], atol=1e-9)


def test_frames_that_the_stream_did_not_keep(extractor, clip):
    kept = replace(clip, frames=tuple(frame if i % 5 == 0 else b"" for i, frame in enumerate(clip.frames)))
    np.testing.assert_array_equal(extractor.extract(kept).values, extractor.extract(clip).values)
    with pytest.raises(ExtractorError, match=r"step is 2, but .* streams\.video\.frame_step to 2"):
        Posture(PostureConfig(step=2)).extract(kept)


def test_a_clip_measures_the_same_before_and_after_others(extractor, clip):
    before = extractor.extract(clip)
    extractor.extract(stream_of("edge/no_audio.mp4"))
    np.testing.assert_array_equal(extractor.extract(clip).values, before.values)
    np.testing.assert_array_equal(Posture(PostureConfig()).extract(clip).values, before.values)


def test_a_mirrored_picture_turns_the_other_way():
    stream, extractor = stream_of("edge/no_audio.mp4"), Posture(PostureConfig(step=2))
    plain, mirrored = extractor.extract(stream), extractor.extract(changed(stream, np.fliplr))
    for name, tolerance in (("head_roll", 4), ("shoulder_tilt", 3), ("head_yaw", 8)):
        expected = -np.nanmean(column(plain, name))
        assert np.nanmean(column(mirrored, name)) == pytest.approx(expected, abs=tolerance), name


def test_a_turned_picture_tilts_head_and_shoulders():
    stream, extractor = stream_of("edge/obama_speech.mp4"), Posture(PostureConfig(step=2))
    height, width = read_jpeg(stream.frames[0]).shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), -15, 0.8)  # clockwise

    def turned(frame):
        return cv2.warpAffine(frame, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)

    plain, tilted = extractor.extract(stream), extractor.extract(changed(stream, turned))
    for name in ("head_roll", "shoulder_tilt"):
        assert np.nanmean(column(tilted, name)) - np.nanmean(column(plain, name)) == pytest.approx(15, abs=6), name


def test_no_body_is_empty(extractor, clip):
    with pytest.raises(EmptyInput, match=r"no body in any measured frame \(3 in all\)"):
        extractor.extract(changed(clip, lambda frame: np.full_like(frame, 90)))


def test_settings():
    assert build("posture", {"min_visibility": 0.3}).config.min_visibility == 0.3
    for setting, value in (("min_visibility", -1), ("min_score", 2), ("step", 0)):
        with pytest.raises(ExtractorError, match=f"{setting} is {value}"):
            build("posture", {setting: value})
