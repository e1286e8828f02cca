"""Columns of a manifest that are not what their names say."""

from pathlib import Path

import pytest

from models.validation.protocol import PROTOCOLS, register
from pipeline.corpora.manifest_columns import MADE, OURS, check_named_columns, corrected_columns
from pipeline.corpora.utterances import COLUMNS
from pipeline.errors import UserError
from pipeline.settings.blocks import ProtocolParams
from pipeline.tables.csv_files import Sheet

PATH = Path("m.csv")


def sheet(**columns: list[str]) -> Sheet:
    rows = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]
    return Sheet(tuple(columns), tuple((i + 2, row) for i, row in enumerate(rows)), ("something odd",))


def of(found: Sheet, kind: str = "official") -> tuple[dict[str, list[str]], list[tuple[str, str]]]:
    read, problems = corrected_columns(PATH, found, ProtocolParams(kind, 2))
    columns = {name: [row[name] for _, row in read.rows] for name in read.header}
    return columns, [(p.severity, p.message) for p in problems]


def test_ours_and_made_are_all_columns_of_the_table() -> None:
    assert {*OURS, *MADE} - {"line"} == set(COLUMNS)
    assert not set(OURS) & set(MADE)


def test_what_prepare_makes_is_left_out_with_a_warning() -> None:
    columns, reported = of(sheet(media=["a.mp4", "b.mp4"], duration=["1", "2"], mood=["x", "y"]))
    assert list(columns) == ["media", "mood"]
    assert reported[0] == ("warning", "something odd")
    assert reported[1][1].startswith("the column 'duration' is left out")


def test_a_column_in_which_no_cell_fits_is_an_error_and_emptied() -> None:
    columns, reported = of(sheet(media=["a.mp4", "b.mp4"], region=["north", "south"]))
    assert columns["region"] == ["", ""]
    assert reported[1] == (
        "error",
        "the column 'region' should hold parts of a picture as 'left top right bottom', but holds 'north': rename it "
        "if it means something else",
    )
    one_good = sheet(media=["a.mp4", "b.mp4"], region=["north", "0 0 0.5 1"])
    assert of(one_good)[0]["region"] == ["north", "0 0 0.5 1"]


def test_other_words_for_splits_are_translated() -> None:
    columns, reported = of(sheet(split=["Training", "dev", "test", ""]))
    assert columns["split"] == ["train", "valid", "test", ""]
    assert ("warning", "split: the part 'dev' is read as valid") in reported


@pytest.mark.parametrize(("kind", "cell"), [("official", "fold3"), ("group-kfold", "")])
def test_an_unknown_split_matters_only_to_protocols_with_splits(kind: str, cell: str) -> None:
    columns, reported = of(sheet(split=["train", "fold3"]), kind)
    assert columns["split"] == ["train", cell]
    assert any("'fold3' is not one of train, valid, test" in message for _, message in reported) == (cell == "")


@pytest.mark.parametrize("needs", [True, False])
def test_a_protocol_of_a_plugin_says_whether_it_needs_splits(needs: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PROTOCOLS, "_entries", dict(PROTOCOLS.items()))
    register("halves", lambda table, _: [], needs_splits=needs)
    columns, _ = of(sheet(split=["train", "fold3"]), "halves")
    assert columns["split"] == ["train", "fold3" if needs else ""]


def test_columns_that_the_settings_cannot_name_are_refused() -> None:
    check_named_columns(PATH, "mood", "speaker")
    with pytest.raises(UserError, match="'start' has a fixed meaning in a manifest: copy the labels to another column"):
        check_named_columns(PATH, "start", "speaker")
    with pytest.raises(UserError, match="'duration' is filled in by `crossmodal prepare`"):
        check_named_columns(PATH, "mood", "duration")
