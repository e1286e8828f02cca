"""Commands that import and export features: how their options are read, and that what is exported can be imported."""

import re
from pathlib import Path

import h5py
import numpy as np
import pytest

from cli import main
from pipeline.commands.exchange import _modality_names, _pairs
from pipeline.errors import UserError
from pipeline.exchange.registry import FRAMES, entry_named, format_names
from pipeline.settings.params import load_params
from tests.conftest import invoke, output_of


def test_arrays_are_read_by_modality() -> None:
    assert _modality_names(("text=bert", "audio=covarep, mfcc ,")) == (
        ("text", ("bert",)),
        ("audio", ("covarep", "mfcc")),
    )
    assert _modality_names(("audio=a=b",)) == (("audio", ("a=b",)),)
    assert _modality_names(()) == ()


@pytest.mark.parametrize(
    ("array", "message"),
    [
        ("covarep", "must read MODALITY=NAME; available: text, audio, video"),
        ("txt=bert", "did you mean 'text'"),
        ("text=", "names no array: write text=NAME"),
        ("text=bert,audio=covarep", "names two modalities"),
    ],
)
def test_arrays_that_cannot_be_read(array: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        _modality_names((array,))


def test_pairs_of_names() -> None:
    assert _pairs("--split-name", ("dev=test", "a=b=c")) == {"dev": "test", "a": "b=c"}
    for wrong in ("dev", "=test", "dev="):
        with pytest.raises(UserError, match=r"--split-name '.*' must read NAME=NAME"):
            _pairs("--split-name", (wrong,))


def test_what_is_exported_is_imported_as_a_corpus(here: Path) -> None:
    assert "16 utterances" in output_of("export", "npz", "out.npz", "--corpus", "c")
    with np.load(here / "out.npz") as exported, h5py.File(here / "data/work/c/features/vader.h5") as store:
        assert (exported["features/vader/pooled"] == store["pooled"][:]).all()
    printed = output_of(
        *["import", "npz", "out.npz", "--corpus", "d", "--label", "label", "--task", "classification", "--folds", "2"]
    )
    assert "added corpora.d to params.yaml" in printed
    corpus = load_params(here / "params.yaml").corpus("d")
    assert (corpus.task, corpus.label, corpus.modalities) == ("classification", "label", ("text",))
    assert output_of("prepare", "--corpus", "d").splitlines()[-1] == "prepare d: done"
    with h5py.File(here / "data/work/c/features/vader.h5") as ours:
        store_of_d = next((here / "data/work/d/features").glob("*.h5"))
        with h5py.File(store_of_d) as theirs:
            assert (theirs["pooled"][:] == ours["pooled"][:]).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("import npz a.npz", "name either a new corpus (--corpus NAME) or an existing one (--into NAME)"),
        ("import npz a.npz --corpus d --into c", "name either a new corpus (--corpus NAME)"),
        ("import npz a.npz --corpus d", "a.npz does not exist"),
        ("import npz params.yaml --corpus d", "--corpus needs --label and --task as well"),
        ("import npy params.yaml --corpus d --label y --task regression", "did you mean 'npz'"),
        ("export npy a.npz --corpus c", "did you mean 'npz'"),
        ("export npz a.npz --corpus c --features vadr", "vader"),
    ],
)
def test_commands_that_cannot_be_done_say_what_is_missing(arguments: str, message: str, here: Path) -> None:
    failed = invoke(*arguments.split())
    assert failed.exit_code == 1
    assert message in failed.output


def test_help_and_pages_name_every_format_in_the_directions_that_it_has() -> None:
    names = {
        "import": [*(name for name in format_names() if entry_named(name).read), FRAMES],
        "export": [name for name in format_names() if entry_named(name).write],
    }
    readme, page = ((Path(__file__).parents[3] / file).read_text() for file in ("README.md", "docs/exchange.md"))
    for command, known in names.items():
        first_line = " ".join((main.get_command(None, command).help or "").split(".")[:1])  # type: ignore[arg-type, union-attr]
        assert set(re.findall(r"[a-z]+", first_line.split(":")[1])) - {"or"} == set(known)
        row = next(line for line in readme.splitlines() if line.startswith(f"| `crossmodal {command}` |"))
        assert sorted(re.findall(r"`([a-z]+)`", row.partition("features")[2])) == sorted(known)
    table = re.findall(r"^\| `(\w+)` \| (yes)? ?\| (yes)? ?\|", page, re.MULTILINE)
    assert [name for name, read, _ in table if read] == names["import"]
    assert [name for name, _, write in table if write] == names["export"]
