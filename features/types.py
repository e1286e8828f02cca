"""What an extractor sees (one utterance's clean stream) and what it returns.

All times are seconds from the utterance's start, so that the three streams of one utterance share a clock.
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
        The transcript as it was written; what sentence encoders read.
    tokens
        Cleaned words: lower-cased, without punctuation; n of them.
    times
        ``(n, 2)`` start and end of each token in seconds; NaN where its time is unknown.
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
        ``(n,)`` int16: band-passed, trimmed, brought to one level.
    rate_hz
        Samples per second.
    start_s
        Time of the first sample: how much trimming cut off the front.
    duration_s
        Length of the utterance's span before trimming.
    gain_db
        Gain that brought the trimmed speech to its level; its negative is how loud the speaker was.
    words
        How many words of this utterance have times; 0 if no times are known.
    words_start_s, words_end_s
        Start of the first timed word and end of the last; NaN without timed words.
    note
        A sentence if something is unusual, such as a channel that had to be left out.
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
    """The sampled frames of one utterance; n frames, m of which may be without a face.

    Attributes
    ----------
    times
        ``(n,)`` presentation time of each sampled frame.
    faces
        n JPEG images, 224x224 RGB, of the followed face with a margin; ``b""`` where there is none.
    frames
        n small JPEG images of the whole picture (or of the speaker's part of it).
    boxes
        ``(n, 4)`` tight face box x, y, width, height in pixels of the source picture (of the first sampled one, where
        its size changes); NaN without a face.
    crops
        ``(n, 4)`` the square, in the same pixels, that ``faces`` shows; it may extend beyond the picture's edge.
    scores
        ``(n,)`` the detector's confidence; NaN without a face.
    note
        A remark on how it was made, which is kept in the store.
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
    """What one extractor measures on one utterance. NaN is "undefined here", never a stand-in number; no infinities.

    Attributes
    ----------
    values
        ``(rows, d)`` float32: one row per frame, word or window.
    times
        ``(rows, 2)`` float64: start and end of each row.
    pooled
        ``(p,)`` float32: the utterance as one vector (functionals, means and deviations, a sentence vector).
    note
        A remark on how it was measured, which is kept in the store.
    """

    values: FloatArray
    times: TimeArray
    pooled: FloatArray = field(repr=False)
    note: str = ""
