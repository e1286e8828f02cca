"""Settings of the three streams, and the names that tracks and channels of a recording can have in them."""

import re
from dataclasses import asdict, dataclass, field, fields
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field

from pipeline.settings.validation import Block

DEFAULT = "default"  # the track that players choose
MIX = "mix"  # all channels
SIDES = {"left": "left", "l": "left", "fl": "left", "right": "right", "r": "right", "fr": "right"}
CHANNEL = re.compile(r"lfe2?|(f|b|s|w|d|t|fl|fr|tf|tb|ts|bf|sd|ss|tt)?[lrc]")  # FFmpeg's names, as in FL, TBC, LFE


def check_channel(channel: str) -> None:
    """Raise ValueError if `channel` cannot name a channel of any recording."""
    wanted = channel.strip()
    known = wanted.casefold() in {MIX, *SIDES} or CHANNEL.fullmatch(wanted.casefold())
    if not known and not (wanted.isdecimal() and int(wanted) > 0):
        raise ValueError(
            f"{channel!r} is not a channel: write left (or L, FL), right (or R, FR), mix, a number from 1, or one "
            "of FFmpeg's names, such as FC"
        )


def check_track(track: str) -> None:
    """Raise ValueError if `track` cannot name a track of any recording."""
    if track.strip().lstrip("+-").isdecimal() and not (track.strip().isdecimal() and int(track) > 0):
        raise ValueError(f"{track!r} is not a track: write a number from 1, a language, a title, or default")


def _possible_track(track: int | str) -> int | str:
    check_track(str(track))
    return track


def _possible_channel(channel: int | str) -> int | str:
    check_channel(str(channel))
    return channel


Track = Annotated[int | str, AfterValidator(_possible_track)]
Channel = Annotated[int | str, AfterValidator(_possible_channel)]


@dataclass(frozen=True)
class StreamConfig:
    """Settings of one stream."""

    def of_content(self) -> dict[str, Any]:
        """Return the settings that the stream's content depends on; if one changes, the stream is out of date."""
        return asdict(self)


@dataclass(frozen=True)
class TextConfig(StreamConfig):
    """How a transcript is cleaned.

    Attributes
    ----------
    lowercase
        Whether tokens are lower-cased.
    strip_punctuation
        Whether punctuation is removed; otherwise each mark is a token of its own.
    """

    lowercase: bool = True
    strip_punctuation: bool = True


When = Literal["missing", "always", "never"]


@dataclass(frozen=True)
class WordsConfig:
    """How `prepare` obtains words and word times that were not given.

    Attributes
    ----------
    transcribe
        Which utterances are transcribed by speech recognition: ``missing`` (those without a transcript), ``always``
        (all that have a recording; given transcripts are then not used) or ``never``. A corpus can override it.
    model
        The recogniser: ``packaged`` (Whisper tiny.en, English only, no network), a folder with a Whisper model in
        CTranslate2's format, or the name of such a model on the Hugging Face hub.
    language
        Language of the speech, as one of Whisper's codes, such as ``en``.
    align
        Which utterances get word times by forced alignment of their words with the sound: ``missing`` (those whose
        words have no times, or only the times of subtitles or of a recogniser), ``always`` (all that have words and a
        recording) or ``never``. A corpus can override it.
    """

    transcribe: When = "never"
    model: Annotated[str, Field(min_length=1)] = "packaged"
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")] = "en"
    align: When = "never"


@dataclass(frozen=True)
class TextParams(WordsConfig, TextConfig):
    """How a transcript is cleaned, and how words that were not given are obtained."""

    @property
    def cleaning(self) -> TextConfig:
        """The settings that the text stream depends on."""
        return _part(self, TextConfig)

    @property
    def words(self) -> WordsConfig:
        """The settings for recognising and aligning words."""
        return _part(self, WordsConfig)


Part = TypeVar("Part")


def _part(settings: Any, cls: type[Part]) -> Part:
    """Return an instance of a settings class with the values of `settings` for its fields."""
    return cls(**{entry.name: getattr(settings, entry.name) for entry in fields(cls)})  # type: ignore[arg-type]


