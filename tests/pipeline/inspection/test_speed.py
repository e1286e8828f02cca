"""Measured times: they are there for every extractor that needs no settings."""

from dataclasses import asdict

from features.registry import build, with_defaults
from pipeline.inspection.speed import measured, speed_key


def test_every_extractor_that_needs_no_settings_was_measured_on_real_clips() -> None:
    found = measured()
    built = [build(name, settings) for name, settings in with_defaults({}).items()]
    assert set(found.ms) == {speed_key(extractor.name, asdict(extractor.config)) for extractor in built}
    assert all(0 < ms < 10_000 for ms in found.ms.values())
    assert found.clips >= 8
    assert 2 < found.clip_s < 4
    assert found.machine
