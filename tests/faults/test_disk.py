"""A disk that is full at any moment: a sentence that says so, and with room again the bytes of an undisturbed run."""

import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import world
from tests.faults.world import PREDICT, STAGES

ALL = (*STAGES, PREDICT)


def mounted(folder: Path, size: str, *, again: bool = False) -> bool:
    how = f"remount,size={size}" if again else f"size={size}"
    command = ["mount", "-t", "tmpfs", "-o", how, "tmpfs", str(folder)]
    return not subprocess.run(command, capture_output=True, check=False).returncode


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of our own, in memory."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or shutil.which("mount") is None or not mounted(folder, "64m"):
        pytest.skip("this user cannot mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def full_later(template: Path, folder: Path) -> None:
    """Copy what there is before any stage after `prepare`."""
    world.copied(template, folder)
    for name in ("streams", "features/vader.h5", "features/prosody.h5", "features/mfcc.h5"):
        path = folder / world.WORK / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for path in (folder / world.CACHE, folder / world.RESULTS):
        shutil.rmtree(path)
    (folder / "answer.csv").unlink()


@pytest.mark.parametrize("number", range(world.rounds(1, 8)))
def test_a_full_disk_is_named_and_nothing_is_broken(template: Path, disk: Path, number: int) -> None:
    random, folder = world.randomly("disk", number), disk / "f"
    full_later(template, folder)
    used = shutil.disk_usage(disk).used
    room = random.randrange(8_000, 1_200_000)
    assert mounted(disk, str(used + room), again=True)
    done = world.run(folder, *ALL)
    assert not done.fault, done.output
    if done.code:
        assert "No space left on device" in done.output
        assert done.output.strip().splitlines()[-1].startswith("Error: ")
    assert mounted(disk, "64m", again=True)
    compared(folder, template)


def compared(folder: Path, template: Path) -> None:
    done = world.run(folder, *ALL, ("cache", "gc", "--yes"))
    assert done.code == 0, done.output
    assert world.final(folder) == world.final(template)
    assert world.stores(folder) == world.stores(template)
    assert world.leftovers(folder) == []


class Largest:
    """Lets no file of the process become larger, as a quota does."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __call__(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.size, self.size))


@pytest.mark.parametrize("number", range(world.rounds(1, 8)))
def test_a_file_that_may_not_grow_is_named(template: Path, tmp_path: Path, number: int) -> None:
    random, folder = world.randomly("quota", number), tmp_path / "f"
    full_later(template, folder)
    done = world.run(folder, *ALL, limits=Largest(random.randrange(100, 300_000)))
    assert not done.fault, done.output
    if done.code:
        assert "File too large" in done.output
    compared(folder, template)


EXPORTS = tuple(("export", form, form, "--corpus", world.NAME) for form in ("csd", "parquet"))
WRITERS = (("prepare",), ("evaluate", "--quiet"), PREDICT, STAGES[-1], world.IMPORT, *EXPORTS)


def test_a_full_disk_is_met_by_every_writer_with_the_name_of_a_file(template: Path, disk: Path, tmp_path: Path) -> None:
    folder = tmp_path / "f"  # what commands say is written beside it, where there is room
    folder.symlink_to(world.copied(template, disk / "f"))
    for name in (world.WORK / "utterances.csv", world.RESULTS / "table.csv"):
        (folder / name).unlink()
    for command in WRITERS:
        for room in (0, 8192, 16384):
            used = shutil.disk_usage(disk).used
            assert mounted(disk, str(used + room), again=True)
            done = world.run(folder, command)
            assert not done.fault, done.output
            assert "Error: a file" not in done.output, (command, room, done.output)
            assert not done.code or "No space left on device" in done.output, (command, room, done.output)
            if command in EXPORTS:
                assert f"{command[2]}/" in done.output
                assert not (folder / command[2]).exists()
            assert mounted(disk, "64m", again=True)
        assert world.leftovers(folder) == []
        done = world.run(folder, command)
        assert not done.code, done.output
