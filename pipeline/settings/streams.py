"""Settings of the three streams, and how their tracks and channels are named."""

import re
from dataclasses import dataclass

DEFAULT = "default"  # the track that players take
MIX = "mix"  # all channels
SIDES = {"left": "left", "l": "left", "fl": "left", "right": "right", "r": "right", "fr": "right"}
CHANNEL = re.compile(r"lfe2?|(f|b|s|w|d|t|fl|fr|tf|tb|ts|bf|sd|ss|tt)?[lrc]")  # FFmpeg's names, as in FL, TBC, LFE


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


@dataclass(frozen=True)
class TextConfig:
    """How a transcript is cleaned.

    Attributes
    ----------
    lowercase
        Whether tokens are lower-cased.
    strip_punctuation
        Whether punctuation is dropped; otherwise each mark is a token of its own.
    """

    lowercase: bool = True
    strip_punctuation: bool = True


@dataclass(frozen=True)
class AudioConfig:
    """How the voice is cleaned.

    Attributes
    ----------
    rate_hz
        Samples a second after resampling.
    low_hz, high_hz
        Corners of the band-pass: half the amplitude (-6 dB) is left there.
    order
        Order of the Butterworth filter, which runs forwards and backwards.
    level_db
        Root mean square of the trimmed voice, in dB of full scale.
    trim_db
        What is quieter than the loudest 10 ms by more than this is cut off at both ends, in dB.
    track
        Of several tracks of sound: a number from 1 on, a language, a title, or ``default``: the one players take.
    channel
        ``mix``, or only ``left`` (``L``), ``right`` (``R``), a number from 1 on, or a name as in ``FC``.
    """

    rate_hz: int = 16000
    low_hz: float = 70.0
    high_hz: float = 7600.0
    order: int = 4
    level_db: float = -23.0
    trim_db: float = 35.0
    track: int | str = DEFAULT
    channel: int | str = MIX

    def __post_init__(self) -> None:
        if self.rate_hz < 8000:
            raise ValueError(f"rate_hz is {self.rate_hz}: speech needs 8000 or more")
        if not 0 < self.low_hz < self.high_hz < self.rate_hz / 2:
            raise ValueError(
                f"low_hz {self.low_hz} and high_hz {self.high_hz}: the first must lie above 0 and under the second, "
                f"the second under half of rate_hz {self.rate_hz}"
            )
        if not 1 <= self.order <= 10:
            raise ValueError(f"order is {self.order}: the band-pass takes 1 to 10")
        if not -60 <= self.level_db < 0:
            raise ValueError(f"level_db is {self.level_db}: it must lie from -60 to under 0 dB of full scale")
        if not self.trim_db > 0:
            raise ValueError(f"trim_db is {self.trim_db}: it must lie above 0")
        check_track(str(self.track))
        check_channel(str(self.channel))


@dataclass(frozen=True)
class VideoConfig:
    """How frames are sampled and faces cut out.

    Attributes
    ----------
    fps
        Frames sampled a second.
    detector
        ``"mediapipe"`` (full range) or ``"haar"``.
    min_score
        Faces that the detector scores lower do not count; from 0 to 1.
    margin
        What the cut adds to the tight face box on each side, in parts of its longer side.
    size
        Side of the face images, in pixels.
    frame_height
        Height of the small whole frames, in pixels; a lower picture stays as it is.
    jpeg_quality
        Of both kinds of image, 1 to 100.
    track
        Of several tracks of picture: a number from 1 on, a language, a title, or ``default``: the one players take.
    """

    fps: float = 5.0
    detector: str = "mediapipe"
    min_score: float = 0.5
    margin: float = 0.25
    size: int = 224
    frame_height: int = 256
    jpeg_quality: int = 95
    track: int | str = DEFAULT

    def __post_init__(self) -> None:
        if not 0 < self.fps <= 120:
            raise ValueError(f"fps is {self.fps}: it must lie above 0 and not over 120 frames a second")
        if self.detector not in ("mediapipe", "haar"):
            raise ValueError(f"detector is {self.detector!r}: there are 'mediapipe' and 'haar'")
        if not 0 <= self.min_score < 1:
            raise ValueError(f"min_score is {self.min_score}: it must lie from 0 to under 1")
        if not 0 <= self.margin <= 2:
            raise ValueError(f"margin is {self.margin}: it must lie from 0 to 2 face sides")
        if not 32 <= self.size <= 1024 or not 32 <= self.frame_height <= 2160:
            raise ValueError(
                f"size is {self.size} and frame_height {self.frame_height}: they take 32 to 1024 and 32 to 2160 pixels"
            )
        if not 1 <= self.jpeg_quality <= 100:
            raise ValueError(f"jpeg_quality is {self.jpeg_quality}: it must lie from 1 to 100")
        check_track(str(self.track))
