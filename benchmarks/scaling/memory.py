"""Measure peak memory for few and for many clips, since it should not grow with the corpus."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from benchmarks.tools.corpus import BenchCorpus
from benchmarks.tools.recordings import ABSENT, Recording, grid, multiplied
from benchmarks.tools.table import table
from benchmarks.tools.watch import Watched

WORKERS = 2


@dataclass(frozen=True)
class Case:
    """The modality and the extractor to measure, and the numbers of recordings that count as few and as many."""

    modality: str
    extractor: str
    few: int
    many: int


EXTRACTORS = {"audio": "mfcc", "video": "face_cnn"}
WHOLE = (Case("audio", "mfcc", 50, 500), Case("video", "face_cnn", 20, 200))
QUICK = (Case("audio", "mfcc", 20, 100),)


def run(cases: Sequence[Case]) -> Iterator[str]:
    """Yield the paragraphs of the report on peak memory, with a table for each case."""
    yield "## Memory of few and many clips"
    for case in cases:
        recordings = grid(case.many)
        if not recordings:
            yield ABSENT.format("grid/s1")
            continue
        with TemporaryDirectory() as folder:
            yield _report(case, recordings, Path(folder))


def _report(case: Case, recordings: Sequence[Recording], folder: Path) -> str:
    everything = multiplied(recordings, case.many, folder / "copies")
    runs = {}
    for count in (case.few, case.many):
        corpus = BenchCorpus(folder / str(count), everything[:count], (case.modality,))
        runs[count] = {
            f"preprocess {case.modality}": corpus.preprocess(WORKERS, case.modality),
            f"extract {case.extractor}": corpus.extract(WORKERS, case.extractor),
        }
    few, many = runs.values()
    header = ["command", *(f"{who}, {n} clips, MB" for who in ("head", "worker") for n in runs), "head", "worker"]
    return table(header, [_row(command, few[command], many[command]) for command in few])


def _row(command: str, few: Watched, many: Watched) -> list[object]:
    ratios = f"x {many.head_mb / few.head_mb:.2f}", f"x {many.worker_mb / few.worker_mb:.2f}"
    return [command, few.head_mb, many.head_mb, few.worker_mb, many.worker_mb, *ratios]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--few", type=click.IntRange(2), default=100, show_default=True)
@click.option("--many", type=click.IntRange(3), default=10_000, show_default=True)
@click.option("--modality", type=click.Choice(list(EXTRACTORS)), default="audio", show_default=True)
def main(few: int, many: int, modality: str) -> None:
    """Measure peak memory for FEW and for MANY copies of GRID clips.

    Example: python -m benchmarks.scaling.memory --many 10000
    """
    if few >= many:
        raise click.UsageError("--few must be less than --many")
    for paragraph in run([Case(modality, EXTRACTORS[modality], few, many)]):
        click.echo(f"{paragraph}\n")


if __name__ == "__main__":
    main()
