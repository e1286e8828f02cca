"""Rows with one cell more than the header: row names are removed only where they are proven."""

from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.tables.csv_layout import Layout
from pipeline.tables.row_names import without_row_names

OURS = ("media", "start", "end", "utterance")
QUOTED = Layout("utf-8", begun_quoted=True)
PLAIN = Layout("utf-8")


def read(header: list[str], cells: list[list[str]], how: Layout = PLAIN) -> tuple[list[list[str]], tuple[str, ...]]:
    rows, notices = without_row_names(Path("m.csv"), header, [(i + 2, row) for i, row in enumerate(cells)], how, OURS)
    return [row for _, row in rows], notices


def test_quoted_numbers_that_count_the_rows_are_row_names() -> None:
    rows, notices = read(["mood", "note"], [["1", "joy", "x"], ["2", "fear", "y"], ["3", "joy", "z"]], QUOTED)
    assert rows == [["joy", "x"], ["fear", "y"], ["joy", "z"]]
    assert len(notices) == 1
    assert "as R writes it" in notices[0]


def test_columns_that_fit_only_without_them_prove_row_names() -> None:
    cells = [["ann", "a.mp4", "0.5", "joy"], ["bob", "b.mp4", "1.5", "fear"]]
    rows, _ = read(["media", "start", "mood"], cells)
    assert rows == [["a.mp4", "0.5", "joy"], ["b.mp4", "1.5", "fear"]]


def test_a_delimiter_at_the_end_is_not_a_row_name() -> None:
    cells = [["1", "joy", ""], ["2", "fear", ""]]
    assert read(["id", "mood"], cells, Layout("utf-8", ended=True)) == (cells, ())


@pytest.mark.parametrize("how", [PLAIN, QUOTED])
def test_an_ambiguous_file_is_refused(how: Layout) -> None:
    with pytest.raises(UserError, match=r"one cell more than the header.*such as '1'.*row\.names = FALSE"):
        read(["utterance", "mood"], [["1", "well I think so", "joy"], ["2", "not at all, no", "fear"]], how)


def test_rows_of_the_width_of_the_header_stay() -> None:
    cells = [["1", "joy"], ["2", "fear"]]
    assert read(["id", "mood"], cells) == (cells, ())
    ragged = [["1", "joy", "x"], ["2", "fear"]]
    assert read(["id", "mood"], ragged) == (ragged, ())
