"""What a worker measures: every step on every clip, failures counted, nothing left behind."""

from pathlib import Path

from pipeline.planning.measuring import Probe, Unit, measure_features, measure_streams
from pipeline.run.extraction import extract_step
from pipeline.run.plans import Clip
from pipeline.run.streaming import plan_stream, stream_attributes
from pipeline.settings.params import load_params


def test_every_step_is_measured_and_no_file_is_left(here: Path) -> None:
    params = load_params(here / "params.yaml")
    program, stream, planned = plan_stream(params, "c", "text")
    clips = [clip for clip in planned if isinstance(clip, Clip)]
    units = (Unit(tuple(clips[:3]), (1.0, 2.0, 3.0)), Unit((clips[5],), (4.0,)))
    before = sorted(here.rglob("*"))
    probe = Probe(stream, stream_attributes(params, "text", program), units, (extract_step(params, "c", "vader"),))
    streams = measure_streams([probe])
    features = measure_features(([probe], streams.streams))
    assert sorted(here.rglob("*")) == before
    samples = {**streams.samples, **features.samples}
    assert {step: [(s.clips, s.seconds) for s in own] for step, own in samples.items()} == {
        "preprocess text": [(3, 6.0), (1, 4.0)],
        "extract vader": [(1, 1.0), (1, 2.0), (1, 3.0), (1, 4.0)],
    }
    assert all(s.cpu_s > 0 for own in samples.values() for s in own)
    assert all(s.size > 0 for own in samples.values() for s in own)  # what light steps put into their stores
    for found in (streams, features):
        assert min(found.loading_s.values()) >= 0
        assert (found.failed, found.peak_mb > 10) == (0, True)


def test_clips_that_fail_are_counted(here: Path) -> None:
    params = load_params(here / "params.yaml")
    program, stream, planned = plan_stream(params, "c", "text")
    bad = [Clip(clip.utterance, clip.key, None) for clip in planned[:2]]
    probe = Probe(stream, stream_attributes(params, "text", program), (Unit(tuple(bad), (0.0, 0.0)),), ())
    assert measure_streams([probe]).failed == 2
