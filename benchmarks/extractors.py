"""Measure the CPU time per clip of every extractor that needs no settings; `crossmodal features list` shows it."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from statistics import fmean
from typing import Any

from benchmarks.tools.ours import Ours
from benchmarks.tools.recordings import ABSENT, SETS
from benchmarks.tools.table import table
from benchmarks.tools.timing import interleaved, median_cost, one_core, processor
from features.registry import build, with_defaults
from features.video.images import quiet_stderr
from pipeline.inspection.speed import FILE, speed_key
from pipeline.streams.decode import probe


def run(*, quick: bool) -> Iterator[str]:
    """Yield the report's paragraphs; unless `quick`, write the measured times to `pipeline.inspection.speed.FILE`."""
    yield "## Milliseconds per clip of each extractor"
    recordings = SETS["grid"](2 if quick else 8)
    if not recordings:
        yield ABSENT.format("grid")
        return
    ours = Ours()
    extractors = {name: build(name, settings) for name, settings in with_defaults({}).items()}
    samples = []
    with one_core(), quiet_stderr():
        for recording in recordings:
            streams = ours.streams(recording, probe(recording.path).duration_s)
            calls: dict[str, Any] = {name: partial(e.extract, streams[e.modality]) for name, e in extractors.items()}
            interleaved(calls, backwards=False)  # warm up
            samples += [interleaved(calls, backwards=bool(i % 2)) for i in range(3)]
    clip_s = fmean(probe(recording.path).duration_s for recording in recordings)
    ms = {name: round(1000 * median_cost([sample[name] for sample in samples]).cpu_s, 1) for name in extractors}
    machine = processor()
    if not quick:
        times = {speed_key(e.name, asdict(e.config)): ms[name] for name, e in extractors.items()}
        written = {"machine": machine, "clips": len(recordings), "clip_s": round(clip_s, 2), "ms": times}
        FILE.write_text(json.dumps(written, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    yield f"{len(recordings)} GRID clips of {clip_s:.1f} s, on one core of {machine}, with models already loaded."
    yield table(["extractor", "CPU ms per clip"], list(ms.items()))