@dataclass(frozen=True)
class AudioConfig(StreamConfig):
    """How the voice is cleaned.

    Attributes
    ----------
    rate_hz
        Samples per second after resampling.
    low_hz
        Lower corner of the band-pass, where half the amplitude (-6 dB) is left, in Hz.
    high_hz
        Upper corner of the band-pass, in Hz.
    order
        Order of the Butterworth filter, which runs forwards and backwards.
    level_db
        Root mean square to which the trimmed voice is scaled, in dB relative to full scale.
    trim_db
        Both ends are trimmed, up to the first and the last 10 ms that are at most this many dB below the loudest 10 ms.
    track
        Which of several audio tracks is read: a number from 1, a language, a title, or ``default``, the track that
        players choose. The column `audio_track` of a manifest takes precedence.
    channel
        Which channel is read: ``mix`` (all of them), ``left`` (``L``), ``right`` (``R``), a number from 1, or one of
        FFmpeg's names, such as ``FC``. The column `audio_channel` of a manifest takes precedence.
    """

    rate_hz: Annotated[int, Field(ge=8000)] = 16000
    low_hz: Annotated[float, Field(gt=0)] = 70.0
    high_hz: Annotated[float, Field(gt=0)] = 7600.0
    order: Annotated[int, Field(ge=1, le=10)] = 4
    level_db: Annotated[float, Field(ge=-60, lt=0)] = -23.0
    trim_db: Annotated[float, Field(gt=0)] = 35.0
    track: Track = DEFAULT
    channel: Channel = MIX

    def __post_init__(self) -> None:
        if not self.low_hz < self.high_hz < self.rate_hz / 2:
            raise ValueError(
                f"low_hz is {self.low_hz} and high_hz is {self.high_hz}: low_hz must be below high_hz, and high_hz "
                f"below half of rate_hz, which is {self.rate_hz}"
            )


@dataclass(frozen=True)
class VideoConfig(StreamConfig):
    """How frames are sampled and faces cut out.

    Attributes
    ----------
    fps
        Frames sampled per second.
    detector
        Face detector; ``mediapipe`` is its full-range model.
    min_score
        Faces with a lower detection score are ignored.
    detect_every_s
        Longest time between two runs of the detector, in seconds. In the frames between them, a face that is alone in
        the picture is found again by its appearance. The detector runs in every sampled frame if this is 0, and from
        the frame in which it finds several faces to the end of the utterance. With ``follow: speaking``, it then runs
        in the frames before as well.
    margin
        Margin of the square that is cut out: its side is (1 + 2 ``margin``) times the longer side of the face box.
    size
        Side of the face images in pixels.
    frame_step
        Keep every n-th sampled frame, and the last one, as a whole frame: at 5 frames per second, 5 means once a
        second. Whole frames are used by `posture`, by the search for copies of clips, and for the page's pictures.
    frame_height
        Height in pixels to which whole frames are reduced; a smaller frame keeps its height.
    jpeg_quality
        JPEG quality of both kinds of image.
    track
        Which of several video tracks is read: a number from 1, a language, a title, or ``default``, the track that
        players choose. The column `video_track` of a manifest takes precedence.
    follow
        Which of several faces is followed: ``size`` (the one with the largest area times detection score, summed over
        the frames) or ``speaking`` (the one whose mouth moves with the voice; as with ``size`` if no mouth does).
    mouth_fps
        Frames per second at which mouths are measured for ``follow: speaking``, where several faces are seen.
    """

    fps: Annotated[float, Field(gt=0, le=120)] = 5.0
    detector: Literal["mediapipe", "haar"] = "mediapipe"
    min_score: Annotated[float, Field(ge=0, lt=1)] = 0.6
    detect_every_s: Annotated[float, Field(ge=0, le=60)] = 1.0
    margin: Annotated[float, Field(ge=0, le=2)] = 0.25
    size: Annotated[int, Field(ge=32, le=1024)] = 224
    frame_step: Annotated[int, Field(ge=1)] = 5
    frame_height: Annotated[int, Field(ge=32, le=2160)] = 256
    jpeg_quality: Annotated[int, Field(ge=1, le=100)] = 95
    track: Track = DEFAULT
    follow: Literal["size", "speaking"] = "size"
    mouth_fps: Annotated[float, Field(ge=5, le=120)] = 25.0

    @property
    def detector_due_s(self) -> float:
        """The time in seconds after which the face detector must run again.

        It is half a sampling step less than `detect_every_s`, because frames are not evenly spaced.
        """
        return max(self.detect_every_s - 0.5 / self.fps, 0.0)

    def of_content(self) -> dict[str, Any]:
        """Return the settings that the content depends on.

        They include `follow` and `mouth_fps` only with ``follow: speaking``. They include `detect_every_s` only if it
        is above 0.

        >>> [name in VideoConfig().of_content() for name in ("fps", "detect_every_s", "follow", "mouth_fps")]
        [True, True, False, False]
        """
        settings = asdict(self)
        if self.follow == "size":
            del settings["follow"], settings["mouth_fps"]
        if not self.detect_every_s:
            del settings["detect_every_s"]
        return settings


@dataclass(frozen=True)
class StreamsParams:
    """How the stream of each modality is cleaned.

    Attributes
    ----------
    text
        How a transcript is cleaned, and how words that were not given are obtained.
    audio
        How the voice is cleaned.
    video
        How frames are sampled and faces cut out.
    """

    text: Block[TextParams] = field(default_factory=TextParams)
    audio: Block[AudioConfig] = field(default_factory=AudioConfig)
    video: Block[VideoConfig] = field(default_factory=VideoConfig)
