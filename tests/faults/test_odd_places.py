"""A copy that may only be read can be looked at; a named pipe in the place of a file is refused, not waited for."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import world

LOOKS = (
    ("status",),
    ("evaluate", "--show"),
    ("evaluate", "--show", "--drop", "audio"),
    ("compare", str(world.RESULTS), str(world.RESULTS)),
)
# What is replaced by a named pipe -> a command that reads it, and how that ends.
PIPES = {
    world.CACHE / "hashes.json": (("prepare",), 0),
    world.WORK / "failures.csv": (("extract", *world.HERE), 1),
    world.RESULTS / "report.html": (("status",), None),
    world.RESULTS / "table.csv": (("evaluate", "--show"), 1),
    world.RESULTS / "answer.json": (("report",), 1),
    Path("new.txt"): (world.PREDICT[:4], 1),
}


@pytest.fixture
def read_only(template: Path, tmp_path: Path) -> Iterator[Path]:
    """A copy of a finished run, mounted so that nobody may write it."""
    folder = tmp_path / "copy"
    world.copied(template, folder)
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("this user cannot mount a folder")
    bound = subprocess.run(["mount", "--bind", str(folder), str(folder)], capture_output=True, check=False)
    if bound.returncode:
        pytest.skip("this machine mounts no folder a second time")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True, capture_output=True)
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_copy_that_may_only_be_read_can_be_looked_at(read_only: Path) -> None:
    done = world.run(read_only, *LOOKS)
    assert (done.code, done.fault) == (0, ""), done.output
    done = world.run(read_only, ("evaluate",))
    assert done.code == 1
    assert f"Error: {world.RESULTS}/" in done.output
    assert "Read-only file system" in done.output
    done = world.run(read_only, world.PREDICT)
    assert (done.code, done.fault) == (1, "")
    assert (
        "data/work, where `predict` puts the features of the recording while it runs, cannot be written" in done.output
    )


def test_a_named_pipe_is_refused_and_not_waited_for(template: Path, tmp_path: Path) -> None:
    for number, (path, (command, code)) in enumerate(PIPES.items()):
        folder = tmp_path / str(number)
        world.copied(template, folder)
        (folder / path).unlink(missing_ok=True)
        os.mkfifo(folder / path)
        done = world.Running(folder, [command]).done(60)
        assert not done.fault, done.output
        assert code in (None, done.code), done.output
        refused = "named pipe" in done.output or "is not a file" in done.output
        assert code == 0 or (path.name in done.output and refused), done.output
