"""The voice: one recording and its spans in, clean mono streams at one rate out.

A recording is decoded once, in order. Sound is placed by its presentation stamps, so that a track that starts late or
has holes stays on the recording's clock; each utterance is then resampled, band-passed, trimmed and levelled by itself.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import soxr  # type: ignore[import-untyped, unused-ignore]
from numpy.typing import ArrayLike, NDArray

from features.errors import EmptyInput, NoStream
from features.types import AudioStream, FloatArray
from pipeline.settings.streams import AudioConfig
from pipeline.streams.channels import SILENT_DB
from pipeline.streams.container.opening import MediaError, open_recording
from pipeline.streams.container.timeline import Timeline, timeline_of
from pipeline.streams.container.tracks import Track, chosen, tracks_of
from pipeline.streams.decode import AudioTrack
from pipeline.streams.spans import Span
from pipeline.streams.windows import Window, windows

VERSION = 3  # raised whenever the same recording and settings give other samples

FRAME_S = 0.01  # trimming looks at the energy of frames this long
SILENCE_DB = SILENT_DB  # a span whose loudest frame is quieter (dB of full scale) is silence
SHORTEST_S = 0.05  # less sound than this is no utterance

Samples = NDArray[np.float64]
Outcome = AudioStream | NoStream | EmptyInput | MediaError


def read_audio(path: Path, spans: Sequence[Span], config: AudioConfig) -> Iterator[tuple[int, Outcome]]:
    """Decode `path` once (each track of it that is wanted) and yield the stream of each span once it is complete.

    Only the sound of spans that are open at the same time is held. Spans may overlap and come in any order.

    Parameters
    ----------
    path
        A recording that FFmpeg reads.
    spans
        Where the utterances are, on the recording's clock (`Span`).
    config
        How they are cleaned.

    Yields
    ------
    tuple of int and AudioStream or exception
        The span's index with its stream, or with what kept it from existing: `NoStream` without an audio track,
        `EmptyInput` for silence or a span behind the end of the sound, `MediaError` for a recording that cannot be
        read or breaks off inside the span.
    """
    waiting = dict(enumerate(spans))
    try:
        timeline = timeline_of(path)
        for index in [index for index, span in waiting.items() if not _has_length(span)]:
            span = waiting.pop(index)
            yield index, EmptyInput(f"the span from {span.start_s} to {span.end_s} s has no length")
        for track in dict.fromkeys(span.track for span in waiting.values()):
            wanted = {index: span for index, span in waiting.items() if span.track == track}
            for index, outcome in _read_track(path, timeline, track or str(config.track), wanted, config):
                del waiting[index]
                yield index, outcome
    except MediaError as error:
        for index in waiting:
            yield index, error


def clean(samples: ArrayLike, config: AudioConfig, duration_s: float | None = None) -> AudioStream:
    """Band-pass, trim and level one utterance.

    Parameters
    ----------
    samples
        ``(n,)`` mono, 1.0 is full scale, at ``config.rate_hz``.
    config
        The settings.
    duration_s
        Length of the utterance's span in seconds where it differs from that of `samples`.

    Returns
    -------
    AudioStream
        ``start_s`` is what trimming cut off the front; words are left to the caller.

    Raises
    ------
    EmptyInput
        If the samples are silence, or hardly any sound is left after trimming.
    """
    signal = np.asarray(samples, dtype=np.float64)
    voice = band_pass(signal, config.rate_hz, config.low_hz, config.high_hz, config.order)
    loudest = float(frame_levels_db(voice, config.rate_hz).max(initial=-math.inf))
    if loudest < SILENCE_DB:
        raise EmptyInput(f"silence: the loudest 10 ms reach {loudest:.0f} dB of full scale")
    first, last = trim_bounds(voice, config.rate_hz, config.trim_db)
    if last - first < SHORTEST_S * config.rate_hz:
        raise EmptyInput(f"only {1000 * (last - first) / config.rate_hz:.0f} ms of sound")
    levelled, gain_db = normalise(voice[first:last], config.level_db)
    return AudioStream(
        samples=np.round(levelled * 32768).astype(np.int16),
        rate_hz=config.rate_hz,
        start_s=first / config.rate_hz,
        duration_s=signal.size / config.rate_hz if duration_s is None else duration_s,
        gain_db=gain_db,
    )


def band_pass(samples: Samples, rate_hz: int, low_hz: float, high_hz: float, order: int) -> Samples:
    """Return `samples` without what lies outside a band, shifted by nothing.

    A Butterworth filter in second-order sections runs forwards and backwards (`scipy.signal.sosfiltfilt`): its phase is
    zero and its magnitude that of the filter squared, -6 dB at both corners. Ends are extended by their mirror image,
    which adds no step, over three periods of the low corner where there are as many samples.

    Parameters
    ----------
    samples
        ``(n,)``; any n.
    rate_hz, low_hz, high_hz
        Sampling rate and corners in Hz.
    order
        Order of the filter that is run twice.
    """
    from scipy.signal import butter, sosfiltfilt

    if samples.size < 2:
        return np.zeros(samples.shape)
    sections = butter(order, (low_hz, high_hz), btype="bandpass", fs=rate_hz, output="sos")
    reach = min(samples.size - 1, math.ceil(3 * rate_hz / low_hz))
    filtered: Samples = sosfiltfilt(sections, samples, padtype="even", padlen=reach)
    return filtered


def frame_levels_db(samples: Samples, rate_hz: int) -> Samples:
    """Return the level of each 10 ms frame in dB of full scale, ``(ceil(n / frame),)``; -inf for digital silence."""
    size = round(FRAME_S * rate_hz)
    starts = np.arange(0, samples.size, size)
    if not starts.size:
        return np.empty(0)
    sizes = np.minimum(size, samples.size - starts)
    with np.errstate(divide="ignore"):
        levels: Samples = 10 * np.log10(np.add.reduceat(np.square(samples), starts) / sizes)
    return levels


def trim_bounds(samples: Samples, rate_hz: int, trim_db: float) -> tuple[int, int]:
    """Return ``(first, last)``: ``samples[first:last]`` runs from the first to the last frame that is loud enough.

    Frames are 10 ms long and do not overlap; one is loud enough if it is at most `trim_db` under the loudest of all.
    Digital silence gives ``(0, 0)``.
    """
    levels = frame_levels_db(samples, rate_hz)
    if not np.isfinite(levels).any():
        return 0, 0
    loud = np.flatnonzero(levels >= levels.max() - trim_db)
    size = round(FRAME_S * rate_hz)
    return int(loud[0] * size), int(min((loud[-1] + 1) * size, samples.size))


def normalise(samples: Samples, level_db: float) -> tuple[Samples, float]:
    """Bring `samples` to a root mean square of `level_db` and return them with the gain in dB.

    The gain is smaller where the peaks would leave the range of 16 bit, [-1, 1).
    """
    rms, peak = float(np.sqrt(np.mean(np.square(samples)))), float(np.abs(samples).max())
    gain = min(10 ** (level_db / 20) / rms, (1 - 2**-15) / peak)
    return samples * gain, 20 * math.log10(gain)


def _has_length(span: Span) -> bool:
    return math.isfinite(span.start_s) and math.isfinite(span.end_s) and span.duration_s > 0


def _read_track(
    path: Path, timeline: Timeline, name: str, spans: Mapping[int, Span], config: AudioConfig
) -> Iterator[tuple[int, Outcome]]:
    """Yield the stream of each span of one track."""
    with open_recording(path) as container:
        tracks = tracks_of(container, "audio", timeline.stills)
        if not tracks:
            yield from ((index, NoStream(f"{path} has no audio stream")) for index in spans)
            return
        try:
            track = AudioTrack(container, timeline, chosen(tracks, name, "audio", path), path)
        except MediaError as error:
            yield from ((index, error) for index in spans)
            return
        for window in windows(track, spans):
            outcome = _finish(window, track, config, path)
            yield window.index, _with_others(outcome, tracks)


def _finish(window: Window, track: AudioTrack, config: AudioConfig, path: Path) -> Outcome:
    """Return the stream of a window, or why there is none."""
    span = window.span
    try:
        track.check(span)
        voice, note = window.mono(span.channel or str(config.channel), path)
        return replace(clean(_resampled(window, voice, config.rate_hz), config, span.duration_s), note=note)
    except (EmptyInput, MediaError) as error:
        return error


def _with_others(outcome: Outcome, tracks: Sequence[Track]) -> Outcome:
    """Say beside a silent track that there are others."""
    if isinstance(outcome, EmptyInput) and len(tracks) > 1:
        return EmptyInput(f"{outcome}; the recording has {len(tracks)} audio tracks: {', '.join(map(str, tracks))}")
    return outcome


def _resampled(window: Window, native: FloatArray, rate_hz: int) -> FloatArray:
    """Return the span's samples at `rate_hz`, the first one at the span's start, without the context."""
    if not np.isfinite(native).all():
        raise MediaError(f"the sound from {window.span.start_s:.2f} s holds samples that are no numbers")
    sound = native if window.rate_hz == rate_hz else soxr.resample(native, window.rate_hz, rate_hz, quality="HQ")
    first = round((window.span.start_s - window.first / window.rate_hz) * rate_hz)
    cut: FloatArray = sound[first : first + round(window.span.duration_s * rate_hz)]
    return cut
