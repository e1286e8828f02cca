"""Running many clips: each result is kept at once, a bad clip is an outcome, a lost worker costs one clip."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from features.store import Entry, Schema
from pipeline.errors import UserError
from pipeline.run.cache import ClipCache
from pipeline.run.clips import Step, run_step, store_items
from pipeline.run.plans import Clip
from pipeline.run.pool.cluster import Pool

TOY = """
import os
from dataclasses import dataclass
import numpy as np
from features.errors import EmptyInput, ExtractorError, NoStream
from features.store import Entry

@dataclass(frozen=True)
class Toy:
    light: bool = False
    size: int = 4
    name: str = "toy"
    stage: str = "extract"
    plugins: tuple = ()

    def ready(self):
        return self

    def batches(self, clips, workers):
        return [list(clips[i : i + self.size]) for i in range(0, len(clips), self.size)]

    def compute(self, clips):
        for i, clip in enumerate(clips):
            kind = clip.payload
            if kind == "dies":
                os._exit(11)
            if kind == "stops":
                raise RuntimeError("the codec gave up")
            if kind == "fatal":
                raise ExtractorError("no such weights")
            errors = {"empty": EmptyInput("silence"), "absent": NoStream("no audio"), "fails": ValueError("bad frame")}
            yield i, errors.get(kind) or Entry("ok", rows={"values": np.full((2, 1), float(len(clip.utterance)))})
