"""Selections: their names, and the settings of a corpus with a note on what was chosen."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.settings.params import load_params
from pipeline.settings.paths import check_name
from pipeline.settings.selected import MARK, Chosen, Selection, chosen, corpus_of, is_selection
from tests.conftest import output_of


def test_no_corpus_can_have_the_name_of_a_selection() -> None:
    with pytest.raises(UserError, match="cannot be named"):
        check_name(f"mosi{MARK}120")
    assert [is_selection(name) for name in ("mosi", "mosi@120", "@")] == [False, True, True]
    assert corpus_of("mosi@120@3") == "mosi"


@pytest.mark.parametrize("file", ["../../etc/passwd", "a b/ü ß.txt", "..", "🙂.txt", "x" * 300])
def test_the_name_of_a_file_becomes_one_folder(file: str) -> None:
    name = Selection(file=file).name
    assert name
    assert Path(name).name == name
    assert len(name.encode()) < 200


def test_its_settings_are_those_of_its_corpus_with_a_note(here: Path) -> None:
    output_of("preprocess", "--limit", "10", "--workers", "0")
    params = load_params(here / "params.yaml")
    whole, few = params.corpus("c"), params.corpus("c@10")
    assert few == replace(whole, note="10 of 16 utterances, chosen by --limit 10.")
    synthetic = replace(params, corpora={"c": replace(whole, note="Synthetic.")})
    assert synthetic.corpus("c@10").note == "10 of 16 utterances, chosen by --limit 10. Synthetic."
    assert chosen("c@10") == Chosen(Selection(10), 10, 16)


@pytest.mark.parametrize("record", [None, "{", "{}", '{"selection": {"limit": "x"}}', "[]"])
def test_one_that_was_not_made_is_an_error_that_says_how(record: str | None, here: Path) -> None:
    if record is not None:
        Path("data/work/c@7").mkdir()
        Path("data/work/c@7/tables.json").write_text(record)
    params = load_params(here / "params.yaml")
    with pytest.raises(UserError, match=r"there is no selection 'c@7' .* preprocess --corpus c --limit 100"):
        params.corpus("c@7")
    with pytest.raises(UserError, match=r"no corpus is named 'd'"):
        params.corpus("d@7")
