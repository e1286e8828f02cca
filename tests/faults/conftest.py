"""One undisturbed run of the small corpus, which every test compares with."""

import fcntl
from pathlib import Path

import pytest

from tests.faults import world


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder in which all stages have run, which no test may change; the first process that asks makes it."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "faults" / "whole"
    folder.parent.mkdir(exist_ok=True)
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder.parent / "done").exists():
            _make(folder)
            (folder.parent / "done").touch()
    return folder


def _make(folder: Path) -> None:
    world.corpus(folder)
    done = world.run(folder, world.STAGES[0], world.IMPORT, *world.STAGES[1:], world.PREDICT)
    assert done.code == 0, done.output
    (folder / "data" / "raw" / world.NAME).unlink()  # a link to the clips, which a copy would share
