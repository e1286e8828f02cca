"""From real recordings with nothing beside them to features: `crossmodal init`, then `dvc repro`, no file edited."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from features.store.reading import open_store
from tests.conftest import DATA, environment, needs_data, run
from tests.forked import put_crossmodal_into

pytestmark = needs_data

COMMANDS = {"b": "bin", "l": "lay", "p": "place", "s": "set"}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return an empty folder; a folder beside it has four clips of GRID, named by command, speaker and sentence."""
    clips = sorted((DATA / "grid" / "s1").glob("*.mpg"))[:2] + sorted((DATA / "grid" / "speakers").glob("*.mpg"))[:2]
    for i, clip in enumerate(clips):
        copy = tmp_path / "clips" / f"s{i}" / f"{COMMANDS[clip.name[0]]}_{clip.name}"
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(clip, copy)
    put_crossmodal_into(tmp_path / "bin")
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


def repro(folder: Path, *stages: str) -> set[str]:
    env = environment(PATH=f"{folder.parent / 'bin'}{os.pathsep}{os.environ['PATH']}")
    command = [Path(sys.executable).parent / "dvc", "repro", *stages]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return {line.split("'")[1] for line in done.stdout.splitlines() if line.startswith("Running stage")}


def test_recordings_with_nothing_beside_them_get_features(project: Path) -> None:
    dry = run("init", "../clips", "--pattern", "{command}_*", "--dry-run", cwd=project).stdout
    assert not list(project.iterdir())
    made = run("init", "../clips", "--pattern", "{command}_*", cwd=project).stdout
    assert dry.splitlines()[:-1] == made.splitlines()[: len(dry.splitlines()) - 1]
    assert "4 recordings in 4 folders of ../clips (.mpg)" in made
    assert "group: speaker (s0, s1, s2, s3)" in made
    assert "protocol: group-kfold, 4 folds (4 speakers allow no more)" in made

    assert {"prepare@clips", "preprocess@clips-audio", "extract@clips-mfcc"} <= repro(project, "extract@clips-mfcc")
    with open_store(project / "data" / "work" / "clips" / "features" / "mfcc.h5") as store:
        assert store.statuses == ["ok"] * 4

    shutil.copyfile(project.parent / "clips" / "s0" / "bin_bbaf2n.mpg", project.parent / "clips" / "s0" / "lay_x.mpg")
    assert "manifest.csv: 1 new recording" in run("init", "../clips", "--pattern", "{command}_*", cwd=project).stdout
    assert "prepare@clips" in repro(project, "prepare@clips")
    assert len((project / "data" / "work" / "clips" / "utterances.csv").read_text().splitlines()) == 6
