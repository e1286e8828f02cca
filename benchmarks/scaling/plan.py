"""Compare what `crossmodal plan` estimates with what a run takes: processor time, wall time, disk and memory."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from benchmarks.tools.corpus import BenchCorpus
from benchmarks.tools.recordings import ABSENT, Recording, grid, ravdess, speech
from benchmarks.tools.table import table
from benchmarks.tools.watch import crossmodal

CORPORA = {
    "speech": ("RAVDESS, sound alone", speech, ("text", "audio"), 1440),
    "ravdess": ("RAVDESS, 720p", ravdess, ("text", "audio", "video"), 48),
    "grid": ("GRID", grid, ("text", "audio", "video"), 120),
}
AIM = 1.25  # the most that estimate and run may differ in processor time, either way
MB = 1e6


def run(names: Sequence[str], workers: int, most: int | None) -> Iterator[str]:
    """Yield the paragraphs of the report that compares planned with measured costs of corpora of up to `most` clips."""
    yield "## Plans and runs"
    rows = []
    for name in names:
        title, read, modalities, count = CORPORA[name]
        recordings = read(min(count, most or count))
        if not recordings:
            yield ABSENT.format(name)
            continue
        rows += _rows(f"{title}, {len(recordings)} clips", recordings, modalities, workers)
    yield table(["corpus", "", "planned", "run", "planned / run"], rows)
    yield (
        f"{workers} workers. The run is `crossmodal preprocess` and `crossmodal extract`, all default extractors. "
        f"Processor time may differ by {100 * (AIM - 1):.0f} %. Wall time is planned for one core per worker; it says "
        "little on a machine that others use."
    )


def _rows(title: str, recordings: Sequence[Recording], modalities: Sequence[str], workers: int) -> list[list[object]]:
    with TemporaryDirectory() as folder:
        corpus = BenchCorpus(Path(folder), recordings, modalities)
        crossmodal(corpus.folder, "plan", "--json", "--workers", str(workers))
        printed = (corpus.folder / "output.txt").read_text(encoding="utf-8")
        planned: dict[str, Any] = json.loads(printed[printed.index("{") :])["corpora"][0]["cost"]
        seen = [corpus.preprocess(workers), corpus.extract(workers)]
        written = sum(path.stat().st_size for path in (corpus.folder / "data").rglob("*") if path.is_file())
    memory = max(run.head_mb + workers * run.worker_mb for run in seen)
    return [
        [title, "processor time, s", *_pair(planned["cpu_s"], sum(run.cpu_s for run in seen))],
        ["", "wall time, s", *_pair(planned["wall_s"], sum(run.wall_s for run in seen))],
        ["", "disk, MB", *_pair(planned["disk_mb"], written / MB)],
        ["", "memory, MB", *_pair(planned["memory_mb"], memory)],
    ]


def _pair(planned: float, found: float) -> tuple[float, float, str]:
    return float(planned), float(found), f"{planned / found:.2f}"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1, type=click.Choice([*CORPORA]))
@click.option("--workers", type=click.IntRange(1), default=2, show_default=True, help="Number of workers.")
@click.option("--clips", "most", type=click.IntRange(8), help="Maximum number of clips of a corpus.")
def main(names: tuple[str, ...], workers: int, most: int | None) -> None:
    """Compute streams and features of real recordings, and compare the cost with the estimate of `crossmodal plan`.

    Example: python -m benchmarks.scaling.plan grid
    """
    for paragraph in run(names or (*CORPORA,), workers, most):
        click.echo(f"{paragraph}\n")


if __name__ == "__main__":
    main()
