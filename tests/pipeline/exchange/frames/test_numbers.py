"""Cells as numbers, in blocks: what is undefined, what is text, and what is a mistake."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.exchange.frames.numbers import Numbers, _list_of


def read(*blocks: list[list[str]], names: str = "ab") -> Numbers:
    found, line = Numbers(Path("a.csv"), names), 2
    for block in blocks:
        found.add(range(line, line + len(block)), block)
        line += len(block)
    return found


def test_blocks_make_one_column_each() -> None:
    names, values, texts = read([["1", "2.5"], ["-3e-1", "0"]], [["5", "NA"]]).columns()
    assert (names, texts) == (("a", "b"), ())
    np.testing.assert_allclose(values, [[1, 2.5], [-0.3, 0], [5, np.nan]])
    assert values.dtype == np.float32


def test_infinite_numbers_count_as_undefined() -> None:
    found = read([["inf", "1e300"], ["[1, -inf]", "2"]])
    assert np.isnan(found.columns()[1][0]).all()
    assert found.infinite == 3


def test_text_is_not_a_feature_and_nothing_at_all_may_be_one() -> None:
    names, values, texts = read([["sad", ""], ["", ""]], [["joy", ""]]).columns()
    assert (names, texts) == (("b",), ("a",))
    assert np.isnan(values).all()
    assert values.shape == (3, 1)


def test_lists_become_columns_and_may_be_missing() -> None:
    cells = [["", "1"], ["[[1, 2], [3, nan]]", "2"]]
    names, values, _ = read(cells, [["[5. 6. 7. 8.]", "3"], ["[]", "4"]]).columns()
    assert names == ("a_0", "a_1", "a_2", "a_3", "b")
    nothing = [np.nan] * 4
    np.testing.assert_array_equal(values[:, :4], [nothing, [1, 2, 3, np.nan], [5, 6, 7, 8], nothing])
    assert _list_of("[a]") is None
    assert _list_of("1, 2") is None


@pytest.mark.parametrize(
    ("blocks", "sentence"),
    [
        ([[["1", "2"]], [["x", "2"]]], "a.csv:3: a is 'x', but other rows hold numbers: correct the cell, or choose"),
        ([[["x", "2"]], [["[1, 2]", "2"]]], "a.csv:2: a is 'x', but other rows hold numbers"),
        ([[["1", "0,5"]]], "a.csv:2: b is '0,5': write it with a decimal point (0.5)"),
        ([[["1", "1,5e-05"]]], "write it with a decimal point (1.5e-05)"),
        ([[["[1, 2]", "0"], ["[1]", "0"]]], "a.csv: a holds lists of 1 and lists of 2 numbers: choose other columns"),
    ],
)
def test_mistakes_name_the_cell(blocks: list[list[list[str]]], sentence: str) -> None:
    with pytest.raises(UserError) as error:
        read(*blocks).columns()
    assert sentence in str(error.value)
