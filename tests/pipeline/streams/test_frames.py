"""Frames are chosen by time and decoded exactly: against recordings whose pictures show their own number."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from pipeline.streams import frames as frames_module
from pipeline.streams.container.opening import MediaError
from pipeline.streams.frames import decode, divisible, survey

DATA = Path(__file__).parents[4] / "shared" / "data"
WIDTH, HEIGHT = 160, 96
COUNT = 80
EVEN = [40 * i for i in range(COUNT)]
UNEVEN = np.cumsum(np.random.default_rng(1).integers(10, 90, COUNT)).tolist()

RECORDINGS = {  # file name: codec, stamps in ms, encoder options
    "plain.mp4": ("libx264", EVEN, {"bf": "3", "g": "12"}),
    "pyramid.mp4": ("libx264", EVEN, {"g": "24", "x264-params": "b-pyramid=normal:bframes=4"}),
    "open.mp4": ("libx264", EVEN, {"x264-params": "open-gop=1:bframes=3:keyint=12"}),
    "refresh.mp4": ("libx264", EVEN, {"x264-params": "intra-refresh=1:keyint=25"}),
    "uneven.mp4": ("libx264", UNEVEN, {"bf": "3", "g": "12"}),
    "late.mkv": ("libx264", [stamp + 1500 for stamp in UNEVEN], {"bf": "3", "g": "12"}),
    "vp9.webm": ("libvpx-vp9", UNEVEN, {"deadline": "realtime", "cpu-used": "8"}),
    "mpeg4.avi": ("mpeg4", EVEN, {}),
    "h264.avi": ("libx264", EVEN, {"bf": "3", "g": "12"}),
    "mpeg2.mpg": ("mpeg2video", EVEN, {"bf": "2"}),
    "stream.ts": ("libx264", EVEN, {"bf": "3", "g": "12"}),
    "raw.h264": ("libx264", EVEN, {"bf": "3"}),
    "hevc.mp4": ("libx265", EVEN, {"x265-params": "log-level=none:keyint=12"}),
}


def numbered(number):
    """A picture that shows `number` as ten black or white blocks."""
    picture = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    for bit in range(10):
        top, left = 8 + bit // 5 * 40, bit % 5 * 32
        picture[top : top + 36, left : left + 30] = 235 if number >> bit & 1 else 20
    return picture


def number_of(picture):
    tops, lefts = [8 + bit // 5 * 40 for bit in range(10)], [bit % 5 * 32 for bit in range(10)]
    bright = [picture[t + 10 : t + 26, x + 8 : x + 22].mean() > 128 for t, x in zip(tops, lefts, strict=True)]
    return sum(1 << bit for bit, on in enumerate(bright) if on)


def write(path, codec, stamps_ms, options, pictures=None):
    rate = 25
    base = Fraction(1, 1000) if stamps_ms is not EVEN else Fraction(1, rate)
    try:
        with av.open(str(path), "w") as container:
            stream = container.add_stream(codec, rate=rate, options=options)
            stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
            stream.time_base = stream.codec_context.time_base = base
            for i, stamp in enumerate(stamps_ms):
                frame = av.VideoFrame.from_ndarray(numbered(i), format="rgb24")
                frame.pts, frame.time_base = round(stamp / 1000 / base), base
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    except (av.error.FFmpegError, ValueError) as error:
        pytest.skip(f"this PyAV cannot write {path.name}: {error}")
    return path


@pytest.fixture(scope="module", params=RECORDINGS)
def recording(request, tmp_path_factory):
    codec, stamps, options = RECORDINGS[request.param]
    path = write(tmp_path_factory.mktemp("frames") / request.param, codec, stamps, options)
    with av.open(str(path)) as container:
        whole = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return path, np.array(stamps) / 1000, whole


def test_survey_places_every_frame(recording):
    path, stamps, _ = recording
    contents = survey(path)
    assert len(contents.times) == COUNT
    np.testing.assert_allclose(np.diff(contents.times), np.diff(stamps), atol=2e-3)
    assert contents.times[0] == pytest.approx(0.04 if path.name == "h264.avi" else 0.0, abs=2e-3)
    assert contents.breaks_off_s is None


@pytest.mark.parametrize("wanted", [range(0, COUNT, 5), [51, 52, 60], [0], [COUNT - 1], range(COUNT)])
def test_decoded_frames_are_the_wanted_ones_byte_for_byte(recording, wanted):
    path, _, whole = recording
    found = list(decode(path, survey(path), np.array(wanted)))
    assert [number for number, _ in found] == list(wanted)
    for number, frame in found:
        picture = frame.to_ndarray(format="rgb24")
        assert number_of(picture) == number
        np.testing.assert_array_equal(picture, whole[number])


NOT_TOLD = ("h264.avi", "raw.h264")  # their packets do not say when each picture is shown


def test_processes_that_share_a_recording_get_the_frames_of_the_whole(recording):
    """Each decodes a part of the wanted frames, and of the groups of pictures only those that it needs."""
    path, _, whole = recording
    assert divisible(path) == (path.name not in NOT_TOLD)
    for first in range(0, COUNT, 27):
        part = np.arange(first, min(first + 27, COUNT), 2)
        for number, frame in decode(path, survey(path), part):
            np.testing.assert_array_equal(frame.to_ndarray(format="rgb24"), whole[number])


def test_unwanted_frames_are_not_decoded(tmp_path, monkeypatch):
    path = write(tmp_path / "plain.mp4", *RECORDINGS["plain.mp4"])
    fed = []
    plain = frames_module._fed
    monkeypatch.setattr(frames_module, "_fed", lambda codec, packet: fed.append(packet) or plain(codec, packet))
    ((_, frame),) = decode(path, survey(path), np.array([50]))  # groups of 12: in the fifth, whose first is 48
    assert number_of(frame.to_ndarray(format="rgb24")) == 50
    assert min(packet.pts * packet.time_base * 25 for packet in fed if packet) >= 36
    assert len(fed) < 24


def test_without_wanted_frames_no_file_is_opened(tmp_path):
    path = write(tmp_path / "plain.mp4", *RECORDINGS["plain.mp4"])
    contents = survey(path)
    path.unlink()
    assert list(decode(path, contents, np.empty(0, np.int64))) == []


def test_a_frame_that_cannot_be_decoded_is_none(tmp_path):
    path = write(tmp_path / "plain.mp4", "libx264", EVEN, {"bf": "0", "g": "1"})  # every frame stands for itself
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        packet = [packet for packet in container.demux(video=0) if packet.size][20]
        data[packet.pos : packet.pos + packet.size] = b"\xff" * packet.size
    path.write_bytes(bytes(data))
    found = dict(decode(path, survey(path), np.array([15, 20, 25])))
    assert found[20] is None
    assert [number_of(found[i].to_ndarray(format="rgb24")) for i in (15, 25)] == [15, 25]


@pytest.mark.parametrize("name", ["ravdess/av/01-01-08-02-02-02-01.mp4", "grid/s1/bbaf2n.mpg", "edge/face_noface.mov"])
def test_real_frames_are_those_of_a_full_decode(name):
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"needs the real recording {path}")
    contents = survey(path)
    with av.open(str(path)) as container:
        whole = list(container.decode(video=0))
    assert len(whole) == len(contents.pts)
    for number, frame in decode(path, contents, np.arange(3, len(whole), 7)):
        assert frame.pts == whole[number].pts
        np.testing.assert_array_equal(frame.to_ndarray(), whole[number].to_ndarray())


def test_a_truncated_recording_is_known_to_break_off(tmp_path):
    path = write(tmp_path / "whole.mkv", "libx264", EVEN, {"bf": "3", "g": "12"})
    assert survey(path).breaks_off_s is None
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    contents = survey(path)
    assert contents.breaks_off_s == pytest.approx(contents.times[-1] + 0.04, abs=0.01)
    assert contents.breaks_off_s < 2.7


def test_missing_and_empty_recordings_are_refused(tmp_path):
    (tmp_path / "empty.mp4").touch()
    for name in ("missing.mp4", "empty.mp4"):
        with pytest.raises(MediaError, match=name):
            survey(tmp_path / name)
