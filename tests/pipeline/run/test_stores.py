"""Shared by preprocess and extract: one store of all outcomes in order, failures recorded, too many refused."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.store import Entry, feature_schema, open_store
from pipeline.errors import Changed, TooManyFailures, UserError
from pipeline.run.cache import ClipCache
from pipeline.run.clips import StepReport
from pipeline.run.ledger import read_failures
from pipeline.run.plans import Clip, Outcome
from pipeline.run.pool.cluster import Pool
from pipeline.run.stores import finish, require_planned, start_ahead, start_storing, summary
from pipeline.settings.params import Params, load_params
from pipeline.settings.paths import CACHE, CorpusPaths


class Doubles:
    """Doubles a number; a negative one fails."""

    stage, name, light, plugins = "extract", "doubles", False, ()

    def ready(self) -> "Doubles":
        return self

    def batches(self, clips: Sequence[Clip], workers: int) -> list[list[Clip]]:
        return [list(clips)]

    def compute(self, clips: Sequence[Clip]) -> Iterator[tuple[int, Entry | Exception]]:
        for i, clip in enumerate(clips):
            if clip.payload < 0:
                yield i, ValueError("a negative number")
                continue
            rows = {"values": np.full((1, 1), 2 * clip.payload, np.float32), "times": np.zeros((1, 2))}
            yield i, Entry("ok", rows=rows, clips={"pooled": np.array([clip.payload], np.float32)})


def test_outcomes_are_in_the_planned_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    planned = [Clip("b", "kb", 3), Outcome("a", "", "absent", note="no sound"), Clip("c", "kc", -1), Clip("d", "kd", 4)]
    target = (tmp_path / "s.h5", feature_schema(1, 1), {"name": "doubles"})
    report = start_storing(Doubles(), planned, Pool(0), target)()
    assert [o.utterance for o in report.outcomes] == ["b", "a", "c", "d"]
    assert report.computed == ["b", "c", "d"]
    with open_store(target[0]) as store:
        assert store.utterances == ["b", "a", "c", "d"]
        assert store.statuses == ["ok", "absent", "failed", "ok"]
        assert store.notes == ["", "no sound", "a negative number", ""]
        assert store.all_rows()[:, 0].tolist() == [6, 8]
    again = start_storing(Doubles(), planned, Pool(0), target)()
    assert again.computed == ["c"]  # what failed is tried again, the rest is in the cache


def test_clips_of_another_width_in_the_cache_are_refused_with_what_to_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    planned = [Clip("b", "kb", 3)]
    start_storing(Doubles(), planned, Pool(0), (tmp_path / "s.h5", feature_schema(1, 1), {"name": "doubles"}))()
    for wider, what in ((feature_schema(2, 1), "2 values"), (feature_schema(1, 4), "4 pooled")):
        with pytest.raises(UserError, match=f"doubles now gives {what}, .* it gave 1: raise the version of doubles"):
            start_storing(Doubles(), planned, Pool(0), (tmp_path / "s.h5", wider, {"name": "doubles"}))()


def report(*statuses: Any) -> StepReport:
    errors = ["E" if status == "failed" else "" for status in statuses]
    pairs = enumerate(zip(statuses, errors, strict=True))
    return StepReport([Outcome(f"u{i}", "k", status, note="why", error=error) for i, (status, error) in pairs], (), 0)


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text("run: {max_failed: 0.25}\n")
    return load_params(Path("params.yaml"))


@pytest.mark.parametrize(("failed", "refused"), [(0, False), (1, False), (2, True)])
def test_more_failures_than_allowed_end_the_stage_after_they_are_recorded(
    failed: int, refused: bool, params: Params
) -> None:
    paths = CorpusPaths("c")
    done = report(*["failed"] * failed, *["ok"] * (4 - failed))
    step: Any = Doubles()
    if refused:
        with pytest.raises(TooManyFailures, match=r"2 of 4 clips failed, more than run\.max_failed = 0\.25 allows"):
            finish(done, params, paths, step)
    else:
        finish(done, params, paths, step)
    assert [f.utterance for f in read_failures(paths.failures)] == [f"u{i}" for i in range(failed)]


@pytest.mark.parametrize("allowed", [0, 0.01])
def test_a_single_failed_clip_never_ends_the_stage_of_a_small_corpus(allowed: float, params: Params) -> None:
    strict = replace(params, run=replace(params.run, max_failed=allowed))
    finish(report("ok", "failed"), strict, CorpusPaths("c"), Doubles())
    for statuses, counts in ((("failed",), "1 of 1"), (("ok", "ok", "failed", "failed"), "2 of 4")):
        with pytest.raises(TooManyFailures, match=f"{counts} clips failed"):
            finish(report(*statuses), strict, CorpusPaths("c"), Doubles())
    finish(report("failed"), replace(params, run=replace(params.run, max_failed=1)), CorpusPaths("c"), Doubles())


def test_a_stream_that_failed_is_counted_in_its_own_stage(params: Params) -> None:
    failed = report("failed", "failed")
    streams = replace(failed, outcomes=[replace(o, error="StreamFailed") for o in failed.outcomes])
    finish(streams, params, CorpusPaths("c"), Doubles())
    assert read_failures(CorpusPaths("c").failures) == []


def test_differences_from_the_plan_are_named() -> None:
    planned = {"version": 1, "config": {"hop_s": (0.1, 0.2)}, "libraries": {"av": "1"}}
    require_planned("mfcc", planned, {"libraries": {"av": "1"}, "config": {"hop_s": [0.1, 0.2]}, "version": 1})
    with pytest.raises(Changed, match=r"mfcc is not the same in process \d+ of .* \(different: libraries, version\)"):
        require_planned("mfcc", planned, {**planned, "version": 2, "libraries": {}})
    with pytest.raises(Changed, match=r"\(different: settings\)"):
        require_planned("mfcc", planned, {**planned, "weights": {}})


def test_the_summary_counts_damaged_cache_files() -> None:
    done = replace(report("ok", "ok", "empty"), computed=["u0"], damaged=1)
    assert summary(done).startswith(
        "3 clips (2 ok, 1 empty): 1 computed (u0), 1 of them because their cache file was damaged, 2 from the cache"
    )


def test_what_was_computed_ahead_is_only_stored_by_the_command_that_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    planned = [Clip("a", "ka", 3), Outcome("b", "", "absent"), Clip("c", "kc", -1), Clip("d", "kd", 4)]
    target = feature_schema(1, 1), {"name": "doubles"}
    alone = tmp_path / "alone.h5"
    start_storing(Doubles(), planned, Pool(0), (alone, *target))()
    shutil.rmtree(tmp_path / "data/cache")
    assert start_ahead(Doubles(), planned, Pool(0))() == 3
    assert start_ahead(Doubles(), planned, Pool(0))() == 1  # what failed is not kept: its own command tries it again
    report = start_storing(Doubles(), planned, Pool(0), (tmp_path / "s.h5", *target))()
    assert report.computed == ["c"]
    assert (tmp_path / "s.h5").read_bytes() == alone.read_bytes()


def test_an_entry_of_which_only_the_content_is_damaged_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such an entry has a sound outline, so it is found only when it is put into the store."""
    monkeypatch.chdir(tmp_path)
    planned = [Clip("a", "ka", 3), Clip("b", "kb", 4)]
    target = tmp_path / "s.h5"
    start_storing(Doubles(), planned, Pool(0), (target, feature_schema(1, 1), {"name": "doubles"}))()
    sound, entry = target.read_bytes(), ClipCache(CACHE, "doubles").path("kb")
    content = entry.read_bytes()
    entry.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    report = start_storing(Doubles(), planned, Pool(0), (target, feature_schema(1, 1), {"name": "doubles"}))()
    assert (report.computed, report.damaged) == (["b"], 1)
    assert target.read_bytes() == sound
    assert entry.read_bytes() == content


class Lightly(Doubles):
    light = True


def test_a_light_step_is_not_computed_ahead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert start_ahead(Lightly(), [Clip("a", "ka", 3)], Pool(0))() == 0
    assert not list(tmp_path.rglob("*.clip"))
