import math
from dataclasses import replace

import pytest

from pipeline.run.dividing import evenly, shares
from pipeline.run.plans import Clip, Source
from pipeline.streams.spans import Span


def clips(name: str, *lengths_s: float) -> list[Clip]:
    """Clips of one recording that follow one another."""
    found, at = [], 0.0
    for length_s in lengths_s:
        found.append(Clip(f"{name}{len(found)}", "", Source(f"{name}.mp4", "", Span(at, at + length_s))))
        at += length_s
    return found


def lengths_s(parts: list[list[Clip]]) -> list[float]:
    return [sum(clip.payload.span.duration_s for clip in part) for part in parts]


@pytest.mark.parametrize(("count", "most", "workers"), [(1, 16, 2), (5, 1, 4), (299, 16, 2), (7, 3, 5), (48, 4, 3)])
def test_batches_differ_by_one_clip_at_most_and_each_worker_gets_as_many(count: int, most: int, workers: int) -> None:
    given = clips("a", *[2.0] * count)
    batches = evenly(given, most, workers)
    assert [clip for batch in batches for clip in batch] == given
    sizes = [len(batch) for batch in batches]
    assert 1 <= min(sizes) <= max(sizes) <= min(most, min(sizes) + 1)
    assert len(batches) % workers == 0 or len(batches) == count


def test_one_long_recording_is_divided_evenly_and_in_order_of_time() -> None:
    long = clips("a", *[3.0, 5.0, 4.0] * 100)
    parts = shares([long[::-1]], 2, lambda *_: True)
    assert [clip for part in parts for clip in part] == long
    assert lengths_s(parts) == pytest.approx([300] * 4, abs=5)


@pytest.mark.parametrize("workers", [1, 2, 3, 16])
def test_every_worker_has_the_same_to_do(workers: int) -> None:
    found = [clips("a", *[4.0] * 200), clips("b", *[4.0] * 500), clips("c", *[4.0] * 300)]
    parts = shares(found, workers, lambda *_: True)
    assert sorted(clip.utterance for part in parts for clip in part) == sorted(c.utterance for r in found for c in r)
    loads = [0.0] * workers
    for length in lengths_s(parts):
        loads[loads.index(min(loads))] += length
    assert max(loads) <= 1.5 * sum(loads) / workers
    assert len(parts) == 3 or workers > 1


def test_short_recordings_stay_whole_and_are_not_even_opened() -> None:
    def opened(*_: object) -> bool:
        raise AssertionError

    few = [clips(name, 3.0, 3.0, 2.0) for name in "abc"]
    assert shares(few, 2, opened) == few
    many = [clips(str(i), *[5.0] * 12) for i in range(40)]
    assert shares(many, 4, opened) == many
    assert shares([], 4, opened) == []


def test_a_recording_whose_parts_cannot_be_decoded_apart_stays_whole() -> None:
    found = [clips("a", *[4.0] * 100), clips("b", *[4.0] * 100)]
    parts = shares(found, 2, lambda source, _: source.path == "b.mp4")
    assert parts[0] == found[0]
    assert [clip for part in parts[1:] for clip in part] == found[1]
    assert len(parts) == 3


def test_one_clip_and_clips_of_no_length_make_no_empty_part() -> None:
    assert len(shares([clips("a", 1000.0)], 4, lambda *_: True)) == 1
    parts = shares([clips("a", *[0.0] * 50, 100.0, *[0.0] * 50)], 4, lambda *_: True)
    assert all(parts)
    assert sum(map(len, parts)) == 101
    assert shares([clips("a", 0.0, 0.0)], 2, lambda *_: True)[0]


def test_a_recording_whose_length_is_unknown_changes_nothing_for_the_others() -> None:
    unread, readable = clips("a", math.nan), [clips("b", *[4.0] * 100), clips("c", 3.0)]
    assert shares([unread, *readable], 2, lambda *_: True) == [unread, *shares(readable, 2, lambda *_: True)]
    assert shares([unread], 2, lambda *_: True) == [unread]


def test_all_tracks_that_the_clips_name_must_be_divisible() -> None:
    found = clips("a", *[4.0] * 100)
    spans = [replace(clip.payload.span, track="12"[i % 2]) for i, clip in enumerate(found)]
    named = [replace(clip, payload=replace(clip.payload, span=span)) for clip, span in zip(found, spans, strict=True)]
    assert len(shares([named], 2, lambda _, tracks: tracks == ["1", "2"])) == 4
    assert len(shares([named], 2, lambda _, tracks: "2" not in tracks)) == 1
