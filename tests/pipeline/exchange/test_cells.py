"""Cells of any type as text, names, numbers and columns."""

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import UserError
from pipeline.exchange.cells import array_of, as_text, cells_of, column_of, names_of, positions_of

NAN = float("nan")


@pytest.mark.parametrize(
    ("cells", "text"),
    [
        (np.array([1, -2]), ["1", "-2"]),
        (np.array([1.0, 2.5, NAN]), ["1", "2.5", ""]),
        (np.array([0.1, 1 / 3], np.float32), ["0.1", "0.33333334"]),
        (np.array([True, False]), ["True", "False"]),
        (np.array([b"caf\xc3\xa9", b"\xff"]), ["café", "\\xff"]),
        (np.array(["1.10", None, 7], object), ["1.10", "", "7"]),
    ],
)
def test_as_text(cells: np.ndarray, text: list[str]) -> None:
    assert as_text(cells) == text


def test_names_are_stripped_and_numbers_are_whole() -> None:
    assert names_of(np.array([" a ", "1.10", "\ufeffb"])) == ["a", "1.10", "b"]
    assert names_of(np.array([7.0, 7.5, NAN])) == ["7", "7.5", ""]
    assert names_of(np.array(["2024-01-31", "NaT"], "M8[D]")) == ["2024-01-31", ""]


def test_positions_are_numbers_or_nothing() -> None:
    np.testing.assert_array_equal(positions_of(np.array(["1", " 2.5", ""])), [1, 2.5, NAN])
    assert positions_of(np.array(["1", "first"])) is None
    given = np.array([3, 1])
    assert positions_of(given) is given


def test_columns_keep_numbers_and_turn_the_rest_into_text() -> None:
    assert cells_of(np.array([1, 2])).tolist() == [1, 2]
    assert cells_of(np.array(["a", None], object)).tolist() == ["a", ""]
    assert column_of(np.array([1.5, NAN])).dtype == np.float64
    assert column_of(np.array(["a", "b"])).tolist() == ["a", "b"]


@pytest.mark.parametrize("cells", [[1, 2], [0.5, NAN], [True, False], ["a", ""], ["é", "日本"]])
def test_a_column_survives_conversion_to_an_array_and_back(cells: list[object]) -> None:
    column = pd.Series(cells, dtype="str" if isinstance(cells[0], str) else None)
    again = column_of(array_of(column))
    pd.testing.assert_series_equal(again, column, check_names=False)


def test_an_array_of_text_cannot_hold_a_nul_at_the_end() -> None:
    with pytest.raises(UserError, match=r"column 'note' holds 'a\\x00', which ends with a NUL character"):
        array_of(pd.Series(["a\0"], name="note", dtype=object))
    assert array_of(pd.Series([1, None]), number=True).dtype == np.float64
