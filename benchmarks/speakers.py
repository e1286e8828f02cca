"""Measure how often the face that speaks is found on pairs of real clips, and how long that takes.

The mouth in each clip is measured once. For each voice, the choice is between its own mouth and another: a listener's
(the silent start of a clip, repeated) or a second talker's (a clip with other words). All sentences of GRID begin and
end at about the same time, which makes second talkers hard. `--scenes` also composes recordings of several people, and
reads them as the pipeline does.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import click
import numpy as np
from numpy.typing import NDArray

from benchmarks.tools import scenes
from benchmarks.tools.recordings import ABSENT, DATA
from benchmarks.tools.table import table
from benchmarks.tools.timing import measure, median_cost, one_core
from features.types import TimeArray
from pipeline.settings.streams import VideoConfig
from pipeline.streams.faces import detector
from pipeline.streams.spans import Span
from pipeline.streams.speaker.evidence import evidence
from pipeline.streams.speaker.voice import RATE_HZ, Voice, levels
from pipeline.streams.speaker.watching import sightings
from pipeline.streams.video import read_video

CLIP_S = 3.0
DRAWS = 20  # number of random pairings of all clips
RATES_HZ = (5.0, 12.5, 25.0)
SHORT_S = 1.5  # the middle of each clip, with this length, is measured as well, at the highest rate

Lips = NDArray[np.float64]  # (clips, frames), at 25 frames per second


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--clips", type=click.IntRange(2), default=49, show_default=True, help="Number of clips to pair.")
@click.option(
    "--scenes",
    "count",
    type=click.IntRange(0),
    default=0,
    help="Number of recordings of several people to compose for each scene.",
)
@click.option("--cost", is_flag=True, help="Also measure how long recordings with one and with two faces take to read.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the random pairings.")
def main(clips: int, count: int, cost: bool, seed: int) -> None:
    """Measure how often the face that speaks is found among several.

    Example: python -m benchmarks.speakers --scenes 10 --cost
    """
    paths = _clips(clips)
    if len(paths) < 2:
        click.echo(ABSENT.format("grid"))
        return
    for paragraph in _report(paths, count, cost, seed):
        click.echo(f"{paragraph}\n")


def _clips(count: int) -> list[Path]:
    """Return clips of ten speakers in mixed order, so that even a few clips show several people."""
    one, others = (sorted((DATA / "grid" / folder).glob("*.mpg")) for folder in ("s1", "speakers"))
    mixed = [path for pair in zip(one, others, strict=False) for path in pair]
    return [*mixed, *one[len(others) :], *others[len(one) :]][:count]


def _report(paths: Sequence[Path], count: int, cost: bool, seed: int) -> Iterator[str]:
    rng = np.random.default_rng(seed)
    lips, heard = _measured(paths)
    people = np.array([path.stem if path.parent.name == "speakers" else path.parent.name for path in paths])
    yield f"## Which face speaks: {len(paths)} clips of {len(set(people))} people, {DRAWS} random pairings, seed {seed}"
    header = ["the speaker against", "s", "mouth_fps", "right, %", "lowest and highest pairing"]
    yield table(header, _rows(lips, heard, people, rng))
    if count:
        yield f"## Composed recordings, {count} of each"
        yield table(["scene", "right", "frames of the speaker, %"], _scenes(paths, count, rng))
    if cost:
        yield "## Cost, CPU ms per second of recording, on one core"
        yield table(["recording", "size", "speaking, 12.5", "speaking, 25"], _costs(paths))


def _measured(paths: Sequence[Path]) -> tuple[Lips, list[TimeArray]]:
    """Return the opening of the lips in each frame of each clip, and the level of each clip's voice over time."""
    detect = detector("mediapipe", VideoConfig().min_score)
    lips = []
    for path in paths:
        faces = [sightings(picture, detect) for picture in scenes.pictures(path)]
        lips.append([found[0].lips if found else np.nan for found in faces])
    found = levels({i: Voice(path, Span(0.0, CLIP_S)) for i, path in enumerate(paths)})
    return np.array(lips), [level for _, level in sorted(found.items()) if not isinstance(level, Exception)]


def _rows(
    lips: Lips, heard: Sequence[TimeArray], people: NDArray[Any], rng: np.random.Generator
) -> Iterator[list[object]]:
    same = people[:, None] == people[None]
    others = ~np.eye(len(people), dtype=bool)
    around = [*range(scenes.SILENT_FRAMES), *range(scenes.SILENT_FRAMES - 2, 0, -1)]
    silent = lips[:, list(islice(cycle(around), lips.shape[1]))]
    kinds: dict[str, tuple[Lips, NDArray[np.bool_]]] = {
        "a listener": (silent, others),
        "a second talker, another person": (lips, ~same),
        "a second talker, the same person": (lips, same & others),
    }
    for length_s, rate_hz in [*((CLIP_S, rate_hz) for rate_hz in RATES_HZ), (SHORT_S, RATES_HZ[-1])]:
        start_s = (CLIP_S - length_s) / 2
        frames = np.round((start_s + np.arange(int(length_s * rate_hz)) / rate_hz) * scenes.FPS).astype(int)
        part = slice(round(start_s * RATE_HZ), round((start_s + length_s) * RATE_HZ))
        voices = [level[part] for level in heard]
        own = _evidence(lips, frames, voices, rate_hz)
        for kind, (other, allowed) in kinds.items():
            if not allowed.any():
                continue
            right = np.diag(own)[None] > _evidence(other, frames, voices, rate_hz)  # (face of the other, voice)
            shares = [100 * _drawn(right, allowed, rng) for _ in range(DRAWS)]
            span = f"{min(shares):.0f} to {max(shares):.0f}"
            yield [kind, length_s, rate_hz, round(100 * right[allowed].mean(), 1), span]


