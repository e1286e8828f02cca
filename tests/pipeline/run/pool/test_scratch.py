"""The folder of worker files: private, and removed, as are those of killed runs."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.run.pool.scratch import private_folder
from tests.conftest import ROOT

HOLD = """
import sys, time
from pathlib import Path
from pipeline.run.pool.scratch import private_folder
with private_folder(Path(sys.argv[1])) as folder:
    (folder / "file").touch()
    print(folder, flush=True)
    time.sleep(60)
"""


def age(path: Path) -> None:
    os.utime(path, (1e9, 1e9))


def test_it_is_private_and_removed(tmp_path: Path) -> None:
    with private_folder(tmp_path) as folder:
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        (folder / "a").mkdir()
    assert not list(tmp_path.iterdir())


def test_folders_of_killed_runs_are_removed_but_not_those_in_use_or_of_others(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        left = Path(process.stdout.readline().strip())
        (tmp_path / "crossmodal-link").symlink_to(tmp_path.parent)
        (tmp_path / "crossmodal-workers-0123456789abcdef").touch()
        for mine in ("crossmodal-backup", "crossmodal-workers-backup"):
            (tmp_path / mine).mkdir()
            age(tmp_path / mine)
        age(left)
        with private_folder(tmp_path):
            assert left.exists()
        process.kill()
    age(left)
    with private_folder(tmp_path):
        assert not left.exists()
    assert sorted(path.name.removeprefix("crossmodal-") for path in tmp_path.iterdir()) == [
        "backup",
        "link",
        "workers-0123456789abcdef",
        "workers-backup",
    ]


def test_a_folder_that_was_just_made_stays(tmp_path: Path) -> None:
    (tmp_path / f"crossmodal-workers-{'a' * 16}").mkdir()
    with private_folder(tmp_path):
        assert (tmp_path / f"crossmodal-workers-{'a' * 16}").exists()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_stays(tmp_path: Path) -> None:
    theirs = tmp_path / f"crossmodal-workers-{'b' * 16}"
    theirs.mkdir()
    age(theirs)
    os.chown(theirs, 12345, 12345)
    with private_folder(tmp_path):
        assert theirs.exists()
