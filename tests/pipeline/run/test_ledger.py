"""The ledger counts attempts and keeps the stages apart."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pipeline.run.ledger import Failure, read_failures, record


def failure(name: str, step: str = "audio", message: str = "cut off, at 1.2 s") -> Failure:
    return Failure(name, "preprocess", step, "MediaError", message)


def test_attempts_are_counted_and_repaired_clips_are_removed(tmp_path: Path) -> None:
    path = tmp_path / "failures.csv"
    record(path, "preprocess", "audio", [failure("a"), failure("b")])
    record(path, "preprocess", "audio", [failure("a")])
    assert [(f.utterance, f.attempts) for f in read_failures(path)] == [("a", 2)]
    record(path, "preprocess", "audio", [])
    assert read_failures(path) == []


def test_steps_do_not_touch_each_other(tmp_path: Path) -> None:
    path = tmp_path / "failures.csv"
    record(path, "preprocess", "audio", [failure("a", message='says "no", twice\nand more')])
    record(path, "preprocess", "video", [failure("a", "video")])
    assert [f.step for f in read_failures(path)] == ["audio", "video"]
    assert read_failures(path)[0].message == 'says "no", twice\nand more'


def test_stages_that_end_at_the_same_time_lose_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "failures.csv"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: record(path, "extract", f"step{n}", [failure(f"u{n}", f"step{n}")]), range(24)))
    assert len(read_failures(path)) == 24
