"""The person who speaks among synthetic mouths."""

import numpy as np

from pipeline.streams.speaker.choosing import Glance, speaker
from pipeline.streams.speaker.people import Sighting
from tests.pipeline.streams.speaker.test_evidence import RATE_HZ, TIMES, mouth, syllables
from tests.pipeline.streams.speaker.test_people import LEFT, RIGHT, seen

LEVEL = syllables(0, RATE_HZ)
OWN = mouth(LEVEL)  # the lips of whoever speaks
OTHER = mouth(syllables(1, RATE_HZ))  # those of a second talker
STILL = np.full(len(TIMES), 0.3) + np.random.default_rng(0).normal(0, 0.002, len(TIMES))


def glances(*people):
    """Frames of people, each given as box, seed of the look, lips, and the frames in which they are seen."""
    made = []
    for i, time_s in enumerate(TIMES):
        faces = [Sighting(box, seen(box, who).look, float(lips[i])) for box, who, lips, when in people if i in when]
        made.append(Glance(1000 + 3 * i, float(time_s), faces))
    return made


ALL = range(len(TIMES))


def test_the_speaker_is_found_wherever_they_sit():
    for quiet in (OTHER, STILL):
        found = speaker(glances((LEFT, 1, quiet, ALL), (RIGHT, 2, OWN, ALL)), LEVEL, 25)
        assert found == {1000 + 3 * i: 1 for i in ALL}
        found = speaker(glances((LEFT, 1, OWN, ALL), (RIGHT, 2, quiet, ALL)), LEVEL, 25)
        assert found == {1000 + 3 * i: 0 for i in ALL}


def test_nobody_speaks_where_no_mouth_moves_with_the_voice():
    assert speaker(glances((LEFT, 1, STILL, ALL), (RIGHT, 2, STILL[::-1], ALL)), LEVEL, 25) is None
    assert speaker(glances(), LEVEL, 25) is None
    assert speaker([], LEVEL, 25) is None


def test_a_speaker_who_comes_late_is_followed_from_then_on():
    found = speaker(glances((LEFT, 1, STILL, ALL), (RIGHT, 2, OWN, range(40, 100))), LEVEL, 25)
    assert found == {1000 + 3 * i: 1 for i in range(40, 100)}


def test_a_speaker_is_followed_over_a_change_of_places():
    half = range(50), range(50, 100)
    found = speaker(
        glances(
            (LEFT, 1, OWN, half[0]), (RIGHT, 2, OTHER, half[0]), (LEFT, 2, OTHER, half[1]), (RIGHT, 1, OWN, half[1])
        ),
        LEVEL,
        25,
    )
    assert found == {1000 + 3 * i: int(i >= 50) for i in ALL}


def test_a_speaker_who_looks_different_after_a_cut_is_followed_only_if_the_mouth_convinces():
    wide, close = range(40), range(40, 100)
    shown = (LEFT, 1, OWN, wide), (RIGHT, 2, STILL, wide)
    found = speaker(glances(*shown, (LEFT, 7, OWN, close)), LEVEL, 25)
    assert found is not None
    assert sorted(found) == [1000 + 3 * i for i in ALL]
    listener = speaker(glances((LEFT, 1, OWN, close), (RIGHT, 2, STILL, close), (LEFT, 7, STILL, wide)), LEVEL, 25)
    assert listener is not None
    assert sorted(listener) == [1000 + 3 * i for i in close]  # a picture of the listener shows no speaker


def test_of_three_people_one_speaks():
    middle = (150.0, 0.0, 80.0, 80.0)
    found = speaker(glances((LEFT, 1, STILL, ALL), (middle, 2, OTHER, ALL), (RIGHT, 3, OWN, ALL)), LEVEL, 25)
    assert found is not None
    assert set(found.values()) == {2}
