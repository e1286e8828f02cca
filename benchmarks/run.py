"""Run the benchmarks and print their tables as Markdown."""

import os
from collections.abc import Iterator
from pathlib import Path

import click

# Set before any library is imported: one thread each, as in the pipeline's workers; no network; no log messages.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
os.environ |= {"HF_HUB_OFFLINE": "1", "GLOG_minloglevel": "3", "TF_CPP_MIN_LOG_LEVEL": "3"}

PARTS = ("parts", "extractors", "workers", "opensmile", "memory", "strategies", "digests")
SETS = ("ravdess", "grid")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("what", nargs=-1, type=click.Choice([*PARTS, *SETS]))
@click.option("--quick", is_flag=True, help="Fewer clips and rounds: a few minutes, rough numbers.")
@click.option("--rounds", type=click.IntRange(1), help="Repetitions of each measurement.")
@click.option("--files", type=click.IntRange(2), default=1440, show_default=True, help="Speech files of `opensmile`.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Also write the report to this file.")
def main(what: tuple[str, ...], quick: bool, rounds: int | None, files: int, out: Path | None) -> None:
    r"""Measure speed and memory, each compared with something in the same run.

    \b
    parts      each step against plain library calls, on one core
    extractors milliseconds a clip of each extractor, for `crossmodal features list`
    workers    the commands with 1 and with 2 workers
    opensmile  the openSMILE path against audinterface, 2 processes each
    memory     peak memory for few and for many clips
    strategies training on as many utterances as CMU-MOSI has
    digests    reading stores with and without checking them

    Without names all of them run. `ravdess` and `grid` choose the clips of `parts` and `workers`.

    Example: python -m benchmarks.run parts grid
    """
    parts = [name for name in PARTS if name in what] or list(PARTS)
    sets = [name for name in SETS if name in what] or list(SETS)
    report = []
    for paragraph in _reports(parts, sets, quick=quick, rounds=rounds, files=files):
        click.echo(f"{paragraph}\n")
        report.append(paragraph)
    if out is not None:
        out.write_text("\n\n".join(report) + "\n", encoding="utf-8")


def _reports(parts: list[str], sets: list[str], *, quick: bool, rounds: int | None, files: int) -> Iterator[str]:
    from benchmarks import digests, extractors, memory, smile, strategies, workers
    from benchmarks import parts as steps

    yield _machine()
    if "parts" in parts:
        clips = {"ravdess": 1, "grid": 3} if quick else {"ravdess": 4, "grid": 12}
        yield from steps.run(sets, rounds or (3 if quick else 5), clips)
    if "extractors" in parts:
        yield from extractors.run(quick=quick)
    if "workers" in parts:
        counts = {"ravdess": 12, "grid": 24} if quick else {"ravdess": 48, "grid": 120}
        yield from workers.run(sets[-1:] if quick else sets, rounds or 1, counts)
    if "opensmile" in parts:
        yield from smile.run(min(files, 120) if quick else files, rounds or 1)
    if "memory" in parts:
        yield from memory.run(quick=quick)
    if "strategies" in parts:
        yield from strategies.run(quick=quick)
    if "digests" in parts:
        yield from digests.run(quick=quick)


def _machine() -> str:
    from importlib.metadata import version

    from pipeline.run.pool.cluster import cores

    packages = ("av", "mediapipe", "torch", "opensmile", "audinterface", "distributed")
    libraries = ", ".join(f"{name} {version(name)}" for name in packages)
    return (
        f"# Benchmarks\n\n{cores()} cores, load {os.getloadavg()[0]:.1f} at the start. {libraries}. Only ratios within "
        "one run say anything about another machine."
    )


if __name__ == "__main__":
    main()
