"""The rules for names, labels, numbers and spans, by the spellings that spreadsheets, pandas and other tools make."""

import math
import unicodedata

import numpy as np
import pandas as pd
import pytest

from pipeline.tables.intervals import interval_of
from pipeline.tables.rules import (
    alike,
    alike_notices,
    fault_of_name,
    fault_of_text,
    is_no_label,
    missing_notices,
    name_of,
    number_of,
    reads_like_no_label,
    trimmed,
)
from pipeline.tables.splits import split_of


@pytest.mark.parametrize("cell", ["s1", " s1", "s1 ", "\ts1\n", "\u00a0s1\u3000", "\ufeffs1\u200b", "\u2003 s1"])
def test_names_are_stripped_on_both_sides(cell: str) -> None:
    assert trimmed(cell) == "s1" == name_of(cell)


@pytest.mark.parametrize("cell", ["1.10", "2e1", "007", "1_000", "True", "+1", "1.", "0x10", "a b", "é"])
def test_text_that_looks_like_something_else_stays_as_it_is(cell: str) -> None:
    assert name_of(cell) == cell


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        (1, "1"),
        (1.0, "1"),
        (1.5, "1.5"),
        (np.int64(7), "7"),
        (np.float64(7), "7"),
        (True, "True"),
        (None, ""),
        (math.nan, ""),
        (pd.NA, ""),
        (pd.NaT, ""),
        (b" u1 ", "u1"),
    ],
)
def test_names_of_other_types(cell: object, name: str) -> None:
    assert name_of(cell) == name


def test_splits() -> None:
    assert [split_of(c) for c in ("train", "Valid ", "TEST", "")] == ["train", "valid", "test", ""]
    for cell, meant in (("dev", "valid"), ("Validation", "valid"), ("training", "train")):
        with pytest.raises(ValueError, match=f"did you mean '{meant}'"):
            split_of(cell)
    with pytest.raises(ValueError, match="available: train, valid, test"):
        split_of("nan")


@pytest.mark.parametrize(
    "cell",
    [
        "",
        " ",
        "NaN",
        "nan",
        "NAN",
        "NA",
        "n/a",
        "N/A",
        "#N/A",
        "<NA>",
        "None",
        "null",
        "NULL",
        "-nan",
        "N.A.",
        "n.a.",
        "-1.#IND",
        "1.#QNAN",
        "-nan(ind)",
        "#VALUE!",
        "#DIV/0!",
    ],
)
def test_no_label(cell: str) -> None:
    assert is_no_label(cell)


@pytest.mark.parametrize("cell", ["none", "nancy", "0", "No", "nano", "NONE", "nullify", "?"])
def test_a_cell_that_may_be_a_class_is_a_label(cell: str) -> None:
    assert not is_no_label(cell)


def test_a_label_that_may_be_missing_is_known_as_such() -> None:
    assert [c for c in ("none", "?", "joy", "None", "", "other") if reads_like_no_label(c)] == ["none", "?"]
    likely = ("unknown", "Undefined", "xxx", "XXX", "--", "<unk>", "unlabeled", "Not available")
    assert all(reads_like_no_label(cell) and not is_no_label(cell) for cell in likely)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Happy", "happy"),
        ("HAPPY", "happy"),
        ("gaîté", unicodedata.normalize("NFD", "gaîté")),
        ("very happy", "very  happy"),
        ("very happy", "very\u00a0happy"),
        ("very happy", "veryhappy"),
        ("happy", "hap\u200bpy"),
        ("Straße", "STRASSE"),
        ("ｈａｐｐｙ", "happy"),
        ("1", "1.0"),
        ("1", "01"),
        ("1", "+1"),
        ("0", "-0.0"),
        ("0.5", ".50"),
        ("100", "1e2"),
        ("0.5", "0,5"),
    ],
)
def test_alike(one: str, other: str) -> None:
    assert alike([one, other, other]) == [{one: 1, other: 2}]
    (notice,) = alike_notices("emotion", [one, other, other])
    assert "(1 row)" in notice
    assert "(2 rows)" in notice


def test_different_labels_are_not_alike() -> None:
    assert not alike(["happy", "sad", "1", "2", "-1", "10", "1.1", "nan", "inf", "1e999", "", ""])
    assert not alike(["12345678901234567890", "12345678901234567891"])
    assert not alike(["1.1", "1.10", "S1", "S2", "2e1", "20", "-1", "+1"], scores=False)
    assert alike(["1", "1.0", "s1", "S1"], scores=False) == [{"1": 1, "1.0": 1}, {"s1": 1, "S1": 1}]


def test_the_notice_distinguishes_spellings_that_look_the_same() -> None:
    (notice,) = alike_notices("x", ["é", "e\u0301"])
    assert "'é'" in notice
    assert "e\\u0301" in notice


def test_names_that_look_like_missing_cells() -> None:
    (notice,) = missing_notices("group", ["g1", "nan", "nan", ""])
    assert "'nan' (2 rows)" in notice


def test_characters_that_a_name_or_a_text_cannot_hold() -> None:
    assert "NUL character after 'no'" in fault_of_text("no\0never")
    assert "at its beginning" in fault_of_text("\0")
    assert fault_of_text("two\nlines\tand \x1b") == ""
    assert "U+000A" in fault_of_name("a\nb")
    assert "U+001B" in fault_of_name("\x1b[2J")
    assert "half a character" in fault_of_name("\ud800")
    assert fault_of_name("نمی\u200cدانم a\u00a0b 👩\u200d🎤") == ""


@pytest.mark.parametrize(("cell", "value"), [("1", 1.0), (" -2.5 ", -2.5), ("1e-3", 0.001), (".5", 0.5)])
def test_numbers(cell: str, value: float) -> None:
    assert number_of(cell) == value


@pytest.mark.parametrize("cell", ["one", "inf", "nan", "1_000", "1 2", "--1", "0x10"])
def test_other_cells_are_not_numbers(cell: str) -> None:
    with pytest.raises(ValueError, match="must be a number"):
        number_of(cell)


def test_a_decimal_comma_is_named() -> None:
    with pytest.raises(ValueError, match=r"decimal point, 1\.5"):
        number_of("1,5")


def test_intervals() -> None:
    assert interval_of(1, 2).notice == ""
    assert interval_of(math.nan, math.nan).start == 0
    clipped = interval_of(-0.48, 2)
    assert (clipped.start, clipped.end) == (0, 2)
    assert "-0.48" in clipped.notice
    assert math.isnan(interval_of(-1, math.nan).end)
    point = interval_of(1.5, 1.5)
    assert (point.start, point.end) == (1.5, 1.5)
    assert "empty" in point.notice
    before = interval_of(-2, -1)
    assert (before.start, before.end) == (0, 0)
    assert "empty" in before.notice
    with pytest.raises(ValueError, match="is before start"):
        interval_of(2, 1)
