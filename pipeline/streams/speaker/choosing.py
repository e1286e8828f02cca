"""The person in the picture who speaks."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from features.types import TimeArray
from pipeline.streams.speaker.evidence import evidence
from pipeline.streams.speaker.people import Piece, Sighting, people

NOBODY = 0.45  # least evidence for a speaker: in nine of ten pairs of listeners, both have less
CONVINCING = 0.65  # evidence that a listener rarely reaches


@dataclass(frozen=True)
class Glance:
    """The faces of one frame.

    Attributes
    ----------
    number
        The index of the frame in the recording.
    time_s
        When it is shown, from the utterance's start.
    faces
        The faces in it, in the order in which `pipeline.streams.faces.found_faces` finds them.
    """

    number: int
    time_s: float
    faces: Sequence[Sighting]


def speaker(glances: Sequence[Glance], level: TimeArray, rate_hz: float) -> dict[int, int] | None:
    """Find the face of the person who speaks.

    That is the person with the most `evidence`. If the layout changes so much that they count as several people, there
    may be more: those never seen together with one chosen before, whose mouth moves convincingly with the voice.

    Parameters
    ----------
    glances
        The frames in which mouths were measured, in order.
    level
        How loud the voice is, as `pipeline.streams.speaker.voice.level` returns it.
    rate_hz
        About how many frames there are per second.

    Returns
    -------
    Number of a frame -> position of the speaker's face in it, for all frames that show the speaker; None if nobody's
    mouth moves with the voice.
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
    """Return the times of a piece's frames, and the distance between the lips in each."""
    return (
        np.array([glances[place].time_s for place, _ in piece]),
        np.array([glances[place].faces[face].lips for place, face in piece]),
    )
