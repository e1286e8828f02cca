"""A project outside a checkout, made in a folder of clips: `dvc repro` runs what a change touches, and nothing else.

What DVC makes of a file of parameters that a stage writes, and of a stage that always runs, is known to DVC alone.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline.ingest.project_files import write_project_files
from tests.conftest import environment, grid_corpus, needs_data
from tests.forked import put_crossmodal_into

pytestmark = needs_data


def repro(folder: Path) -> set[str]:
    """Run `dvc repro` up to the table of utterances; return the stages that ran."""
    env = environment(PATH=f"{folder.parent / 'bin'}{os.pathsep}{os.environ['PATH']}")
    command = [Path(sys.executable).parent / "dvc", "repro", "settings", "prepare@grid"]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return {line.split("'")[1] for line in done.stdout.splitlines() if line.startswith("Running stage")}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project in a folder with two clips, whose manifest names these and two in another folder."""
    bin_, elsewhere, folder = (tmp_path / name for name in ("bin", "elsewhere", "clips"))
    for made in (bin_, elsewhere, folder):
        made.mkdir()
    put_crossmodal_into(bin_)
    tables = grid_corpus(tmp_path, 4) / "grid"
    text = (tables / "manifest.csv").read_text()
    for i, line in enumerate(text.splitlines()[1:]):
        clip = Path(line.split(",")[0])
        copy = shutil.copyfile(clip, (folder if i < 2 else elsewhere) / clip.name)
        text = text.replace(str(clip), clip.name if i < 2 else str(copy))
    (folder / "manifest.csv").write_text(text)
    shutil.copy(tables / "words.csv", folder)
    blocks = yaml.safe_load((tmp_path / "params.yaml").read_text())
    blocks["corpora"]["grid"] |= {"root": ".", "modalities": ["text"]}
    blocks["streams"] = {name: {} for name in ("text", "audio", "video")}
    blocks["features"] = {"extract": ["vader"], "vader": {}}
    (folder / "params.yaml").write_text(yaml.safe_dump(blocks))
    write_project_files(folder)
    return folder


def test_only_what_a_change_touches_runs_again(project: Path) -> None:
    assert repro(project) == {"inputs", "settings", "prepare@grid"}
    assert repro(project) == {"inputs"}

    (project / "notes.txt").write_text("not named by the manifest")
    params = project / "params.yaml"
    params.write_text(params.read_text().replace("max_failed: 0.01", "max_failed: 0.02"))
    assert repro(project) == {"inputs", "settings"}

    outside = min((project.parent / "elsewhere").iterdir())
    shutil.copyfile(min(project.glob("*.mpg")), outside)
    assert repro(project) == {"inputs", "prepare@grid"}
    assert repro(project) == {"inputs"}
