"""What an extractor reads (the cleaned stream of one utterance) and what it returns.

All times are in seconds from the start of the utterance, so that its three streams share one time axis.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]
TimeArray = NDArray[np.float64]


@dataclass(frozen=True)
class TextStream:
    """The words of one utterance.

    Attributes
    ----------
    text
        The transcript as it was written, which sentence encoders read.
    tokens
        The n cleaned words, by default lower-cased and without punctuation.
    times
        ``(n, 2)`` start and end of each token in seconds; NaN if unknown.
    """

    text: str
    tokens: tuple[str, ...]
    times: TimeArray


@dataclass(frozen=True)
class AudioStream:
    """The cleaned voice of one utterance, mono.

    Attributes
    ----------
    samples
        ``(n,)`` int16: band-passed, trimmed, and normalised to a common level.
    rate_hz
        Samples per second.
    start_s
        Time of the first sample in seconds, which is the length that was trimmed at the start.
    duration_s
        Length of the utterance before trimming, in seconds.
    gain_db
        Gain that normalised the level of the trimmed speech; the louder the speaker, the lower the gain.
    words
        Number of words from the first timed word to the last, including words without times between them; 0 if no
        word has times.
    words_start_s, words_end_s
        Start of the first timed word and end of the last one, in seconds; NaN without timed words.
    note
        A sentence about anything unusual, such as a channel that had to be left out.
    """

    samples: NDArray[np.int16]
    rate_hz: int
    start_s: float
    duration_s: float
    gain_db: float
    words: int = 0
    words_start_s: float = float("nan")
    words_end_s: float = float("nan")
    note: str = ""

    def signal(self) -> FloatArray:
        """Return the samples as ``(n,)`` float32 in [-1, 1)."""
        return self.samples.astype(np.float32) / np.float32(32768)


@dataclass(frozen=True)
class VideoStream:
    """The n sampled frames of one utterance; some of them may be without a face.

    Attributes
    ----------
    times
        ``(n,)`` presentation time of each sampled frame.
    faces
        n square JPEG images, by default 224x224, of the followed face with a margin; ``b""`` if a frame does not show
        that face.
    frames
        n small JPEG images of the whole picture (or of the speaker's part of it); ``b""`` where it was not kept.
    boxes
        ``(n, 4)`` tight face box (x, y, width, height) in pixels of the source picture; if the picture size changes, in
        pixels of the first sampled picture. NaN without a face.
    crops
        ``(n, 4)`` the square that ``faces`` shows, in pixels as for ``boxes``; it may extend beyond the picture.
    scores
        ``(n,)`` the detector's confidence; NaN without a face.
    note
        A remark on how the stream was made, which is kept in the store.
    """

    times: TimeArray
    faces: tuple[bytes, ...]
    frames: tuple[bytes, ...]
    boxes: FloatArray
    crops: FloatArray
    scores: FloatArray
    note: str = ""


@dataclass(frozen=True)
class Features:
    """The features of one utterance from one extractor. NaN means that a value is undefined; infinity is not allowed.

    Attributes
    ----------
    values
        ``(rows, d)`` float32: one row per frame, word or window.
    times
        ``(rows, 2)`` float64: start and end of each row in seconds.
    pooled
        ``(p,)`` float32: one vector for the utterance (functionals, means and standard deviations, sentence vector).
    note
        A remark on how the features were computed, which is kept in the store.
    """

    values: FloatArray
    times: TimeArray
    pooled: FloatArray = field(repr=False)
    note: str = ""
