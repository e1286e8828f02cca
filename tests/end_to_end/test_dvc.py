"""`dvc repro` on a real corpus: everything once, then only what a change touches, and old settings from the cache."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT, environment, grid_corpus, needs_data, run
from tests.forked import put_crossmodal_into

pytestmark = needs_data

SMALL = {
    "streams": {"text": {"lowercase": True}, "audio": {"trim_db": 35}, "video": {"fps": 5}},
    "features": {
        "extract": ["vader", "mfcc", "short", "prosody"],
        "vader": {},
        "mfcc": {"count": 13},
        "short": {"extractor": "mfcc", "count": 13},
        "prosody": {},
    },
    "train": {
        "features": {"text": ["vader"], "audio": ["short", "prosody"]},
        "classifiers": ["logistic"],
        "unimodal_models": [],
        "fusions": ["vote"],
    },
    "evaluate": {"resamples": 200, "seed": 0},
}


def dvc(*arguments: str, cwd: Path) -> str:
    dvc = Path(sys.executable).parent / "dvc"
    env = environment(PATH=f"{cwd / 'bin'}{os.pathsep}{os.environ['PATH']}")
    done = subprocess.run([dvc, *arguments], cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def ran(said: str) -> set[str]:
    return {line.split("'")[1] for line in said.splitlines() if line.startswith("Running stage")}


def settings(folder: Path, **changes: object) -> None:
    path = folder / "params.yaml"
    blocks = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump(blocks | changes, sort_keys=False))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    grid_corpus(folder / "data" / "raw", 8)
    for name in ("dvc.yaml", ".dvcignore", ".gitignore", "requirements.txt", "requirements-speech.txt"):
        shutil.copy(ROOT / name, folder / name)
    for name in ("pipeline", "models", "features", "common"):
        (folder / name).symlink_to(ROOT / name)
    (folder / ".dvc").mkdir()
    shutil.copy(ROOT / ".dvc" / "config", folder / ".dvc" / "config")
    shutil.move(folder / "data" / "raw" / "params.yaml", folder / "params.yaml")
    blocks = yaml.safe_load((folder / "params.yaml").read_text())
    corpus = blocks["corpora"]["grid"] | {"root": "data/raw/grid", "modalities": ["text", "audio"]}
    settings(folder, corpora={"grid": corpus}, **SMALL)
    put_crossmodal_into(folder / "bin")
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    dvc("repro", cwd=folder)
    return folder


def test_a_changed_setting_runs_only_the_stages_that_depend_on_it(project: Path) -> None:
    assert "up to date" in dvc("repro", cwd=project)
    first = (project / "results" / "grid" / "table.csv").read_bytes()
    assert "accuracy" in dvc("metrics", "show", cwd=project)
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run([*git, "add", "-A"], cwd=project, check=True)
    subprocess.run([*git, "commit", "-qm", "before"], cwd=project, check=True)

    changed = SMALL["features"] | {"short": {"extractor": "mfcc", "count": 20}}  # type: ignore[operator]
    settings(project, features=changed)
    assert ran(dvc("repro", cwd=project)) == {
        "settings",
        "extract@grid-short",
        "train@grid",
        "evaluate@grid",
        "report@grid",
    } - unchanged(project, first)
    assert "metrics.json" in dvc("metrics", "diff", "--all", cwd=project)

    cached = sum(1 for _ in (project / "data" / "cache").rglob("*.clip"))
    settings(project, features=SMALL["features"])
    said = dvc("repro", cwd=project)
    assert "computed" not in said.replace("0 computed", "")
    assert sum(1 for _ in (project / "data" / "cache").rglob("*.clip")) == cached
    assert (project / "results" / "grid" / "table.csv").read_bytes() == first


def unchanged(project: Path, first: bytes) -> set[str]:
    """Return the stages that DVC skips when training happens to give the same predictions."""
    same = (project / "results" / "grid" / "table.csv").read_bytes() == first
    return {"report@grid"} if same else set()


def test_an_edited_plugin_runs_the_stages_that_read_it(project: Path) -> None:
    blocks = yaml.safe_load((project / "params.yaml").read_text())
    (project / "own_part.py").write_text("A = 1\n")
    settings(project, run=blocks["run"] | {"plugins": ["own_part.py"]})
    assert ran(dvc("repro", cwd=project)) >= {"settings", "train@grid", "evaluate@grid"}
    run("evaluate", "--show", cwd=project)
    (project / "own_part.py").write_text("A = 2\n")
    run("settings", cwd=project)
    assert not {one for one in ran(dvc("repro", cwd=project)) if one.startswith(("prepare", "preprocess", "extract"))}
    run("evaluate", "--show", cwd=project)
    settings(project, run=blocks["run"])


def test_only_a_replaced_clip_is_computed_again(project: Path) -> None:
    manifest = project / "data" / "raw" / "grid" / "manifest.csv"
    first = manifest.read_text().splitlines()[1].split(",")[0]
    inside = manifest.with_name("clip.mpg")
    shutil.copy(first, inside)
    manifest.write_text(manifest.read_text().replace(first, "clip.mpg"))
    steps = ("extract@grid-mfcc", "extract@grid-prosody")
    dvc("repro", *steps, cwd=project)
    shutil.copy(sorted((Path(first).parents[1] / "speakers").glob("*.mpg"))[0], inside)
    said = dvc("repro", *steps, cwd=project)
    name = Path(first).stem
    for step in ("preprocess grid audio", "extract grid mfcc", "extract grid prosody"):
        assert f"{step}: 8 clips (8 ok): 1 computed ({name}), 7 from the cache" in said
