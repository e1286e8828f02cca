"""The utterance table and the words: written, read back, and refused when they are damaged."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.corpora.published.files import utterance_row
from pipeline.corpora.utterances import (
    Words,
    csv_text,
    place_of,
    read_table,
    read_utterances,
    read_word_table,
    read_words,
    write_table,
    write_tables,
)
from pipeline.errors import UserError
from pipeline.tables.bound import TABLES


def table() -> pd.DataFrame:
    rows = [
        utterance_row(utterance="a", recording="r", start=0.5, end=1.25, text="=1+1", mood="NA"),
        utterance_row(utterance="b", recording="r", text='two\n"lines"', mood="joy"),
    ]
    return pd.DataFrame(rows).drop(columns="line")


WORDS = pd.DataFrame(
    [("b", "hm", 1.0, 1.5), ("a", "x", np.nan, np.nan), ("b", "so", 1.5, 2.0)],
    columns=["utterance", "word", "start", "end"],
)


def written(folder: Path) -> Path:
    folder.mkdir()
    write_tables({"utterances.csv": table(), "words.csv": WORDS}, folder, TABLES, "crossmodal prepare --corpus c")
    return folder


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    folder = written(tmp_path / "c")
    found = read_utterances(folder / "utterances.csv", "mood")
    assert found["text"].tolist() == ["=1+1", 'two\n"lines"']
    assert found["mood"].tolist() == ["NA", "joy"]  # text, not a missing cell
    np.testing.assert_array_equal(found["start"], [0.5, 0.0])
    np.testing.assert_array_equal(found["end"], [1.25, np.nan])
    assert "'=1+1" in (folder / "utterances.csv").read_text()  # not a formula for a spreadsheet


def test_the_voice_is_where_the_sound_is_and_everything_else_in_the_recording() -> None:
    row = SimpleNamespace(media="a.mp4", start=1.0, end=3.0, sound="mic.wav", sound_start=10.0)
    assert place_of(row, "audio") == ("mic.wav", 10.0, 12.0)
    assert place_of(row, "video") == place_of(row, "text") == ("a.mp4", 1.0, 3.0)
    assert place_of(SimpleNamespace(**{**vars(row), "sound": ""}), "audio") == ("a.mp4", 1.0, 3.0)


def test_words_come_by_utterance_in_the_order_of_the_file(tmp_path: Path) -> None:
    folder = written(tmp_path / "c")
    words = read_words(folder / "words.csv")
    assert words["b"] == (("hm", 1.0, 1.5), ("so", 1.5, 2.0))
    assert words["a"][0][0] == "x"
    assert np.isnan(words["a"][0][1:]).all()
    assert read_word_table(folder / "words.csv")["word"].tolist() == ["hm", "x", "so"]


@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "", "'c"]), st.text(max_size=2), st.floats(0, 9), st.floats(0, 9)))
)
def test_words_are_those_of_the_rows_in_their_order(rows: list[tuple[str, str, float, float]]) -> None:
    expected: dict[str, list[tuple[str, float, float]]] = {}
    for utterance, *word in rows:
        expected.setdefault(utterance, []).append(tuple(word))  # type: ignore[arg-type]
    found = Words(
        pd.DataFrame(rows, columns=["utterance", "word", "start", "end"]).astype({"utterance": str, "word": str})
    )
    assert {utterance: list(words) for utterance, words in found.items()} == expected
    assert list(found) == list(expected)
    assert found.get("unknown", ()) == ()


@pytest.mark.parametrize("read", [lambda path: read_utterances(path, ""), read_word_table])
def test_a_missing_table_names_the_command_that_makes_it(tmp_path: Path, read: object) -> None:
    with pytest.raises(UserError, match="does not exist: run `crossmodal prepare`"):
        read(tmp_path / "none.csv")  # type: ignore[operator]


def test_an_edited_cell_and_a_missing_column_are_refused(tmp_path: Path) -> None:
    folder = written(tmp_path / "c")
    path = folder / "utterances.csv"
    with pytest.raises(UserError, match="has no column 'age': run `crossmodal prepare`"):
        read_utterances(path, "age")
    path.write_text(path.read_text().replace("joy", "fear"))
    with pytest.raises(UserError, match="is not what `crossmodal prepare --corpus c` wrote"):
        read_utterances(path, "mood")
    assert read_table(path, checked=False)["mood"].tolist() == ["NA", "fear"]


def test_a_damaged_table_and_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('a,b\n1,2,3\n"4\n')
    with pytest.raises(UserError, match=r"t\.csv is damaged"):
        read_table(tmp_path / "t.csv")
    with pytest.raises(UserError, match="is not a file: move it away"):
        read_table(tmp_path)


def test_either_all_tables_appear_or_none(tmp_path: Path) -> None:
    folder = written(tmp_path / "c")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    broken = pd.DataFrame({"a": pd.Series(["\ud800"], dtype=object)})
    with pytest.raises(UnicodeEncodeError):
        write_tables({"utterances.csv": table().head(1), "words.csv": broken}, folder, TABLES, "x")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_numbers_have_six_decimals_and_csv_text_equals_the_file(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": [1 / 3, np.nan], "n": [1, 2], "t": ["a,b", ""]})
    assert csv_text(frame) == 'x,n,t\n0.333333,1,"a,b"\n,2,\n'
    write_table(frame, tmp_path / "t.csv")
    assert (tmp_path / "t.csv").read_text() == csv_text(frame)
