"""Find when somebody speaks, with silero's voice activity network, which the package faster-whisper contains.

The network gives the probability that somebody speaks in each window of 32 ms. It is recurrent, and reads each window
together with the last 4 ms of the one before, so reading a recording in blocks gives the same probabilities as reading
all of it at once. Speech begins where the probability reaches a threshold, and ends where the probability has been
below a lower threshold for some time.

Source: Silero VAD (Silero Team, https://github.com/snakers4/silero-vad), version 6, MIT.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.ingest.extra import extra_missing

RATE_HZ = 16000
WINDOW = 512  # samples per probability
_CONTEXT = 64  # samples at the end of the preceding window that the network reads again
_STATE = (1, 1, 128)
_HYSTERESIS = 0.15  # speech ends when the probability is this far below the threshold, as in silero's own utilities
_AT_ONCE = 2000  # windows per call of the network


@dataclass(frozen=True)
class SpeechSettings:
    """When probabilities count as speech.

    Attributes
    ----------
    threshold
        Speech begins at a window with at least this probability; in (0, 1).
    pause_s
        Silence of at least this many seconds ends a span; shorter silences are part of the span.
    shortest_s
        Spans shorter than this, in seconds, are left out, since they are usually clicks or coughs.
    padding_s
        Spans are widened by this many seconds on both sides, but at most to the middle of a pause, so that soft
        beginnings and ends are not cut off.
    """

    threshold: float = 0.5
    pause_s: float = 0.4
    shortest_s: float = 0.1
    padding_s: float = 0.1


DEFAULT = SpeechSettings()


def speech_spans(samples: NDArray[np.float32], settings: SpeechSettings = DEFAULT) -> NDArray[np.float64]:
    """Return when somebody speaks in a recording.

    Parameters
    ----------
    samples
        Mono sound at 16 kHz in [-1, 1], shape (n,); a sample that is not a number counts as silence.
    settings
        When probabilities count as speech.

    Returns
    -------
    array, shape (spans, 2)
        Starts and ends in seconds, in order, without overlap; no rows if nobody speaks.

    Raises
    ------
    UserError
        If the package faster-whisper is not installed.
    """
    return spans_of(speech_probabilities([samples]), settings, len(samples) / RATE_HZ)


def speech_probabilities(blocks: Iterable[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return the probability of speech in each window of 32 ms of a sound that comes in blocks.

    Parameters
    ----------
    blocks
        Mono sound at 16 kHz, in order, each of shape (n,) with any n. Only one block is in memory at a time.

    Returns
    -------
    array, shape (windows,)
        Probabilities; the last window is padded with zeros.
    """
    net = _Net()
    rest = np.zeros(0, np.float32)
    found = []
    for block in blocks:
        rest = np.concatenate([rest, np.nan_to_num(np.asarray(block, np.float32), posinf=0.0, neginf=0.0)])
        whole = len(rest) // WINDOW * WINDOW
        found.append(net.probabilities(rest[:whole]))
        rest = rest[whole:]
    if len(rest):
        found.append(net.probabilities(np.pad(rest, (0, WINDOW - len(rest)))))
    return np.concatenate(found) if found else np.zeros(0, np.float32)


def spans_of(
    probabilities: NDArray[np.float32], settings: SpeechSettings, duration_s: float = float("inf")
) -> NDArray[np.float64]:
    """Return the spans of speech, given the probabilities of windows of 32 ms.

    Parameters
    ----------
    probabilities
        Shape (windows,).
    settings
        When probabilities count as speech.
    duration_s
        Length of the sound in seconds; no span ends later.

    Returns
    -------
    array, shape (spans, 2)
        Starts and ends in seconds, in order, without overlap.

    Examples
    --------
    >>> sure = np.repeat(np.float32([0, 1, 0]), [10, 20, 30])
    >>> spans_of(sure, SpeechSettings(padding_s=0)).tolist()
    [[0.32, 0.96]]
    """
    window_s = WINDOW / RATE_HZ
    spans = [(a * window_s, min(b * window_s, duration_s)) for a, b in _runs(probabilities, settings, window_s)]
    kept = [(start, end) for start, end in spans if end - start >= settings.shortest_s]
    return _padded(np.array(kept, float).reshape(-1, 2), settings.padding_s, duration_s)


def _runs(probabilities: NDArray[np.float32], settings: SpeechSettings, window_s: float) -> list[tuple[int, int]]:
    """Return the first window of each span of speech, and the window after its last one."""
    lower = max(settings.threshold - _HYSTERESIS, 0.01)
    runs: list[tuple[int, int]] = []
    start, last = -1, -1  # the first window of the current span, and the window after the last one that is not silent
    for at, probability in enumerate(probabilities):
        if probability >= settings.threshold and start < 0:
            start = at
        if start >= 0 and probability >= lower:
            last = at + 1
        elif start >= 0 and (at + 1 - last) * window_s >= settings.pause_s:
            runs.append((start, last))
            start = -1
    return [*runs, (start, last)] if start >= 0 else runs


def _padded(spans: NDArray[np.float64], padding_s: float, duration_s: float) -> NDArray[np.float64]:
    """Return the spans widened on both sides, but at most to the middle of a pause or the ends of the sound."""
    if not len(spans):
        return spans
    middles = (spans[:-1, 1] + spans[1:, 0]) / 2
    starts = np.maximum(spans[:, 0] - padding_s, np.concatenate([[0.0], middles]))
    ends = np.minimum(spans[:, 1] + padding_s, np.concatenate([middles, [duration_s]]))
    return np.stack([starts, ends], axis=1)


class _Net:
    """The voice activity network, which keeps its recurrent state between calls."""

    def __init__(self) -> None:
        self._session = _session()
        self._h, self._c = (np.zeros(_STATE, np.float32) for _ in range(2))
        self._context = np.zeros((1, _CONTEXT), np.float32)

    def probabilities(self, samples: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the probability of speech in each window, ``(windows,)``; `samples` follow those of the last call."""
        windows = samples.reshape(-1, WINDOW)
        found = [np.zeros(0, np.float32)]
        for begin in range(0, len(windows), _AT_ONCE):
            part = windows[begin : begin + _AT_ONCE]
            context = np.concatenate([self._context, part[:-1, -_CONTEXT:]])
            inputs = {"input": np.concatenate([context, part], axis=1), "h": self._h, "c": self._c}
            given, self._h, self._c = self._session.run(None, inputs)
            found.append(given.reshape(-1))
            self._context = part[-1:, -_CONTEXT:]
        return np.concatenate(found)


@cache
def _session() -> Any:
    """Return the network that faster-whisper contains, on one thread of the CPU."""
    try:
        from faster_whisper.vad import get_vad_model
    except ImportError as error:
        raise extra_missing("faster-whisper", "speech is found") from error
    return get_vad_model().session
