"""Where in a recording an utterance is."""

import re
from dataclasses import dataclass

DEFAULT = "default"  # the track that players take
MIX = "mix"  # all channels
SIDES = {"left": "left", "l": "left", "fl": "left", "right": "right", "r": "right", "fr": "right"}
CHANNEL = re.compile(r"lfe2?|(f|b|s|w|d|t|fl|fr|tf|tb|ts|bf|sd|ss|tt)?[lrc]")  # FFmpeg's names, as in FL, TBC, LFE


@dataclass(frozen=True)
class Region:
    """The part of the picture that shows the speaker, in fractions of its width and height."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def parse(cls, text: str) -> "Region":
        """Read ``"left top right bottom"``, as in ``"0 0 0.5 1"``; anything else raises ValueError.

        >>> Region.parse("0 0 0.5 1").right
        0.5
        """
        try:
            parts = [float(part) for part in text.split()]
        except ValueError:
            parts = []
        if len(parts) != 4 or not (0 <= parts[0] < parts[2] <= 1 and 0 <= parts[1] < parts[3] <= 1):
            raise ValueError(
                f"{text!r} is no region: write 'left top right bottom' as fractions, '0 0 0.5 1' is the left half"
            )
        return cls(*parts)


@dataclass(frozen=True)
class Span:
    """An utterance's place in its recording.

    Times are seconds of the recording's own clock: 0 is the earliest presentation stamp of any stream in the file,
    which is what players show and what transcribers note down.

    Attributes
    ----------
    start_s, end_s
        Its first and last time.
    region
        The part of the picture that shows the speaker; all of it where none is named.
    track, channel
        Which track of the sound, or the picture, and which channel of the sound; as the settings say where empty.
    """

    start_s: float
    end_s: float
    region: Region | None = None
    track: str = ""
    channel: str = ""

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.end_s - self.start_s


def check_channel(channel: str) -> None:
    """Raise ValueError for what can never be a channel."""
    wanted = channel.strip()
    known = wanted.casefold() in {MIX, *SIDES} or CHANNEL.fullmatch(wanted.casefold())
    if not known and not (wanted.isdecimal() and int(wanted) > 0):
        raise ValueError(
            f"{channel!r} is no channel: write left (or L, FL), right (or R, FR), mix, a number from 1 on, or one of "
            "FFmpeg's names as in FC"
        )


def check_track(track: str) -> None:
    """Raise ValueError for what can never be a track."""
    if track.strip().lstrip("+-").isdecimal() and not (track.strip().isdecimal() and int(track) > 0):
        raise ValueError(f"{track!r} is no track: write a number from 1 on, a language, a title, or default")
