"""Measure processor time and memory of each stage on text corpora of several sizes; time should be linear in rows."""

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import numpy as np

from benchmarks.recorded.ratios import Ratio
from benchmarks.tools.table import table
from benchmarks.tools.watch import Watched, crossmodal

NAME = "rows"
SIZES = (10_000, 100_000)
QUICK = (1_000, 10_000)
STAGES = (
    ("prepare",),
    ("preprocess", "--modality", "text"),
    ("extract", "--extractor", "vader"),
    ("train",),
    ("evaluate", "--quiet"),
)
GOOD = ("good", "great", "fine", "lovely", "superb")
BAD = ("bad", "poor", "awful", "dull", "weak")
PLAIN = tuple(f"{first}{second}" for first in ("pl", "st", "m", "gr", "tr") for second in ("ot", "ory", "ovie", "ain"))
SETTINGS = f"""
run: {{corpora: [{NAME}]}}
corpora:
  {NAME}: {{reader: manifest, root: {NAME}, task: classification, label: label, modalities: [text],
    protocol: {{kind: official, group: group}}}}
features: {{extract: [vader]}}
train: {{features: {{text: [vader, tfidf]}}, classifiers: [logistic], unimodal_models: [], fusions: []}}
"""


def run(sizes: Sequence[int]) -> Iterator[str | Ratio]:
    """Yield the report's paragraphs, and the ratio of the times per row in the largest and the smallest corpus."""
    yield "## Rows of text"
    seen = {size: _seen(size) for size in sizes}
    header = ["stage", *(f"{size:,} rows, {what}" for size in sizes for what in ("s", "MB"))]
    few, many = min(sizes), max(sizes)
    rows: list[list[object]] = []
    for stage in seen[few]:
        parts = [value for size in sizes for value in (seen[size][stage].cpu_s, _memory(seen[size][stage]))]
        growth = (seen[many][stage].cpu_s / many) / (seen[few][stage].cpu_s / few)
        rows.append([stage, *parts, f"x {growth:.2f}"])
    total = {size: sum(one.cpu_s for one in seen[size].values()) for size in (few, many)}
    yield Ratio(
        "rows", f"processor time per row of text: {many:,} rows / {few:,}", (total[many] / many) / (total[few] / few)
    )
    yield table([*header, f"s a row, {many:,} against {few:,}"], rows)
    yield (
        "Processor seconds of all processes, and the largest memory of a process. The text is made up: twelve words a "
        "row, one of which shows a sentiment (in a third of the rows, a wrong one). Start-up is part of every figure, "
        "so that growth below 1 says little; growth above 1 shows that a stage is not linear."
    )


def _memory(seen: Watched) -> float:
    return max(seen.head_mb, seen.worker_mb)


def _seen(size: int) -> dict[str, Watched]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, size)
        seen = {stage: crossmodal(folder, stage, *rest) for stage, *rest in STAGES}
        shutil.rmtree(folder / "data")
        return seen


def make(folder: Path, size: int) -> None:
    """Write a corpus of `size` rows of text and its settings into a folder."""
    rng = np.random.default_rng(0)
    (folder / NAME).mkdir(parents=True)
    (folder / "params.yaml").write_text(SETTINGS)
    with (folder / NAME / "manifest.csv").open("w", encoding="utf-8") as file:
        file.write("utterance,text,label,speaker,group,split\n")
        for i in range(size):
            label, words = i % 2, rng.choice(PLAIN, 12)
            words[rng.integers(12)] = rng.choice((BAD, GOOD)[label if rng.random() < 2 / 3 else 1 - label])
            group = i // 50
            split = ("test", "valid", "train", "train", "train")[group % 5]
            name = ("negative", "positive")[label]
            file.write(f"u{i:07},{' '.join(words)},{name},g{group},g{group},{split}\n")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--rows", "sizes", multiple=True, type=click.IntRange(500), help="Number of rows; can be repeated.")
def main(sizes: tuple[int, ...]) -> None:
    """Measure every stage on text corpora of these sizes, by default 10,000 and 100,000 rows.

    Example: python -m benchmarks.scaling.rows --rows 100000 --rows 1000000
    """
    for found in run(sizes or SIZES):
        click.echo(f"{found}\n")


if __name__ == "__main__":
    main()
