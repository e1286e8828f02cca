"""The circumstances of a measurement: the commit, the machine and the libraries."""

import os
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime

import click

from benchmarks.recorded.ratios import Ratio, Record, fastest
from benchmarks.tools.recordings import ROOT
from benchmarks.tools.timing import processor

PACKAGES = ("av", "mediapipe", "torch", "opensmile", "audinterface", "distributed")
_CODE = ("*.py", "requirements*.txt", "params.yaml")
_IDLE = 0.5  # a higher load at the start means that other programs are running


def machine() -> dict[str, object]:
    """Return the processor, the number of cores, and the current load."""
    from pipeline.run.pool.cluster import cores

    return {"processor": processor(), "cores": cores(), "load": round(os.getloadavg()[0], 2)}


def libraries() -> dict[str, str]:
    """Return the versions of the libraries in which most of the time is spent."""
    from importlib.metadata import version

    return {name: version(name) for name in PACKAGES}


def commit() -> str:
    """Return the commit that is checked out.

    Raises
    ------
    click.ClickException
        If the code differs from the commit, or there is no commit.
    """
    if changed := _git("status", "--porcelain", "--untracked-files=no", "--", *_CODE):
        raise click.ClickException(
            f"commit these changes first, so that the recorded commit is the code that is measured:\n{changed}"
        )
    return _git("rev-parse", "--short=7", "HEAD")


def require_idle() -> None:
    """Raise `click.ClickException` if the load of this machine over the last minute is above `_IDLE`."""
    if (load := os.getloadavg()[0]) > _IDLE:
        raise click.ClickException(
            f"the load of this machine is {load:.1f}, but a record needs an idle machine (at most {_IDLE:g}): wait, or "
            "leave --record out"
        )


def record_of(ratios: Sequence[Ratio], commit: str, machine: dict[str, object]) -> Record:
    """Return the record of a run that ends now; if a ratio was measured twice, the smaller value is used."""
    values = {key: round(ratio.value, 4) for key, ratio in fastest(ratios).items()}
    return Record(datetime.now(UTC).isoformat(timespec="seconds"), commit, machine, libraries(), values)


def _git(*arguments: str) -> str:
    ended = subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, text=True, check=False)
    if ended.returncode:
        raise click.ClickException(f"git {arguments[0]}: {ended.stderr.strip()}")
    return ended.stdout.strip()
