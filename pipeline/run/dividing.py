"""Divide clips into tasks that keep all workers equally busy: by number, by recording, or by parts of recordings."""

from collections.abc import Callable, Collection, Iterable, Sequence
from math import ceil, isfinite
from typing import TypeVar

from pipeline.run.plans import Clip, Source

Item = TypeVar("Item")

PARTS_PER_WORKER = 2  # how finely recordings are divided; more parts balance better, but each part is opened anew
SHORTEST_S = 10.0  # the utterances of a part last at least this long in total, in seconds


def evenly(items: Sequence[Item], most: int, workers: int) -> list[list[Item]]:
    """Divide items into batches of nearly equal size, with the same number of batches for each worker if possible.

    Parameters
    ----------
    items
        The clips, or the parts of recordings; at least one.
    most
        The largest number of items in a batch.
    workers
        The number of workers.

    >>> [len(batch) for batch in evenly(range(37), 10, 2)]
    [9, 9, 9, 10]
    """
    count = min(workers * ceil(len(items) / (most * workers)), len(items))
    return [list(items[len(items) * i // count : len(items) * (i + 1) // count]) for i in range(count)]


def shares(
    recordings: Iterable[Sequence[Clip]], workers: int, divisible: Callable[[Source, Collection[str]], bool]
) -> list[list[Clip]]:
    """Return groups of clips: each holds all clips of a recording, or one of the consecutive parts of a long recording.

    Parameters
    ----------
    recordings
        The clips of each recording; payloads are `Source`.
    workers
        The number of workers.
    divisible
        Function that says whether parts of a recording can be decoded separately with the same result. It takes the
        recording and the tracks that its clips name. It is called for long recordings only.
    """
    given = [list(clips) for clips in recordings]
    share_s = sum(map(_length_s, given)) / (PARTS_PER_WORKER * workers)
    found: list[list[Clip]] = []
    for clips in given:
        length_s = _length_s(clips)
        most = min(int(length_s / SHORTEST_S), len(clips)) if workers > 1 else 1
        count = min(ceil(length_s / share_s - 1e-9), most) if most > 1 else 1
        found += _parts(clips, count) if count > 1 and divisible(clips[0].payload, _tracks(clips)) else [clips]
    return found


def _tracks(clips: Sequence[Clip]) -> list[str]:
    return list(dict.fromkeys(clip.payload.span.track for clip in clips))


def _length_s(clips: Sequence[Clip]) -> float:
    return float(sum(map(_duration_s, clips)))


def _duration_s(clip: Clip) -> float:
    """Return the length of a clip in seconds, or 0 if its end is unknown because its recording cannot be read."""
    duration_s = float(clip.payload.span.duration_s)
    return duration_s if isfinite(duration_s) else 0.0


def _parts(clips: Sequence[Clip], count: int) -> list[list[Clip]]:
    """Divide clips by time into at most `count` parts of nearly equal length, none of which is empty."""
    ordered = sorted(clips, key=lambda clip: clip.payload.span.start_s)
    share_s = _length_s(clips) / count
    parts: list[list[Clip]] = [[]]
    before_s = 0.0
    for clip in ordered:
        middle_s = before_s + _duration_s(clip) / 2
        if parts[-1] and middle_s > len(parts) * share_s:
            parts.append([])
        parts[-1].append(clip)
        before_s += _duration_s(clip)
    return parts
