"""A folder becomes a project of DVC; what the user wrote stays, what this program wrote is kept up to date."""

import subprocess
from pathlib import Path

import pytest
import yaml

from pipeline.errors import UserError
from pipeline.ingest import project_files
from pipeline.ingest.own_stages import own_stages
from pipeline.ingest.project_files import stages_notice, write_project_files

ROOT = Path(__file__).parents[3]
NAMES = ["dvc.yaml", ".dvc/config", ".dvc/.gitignore", ".dvcignore", ".gitignore"]


def named(folder: Path, paths: list[Path]) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in paths]


def test_a_folder_becomes_a_project_once(tmp_path: Path) -> None:
    assert named(tmp_path, write_project_files(tmp_path)) == NAMES
    assert write_project_files(tmp_path) == []
    assert yaml.safe_load((tmp_path / "dvc.yaml").read_text())["stages"] == own_stages()
    assert "no_scm = true" in (tmp_path / ".dvc" / "config").read_text()
    ignored = (ROOT / ".dvcignore").read_text().splitlines()
    assert set(ignored) <= set((tmp_path / ".dvcignore").read_text().splitlines())


def test_dvc_uses_git_where_the_folder_is_the_root_of_a_repository_and_only_there(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    below = tmp_path / "below"
    for folder in (tmp_path, below):
        write_project_files(folder)
    assert "no_scm" not in (tmp_path / ".dvc" / "config").read_text()
    assert "no_scm" in (below / ".dvc" / "config").read_text()


def test_lines_are_added_to_files_that_are_there_and_a_configuration_is_kept(tmp_path: Path) -> None:
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".dvc" / "config").write_text("[core]\n    remote = ours\n")
    (tmp_path / ".gitignore").write_text("*.mp4\n/results/")
    write_project_files(tmp_path)
    assert (tmp_path / ".dvc" / "config").read_text() == "[core]\n    remote = ours\n"
    lines = (tmp_path / ".gitignore").read_text().splitlines()
    assert lines == ["*.mp4", "/results/", "/data/work/", "/data/cache/", "/data/raw/", "/dvc_plots/"]


def test_a_file_of_another_version_is_replaced_and_said_to_be_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(project_files, "own_stages", lambda: {"inputs": own_stages()["inputs"]})
        write_project_files(tmp_path)
        assert stages_notice(tmp_path) == ""
    assert "does not have the stages of this version, crossmodal" in stages_notice(tmp_path)
    assert named(tmp_path, write_project_files(tmp_path)) == ["dvc.yaml"]
    assert stages_notice(tmp_path) == ""


@pytest.mark.parametrize("text", ["stages: {}\n", "", "# sha256 of what follows: 0\nstages: {}\n"])
def test_a_file_that_was_not_written_here_is_replaced_only_by_force(tmp_path: Path, text: str) -> None:
    (tmp_path / "dvc.yaml").write_text(text)
    with pytest.raises(UserError, match=r"dvc\.yaml was not written by crossmodal, or has been edited since"):
        write_project_files(tmp_path)
    assert (tmp_path / "dvc.yaml").read_text() == text
    assert not (tmp_path / ".dvc").exists()
    assert named(tmp_path, write_project_files(tmp_path, force=True)) == NAMES


def test_an_edited_file_is_refused(tmp_path: Path) -> None:
    write_project_files(tmp_path)
    path = tmp_path / "dvc.yaml"
    path.write_text(path.read_text().replace("crossmodal train", "crossmodal train --workers 1"))
    with pytest.raises(UserError, match="or has been edited since"):
        write_project_files(tmp_path)
    assert "does not have the stages" in stages_notice(tmp_path)
