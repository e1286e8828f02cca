"""What the shell completes, as click asks for it, and that it costs no heavy import."""

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from cli import main
from pipeline.commands import completion
from tests.conftest import ROOT


def proposed(line: str) -> list[str]:
    """Return what is proposed for the last word of a command line."""
    *before, typed = line.split(" ")[1:]
    return [one.value for one in ShellComplete(main, {}, "crossmodal", "_X").get_completions(before, typed)]


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("crossmodal sta", ["status"]),
        ("crossmodal features s", ["show"]),
        ("crossmodal evaluate ", ["c"]),
        ("crossmodal fit --corpus ", ["c"]),
        ("crossmodal evaluate --params other.yaml --corpus n", ["new", "newer"]),
        ("crossmodal evaluate --params gone.yaml --corpus n", []),
        ("crossmodal preprocess --modality a", ["audio"]),
        ("crossmodal extract --params other.yaml --extractor m", ["mine", "mfcc"]),
        ("crossmodal fit --strategy st", ["stacking"]),
        ("crossmodal compare uni", ["unimodal:text:logistic"]),
        ("crossmodal explain --strategy ma", ["majority"]),
    ],
)
def test_names_are_completed(line: str, names: list[str], here: Path) -> None:
    (here / "other.yaml").write_text("corpora: {new: {}, newer: {}, other: {}}\nfeatures: {mine: {extractor: mfcc}}\n")
    assert proposed(line) == names


def test_utterances_are_those_of_the_corpus_that_is_named(here: Path) -> None:
    def utterances(typed: str, **params: object) -> list[str]:
        context = click.Context(main)
        context.params = dict(params)
        return completion.utterances(context, main.params[0], typed)

    assert utterances("u1", name="c") == ["u1", *(f"u1{i}" for i in range(6))]
    assert utterances("u0") == ["u0"]
    assert utterances("u", name="none") == []


def test_saved_models_are_proposed_else_folders(here: Path) -> None:
    (here / "results/c/models/m").mkdir(parents=True)
    found = ShellComplete(main, {}, "crossmodal", "_X").get_completions(["predict", "x", "--model"], "res")
    assert [(one.type, one.value) for one in found] == [("dir", "res")]
    (here / "results/c/models/m/model.json").touch()
    assert proposed("crossmodal predict x --model res") == ["results/c/models/m"]


@pytest.mark.parametrize("content", ["", "corpora: [", "[1]", "corpora: 3", "corpora: {a: \\ud800}", "\xff"])
def test_a_settings_file_that_cannot_be_read_proposes_nothing(content: str, here: Path) -> None:
    (here / "params.yaml").write_bytes(content.encode("latin-1"))
    assert proposed("crossmodal evaluate x") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_line_of_the_page_prints_a_script(shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs/command-line.md").read_text()
    assert f"_CROSSMODAL_COMPLETE={shell}_source crossmodal" in page
    monkeypatch.setenv("_CROSSMODAL_COMPLETE", f"{shell}_source")
    monkeypatch.setattr("click.shell_completion.BashComplete._check_version", lambda *_: None)
    assert "_CROSSMODAL_COMPLETE=" in CliRunner().invoke(main, prog_name="crossmodal").output


def test_no_heavy_package_is_imported(here: Path) -> None:
    code = (
        "import sys; from click.shell_completion import ShellComplete; from cli import main; "
        "complete = lambda *words: ShellComplete(main, {}, 'x', '_X').get_completions(list(words[:-1]), words[-1]); "
        "assert complete('evaluate', 'c') and complete('extract', '--extractor', 'm'); "
        "assert complete('fit', '--strategy', 'c'); "
        "heavy = ('pydantic', 'pandas', 'torch', 'sklearn', 'cv2', 'av', 'distributed', 'h5py'); "
        "print(*[m for m in heavy if m in sys.modules])"
    )
    env = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", code], cwd=here, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
