"""The sound of each span, cut out of one track while it is decoded."""

import math
from collections.abc import Iterator, Mapping

import numpy as np

from features.types import FloatArray
from pipeline.streams.channels import offsets_of, voice_of
from pipeline.streams.decode import AudioTrack, Chunk
from pipeline.streams.spans import Span

CONTEXT_S = 0.05  # sound on either side of a span that the resampling filter sees


class Window:
    """The sound of one span, collected at the recording's own rate with a little context on either side."""

    def __init__(self, index: int, span: Span, rate_hz: int) -> None:
        self.index, self.span, self.rate_hz = index, span, rate_hz
        self.first = math.floor((span.start_s - CONTEXT_S) * rate_hz)
        self.last = math.ceil((span.end_s + CONTEXT_S) * rate_hz)
        self._chunks: list[Chunk] = []

    def add(self, chunk: Chunk) -> None:
        """Keep what lies inside."""
        rows = chunk.rows[:, max(self.first - chunk.start, 0) : max(self.last - chunk.start, 0)]
        if rows.shape[1]:
            self._chunks.append(Chunk(max(chunk.start, self.first) - self.first, chunk.names, rows))

    def mono(self, channel: str, where: object) -> tuple[FloatArray, str]:
        """Return the voice as ``(n,)`` from ``first`` to the last sample that came, and a note; holes are silent.

        Where the number of channels changes on the way, each stretch is mixed by itself.
        """
        length = max((chunk.start + chunk.rows.shape[1] for chunk in self._chunks), default=0)
        mono, notes = np.zeros(length, dtype=np.float32), []
        layouts = dict.fromkeys(chunk.names for chunk in self._chunks)
        for names in layouts:
            chunks = [chunk for chunk in self._chunks if chunk.names == names]
            rows = np.zeros((len(names), length), dtype=np.float32)
            offsets = offsets_of(np.concatenate([chunk.rows for chunk in chunks], axis=1))
            for start, _, part in chunks:
                rows[:, start : start + part.shape[1]] = part - offsets
            voice, note = voice_of(rows, names, channel, self.rate_hz, where)
            notes.append(note)
            for start, _, part in chunks:
                mono[start : start + part.shape[1]] = voice[start : start + part.shape[1]]
        return mono, "; ".join(note for note in dict.fromkeys(notes) if note)


def windows(track: AudioTrack, spans: Mapping[int, Span]) -> Iterator[Window]:
    """Yield the sound of each span once it is complete, or once there is no more."""
    coming = sorted(spans, key=lambda index: spans[index].start_s, reverse=True)  # popped from the end
    held: list[Window] = []
    for chunk in track.chunks():
        end = chunk.start + chunk.rows.shape[1]
        while coming and (spans[coming[-1]].start_s - CONTEXT_S) * track.rate_hz < end:
            held.append(Window(coming[-1], spans[coming.pop()], track.rate_hz))
        for window in held:
            window.add(chunk)
        for window in [window for window in held if window.last <= end]:
            held.remove(window)
            yield window
        if not coming and not held:
            return
    yield from held
    yield from (Window(index, spans[index], track.rate_hz) for index in reversed(coming))