def _drawn(right: NDArray[np.bool_], allowed: NDArray[np.bool_], rng: np.random.Generator) -> float:
    """Pair each voice with a random face of another speaker, and return the share of voices that prefer their own face.

    Parameters
    ----------
    right
        Mask ``(faces, voices)``: whether the voice fits its own face better than this one.
    allowed
        Mask ``(faces, voices)``: whether the voice may be paired with this face. Voices without any such face are left
        out.
    rng
        The source of random numbers.
    """
    voices = [voice for voice in range(len(right)) if allowed[:, voice].any()]
    return float(np.mean([right[rng.choice(np.flatnonzero(allowed[:, voice])), voice] for voice in voices]))


def _evidence(lips: Lips, frames: NDArray[Any], heard: Sequence[TimeArray], rate_hz: float) -> NDArray[np.float64]:
    """Return how clearly each mouth moves with each voice, ``(mouths, voices)``; `frames` are the frames to use."""
    times = (frames - frames[0]) / scenes.FPS
    return np.array([[evidence([(times, mouth[frames])], level, rate_hz) for level in heard] for mouth in lips])


# Whether a face is the speaker's, given the middle of the face as a fraction of the picture's width, and the time in s.
IsRight = Callable[[float, float], bool]
Scene = Callable[[Any, Any, bool], tuple[list[Any], IsRight]]


def _beside(a: Any, b: Any, on_the_left: bool) -> tuple[list[Any], IsRight]:
    return scenes.beside(*((a, b) if on_the_left else (b, a))), lambda x, _: (x < 0.5) == on_the_left


def _changing(a: Any, b: Any, on_the_left: bool) -> tuple[list[Any], IsRight]:
    cut = len(a) // 2
    first, second = ((a, b), (b, a)) if on_the_left else ((b, a), (a, b))
    shown = [*scenes.beside(*first)[:cut], *scenes.beside(*second)[cut:]]
    return shown, lambda x, time_s: (x < 0.5) == ((time_s < cut / scenes.FPS - 1e-6) == on_the_left)


def _corner(a: Any, b: Any, _: bool) -> tuple[list[Any], IsRight]:
    return scenes.in_the_corner(a, b), lambda x, _: x > 0.6


SCENES: dict[str, tuple[Scene, Callable[[Any], Any]]] = {
    "side by side, a still picture": (_beside, scenes.frozen),
    "side by side, a listener": (_beside, scenes.listening),
    "side by side, a second talker": (_beside, list),
    "changing sides, a listener": (_changing, scenes.listening),
    "changing sides, a second talker": (_changing, list),
    "in the corner of a listener": (_corner, scenes.listening),
    "in the corner of a second talker": (_corner, list),
}


def _scenes(paths: Sequence[Path], count: int, rng: np.random.Generator) -> Iterator[list[object]]:
    config = VideoConfig(follow="speaking")
    with tempfile.TemporaryDirectory() as folder:
        for name, (scene, other) in SCENES.items():
            shares = []
            for i in range(count):
                speaker, partner = rng.choice(len(paths), 2, replace=False)
                a, b = scenes.pictures(paths[speaker]), other(scenes.pictures(paths[partner]))
                shown, is_right = scene(a, b, i % 2 == 0)
                path = scenes.compose(Path(folder) / "scene.mp4", shown, scenes.sound(paths[speaker]))
                stream = _read(path, config)
                middles = (stream.boxes[:, 0] + stream.boxes[:, 2] / 2) / shown[0].shape[1]
                shares.append(np.mean([is_right(x, t) for x, t in zip(middles, stream.times, strict=True)]))
            yield [name, f"{sum(share > 0.5 for share in shares)} of {count}", round(100 * float(np.mean(shares)), 1)]


def _costs(paths: Sequence[Path]) -> Iterator[list[object]]:
    a, b = (scenes.pictures(path) for path in paths[:2])
    voice = scenes.sound(paths[0])
    speaking = VideoConfig(follow="speaking")
    configs = [VideoConfig(), replace(speaking, mouth_fps=12.5), speaking]
    with tempfile.TemporaryDirectory() as folder, one_core():
        for name, shown in (("one face", a), ("two faces", scenes.beside(a, b))):
            path = scenes.compose(Path(folder) / "cost.mp4", shown, voice)

            calls = [partial(_read, path, config) for config in configs]
            for call in calls:
                call()  # warm up
            costs = [median_cost([measure(call) for _ in range(3)]).cpu_s for call in calls]
            yield [name, *(round(1000 * cost / CLIP_S) for cost in costs)]


def _read(path: Path, config: VideoConfig) -> Any:
    """Return the video stream of a clip of `CLIP_S` seconds."""
    ((_, stream),) = read_video(path, [Span(0.0, CLIP_S)], config)
    return stream


if __name__ == "__main__":
    main()
