"""Run the benchmarks, print their tables as Markdown, and record or check their ratios."""

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import click

from benchmarks.recorded.ratios import Ratio, fastest, last, read, slower, write

# Set before any library is imported: one thread per library, as in the pipeline's workers, and no network or messages.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
os.environ |= {"HF_HUB_OFFLINE": "1", "GLOG_minloglevel": "3", "TF_CPP_MIN_LOG_LEVEL": "3"}

COMPARED = ("parts", "workers", "hosts", "opensmile", "mmsa-fet", "rows")  # benchmarks that give ratios
PARTS = (*COMPARED, "plan", "extractors", "memory", "strategies", "digests")
SETS = ("ravdess", "grid")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("what", nargs=-1, type=click.Choice([*PARTS, *SETS]))
@click.option("--quick", is_flag=True, help="Fewer clips and rounds: a few minutes, rough numbers.")
@click.option("--rounds", type=click.IntRange(1), help="Repetitions of each measurement.")
@click.option(
    "--files", type=click.IntRange(2), default=1440, show_default=True, help="Number of speech files for `opensmile`."
)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Also write the report to this file.")
@click.option("--record", is_flag=True, help="Write the ratios to benchmarks/results, and draw docs/images/ratios.svg.")
@click.option("--check", is_flag=True, help="Fail if a ratio is more than 10 % above its last record.")
def main(
    what: tuple[str, ...],
    quick: bool,
    rounds: int | None,
    files: int,
    out: Path | None,
    record: bool,
    check: bool,
) -> None:
    """Measure speed and memory, each compared with something in the same run.

    \b
    parts      each step against plain library calls, on one core
    workers    `preprocess` and `extract` with 1 and with 2 workers
    hosts      `preprocess` and `extract` on 1 and on 2 hosts (network namespaces of this machine)
    opensmile  the openSMILE path against audinterface, 2 processes each
    mmsa-fet   streams and three extractors against MMSA-FET (`make mmsa-fet` installs it)
    rows       every stage on 10,000 and on 100,000 rows of text
    plan       what `crossmodal plan` estimates against what a run takes
    extractors milliseconds per clip of each extractor, for `crossmodal features list`
    memory     peak memory for few and for many clips
    strategies training on as many utterances as CMU-MOSI has
    digests    reading stores with and without checking them

    Without names, all of them run, or with `--check` only the first six. `ravdess` and `grid` choose the clips of
    `parts`, `workers` and `mmsa-fet`.

    Example: python -m benchmarks.run parts grid
    """  # noqa: D301 - click reads the control character
    if (record or check) and (quick or set(what) & set(SETS)):
        raise click.UsageError(
            "--record and --check need all clips of a benchmark: leave out --quick, ravdess and grid"
        )
    parts = [name for name in PARTS if name in what] or list(COMPARED if check else PARTS)
    sets = [name for name in SETS if name in what] or list(SETS)
    measured = partial(_measured, sets=sets, quick=quick, rounds=rounds, files=files)
    if record:
        _record(parts, measured, out)
    elif check:
        _check([part for part in parts if part in COMPARED], measured, out)
    else:
        measured(parts, out)


def _record(parts: Sequence[str], measured: Callable[..., list[Ratio]], out: Path | None) -> None:
    from benchmarks.recorded import plot
    from benchmarks.recorded.measured import commit, machine, record_of, require_idle

    require_idle()
    which, where = commit(), machine()
    path = write(record_of(measured(parts, out), which, where))
    plot.draw(read(), plot.PICTURE)
    click.echo(f"recorded in {path}, drawn in {plot.PICTURE}")


def _check(parts: Sequence[str], measured: Callable[..., list[Ratio]], out: Path | None) -> None:
    """Measure the ratios of benchmarks, and compare them with the last record of each benchmark.

    If a ratio is more than 10 % above the recorded one or is missing, its benchmark runs once more, and the smaller
    value counts. If this does not help, `click.ClickException` is raised.
    """
    before = last(read(), parts)
    ratios = measured(parts, out)
    if found := slower(fastest(ratios), before):
        again = [part for part in parts if any(key.startswith(f"{part}: ") for key in found)]
        click.echo(f"Slower, so {' and '.join(again)} will run again:\n" + "\n".join(found.values()) + "\n")
        found = slower(fastest([*ratios, *measured(again)]), before)
    if found:
        raise click.ClickException("slower than when last recorded:\n" + "\n".join(found.values()))
    click.echo(f"{len(before)} ratios are at most 10 % above those last recorded.")


def _measured(
    parts: Sequence[str],
    out: Path | None = None,
    *,
    sets: Sequence[str],
    quick: bool,
    rounds: int | None,
    files: int,
) -> list[Ratio]:
    """Run benchmarks, print their paragraphs, and return their ratios."""
    report, ratios = [], []
    for found in _reports(parts, sets, quick=quick, rounds=rounds, files=files):
        if isinstance(found, Ratio):
            ratios.append(found)
            continue
        click.echo(f"{found}\n")
        report.append(found)
    if out is not None:
        out.write_text("\n\n".join(report) + "\n", encoding="utf-8")
    return ratios


def _reports(
    parts: Sequence[str], sets: Sequence[str], *, quick: bool, rounds: int | None, files: int
) -> Iterator[str | Ratio]:
    from benchmarks import digests, extractors, strategies
    from benchmarks import parts as steps
    from benchmarks.peers import fet, smile
    from benchmarks.scaling import hosts, memory, plan, rows, workers

    yield _heading()
    if "parts" in parts:
        clips = {"ravdess": 1, "grid": 3} if quick else {"ravdess": 4, "grid": 12}
        yield from steps.run(sets, rounds or (3 if quick else 5), clips)
    if "workers" in parts:
        counts = {"ravdess": 12, "grid": 24} if quick else {"ravdess": 48, "grid": 120}
        yield from workers.run(sets[-1:] if quick else sets, rounds or 1, counts)
    if "hosts" in parts:
        yield from hosts.run(24 if quick else 120, rounds or 1)
    if "opensmile" in parts:
        yield from smile.run(min(files, 120) if quick else files, rounds or 1)
    if "mmsa-fet" in parts:
        yield from fet.run(sets, rounds or 1, {"ravdess": 8, "grid": 20} if quick else {"ravdess": 24, "grid": 60})
    if "rows" in parts:
        yield from rows.run(rows.QUICK if quick else rows.SIZES)
    if "plan" in parts:
        yield from plan.run((*plan.CORPORA,), 2, 24 if quick else None)
    if "extractors" in parts:
        yield from extractors.run(quick=quick)
    if "memory" in parts:
        yield from memory.run(memory.QUICK if quick else memory.WHOLE)
    if "strategies" in parts:
        yield from strategies.run(quick=quick)
    if "digests" in parts:
        yield from digests.run(quick=quick)


def _heading() -> str:
    from benchmarks.recorded.measured import libraries, machine

    found = machine()
    on = f"{found['cores']} cores of {found['processor']}, load {found['load']} at the start"
    versions = ", ".join(f"{name} {version}" for name, version in libraries().items())
    return f"# Benchmarks\n\n{on}. {versions}. Only ratios within one run say anything about another machine."


if __name__ == "__main__":
    main()
