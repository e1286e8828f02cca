"""Clips of several recordings: one after the other, and a failure stays within its recording."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from features.store import Entry
from pipeline.errors import Changed, UserError
from pipeline.hashing import Content, sha256_of, stamp_of
from pipeline.run.plans import Clip, Source
from pipeline.run.recordings import by_recording, each_recording
from pipeline.streams.spans import Span


def clip(name: str, path: Path) -> Clip:
    sha256 = sha256_of(path) if path.is_file() else ""
    return Clip(name, "", Source(str(path), path.name, Span(0, 1), content=Content(sha256, "")))


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b"):
        (tmp_path / name).write_text(name)
    return tmp_path / "a", tmp_path / "b"


def test_clips_are_divided_by_recording(files: tuple[Path, Path]) -> None:
    a, b = files
    found = by_recording([clip("1", a), clip("2", b), clip("3", a)])
    assert [[c.utterance for c in part] for part in found.values()] == [["1", "3"], ["2"]]


def test_results_have_the_positions_of_their_clips(files: tuple[Path, Path]) -> None:
    a, b = files

    def compute(part: Sequence[Clip]) -> Iterator[tuple[int, Entry | Exception]]:
        yield from ((i, Entry("ok", one.utterance)) for i, one in reversed(list(enumerate(part))))

    found = dict(each_recording([clip("1", a), clip("2", b), clip("3", a)], compute))
    assert {i: getattr(entry, "note", "") for i, entry in found.items()} == {0: "1", 1: "2", 2: "3"}


def test_an_error_fails_what_is_left_of_its_recording_only(files: tuple[Path, Path]) -> None:
    a, b = files

    def compute(part: Sequence[Clip]) -> Iterator[tuple[int, Entry | Exception]]:
        yield 0, Entry("ok")
        if len(part) > 1:
            raise ValueError("broken")

    found = dict(each_recording([clip("1", a), clip("2", a), clip("3", b)], compute))
    assert [type(found[i]) for i in range(3)] == [Entry, ValueError, Entry]


def test_a_recording_that_changes_or_a_users_mistake_ends_the_run(files: tuple[Path, Path]) -> None:
    a, _ = files
    planned = clip("1", a)

    def mistaken(_: Sequence[Clip]) -> Iterator[tuple[int, Entry | Exception]]:
        raise UserError("no such model")
        yield

    with pytest.raises(UserError, match="no such model"):
        list(each_recording([planned], mistaken))
    a.write_text("another")
    with pytest.raises(Changed, match="is not the recording that this run was planned with"):
        list(each_recording([planned], mistaken))


def test_a_voice_in_another_file_must_not_change_either(files: tuple[Path, Path]) -> None:
    a, b = files
    heard = Clip("1", "", replace(clip("1", a).payload, voice=clip("1", b).payload))

    def compute(part: Sequence[Clip]) -> Iterator[tuple[int, Entry | Exception]]:
        yield from ((i, Entry("ok")) for i in range(len(part)))

    assert len(list(each_recording([heard, clip("2", a)], compute))) == 2
    b.write_text("another voice")
    with pytest.raises(Changed, match="b is not the recording"):
        list(each_recording([clip("2", a), heard], compute))


def test_a_recording_with_the_stamp_of_the_plan_is_not_read_and_any_other_is_hashed(files: tuple[Path, Path]) -> None:
    a, _ = files

    def compute(_: Sequence[Clip]) -> Iterator[tuple[int, Entry | Exception]]:
        yield 0, Entry("ok")

    def computed(content: Content) -> dict[int, Entry | Exception]:
        return dict(each_recording([Clip("1", "", Source(str(a), a.name, Span(0, 1), content=content))], compute))

    assert computed(Content("unread", stamp_of(a)))[0] == Entry("ok")
    assert computed(Content(sha256_of(a), "of another host"))[0] == Entry("ok")
    with pytest.raises(Changed, match="not the recording that this run was planned with"):
        computed(Content("other", "of another host"))
