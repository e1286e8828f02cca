"""The files and settings that `prepare` read, compared with the current manifest and settings."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline.corpora.sources import changed_sources
from pipeline.settings.params import load_params
from tests.conftest import run, write_csv

PARAMS = """run: {corpora: [c]}
features: {extract: []}
train: {features: {text: [tfidf]}, classifiers: [logistic], fusions: [], budget: 1}
evaluate: {resamples: 10}
corpora: {c: {reader: manifest, root: c, task: classification, label: feeling, modalities: [text],
  protocol: {kind: group-kfold, folds: 2, group: speaker}}}
"""
COLUMNS = ("utterance", "text", "speaker", "feeling", "mood", "stars")
MOODS = ("up", "down", "up", "down", "", "NA")
CHANGED = "c: manifest.csv changed since the last `crossmodal prepare --corpus c`: run that command again"


def rows() -> list[tuple[object, ...]]:
    words = ("good bright day", "bad dark night")
    return [
        (f"u{i}", f"{words[i % 2]} {i}", f"s{i // 4}", ("pos", "neg")[i % 2], MOODS[i % 6], i % 5 + 1)
        for i in range(16)
    ]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sources")
    write_csv(folder / "c" / "manifest.csv", COLUMNS, rows())
    (folder / "params.yaml").write_text(PARAMS)
    for stage in ("prepare", "preprocess", "train", "evaluate", "report"):
        run(stage, "--workers", "0", cwd=folder) if stage in ("preprocess", "train") else run(stage, cwd=folder)
    return folder


@pytest.fixture
def here(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(trained, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "task: classification, label: feeling",
            "task: regression, label: mood",
            "utterance u0: mood is 'up', but a score must be",
        ),
        ("task: classification", "task: regression", "utterance u0: feeling is 'pos', but a score must be a number"),
    ],
)
def test_what_prepare_would_refuse_is_not_trained_on(here: Path, old: str, new: str, message: str) -> None:
    Path("params.yaml").write_text(PARAMS.replace(old, new))
    before = Path("results/c/predictions.csv").read_bytes()
    for command in (("train", "--workers", "0"), ("fit", "--strategy", "unimodal", "--modalities", "text")):
        failed = run(*command, "--corpus", "c", cwd=here, check=False)
        assert failed.returncode != 0
        assert message in failed.stderr
        assert "`crossmodal prepare` lists all such rows" in failed.stderr
    assert Path("results/c/predictions.csv").read_bytes() == before
    line = next(line for line in run("status", cwd=here).stdout.splitlines() if " prepare " in line)
    assert line.split()[2:6] == ["0/1", "0", "0", "1"]


def test_a_change_of_the_label_column_needs_no_new_table(here: Path) -> None:
    Path("params.yaml").write_text(
        PARAMS.replace("task: classification, label: feeling", "task: regression, label: stars")
    )
    run("train", "--workers", "0", cwd=here)
    line = next(line for line in run("status", cwd=here).stdout.splitlines() if " prepare " in line)
    assert line.split()[2:6] == ["1/1", "0", "0", "0"]


def relabelled() -> None:
    write_csv(
        Path("c/manifest.csv"), COLUMNS, [(*row[:3], ("neg", "pos")[i % 2], *row[4:]) for i, row in enumerate(rows())]
    )


def unreadable() -> None:
    Path("c/manifest.csv").write_text("")


def timed() -> None:
    write_csv(Path("c/words.csv"), ("utterance", "word", "start", "end"), [("u0", "good", 0, 1)])


def gone() -> None:
    shutil.rmtree("c")


def other_bytes() -> None:
    path = Path("c/manifest.csv")
    path.write_bytes(path.read_bytes().replace(b"\r\n", b"\n") + b"\n")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (relabelled, "manifest.csv changed"),
        (unreadable, "manifest.csv changed"),
        (timed, "words.csv changed"),
        (gone, ""),
        (other_bytes, ""),
    ],
)
def test_a_changed_manifest_is_reported(here: Path, change: Callable[[], None], message: str) -> None:
    params = load_params(Path("params.yaml"))
    assert changed_sources(params, "c") == ""
    change()
    found = changed_sources(params, "c")
    assert (message in found) if message else (found == "")


def test_every_command_reports_that_the_manifest_changed(here: Path) -> None:
    commands = [("train", "--workers", "0"), ("evaluate",), ("evaluate", "--show"), ("report",), ("preprocess",)]
    for command in commands:
        assert "changed since" not in run(*command, cwd=here).stderr
    relabelled()
    for command in commands:
        assert [CHANGED in line for line in run(*command, cwd=here).stderr.splitlines()].count(True) == 1
    run("prepare", cwd=here)
    assert "changed since the last `crossmodal" not in run("train", "--workers", "0", cwd=here).stderr
