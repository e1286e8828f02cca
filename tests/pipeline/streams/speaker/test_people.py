"""Who is who over cuts and changes of layout, for synthetic looks and for real faces."""

import numpy as np
import pytest

from pipeline.streams.speaker.people import ALIKE, LOOK_SIDE, Sighting, joined, look_of, people, pieces

LEFT, RIGHT, CORNER = (0.0, 0.0, 80.0, 80.0), (300.0, 0.0, 80.0, 80.0), (600.0, 0.0, 30.0, 30.0)


def seen(box, who, noise=0):
    """A face that looks like `who`, a seed."""
    picture = np.random.default_rng(who).integers(0, 256, (LOOK_SIDE, LOOK_SIDE))
    change = np.random.default_rng(noise).integers(-20, 20, picture.shape)
    return Sighting(box, np.clip(picture + change, 0, 255).astype(np.uint8), 0.3)


def who_of(frames, found):
    """Return, for each person, the looks in their frames."""
    return [{frames[place][face].look.tobytes() for piece in person for place, face in piece} for person in found]


def test_two_people_who_change_places_at_a_cut_stay_who_they_are():
    before, after = [seen(LEFT, 1), seen(RIGHT, 2)], [seen(LEFT, 2), seen(RIGHT, 1)]
    frames = [before] * 5 + [after] * 5
    found = people(frames)
    assert len(pieces(frames)) == 4
    assert sorted(map(len, found)) == [2, 2]
    assert all(len(looks) == 1 for looks in who_of(frames, found))


def test_a_person_is_known_in_another_place_and_size():
    frames = [[seen(LEFT, 1), seen(RIGHT, 2)]] * 5 + [[seen(LEFT, 2, noise=1), seen(CORNER, 1, noise=2)]] * 5
    found = people(frames)
    assert sorted(sum(map(len, person)) for person in found) == [10, 10]
    assert [person[0][0] for person in found] == [(0, 0), (0, 1)]


def test_people_who_are_seen_together_are_never_joined():
    twins = [[seen(LEFT, 1), seen(RIGHT, 1)]] * 4
    assert len(people(twins)) == 2
    apart = [[seen(LEFT, 1)]] * 4 + [[]] + [[seen(RIGHT, 1)]] * 4
    assert len(people(apart)) == 1
    both = [*apart, [seen(LEFT, 1), seen(RIGHT, 1)]]
    assert len(people(both)) == 2


def test_a_face_that_comes_back_or_comes_late_is_one_person():
    frames = [[seen(LEFT, 1)]] * 3 + [[]] * 2 + [[seen(LEFT, 1, noise=3), seen(RIGHT, 2)]] * 3
    assert [sum(map(len, person)) for person in people(frames)] == [6, 3]


def test_the_most_alike_are_joined_first():
    old, like, liker = seen(LEFT, 1), seen(RIGHT, 1, noise=5), seen(CORNER, 1)
    found = joined([[old], [like, liker]], [[(0, 0)], [(1, 0)], [(1, 1)]])
    assert found == [[[(0, 0)], [(1, 1)]], [[(1, 0)]]]


def test_nobody():
    assert people([]) == people([[], []]) == []


def test_a_look_does_not_depend_on_brightness_and_a_plain_picture_is_like_nothing():
    plain = Sighting(LEFT, np.full((LOOK_SIDE, LOOK_SIDE), 99, np.uint8), np.nan)
    assert len(pieces([[plain], [plain]])) == 2
    face = seen(LEFT, 1)
    dark = Sighting(LEFT, (face.look // 2).astype(np.uint8), 0.3)
    assert len(pieces([[face], [dark]])) == 1


@pytest.mark.parametrize("size", [(224, 224), (40, 40), (8, 8)])
def test_a_look_is_a_small_grey_picture(size):
    crop = np.zeros((*size, 3), np.uint8)
    crop[: size[0] // 2] = 200
    look = look_of(crop)
    assert look.shape == (LOOK_SIDE, LOOK_SIDE)
    assert look.dtype == np.uint8
    assert look[0].min() == 200
    assert look[-1].max() == 0
    assert 0 < ALIKE < 1
