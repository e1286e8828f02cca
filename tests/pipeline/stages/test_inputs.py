"""inputs: each entry of what it notes changes with what it stands for, and with nothing else."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from pipeline.run import code
from pipeline.settings.params import Params, load_params
from pipeline.settings.paths import INPUTS
from pipeline.stages.inputs import _files, note_inputs
from tests.conftest import ROOT, write_csv

SETTINGS = """
run: {corpora: [mine]}
corpora:
  mine: {reader: manifest, root: ., task: classification, label: label, modalities: [text, audio],
    protocol: {kind: group-kfold, folds: 2, group: speaker}}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "b.wav").write_bytes(b"b")
    rows = [("a.wav", "hello", "x", "s1"), (tmp_path / "elsewhere" / "b.wav", "bye", "y", "s2")]
    write_csv(folder / "manifest.csv", ("media", "text", "label", "speaker"), rows)
    (folder / "a.wav").write_bytes(b"a")
    (folder / "params.yaml").write_text(SETTINGS)
    monkeypatch.chdir(folder)
    return folder


def noted() -> dict[str, Any]:
    note_inputs(load_params(Path("params.yaml")))
    found: dict[str, Any] = json.loads(INPUTS.read_text())
    return found


def changed(before: dict[str, Any], now: dict[str, Any]) -> set[str]:
    return {key for key in before if before[key] != now[key]}


def test_a_recording_in_or_outside_the_folder_or_a_table_changes_the_entry_of_its_corpus(project: Path) -> None:
    before = noted()
    assert noted() == before
    for path in (Path("a.wav"), project.parent / "elsewhere" / "b.wav", Path("words.csv")):
        path.write_bytes(path.read_bytes() + b"more" if path.exists() else b"utterance,word,start,end\n")
        now = noted()
        assert changed(before, now) == {"recordings"}, path
        before = now
    Path("a.wav").unlink()
    assert changed(before, noted()) == {"recordings"}
    Path("manifest.csv").write_text("media;label\n")
    assert changed(before, noted()) == {"recordings"}


def test_what_a_project_writes_and_files_that_no_row_names_change_nothing(project: Path) -> None:
    before = noted()
    for name in ("other.wav", "data/work/mine/utterances.csv", "results/mine/table.csv", "dvc.lock"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("x")
    Path("a.wav").touch()
    assert noted() == before
    Path("params.yaml").write_text(SETTINGS + "evaluate: {seed: 1}\n")
    assert noted() == before


def test_an_edited_plugin_changes_the_entry_of_plugins(project: Path) -> None:
    before = noted()
    Path("inputs_plugin.py").write_text("A = 1\n")
    Path("params.yaml").write_text(SETTINGS.replace("run: {", "run: {plugins: [inputs_plugin.py], "))
    assert changed(before, noted()) == {"plugins"}


def test_only_the_stages_that_run_a_changed_file_get_another_code(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = noted()["code"]
    copy = project.parent / "installed"
    for room in code.ALL:
        shutil.copytree(ROOT / room, copy / room, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(code, "_ROOT", copy)
    assert noted()["code"] == before
    for name in ("page.py", "templates/page.html"):
        file = copy / "pipeline" / "reporting" / name
        file.write_text(file.read_text() + "# edited\n")
        now = noted()["code"]
        assert changed(before, now) == {"report"}, name
        before = now


def test_a_corpus_that_is_a_folder_is_watched_without_what_a_project_in_it_holds(project: Path) -> None:
    (project / "Actor_01").mkdir()
    (project / "Actor_01" / "03-01.wav").write_bytes(b"x")
    (project / "Actor_01" / "loop").symlink_to(project)
    (project / ".hidden").write_text("x")
    note_inputs(load_params(Path("params.yaml")))
    folder = corpus("ravdess", SETTINGS.replace("manifest", "ravdess"))
    found = {path.as_posix() for path in _files(folder.corpus("mine"))}
    assert found == {"Actor_01/03-01.wav", "a.wav", "manifest.csv"}


def corpus(name: str, text: str) -> Params:
    path = Path(f"{name}.yaml")
    path.write_text(text)
    params = load_params(path)
    path.unlink()
    return params
