"""The place of an utterance in its recording."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Region:
    """The part of the picture that shows the speaker, in fractions of the picture's width and height."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def parse(cls, text: str) -> "Region":
        """Parse left, top, right and bottom, as in ``"0 0 0.5 1"``; raise ValueError if `text` is not a region.

        >>> Region.parse("0 0 0.5 1").right
        0.5
        """
        try:
            parts = [float(part) for part in text.split()]
        except ValueError:
            parts = []
        if len(parts) != 4 or not (0 <= parts[0] < parts[2] <= 1 and 0 <= parts[1] < parts[3] <= 1):
            raise ValueError(
                f"{text!r} is not a region: write 'left top right bottom' as fractions; '0 0 0.5 1' is the left half"
            )
        return cls(*parts)


@dataclass(frozen=True, slots=True)
class Span:
    """The place of an utterance in its recording.

    Times are in seconds on the recording's own clock, as players show them; 0 is the earliest presentation time stamp
    of any audio or video stream in the file.

    Attributes
    ----------
    start_s, end_s
        Start and end of the utterance, in seconds.
    region
        The part of the picture that shows the speaker; None for the whole picture.
    track, channel
        Which audio or video track, and which audio channel; if empty, the settings decide.
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
