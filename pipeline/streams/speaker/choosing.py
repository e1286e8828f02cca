"""Choose the person in the picture who speaks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.types import TimeArray
from pipeline.streams.speaker.evidence import evidence
from pipeline.streams.speaker.people import Piece, Sighting, people

NOBODY = 0.45  # the least evidence for a speaker: in nine of ten pairs of people who only listen, both have less
CONVINCING = 0.65  # evidence that a person who only listens rarely reaches


@dataclass(frozen=True)
class Glance:
    """The faces of one frame.

    Attributes
    ----------
    number
        The index of the frame in the recording.
    time_s
        The time at which it is shown, in seconds from the utterance's start.
    faces
        The faces in the frame, in the order in which `pipeline.streams.faces.found_faces` returns them.
    """

    number: int
    time_s: float
    faces: Sequence[Sighting]


def speaker(glances: Sequence[Glance], level: TimeArray, rate_hz: float) -> dict[int, int] | None:
    """Return where the speaker's face is in each frame.

    The speaker is the person with the most `evidence`. After a change of layout, one speaker may count as several
    people. Therefore, further people count as the speaker too if they are never seen together with the people chosen
    before them, and their mouths move convincingly with the voice.

    Parameters
    ----------
    glances
        The frames in which mouths were measured, in order.
    level
        The level of the voice, from `pipeline.streams.speaker.voice.level`.
    rate_hz
        Approximate number of frames per second.

    Returns
    -------
    Number of each frame that shows the speaker -> position of the speaker's face in it; None if nobody's mouth moves
    with the voice.
    """
    frames = [glance.faces for glance in glances]
    ranked = sorted(
        ((evidence([_lips(glances, piece) for piece in person], level, rate_hz), person) for person in people(frames)),
        key=lambda pair: -pair[0],
    )
    if not ranked or ranked[0][0] < NOBODY:
        return None
    chosen: dict[int, int] = {}
    for clear, person in ranked:
        places = {place: face for piece in person for place, face in piece}
        if not chosen or (clear >= CONVINCING and not places.keys() & chosen.keys()):
            chosen |= places
    return {glances[place].number: face for place, face in chosen.items()}


def _lips(glances: Sequence[Glance], piece: Piece) -> tuple[TimeArray, TimeArray]:
    """Return the times ``(n,)`` of the frames of a stretch without a cut, and how far apart the lips are ``(n,)``."""
    return (
        np.array([glances[place].time_s for place, _ in piece]),
        np.array([glances[place].faces[face].lips for place, face in piece]),
    )
