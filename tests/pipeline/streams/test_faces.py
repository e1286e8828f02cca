"""Boxes, tracks and cuts against what can be worked out by hand; detectors against real faces."""

from itertools import permutations
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.streams.faces import (
    MAX_FACES,
    Detection,
    Face,
    affinity,
    cut,
    cut_faces,
    detector,
    follow,
    iou,
    jpeg,
    jumps,
    link,
    people,
    shrink,
    square,
)

DATA = Path(__file__).parents[4] / "shared" / "data"


def pictures(name, count):
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"needs the real recording {path}")
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return frames[:: max(len(frames) // count, 1)][:count]


def face(x, y, side, score=1.0):
    return Face((x, y, side, side), score, (x, y, side, side), f"{x} {y} {side}".encode())


boxes = st.tuples(*[st.integers(0, 60)] * 2, *[st.integers(1, 60)] * 2)


@given(boxes, boxes)
def test_iou_counts_pixels(a, b):
    canvas = np.zeros((2, 130, 130), bool)
    for layer, (x, y, w, h) in zip(canvas, (a, b), strict=True):
        layer[y : y + h, x : x + w] = True
    assert iou(a, b) == pytest.approx((canvas[0] & canvas[1]).sum() / (canvas[0] | canvas[1]).sum())
    assert iou(a, b) == iou(b, a)


def test_affinity_falls_with_distance_and_ends():
    start = (100, 100, 40, 40)
    near, far = affinity(start, (104, 100, 40, 40)), affinity(start, (120, 100, 40, 40))
    assert affinity(start, start) == 1
    assert 1 > near > far
    assert affinity(start, (130, 100, 40, 40)) is None
    assert affinity(start, (75, 75, 90, 90)) is None


@given(st.lists(st.integers(-6, 6), min_size=2, max_size=20), st.integers(2, 4), st.randoms(use_true_random=False))
def test_separate_faces_are_never_mixed_up(steps, people, random):
    at, frames, truth = [200 * person for person in range(people)], [], []
    for step in steps:
        at = [x + step for x in at]
        order = list(range(people))
        random.shuffle(order)
        frames.append([(at[person], 50, 40, 40) for person in order])
        truth.append(order)
    numbers = link(frames)
    named = [dict(zip(order, tracks, strict=True)) for order, tracks in zip(truth, numbers, strict=True)]
    assert all(names == named[0] for names in named)
    assert sorted(named[0].values()) == list(range(people))


@given(st.lists(st.lists(boxes, max_size=4), max_size=8))
def test_no_track_twice_in_a_frame(frames):
    numbers = link(frames)
    assert [len(tracks) for tracks in numbers] == [len(found) for found in frames]
    assert all(len(set(tracks)) == len(tracks) for tracks in numbers)


def test_a_track_goes_on_after_frames_without_its_face():
    assert link([[(0, 0, 40, 40)], [], [], [(5, 0, 40, 40)]]) == [[0], [], [], [0]]


def test_the_better_fitting_box_continues_the_track():
    for order in permutations([(4, 0, 40, 40), (20, 0, 40, 40)]):
        numbers = link([[(0, 0, 40, 40)], list(order)])
        assert numbers[1][order.index((4, 0, 40, 40))] == 0


def test_follow_takes_the_largest_sum_of_area_times_score():
    small_but_always = [face(0, 0, 30) for _ in range(6)]
    large_but_once = face(300, 0, 60)
    frames = [[each] for each in small_but_always]
    frames[2] = [large_but_once, small_but_always[2]]
    assert follow(frames) == small_but_always  # 6 * 900 against 3600
    frames[2] = [face(300, 0, 80), small_but_always[2]]
    assert [found is not None for found in follow(frames)] == [False, False, True, False, False, False]
    unsure = [[face(0, 0, 60, 0.2), face(300, 0, 40, 0.9)]] * 3
    assert all(found.box[0] == 300 for found in follow(unsure))


def alone(*shots):
    return [[face(*place)] for *place, count in shots for _ in range(count)]


@pytest.mark.parametrize(
    "shots",
    [
        [(100, 100, 80, 7), (400, 100, 80, 5)],  # a jump cut
        [(100, 100, 80, 4), (400, 100, 80, 4), (700, 100, 80, 4)],
        [(100, 100, 80, 4), (60, 60, 200, 4), (100, 100, 80, 4)],  # in and out again
        [(100, 100, 200, 6), (400, 100, 40, 6)],
        [(100, 100, 80, 5), (400, 100, 80, 1)],  # the last sample alone
        [(100, 100, 80, 3), (400, 100, 80, 1), (100, 100, 80, 3)],  # a shot of one sample
    ],
)
def test_a_face_that_is_alone_is_followed_over_cuts(shots):
    frames = alone(*shots)
    assert follow(frames) == [found for (found,) in frames]
    assert jumps(follow(frames)) == len(shots) - 1
    holes = [[], *frames[:3], [], *frames[3:], []]
    assert follow(holes) == [found[0] if found else None for found in holes]


def test_somebody_small_in_passing_does_not_end_it():
    frames = alone((100, 100, 80, 8), (400, 100, 80, 8))
    passer_by = face(600, 50, 30)
    expected = [found for (found,) in frames]
    frames[2], frames[12] = [passer_by, *frames[2]], [*frames[12], passer_by]
    assert follow(frames) == expected
    frames[5] = [passer_by]  # the speaker is turned away for a moment
    expected[5] = None
    assert follow(frames) == expected


def test_a_slip_of_the_detector_is_no_cut():
    frames = alone((100, 100, 80, 4), (300, 300, 20, 1), (100, 100, 80, 4))
    assert follow(frames) == [found[0] if found[0].box[2] == 80 else None for found in frames]


def test_two_people_are_not_mixed_up():
    both = [[face(100, 100, 80), face(400, 100, 70)]] * 2
    frames = both + alone((700, 100, 80, 9), (1000, 100, 70, 9))  # each alone later: who is who cannot be known
    assert [found is not None for found in follow(frames)] == [False] * 2 + [True] * 9 + [False] * 9
    audience = [[face(100, 100, 80), face(600, 50, 30)]] * 6 + [[face(600, 50, 80), face(100, 100, 30)]] * 4
    assert [found.box[0] for found in follow(audience)[:6]] == [100] * 6  # a reverse shot
    assert all(found is None or found.box[0] == 100 for found in follow(audience))


@given(st.lists(st.lists(boxes, min_size=2, max_size=3), max_size=6))
def test_where_others_are_seen_tracks_stay_as_they_are(frames):
    tracks = link(frames)
    assert people(frames, tracks) == tracks


@given(st.lists(st.lists(boxes, max_size=3), max_size=8))
def test_a_person_has_one_face_a_frame(frames):
    tracks = link(frames)
    joined = people(frames, tracks)
    assert all(len(set(numbers)) == len(numbers) for numbers in joined)
    if len({track for numbers in tracks for track in numbers}) <= 1:
        assert joined == tracks


def test_follow_of_no_face_at_all():
    assert follow([[], []]) == [None, None]
    assert follow([]) == []


@given(
    st.floats(-50, 300),
    st.floats(-50, 300),
    st.floats(2, 200),
    st.floats(2, 200),
    st.floats(0, 1, allow_subnormal=False),
)
def test_a_square_is_centred_on_its_box(x, y, width, height, margin):
    left, top, side, other = square((x, y, width, height), margin)
    assert side == other == pytest.approx(max(width, height) * (1 + 2 * margin), abs=1)
    assert left + side / 2 == pytest.approx(x + width / 2, abs=1)
    assert top + side / 2 == pytest.approx(y + height / 2, abs=1)


def test_cut_inside_is_a_plain_slice():
    picture = np.random.default_rng(0).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    np.testing.assert_array_equal(cut(picture, (10, 20, 32, 32), 32), picture[20:52, 10:42])


def test_cut_over_the_edge_repeats_the_outermost_pixels():
    picture = np.random.default_rng(0).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    rows, columns = np.clip(np.arange(-10, 54), 0, 59), np.clip(np.arange(40, 104), 0, 79)
    np.testing.assert_array_equal(cut(picture, (40, -10, 64, 64), 64), picture[np.ix_(rows, columns)])


def test_cut_scales_by_areas():
    picture = np.random.default_rng(0).integers(0, 255, (128, 128, 3), dtype=np.uint8)
    means = picture.reshape(32, 4, 32, 4, 3).mean((1, 3))
    assert np.abs(cut(picture, (0, 0, 128, 128), 32) - means).max() <= 1.5
    assert cut(picture, (0, 0, 20, 20), 64).shape == (64, 64, 3)


def test_shrink_keeps_proportions_and_never_enlarges():
    assert shrink(np.zeros((720, 1280, 3), np.uint8), 256).shape == (256, 455, 3)
    assert shrink(np.zeros((100, 50, 3), np.uint8), 256).shape == (100, 50, 3)


def test_jpeg_is_rgb_and_repeatable():
    picture = np.zeros((64, 64, 3), np.uint8)
    picture[..., 0] = 200
    data = jpeg(picture, 95)
    assert data == jpeg(picture.copy(), 95)
    red = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., 2]
    assert abs(int(red.mean()) - 200) <= 2


def test_at_most_five_faces_the_heaviest_first_and_none_outside():
    found = [Detection((20 * i, 0, 10 + i, 10 + i), 1.0) for i in range(8)] + [Detection((-50, 0, 40, 40), 1.0)]
    faces = cut_faces(np.zeros((100, 300, 3), np.uint8), lambda picture: found, 0.25, 64, 90)
    assert [each.box[0] for each in faces] == [140, 120, 100, 80, 60]
    assert len(faces) == MAX_FACES


def test_a_moved_face_keeps_its_image():
    moved = face(10, 20, 30).moved(5, 7)
    assert moved.box == (15, 27, 30, 30)
    assert moved.square == (15, 27, 30, 30)
    assert moved.image == face(10, 20, 30).image


def test_a_scaled_face_keeps_its_image():
    assert face(10, 20, 30).scaled(2.0) == Face((20, 40, 60, 60), 1.0, (20, 40, 60, 60), face(10, 20, 30).image)
    assert face(10.3, 20.1, 30.7).scaled(1.0) == face(10.3, 20.1, 30.7)


def test_unknown_detector():
    with pytest.raises(ValueError, match="'mtcnn': there are mediapipe, haar"):
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


def test_a_picture_is_judged_alone():
    detect = detector("mediapipe", 0.5)
    here, elsewhere = pictures("grid/s1/bbaf2n.mpg", 2), pictures("ravdess/av/01-01-01-01-01-01-01.mp4", 2)
    before = detect(here[0])
    for other in (elsewhere[0], np.zeros((50, 60, 3), np.uint8), here[1]):
        detect(other)
        assert detect(here[0]) == before


def test_nothing_is_found_in_nothing():
    for name in ("mediapipe", "haar"):
        assert detector(name, 0.5)(np.full((200, 300, 3), 90, np.uint8)) == []
