"""The strip of sampled frames: which are shown, and where the boxes of faces are."""

from dataclasses import replace

import numpy as np

from features.types import VideoStream
from features.video.images import read_jpeg
from pipeline.reporting.utterance.faces import HEIGHT, followed, shown, strip, strip_of
from pipeline.streams.pictures import jpeg
from pipeline.streams.spans import Region


def stream(boxes: list[tuple[float, ...]]) -> VideoStream:
    """Frames of 80 x 40 pixels, of a recording of 160 x 80."""
    n = len(boxes)
    frame = jpeg(np.full((40, 80, 3), 128, np.uint8), 90)
    numbers = np.array(boxes, np.float32)
    scores = np.where(np.isfinite(numbers[:, 0]), np.float32(0.9), np.float32("nan"))
    return VideoStream(np.arange(n) / 5, (b"",) * n, (frame,) * n, numbers, numbers, scores)


def test_boxes_are_parts_of_the_frame_and_other_faces_are_kept_apart() -> None:
    nobody = (np.nan,) * 4
    found = strip(
        stream([(40, 20, 80, 40), nobody]), (160, 80), None, lambda _: [(20.0, 10.0, 40.0, 20.0), (0.0, 0.0, 8.0, 8.0)]
    )
    assert found is not None
    assert found.frames[0] == {"frame": 0, "box": [0.25, 0.25, 0.5, 0.5], "others": [[0.0, 0.0, 0.1, 0.2]]}
    assert found.frames[1] == {"frame": 1, "box": None, "others": None}  # searched in every second frame
    assert read_jpeg(found.image).shape == (40, 160, 3)
    assert found.width == 2.0


def test_without_the_size_of_the_recording_a_lone_face_is_the_followed_one() -> None:
    found = strip(stream([(40, 20, 80, 40)]), None, None, lambda _: [(8.0, 4.0, 8.0, 4.0)])
    assert found is not None
    assert found.frames == [{"frame": 0, "box": [0.1, 0.1, 0.1, 0.1], "others": []}]


def test_only_frames_that_were_kept_are_shown() -> None:
    whole = stream([(40, 20, 80, 40)] * 4)
    kept = replace(whole, frames=tuple(b"" if i % 2 else frame for i, frame in enumerate(whole.frames)))
    found = strip(kept, (160, 80), None, lambda _: [])
    assert found is not None
    assert [frame["frame"] for frame in found.frames] == [0, 2]


def test_a_region_is_what_its_frames_show() -> None:
    assert followed((120, 40, 40, 40), (160, 80), Region(0.5, 0.5, 1, 1)) == (0.5, 0.0, 0.5, 1.0)


def test_few_frames_are_all_shown_and_many_from_the_first_to_the_last() -> None:
    assert shown(0) == []
    assert shown(1) == [0]
    many = shown(1000)
    assert (many[0], many[-1]) == (0, 999)


def test_pictures_without_a_stream_have_no_boxes() -> None:
    assert strip_of([]) is None
    found = strip_of([np.zeros((240, 320, 3), np.uint8)] * 2)
    assert found is not None
    assert read_jpeg(found.image).shape == (HEIGHT, 2 * 128, 3)
    assert [frame["box"] for frame in found.frames] == [None, None]
