"""Measure on one long recording how many utterances `segment` finds, the cost, and the speed-up from a second worker.

The recording is made from RAVDESS's speech files or, with `--picture`, from its audio-visual clips, copied packet by
packet with gaps of 0.2 to 1.5 s. A clip is matched if it overlaps exactly one segment, and this segment
overlaps no other clip. Overlaps of less than 0.05 s do not count.
"""

import csv
import random
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from benchmarks.tools.recordings import DATA
from benchmarks.tools.table import table
from benchmarks.tools.watch import Watched, crossmodal

GAPS_S = (0.2, 1.5)
TOUCH_S = 0.05
START = 2  # the start-up of the commands is measured on a recording of this many utterances
TARGET_MATCHED, TARGET_SPEED_UP = 0.95, 1.7
SETTINGS = """
run: {{corpora: [talk], max_failed: 1}}
corpora:
  talk: {{reader: manifest, root: ., task: regression, label: label, modalities: [{modalities}],
    protocol: {{kind: group-kfold, folds: 2, group: half}}}}
"""

Span = tuple[float, float]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--clips", type=click.IntRange(4), default=300, show_default=True, help="Number of clips in the recording."
)
@click.option("--picture", is_flag=True, help="Use clips with sound and picture instead of sound alone.")
@click.option(
    "--rounds",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Runs for each number of workers; with 0, the recording is only cut.",
)
@click.option("--seed", default=0, show_default=True, help="Seed of the choice of clips and gaps.")
def main(clips: int, picture: bool, rounds: int, seed: int) -> None:
    """Cut one long recording into utterances; run `preprocess` and `extract` on them with 1 and with 2 workers.

    Example: python -m benchmarks.ingest.segments --clips 60 --picture
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / ("talk.mp4" if picture else "talk.wav")
        spans = (filmed if picture else spoken)(path, clips, random.Random(seed))
        cost = crossmodal(folder, "segment", path.name)
        click.echo(f"{_cut(spans, segments_of(folder / 'manifest.csv'), cost)}\n")
        if rounds:
            click.echo(_speed_up(folder, "audio, video" if picture else "audio", rounds))


def spoken(path: Path, count: int, chance: random.Random) -> list[Span]:
    """Write speech files one after another, each followed by silence; return the start and end of each in seconds."""
    import numpy as np
    import soundfile

    files = chance.sample(sorted((DATA / "ravdess" / "speech").glob("*.flac")), count)
    parts, spans, at = [], [], 0
    for file in files:
        sound, rate = soundfile.read(file, dtype="int16")
        spans.append((at / rate, (at + len(sound)) / rate))
        parts += [sound, np.zeros(round(chance.uniform(*GAPS_S) * rate), np.int16)]
        at += len(parts[-1]) + len(sound)
    soundfile.write(path, np.concatenate(parts), rate)
    return spans


def filmed(path: Path, count: int, chance: random.Random) -> list[Span]:
    """Copy the packets of videos one after another, with gaps; return the start and end of each video in seconds."""
    import av

    files = sorted((DATA / "ravdess" / "av").glob("*.mp4"))
    spans: list[Span] = []
    at_s = 0.0
    with av.open(str(path), "w") as out:
        made: dict[str, av.stream.Stream] = {}
        for number in range(count):
            with av.open(str(files[number % len(files)])) as film:
                for kind in ("video", "audio"):
                    if kind not in made:
                        made[kind] = out.add_stream_from_template(getattr(film.streams, kind)[0])
                end_s = at_s
                for packet in film.demux(video=0, audio=0):
                    if packet.dts is None or packet.pts is None:
                        continue
                    shift = round(at_s / packet.time_base)
                    packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
                    end_s = max(end_s, float((packet.pts + (packet.duration or 0)) * packet.time_base))
                    packet.stream = made[packet.stream.type]
                    out.mux(packet)
            spans.append((at_s, end_s))
            at_s = end_s + chance.uniform(*GAPS_S)
    return spans


def segments_of(manifest: Path) -> list[Span]:
    """Return the start and end of each row of a manifest, in seconds."""
    with manifest.open(encoding="utf-8") as file:
        return [(float(row["start"]), float(row["end"])) for row in csv.DictReader(file)]


def matched(clips: Sequence[Span], segments: Sequence[Span]) -> int:
    """Return how many clips overlap exactly one segment and share this segment with no other clip.

    >>> matched([(0, 2), (3, 5), (6, 8)], [(0.5, 2.1), (3, 8)])
    1
    """

    def touched(one: Span, others: Sequence[Span]) -> list[Span]:
        return [other for other in others if min(one[1], other[1]) - max(one[0], other[0]) > TOUCH_S]

    found = [touched(clip, segments) for clip in clips]
    return sum(len(one) == 1 and len(touched(one[0], clips)) == 1 for one in found)


def _cut(clips: Sequence[Span], segments: Sequence[Span], cost: Watched) -> str:
    share = 100 * matched(clips, segments) / len(clips)
    return (
        f"{clips[-1][1] / 60:.1f} minutes of {len(clips)} clips: {len(segments)} segments, {share:.1f} % of the clips "
        f"match one segment each (target {100 * TARGET_MATCHED:.0f} %). `segment`: {cost.cpu_s:.1f} s of processor "
        f"time, {cost.wall_s:.1f} s, {cost.head_mb:.0f} MB."
    )


def _speed_up(folder: Path, modalities: str, rounds: int) -> str:
    (folder / "params.yaml").write_text(SETTINGS.format(modalities=modalities), encoding="utf-8")
    with (folder / "manifest.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    lines, totals = [], {"wall": {1: 0.0, 2: 0.0}, "busiest": {1: 0.0, 2: 0.0}}
    for _ in range(rounds):
        for workers in (1, 2):
            runs = {}
            for kept in (rows[:: max(1, len(rows) // START)][:START], rows):
                _write(folder / "manifest.csv", kept)
                crossmodal(folder, "prepare")
                _forget(folder)
                for command in ("preprocess", "extract"):
                    runs[command, kept is rows] = crossmodal(folder, command, "--workers", str(workers))
            for command in ("preprocess", "extract"):
                start, whole = runs[command, False], runs[command, True]
                totals["wall"][workers] += whole.wall_s - start.wall_s
                totals["busiest"][workers] += whole.each_cpu_s[0] - start.each_cpu_s[0]
                each = ", ".join(f"{used:.1f}" for used in whole.each_cpu_s[:workers])
                lines.append((command, workers, whole.wall_s, start.wall_s, each, start.each_cpu_s[0], whole.others))
    header = ["command", "workers", "wall s", "start-up s", "CPU s of each worker", "start-up CPU s", "others, cores"]
    wall, busiest = (totals[name][1] / totals[name][2] for name in ("wall", "busiest"))
    return (
        f"{table(header, lines)}\n\nPreprocess and extract beyond start-up (measured on {START} utterances): 2 workers "
        f"are {wall:.2f} times as fast as 1 by the clock, {busiest:.2f} times by the processor time of the busier "
        f"worker, which other programs change little (target {TARGET_SPEED_UP})."
    )


def _write(path: Path, rows: Sequence[dict[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*(name for name in rows[0] if name not in ("label", "half")), "label", "half"])
        writer.writeheader()
        writer.writerows({**row, "label": str(i % 2), "half": str(i // 2 % 2)} for i, row in enumerate(rows))


def _forget(folder: Path) -> None:
    import shutil

    for computed in ("cache", "work/talk/streams", "work/talk/features"):
        shutil.rmtree(folder / "data" / computed, ignore_errors=True)


if __name__ == "__main__":
    main()
