"""Former names of settings are read as the present ones, and a notice says which and where."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from cli import main
from pipeline.errors import UserError
from pipeline.settings.params import load_params
from pipeline.settings.renamed import RENAMED, with_present_names

OLD = """
run: {corpora: []}
train:
  singles: []
  settings:
    vote: {voters: all}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "params.yaml"
    path.write_text(text)
    return path


def test_former_names_mean_what_the_present_ones_mean(tmp_path: Path) -> None:
    old = load_params(written(tmp_path, OLD))
    new = load_params(written(tmp_path, OLD.replace("singles", "unimodal_models").replace("voters", "voting")))
    assert old.train == new.train
    assert (old.train.unimodal_models, old.train.settings) == ((), {"vote": {"voting": "all"}})
    assert new.notices == ()


def test_a_notice_names_the_line_and_the_present_name(tmp_path: Path) -> None:
    path = written(tmp_path, OLD)
    assert load_params(path).notices == (
        f"{path}, line 4: train.singles is now called unimodal_models: rename it",
        f"{path}, line 6: train.settings.vote.voters is now called voting: rename it",
    )


@pytest.mark.parametrize("command", [("settings",), ("features", "list")])
def test_commands_print_the_notice_and_go_on(
    command: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, [*command, "--params", str(written(tmp_path, OLD))])
    assert done.exit_code == 0, done.output
    assert "train.singles is now called unimodal_models" in done.stderr


def test_both_names_together_are_refused(tmp_path: Path) -> None:
    text = OLD.replace("  singles: []\n", "  singles: []\n  unimodal_models: []\n")
    with pytest.raises(UserError, match="singles"):
        load_params(written(tmp_path, text))


@pytest.mark.parametrize(
    "blocks", [{}, {"train": None}, {"train": {"settings": {"vote": None}}}, {"train": ["singles"]}]
)
def test_what_has_no_former_name_is_as_it_was(blocks: dict[str, object]) -> None:
    assert with_present_names(blocks) == (blocks, [])


def test_a_present_name_is_no_former_one() -> None:
    assert not {place[-1] for place in RENAMED} & set(RENAMED.values())