"""


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> type:
    (tmp_path / "plugin").mkdir()
    (tmp_path / "plugin" / "toy_step.py").write_text(TOY)
    monkeypatch.syspath_prepend(str(tmp_path / "plugin"))
    sys.modules.pop("toy_step", None)
    import toy_step  # type: ignore[import-not-found]

    return toy_step.Toy  # type: ignore[no-any-return]


def clips(*kinds: str) -> list[Clip]:
    return [Clip(f"u{i}", f"{i:02d}key", kind) for i, kind in enumerate(kinds)]


def test_every_kind_of_outcome(toy: type, tmp_path: Path) -> None:
    report = run_step(toy(), clips("ok", "empty", "absent", "fails", "ok"), Pool(0), tmp_path / "cache")
    assert [o.status for o in report.outcomes] == ["ok", "empty", "absent", "failed", "ok"]
    assert report.outcomes[3].error == "ValueError"
    assert report.outcomes[3].note == "bad frame"
    items = store_items(report, "toy", tmp_path / "cache", Schema(()))
    assert [item.load().status for item in items] == ["ok", "empty", "absent", "failed", "ok"]


def test_a_light_step_keeps_no_files_and_computes_all_again(toy: type, tmp_path: Path) -> None:
    kinds = clips("ok", "empty", "absent", "fails", "ok")
    light = run_step(toy(light=True), kinds, Pool(1), tmp_path)
    heavy = run_step(toy(), kinds, Pool(0), tmp_path / "cache")
    assert light.outcomes == heavy.outcomes
    assert not list(tmp_path.glob("toy"))
    loaded = [
        [(item.utterance, item.key, item.load()) for item in store_items(report, "toy", tmp_path / "cache", Schema(()))]
        for report in (light, heavy)
    ]
    for (*one, entry), (*other, kept) in zip(*loaded, strict=True):
        assert one == other
        assert (entry.status, entry.note) == (kept.status, kept.note)
        assert all(np.array_equal(entry.rows[name], kept.rows[name]) for name in kept.rows)
    assert run_step(toy(light=True), kinds, Pool(1), tmp_path).computed == [clip.utterance for clip in kinds]


def test_settings_that_a_light_step_cannot_work_with_end_the_run(toy: type, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such weights"):
        run_step(toy(light=True), clips("ok", "fatal"), Pool(1), tmp_path)


def test_a_second_run_computes_only_failed_clips(toy: type, tmp_path: Path) -> None:
    run_step(toy(), clips("ok", "empty", "fails"), Pool(0), tmp_path)
    report = run_step(toy(), clips("ok", "empty", "ok"), Pool(0), tmp_path)
    assert report.computed == ["u2"]
    assert [o.status for o in report.outcomes] == ["ok", "empty", "ok"]


def test_a_damaged_entry_is_computed_again(toy: type, tmp_path: Path) -> None:
    run_step(toy(), clips("ok", "ok"), Pool(0), tmp_path)
    path = ClipCache(tmp_path, "toy").path("01key")
    path.write_bytes(path.read_bytes()[:-3])
    report = run_step(toy(), clips("ok", "ok"), Pool(0), tmp_path)
    assert (report.computed, report.damaged) == (["u1"], 1)
    assert report.outcomes[1].status == "ok"


def test_a_step_that_breaks_off_fails_the_rest_of_its_batch_only(toy: type, tmp_path: Path) -> None:
    report = run_step(toy(size=3), clips("ok", "stops", "ok", "ok", "ok"), Pool(0), tmp_path)
    assert [o.status for o in report.outcomes] == ["ok", "failed", "failed", "ok", "ok"]


def test_an_error_that_concerns_all_clips_ends_the_run(toy: type, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such weights"):
        run_step(toy(), clips("ok", "fatal"), Pool(0), tmp_path)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match=r"cannot write to .*file.*kept"):
        run_step(toy(), clips("ok"), Pool(0), tmp_path / "file")


def test_a_clip_that_kills_its_worker_fails_alone(toy: type, tmp_path: Path) -> None:
    with Pool(2) as pool:
        report = run_step(toy(), clips("ok", "dies", "ok", "ok", "ok"), pool, tmp_path)
    assert [o.status for o in report.outcomes] == ["ok", "failed", "ok", "ok", "ok"]
    assert report.outcomes[1].error == "WorkerLost"


def test_a_few_clips_are_computed_without_workers(toy: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.run.pool.forked.possible", lambda: True)
    kinds = ("ok", "empty", "fails", "ok")
    with Pool(2) as pool:
        few = run_step(toy(), clips(*kinds), pool, tmp_path / "few")
        assert not pool.started
        with pytest.raises(UserError, match="no such weights"):
            run_step(toy(), [Clip("v", "vkey", "fatal")], pool, tmp_path / "few")
        assert not pool.started
        run_step(toy(), [Clip(name, f"{name}key", "ok") for name in "abcde"], pool, tmp_path / "few")
        assert pool.started
    assert few == run_step(toy(), clips(*kinds), Pool(0), tmp_path / "here")
    files = [sorted((tmp_path / root).rglob("*00key.clip")) for root in ("few", "here")]
    assert len({path.read_bytes() for paths in files for path in paths}) == 1


def test_a_clip_of_a_few_that_kills_its_process_fails_alone(
    toy: type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.run.pool.forked.possible", lambda: True)
    with Pool(2) as pool:
        report = run_step(toy(), clips("ok", "dies", "ok", "ok"), pool, tmp_path)
    assert [o.status for o in report.outcomes] == ["ok", "failed", "ok", "ok"]
    assert report.outcomes[1].error == "WorkerLost"


def test_a_clip_in_the_queue_of_a_killed_worker_is_not_blamed(toy: type, tmp_path: Path) -> None:
    kinds = ("dies", "ok", "ok", "dies", "ok", "ok")
    with Pool(1) as pool:  # one worker: each time, the next task in its queue is lost with the one that kills it
        report = run_step(toy(size=1), clips(*kinds), pool, tmp_path)
    assert [o.status for o in report.outcomes] == ["failed" if kind == "dies" else "ok" for kind in kinds]


def test_an_unreachable_scheduler_is_reported(toy: type, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no Dask cluster"), Pool(1, "tcp://127.0.0.1:9") as pool:
        run_step(toy(), clips("ok"), pool, tmp_path)


def test_a_clip_without_a_result_is_a_failure(tmp_path: Path) -> None:
    class Silent:
        stage, name, light, plugins = "extract", "silent", True, ()

        def ready(self) -> "Silent":
            return self

        def batches(self, given: Sequence[Clip], workers: int) -> list[list[Clip]]:
            return [list(given)]

        def compute(self, given: Sequence[Clip]) -> Iterator[tuple[int, Entry | Exception]]:
            yield 0, Entry("ok", rows={"values": np.zeros((1, 1))})

    step: Step = Silent()  # type: ignore[assignment]
    report = run_step(step, clips("ok", "ok"), Pool(0), tmp_path)
    assert [o.status for o in report.outcomes] == ["ok", "failed"]
    assert "gave no result" in report.outcomes[1].note
