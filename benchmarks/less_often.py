"""Measure what is lost because the face detector runs once a second and the pose network reads every fifth frame.

Each clip is read with the detector in every sampled frame, and with the default settings: as many faces should be
found, in the same places. Features are compared by their correlation over clips. Two changes that should not matter
show how much correlations depend on chance: starting one frame later, and cutting off 2 % at each edge of the picture,
which makes the detector's boxes differ a little.

Example: python -m benchmarks.less_often
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import click
import numpy as np

from benchmarks.tools import scenes
from benchmarks.tools.recordings import DATA
from benchmarks.tools.table import table
from common.threads import pin_to_one_thread
from features.registry import build
from features.types import FloatArray, VideoStream
from features.video.images import quiet_stderr
from pipeline.settings.streams import VideoConfig
from pipeline.streams.decode import probe
from pipeline.streams.pictures import iou
from pipeline.streams.spans import Region, Span
from pipeline.streams.video import read_video

EVERY_FRAME, BY_DEFAULT = VideoConfig(detect_every_s=0, frame_step=1), VideoConfig()
LONGEST_S = 8.0
INSIDE = Region(0.02, 0.02, 0.98, 0.98)

Pair = tuple[VideoStream, VideoStream]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--clips", type=click.IntRange(3), default=24, show_default=True, help="Maximum number of GRID clips.")
def main(clips: int) -> None:
    """Compare what the default settings find in real clips with what the detector finds in every sampled frame."""
    pin_to_one_thread()
    with tempfile.TemporaryDirectory() as folder, quiet_stderr():
        people = sorted((DATA / "grid" / "speakers").glob("*.mpg"))
        sets = {
            "GRID": [*people, *sorted((DATA / "grid" / "s1").glob("*.mpg"))][:clips],
            "RAVDESS": sorted((DATA / "ravdess" / "av").glob("*.mp4")),
            "edge cases": sorted((DATA / "edge").glob("*.m*")),
            "several faces, cuts": _composed(people, Path(folder)),
        }
        found = {name: [_read(path) for path in paths] for name, paths in sets.items()}
    rows = [
        _faces(name, [pair for pair, _ in read if pair], [cost for _, cost in read]) for name, read in found.items()
    ]
    click.echo(table(["clips", "frames", "faces, all", "faces, default", "IoU", "5 % below", "ms, all", "ms"], rows))
    pairs = [pair for name in ("GRID", "RAVDESS") for pair, _ in found[name] if pair]
    inside = [_stream(path, EVERY_FRAME, INSIDE) for name in ("GRID", "RAVDESS") for path in sets[name]]
    heading = ["features", "functional", "by default", "one frame later", "edges cut off"]
    click.echo("\n" + table(heading, _features(pairs, inside)))
    click.echo("\n" + table(["posture, step", "CPU ms a clip", "means", "deviations"], _posture(pairs)))


def _composed(people: Sequence[Path], folder: Path) -> list[Path]:
    """Write recordings of two people: they are side by side, one comes late, one is in a corner, or they take turns."""
    one, two = (scenes.pictures(path) for path in people[:2])
    grey = [np.full_like(two[0], 128)] * 30
    made = {
        "beside": scenes.beside(one, two),
        "late": scenes.beside(one, [*grey, *two[30:]]),
        "corner": scenes.in_the_corner(one, two),
        "cut": [*one[:38], *two[38:]],
        "back": [*one[:25], *two[25:50], *one[50:]],
    }
    return [scenes.compose(folder / f"{name}.mp4", frames, None) for name, frames in made.items()]


def _read(path: Path) -> tuple[Pair | None, tuple[float, float]]:
    """Return a clip's two streams, and the CPU seconds that each took; the streams are None if no stream can be made.

    The first stream is made with the detector in every frame, the second with the default settings.
    """
    read, costs = [], []
    for config in (EVERY_FRAME, BY_DEFAULT):
        before = time.process_time()
        read.append(_stream(path, config))
        costs.append(time.process_time() - before)
    every, default = read
    if isinstance(every, VideoStream) and isinstance(default, VideoStream):
        return (every, default), (costs[0], costs[1])
    if type(every) is not type(default):
        raise click.ClickException(
            f"{path} with the detector in every frame gives {every}; with the default settings, {default}"
        )
    return None, (costs[0], costs[1])


def _stream(path: Path, config: VideoConfig, region: Region | None = None) -> Any:
    span = Span(0.0, min(probe(path).duration_s, LONGEST_S), region)
    ((_, stream),) = read_video(path, [span], config)
    return stream


def _faces(name: str, pairs: Sequence[Pair], costs: Sequence[tuple[float, float]]) -> list[object]:
    seen = [[list(map(bool, stream.faces)) for stream in pair] for pair in pairs]
    overlaps = [
        iou(tuple(a), tuple(b))
        for every, default in pairs
        for a, b in zip(every.boxes, default.boxes, strict=True)
        if np.isfinite([a, b]).all()
    ]
    counts = [sum(sum(both[i]) for both in seen) for i in (0, 1)]
    spent = [f"{1000 * np.mean([cost[i] for cost in costs]):.0f}" for i in (0, 1)]
    frames = sum(len(both[0]) for both in seen)
    return [name, frames, *counts, f"{np.mean(overlaps):.3f}", f"{np.percentile(overlaps, 5):.3f}", *spent]


def _features(pairs: Sequence[Pair], inside: Sequence[VideoStream]) -> list[list[object]]:
    rows: list[list[object]] = []
    for name in ("landmarks", "face_cnn"):
        extractor = build(name, {})
        every = _pooled(extractor, [a for a, _ in pairs])
        others = [
            _pooled(extractor, streams) for streams in ([b for _, b in pairs], [_later(a) for a, _ in pairs], inside)
        ]
        for kind in dict.fromkeys(column.rsplit("_", 1)[1] for column in extractor.pooled_names):
            own = [i for i, column in enumerate(extractor.pooled_names) if column.endswith(f"_{kind}")]
            rows.append([name, kind, *(_agreement(every[:, own], other[:, own]) for other in others)])
    return rows


def _posture(pairs: Sequence[Pair]) -> list[list[object]]:
    streams = [every for every, _ in pairs]
    extractors = {step: build("posture", {"step": step}) for step in (1, 2, 5)}
    found, spent = {}, {}
    for step, extractor in extractors.items():
        extractor.extract(streams[0])
        before = time.process_time()
        found[step] = _pooled(extractor, streams)
        spent[step] = f"{1000 * (time.process_time() - before) / len(streams):.0f}"
    found[0] = _pooled(extractors[1], [_later(stream) for stream in streams])
    half = found[1].shape[1] // 2
    names = {1: "1", 0: "1, one frame later", 2: "2", 5: "5 (default)"}
    return [
        [names[s], spent.get(s, ""), *(_agreement(found[1][:, part], found[s][:, part]) for part in parts)]
        for s in names
        for parts in [(slice(0, half), slice(half, None))]
    ]


def _later(stream: VideoStream) -> VideoStream:
    """Return a stream without its first frame."""
    cut: dict[str, Callable[[Any], Any] | Any] = {
        field.name: getattr(stream, field.name)[1:] for field in fields(stream) if field.name != "note"
    }
    return replace(stream, **cut)


def _pooled(extractor: Any, streams: Sequence[VideoStream]) -> FloatArray:
    return np.array([extractor.extract(stream).pooled for stream in streams])


def _agreement(a: FloatArray, b: FloatArray) -> str:
    """Correlate each column of one table with the same column of the other; return the median and the lowest result."""
    found = []
    for x, y in zip(a.T, b.T, strict=True):
        known = np.isfinite(x) & np.isfinite(y)
        if known.sum() > 2 and x[known].std() > 0 and y[known].std() > 0:
            found.append(float(np.corrcoef(x[known], y[known])[0, 1]))
    return f"{np.median(found):.2f} (least {min(found):.2f})"


if __name__ == "__main__":
    main()
