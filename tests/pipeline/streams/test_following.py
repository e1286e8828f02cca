"""Tracks of faces, and the one that is followed, checked against values computed by hand."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.streams.following import affinity, follow, jumps, link, people, several
from tests.pipeline.streams.recordings import face

boxes = st.tuples(*[st.integers(0, 60)] * 2, *[st.integers(1, 60)] * 2)


def test_affinity_falls_with_distance_and_ends():
    start = (100, 100, 40, 40)
    near, far = affinity(start, (104, 100, 40, 40)), affinity(start, (120, 100, 40, 40))
    assert affinity(start, start) == 1
    assert 1 > near > far
    assert affinity(start, (130, 100, 40, 40)) is None
    assert affinity(start, (75, 75, 90, 90)) is None


@given(st.lists(st.integers(-6, 6), min_size=2, max_size=20), st.integers(2, 4), st.randoms(use_true_random=False))
def test_separate_faces_keep_their_tracks(steps, people, random):
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


def test_a_track_continues_after_frames_without_its_face():
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


def test_a_small_passer_by_does_not_end_the_track():
    frames = alone((100, 100, 80, 8), (400, 100, 80, 8))
    passer_by = face(600, 50, 30)
    expected = [found for (found,) in frames]
    frames[2], frames[12] = [passer_by, *frames[2]], [*frames[12], passer_by]
    assert follow(frames) == expected
    frames[5] = [passer_by]  # the speaker is turned away for a moment
    expected[5] = None
    assert follow(frames) == expected


def test_an_error_of_the_detector_is_not_a_cut():
    frames = alone((100, 100, 80, 4), (300, 300, 20, 1), (100, 100, 80, 4))
    assert follow(frames) == [found[0] if found[0].box[2] == 80 else None for found in frames]


def test_several_faces_are_more_than_one_person():
    assert not several([[], []])
    assert not several(alone((100, 100, 80, 4), (400, 100, 80, 4)))  # a jump cut
    assert several([[face(100, 100, 80), face(400, 100, 70)]] * 2)


def test_two_people_are_not_confused():
    both = [[face(100, 100, 80), face(400, 100, 70)]] * 2
    frames = both + alone((700, 100, 80, 9), (1000, 100, 70, 9))  # each alone later: they cannot be distinguished
    assert [found is not None for found in follow(frames)] == [False] * 2 + [True] * 9 + [False] * 9
    audience = [[face(100, 100, 80), face(600, 50, 30)]] * 6 + [[face(600, 50, 80), face(100, 100, 30)]] * 4
    assert [found.box[0] for found in follow(audience)[:6]] == [100] * 6  # a reverse shot
    assert all(found is None or found.box[0] == 100 for found in follow(audience))


@given(st.lists(st.lists(boxes, min_size=2, max_size=3), max_size=6))
def test_where_several_people_are_seen_tracks_are_unchanged(frames):
    tracks = link(frames)
    assert people(frames, tracks) == tracks


@given(st.lists(st.lists(boxes, max_size=3), max_size=8))
def test_a_person_has_one_face_per_frame(frames):
    tracks = link(frames)
    joined = people(frames, tracks)
    assert all(len(set(numbers)) == len(numbers) for numbers in joined)
    if len({track for numbers in tracks for track in numbers}) <= 1:
        assert joined == tracks


def test_follow_without_any_face():
    assert follow([[], []]) == [None, None]
    assert follow([]) == []
