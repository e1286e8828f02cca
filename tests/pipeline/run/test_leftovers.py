"""Leftovers of killed runs are files with the names of our temporary files in folders that we write."""

from pathlib import Path

import pytest

from pipeline.run.leftovers import left_by_killed_runs

CHANCE = "0123456789abcdef"
LEFT = [
    f".params.yaml.{CHANCE}.partial",
    "data/cache/.hashes.json.4711",
    f"data/cache/.hashes.json.{CHANCE}.partial",
    f"data/cache/locks/.{CHANCE}01234567.lock",
    "data/cache/vader/ab/.k.clip.99",
    f"data/raw/av/.manifest.csv.{CHANCE}.partial",
    f"data/work/.predict-{CHANCE}/clip/manifest.csv",
    "data/work/.predict-x1y2z3a4/clip/manifest.csv",
    f"data/work/av/.utterances.csv.{CHANCE}.partial",
    "data/work/av/streams/.text.h5.partial",
    f"results/av/.predictions.csv.{CHANCE}.partial",
]
KEPT = [
    ".env.old",
    ".conda.lock",
    ".settings.json.2024",
    f".notes.txt.{CHANCE}.partial",
    "data/raw/.old.partial",
    "data/raw/av/.originals.old/clip.txt",
    "data/raw/av/.labels.json.2023",
    f"data/raw/av/.clip.mp4.{CHANCE}.partial",
    f"data/raw/av/clips/.manifest.csv.{CHANCE}.partial",
    "data/cache/.env.lock",
    "data/cache/mine.json.99",
    "data/work/.predict-notes/a.txt",
    "data/work/av/.labels.import",
    "data/work/av/.labels.json.2023",
    "results/.paper.old/table.csv",
    f"others/.manifest.csv.{CHANCE}.partial",
]


def write(names: list[str]) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("x")


def test_only_our_own_files_in_our_folders_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write([*LEFT, *KEPT])
    found = [str(path) for path in left_by_killed_runs()]
    assert sorted(found) == sorted(name.removesuffix("/clip/manifest.csv") for name in LEFT)


@pytest.mark.parametrize("link", ["data/raw/av", "data/raw", "data/work/av", "results/av"])
def test_a_link_to_a_persons_folder_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, link: str) -> None:
    mine, project = tmp_path / "mine", tmp_path / "project"
    mine.mkdir()
    (project / link).parent.mkdir(parents=True)
    (project / link).symlink_to(mine, target_is_directory=True)
    monkeypatch.chdir(mine)
    write([f".manifest.csv.{CHANCE}.partial", f"av/.manifest.csv.{CHANCE}.partial"])
    monkeypatch.chdir(project)
    assert list(left_by_killed_runs()) == []


def test_without_folders_there_are_no_leftovers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert list(left_by_killed_runs()) == []
