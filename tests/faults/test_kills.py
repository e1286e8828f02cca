"""Runs killed at any time, by SIGKILL and by SIGTERM: run again, they end with the bytes of an undisturbed one."""

import shutil
import signal
import time
from pathlib import Path

import pytest

from tests.faults import world
from tests.faults.world import PREDICT, STAGES, Running

ALL = (STAGES[0], world.IMPORT, *STAGES[1:], PREDICT)
PLAIN = (("prepare",), ("preprocess",), ("extract",), ("train",))  # with worker processes


@pytest.fixture(scope="module")
def fresh(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus before anything ran."""
    return world.corpus(tmp_path_factory.mktemp("fresh") / "corpus")


@pytest.fixture(scope="module")
def seconds(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> float:
    """Return how long a whole run takes here and now."""
    folder = world.copied(fresh, tmp_path_factory.mktemp("timed") / "f")
    started = time.monotonic()
    world.run(folder, *ALL)
    return time.monotonic() - started


def mended(folder: Path, template: Path) -> None:
    """Run everything again, and compare it with the undisturbed run."""
    shutil.rmtree(folder / "data" / "raw", ignore_errors=True)
    world.settings(folder)
    done = world.run(folder, STAGES[0], world.IMPORT, *STAGES[1:], PREDICT, ("cache", "gc", "--yes"))
    assert done.code == 0, done.output
    assert world.final(folder) == world.final(template)
    assert world.stores(folder) == world.stores(template)
    assert world.leftovers(folder) == []


@pytest.mark.parametrize("number", range(world.rounds(3, 16)))
def test_a_killed_run_goes_on(fresh: Path, template: Path, tmp_path: Path, seconds: float, number: int) -> None:
    random, folder = world.randomly("kill", number), world.copied(fresh, tmp_path / "f")
    for _ in range(random.choice((1, 1, 2, 3))):
        running = Running(folder, ALL)
        time.sleep(random.uniform(0, seconds))
        running.kill(random.choice((signal.SIGKILL, signal.SIGTERM)))
        done = running.done()
        assert not done.fault, done.output
        if done.code == 0:
            break
        shutil.rmtree(folder / "data" / "raw", ignore_errors=True)
    mended(folder, template)


@pytest.mark.parametrize("number", range(world.rounds(1, 4)))
def test_a_killed_run_with_workers_goes_on(fresh: Path, template: Path, tmp_path: Path, number: int) -> None:
    random, folder = world.randomly("kill workers", number), world.copied(fresh, tmp_path / "f")
    world.run(folder, STAGES[0], world.IMPORT)
    how = random.choice((signal.SIGKILL, signal.SIGTERM))
    command = random.choice(PLAIN[1:])
    before = PLAIN[1 : PLAIN.index(command)]
    world.run(folder, *((*stage, *world.HERE) for stage in before))
    running = world.shell(folder, *command, "--workers", "2")
    time.sleep(random.uniform(1, 12))
    running.send_signal(how)
    said = running.communicate(timeout=60)[0]  # the workers hold the same pipe: it is closed when all have ended
    assert "Traceback" not in said, said
    mended(folder, template)
