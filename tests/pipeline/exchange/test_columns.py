"""Columns of a file become the utterance table and stores, as the options say."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.exchange.bundle import ImportOptions
from pipeline.exchange.columns import (
    TableFile,
    distinct,
    features_of,
    names_here,
    number,
    numbers_of,
    store_name,
    utterances_of,
)

FILE = TableFile(Path("f.csv"), "column", lambda i: f"line {i + 2}")
NAN = float("nan")


def table(columns: dict[str, list[Any]], **options: Any) -> tuple[dict[str, list[Any]], list[str]]:
    arrays = {name: np.array(cells) for name, cells in columns.items()}
    found, notices = utterances_of(arrays, ImportOptions(**options), FILE, len(next(iter(arrays.values()))))
    return {name: found[name].tolist() for name in found}, notices


def test_ids_are_given_or_made_from_groups_or_row_numbers() -> None:
    columns = {"clip": ["a", "b", "c"], "video": ["v", "v", "w"]}
    assert table(columns, id="clip")[0]["utterance"] == ["a", "b", "c"]
    assert table(columns, group="video")[0]["utterance"] == ["v_1", "v_2", "w_1"]
    assert table(columns)[0]["utterance"] == ["row_1", "row_2", "row_3"]


def test_roles_are_renamed_and_all_other_columns_kept() -> None:
    columns = {"who": [" x", "y "], "said": ["hi", "ho"], "age": [30, 31], "from": [-0.5, 1.0], "to": [1.0, 2.0]}
    found, notices = table(columns, speaker="who", text="said", start="from", end="to")
    assert found == {
        "utterance": ["row_1", "row_2"],
        "speaker": ["x", "y"],
        "text": ["hi", "ho"],
        "start": [0.0, 1.0],
        "end": [1.0, 2.0],
        "age": [30, 31],
    }
    assert notices == ["1 utterance starting before 0 s (row_1): taken to start at 0"]


@pytest.mark.parametrize(
    ("columns", "options", "message"),
    [
        ({"clip": ["a", "a"]}, {"id": "clip"}, "f.csv: line 2 and line 3 have the same id 'a'"),
        ({"clip": ["a", " "]}, {"id": "clip"}, "f.csv, line 3: the utterance has an empty id"),
        ({"clip": ["a"]}, {"id": "clpi"}, "no column 'clpi' with one cell per utterance; did you"),
        ({"part": ["tarin"]}, {"split": "part"}, "f.csv, line 2: column 'part' holds the split 'tarin': say which of"),
        ({"part": ["x"]}, {"split": "part", "splits": {"x": "dev"}}, "the split 'x' cannot mean 'dev'"),
        ({"a": ["x"]}, {"splits": {"x": "test"}}, "--split-name needs --split too"),
        ({"t": ["0:1"]}, {"start": "t"}, "f.csv, line 2: column 't' holds '0:1', but a clock shows"),
    ],
)
def test_a_bad_cell_is_named_by_place_and_value(
    columns: dict[str, list[Any]], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError) as error:
        table(columns, **options)
    assert message in str(error.value)


def test_columns_that_are_not_kept_or_may_have_a_role_are_a_notice() -> None:
    columns = {"duration": [1, 2], "recording": ["r", "s"], "begin": [0, 1], "order": ["1", "x"], "z": [1j, 2j]}
    found, notices = table(columns)
    reported = "\n".join(notices)
    assert "recording" in found
    assert not {"duration", "order", "z"} & set(found)
    assert "'duration' is left out, since crossmodal uses this name itself" in reported
    assert "'recording' is not kept" in reported
    assert "'order' is left out" in reported
    assert "'z' is left out: its type complex128 is not supported" in reported
    assert "'begin' is kept as it is; if it holds the start, add --start begin" in reported


def test_names_stored_as_floating_point_numbers_are_a_notice() -> None:
    assert "numbers, in which 1.1 and 1.10 are the same id" in table({"c": [1.1, 2.5]}, id="c")[1][0]
    assert table({"c": [1.0, 2.0]}, id="c")[1] == []
    assert "group" in table({"c": [2.0**53 + 2, 1.0]}, group="c")[1][0]


def test_cells_are_numbers_or_empty_and_others_are_refused() -> None:
    np.testing.assert_array_equal(numbers_of(np.array(["1.5", "", "NA"]), "t", FILE), [1.5, NAN, NAN])
    assert np.isnan(number("NaN", 0, "x", FILE))
    assert number("-3e0", 0, "x", FILE) == -3
    for cell, how in (("1_0", ""), ("0,5", ": write it with a decimal point, 0.5")):
        with pytest.raises(UserError, match=rf"f\.csv, line 2: column 'x' holds '{cell}', which is not a number{how}$"):
            number(cell, 0, "x", FILE)


def test_stores_of_vectors_and_of_sequences() -> None:
    rows = [np.array([[1.0, NAN]]), np.array([[3.0, 4.0]])]
    made, reported = features_of(
        ("voice", "audio"), ("x", "y"), rows, ("a", "b"), vectors=True, details={"source": "f"}
    )
    assert made.pooled_names == made.feature_names == ("x", "y")
    np.testing.assert_array_equal([item.load().clips["pooled"] for item in made.items], [[1, NAN], [3, 4]])
    assert reported == ["voice: 1 number of 1 utterance is not finite and counts as undefined"]
    made, reported = features_of(("voice", "audio"), ("x", "y"), rows, ("a", "b"), vectors=False, details={})
    assert made.pooled_names == ("x_mean", "y_mean", "x_std", "y_std")
    with pytest.raises(UserError, match="2 stores would be named 'voice'"):
        distinct([made, made], Path("f"))


def test_an_utterance_without_rows_is_empty_in_both_kinds_of_stores() -> None:
    rows = [np.array([[1.0, 2.0]]), np.zeros((0, 2))]
    for vectors in (True, False):
        made, _ = features_of(("voice", "audio"), ("x", "y"), rows, ("a", "b"), vectors=vectors, details={})
        assert [item.load().status for item in made.items] == ["ok", "empty"]


def test_names_of_columns_and_of_stores() -> None:
    options = ImportOptions(arrays=(("audio", ("MFCC",)),), id="Clip")
    assert names_here([" clip", "mfcc", "ORDER", "Age"], options, Path("f")) == ["Clip", "MFCC", "order", "Age"]
    assert [store_name(name) for name in ("a/b c", "..", "größe-1", "")] == ["a_b_c", "features", "größe-1", "features"]
