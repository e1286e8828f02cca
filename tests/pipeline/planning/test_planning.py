"""A plan measures real clips, knows what is cached, and foretells what the run then takes."""

import time
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.planning.planning import UNITS, plan, units_of
from pipeline.run.plans import Clip, Source
from pipeline.run.pool.cluster import Pool
from pipeline.settings.params import load_params
from pipeline.streams.spans import Span
from tests.conftest import grid_corpus, needs_data, output_of


def clip(name: str, path: str, start_s: float, end_s: float) -> Clip:
    return Clip(name, name, Source(path, path, Span(start_s, end_s)))


def test_recordings_of_every_length_are_measured() -> None:
    clips = [clip(f"u{i:03}", f"{i}.wav", 0, 1 + (i * 37 % 100) / 10) for i in range(100)]
    lengths = [unit.seconds[0] for unit in units_of(clips)]
    assert len(lengths) == UNITS
    assert sum(lengths) / UNITS == pytest.approx(5.95, abs=0.3)
    assert (min(lengths), max(lengths)) == (1.6, 10.3)


def test_of_a_long_recording_the_first_clips_are_measured_together() -> None:
    clips = [clip(f"u{i}", "film.mp4", 10 * i, 10 * i + 4) for i in range(200)]
    (unit,) = units_of(clips)
    assert [one.utterance for one in unit.clips] == ["u0", "u1", "u2"]
    assert unit.seconds == (4, 4, 4)


def test_text_without_recordings_and_few_or_no_clips_are_measured_as_they_are() -> None:
    texts = [clip(f"u{i}", "", 0, float("nan")) for i in range(30)]
    assert [unit.seconds for unit in units_of(texts)] == [(0.0,)] * UNITS
    assert [unit.clips[0].utterance for unit in units_of(texts[:2])] == ["u0", "u1"]
    assert units_of([]) == ()


@needs_data
def test_a_plan_of_real_clips_knows_what_is_cached_and_what_a_run_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = grid_corpus(tmp_path, 12)
    monkeypatch.chdir(folder)
    settings = folder / "params.yaml"
    settings.write_text(
        settings.read_text().replace("modalities: [text, audio, video]", "modalities: [text, audio]")
        + "features: {extract: [vader, mfcc, prosody]}\n"
    )
    output_of("prepare")
    params = load_params(settings)
    if "video" in params.corpus("grid").modalities:
        pytest.fail("the corpus of this test has a picture")
    first = plan(params, "grid", 0, lambda: Pool(0))
    assert (first.utterances, first.measured_clips, first.failed) == (12, 8, 0)
    assert first.hours * 3600 == pytest.approx(12 * 3, rel=0.05)
    steps = {step.step: step for step in first.cost.steps}
    assert list(steps) == ["preprocess text", "preprocess audio", "extract vader", "extract mfcc", "extract prosody"]
    assert all((step.clips, step.cached, step.pending) == (12, 0, 12) for step in steps.values())
    begin = time.process_time()
    for stage in ("preprocess", "extract"):
        output_of(stage, "--workers", "0")
    took = time.process_time() - begin
    computed = sum(step.cpu_s for step in steps.values())
    assert computed < took  # which also loads settings, hashes, and writes stores
    assert computed == pytest.approx(took, rel=0.7)
    written = sum(path.stat().st_size for path in (folder / "data").rglob("*") if path.suffix in (".clip", ".h5"))
    assert first.cost.disk_mb == pytest.approx(written / 1e6, rel=0.25)
    again = plan(params, "grid", 0, lambda: Pool(0))
    assert [(step.cached, step.pending) for step in again.cost.steps] == [(0, 12), (12, 0), (0, 12), (12, 0), (12, 0)]
    assert again.cost.disk_mb < 0.02  # stores of the light steps, which run again


def test_a_corpus_that_is_not_prepared_is_an_error(here: Path) -> None:
    Path("data/work/c/utterances.csv").unlink()
    with pytest.raises(UserError, match="run `crossmodal prepare` for this corpus first"):
        plan(load_params(here / "params.yaml"), "c", 0, lambda: Pool(0))


def test_a_corpus_of_text_alone_is_planned_too(here: Path) -> None:
    found = plan(load_params(here / "params.yaml"), "c", 2, lambda: Pool(0))
    assert (found.utterances, found.hours, found.measured_clips) == (16, 0, UNITS)
    assert [step.pending for step in found.cost.steps] == [16, 16]
