"""Read the entire audio of a recording in blocks: it is decoded once, in order, and never held in memory as a whole."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soxr  # type: ignore[import-untyped, unused-ignore]

from features.types import FloatArray
from pipeline.settings.streams import DEFAULT, MIX
from pipeline.streams.channels import offsets_of, voice_of
from pipeline.streams.container.opening import MediaError, open_recording
from pipeline.streams.container.timeline import timeline_of
from pipeline.streams.container.tracks import chosen, tracks_of
from pipeline.streams.decode import AudioTrack, Chunk

BLOCK_S = 20.0  # length of the sound that is mixed at once, by the same rules as an utterance


def listen(path: Path, rate_hz: int, track: str = DEFAULT, channel: str = MIX, name: str = "") -> Iterator[FloatArray]:
    """Yield the sound of a recording from its time 0 on, as mono blocks.

    Missing sound (a track that starts late, a gap, a packet that cannot be decoded) is replaced by zeros, so that
    sample `k` of all blocks together is heard at ``k / rate_hz`` seconds on the recording's clock.

    Parameters
    ----------
    path
        A recording that FFmpeg reads.
    rate_hz
        Samples per second of the blocks.
    track, channel
        Which audio track and which of its channels, as in the settings of the audio stream.
    name
        Name of the recording in messages; its path if empty.

    Yields
    ------
    array, shape (n,)
        float32 samples, with full scale 1; n differs from block to block.

    Raises
    ------
    MediaError
        If the recording cannot be read, has no sound, or lacks the track or channel.
    """
    name = name or str(path)
    timeline = timeline_of(path, name)
    with open_recording(path, name) as container:
        tracks = tracks_of(container, "audio", timeline.stills)
        if not tracks:
            raise MediaError(f"{name} has no sound")
        audio = AudioTrack(container, timeline, chosen(tracks, track, "audio", name), name)
        resample = None
        for voice in _voices(audio, channel, name):
            if resample is None:
                resample = soxr.ResampleStream(audio.rate_hz, rate_hz, 1, dtype="float32", quality="HQ")
            yield resample.resample_chunk(voice)
        if resample is not None:
            yield resample.resample_chunk(np.zeros(0, np.float32), last=True)


def _voices(audio: AudioTrack, channel: str, name: str) -> Iterator[FloatArray]:
    """Yield mono sound at the recording's own rate, with zeros in place of gaps."""
    held: list[Chunk] = []
    at = 0  # the number of the sample that follows those in `held`
    for chunk in audio.chunks():
        most = round(BLOCK_S * audio.rate_hz)
        rows = chunk.rows[:, max(at - chunk.start, 0) :]
        start = max(chunk.start, at)
        if held and (start > at or chunk.names != held[0].names or at - held[0].start >= most):
            yield _mixed(held, channel, audio.rate_hz, name)
            held = []
        while at < start:
            silent = min(start - at, most)
            yield np.zeros(silent, np.float32)
            at += silent
        if rows.shape[1]:
            held.append(Chunk(start, chunk.names, rows))
            at = start + rows.shape[1]
    if held:
        yield _mixed(held, channel, audio.rate_hz, name)


def _mixed(chunks: list[Chunk], channel: str, rate_hz: int, name: str) -> FloatArray:
    rows = np.concatenate([chunk.rows for chunk in chunks], axis=1)
    voice, _ = voice_of(rows - offsets_of(rows), chunks[0].names, channel, rate_hz, name)
    return voice
