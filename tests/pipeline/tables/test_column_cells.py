"""Columns that have a name of ours, but hold something else."""

from pathlib import Path

import pytest

from pipeline.corpora.utterances import COLUMNS
from pipeline.tables.column_cells import misused, other_meanings

OTHERS = [
    ("region", ["north", "south", "north"]),
    ("region", ["Île-de-France", "Bretagne", "Bretagne"]),
    ("sound", ["clean", "noisy", "clean"]),
    ("sound", ["yes", "yes", ""]),
    ("order", ["first", "second", "first"]),
    ("start", ["cold", "warm", "warm"]),
    ("end", ["happy", "sad", "n/a"]),
    ("sound_start", ["abrupt", "soft", "soft"]),
    ("audio_channel", ["phone", "tv", "tv"]),
]
OURS = [
    ("region", ["0 0 0.5 1", "", "north"]),
    ("sound", ["a.wav", "b.wav", "a.wav"]),
    ("sound", ["s/a", "s/b", "s/b"]),
    ("sound", ["anna", "ben", "cleo"]),
    ("sound", ["there", "there", "gone"]),
    ("order", ["1", "2", "one"]),
    ("start", ["0:30", "1:10", "2:00"]),
    ("start", ["0,5", "1,5", "2,5"]),
    ("start", ["", "", ""]),
    ("end", ["2.5 s", "nan", "NA"]),
    ("audio_channel", ["left", "R", "2"]),
    ("audio_track", ["eng", "deu", "1"]),
    ("speaker", ["Anna", "Ben", "Ben"]),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "there").write_bytes(b"x")
    return tmp_path


@pytest.mark.parametrize("spell", [str.title, str.upper, lambda name: f"{name[0].upper()}{name[1:]}"])
@pytest.mark.parametrize(("column", "cells"), OTHERS)
def test_other_meanings_are_recognised_by_the_cells(column: str, cells: list[str], spell: object, folder: Path) -> None:
    name = spell(column)  # type: ignore[operator]
    assert other_meanings({name: cells}, COLUMNS, [], folder) == {name: column}
    assert not other_meanings({name: cells}, COLUMNS, [name], folder)
    assert misused(column, cells, folder) == cells[0]


@pytest.mark.parametrize(("column", "cells"), OURS)
def test_cells_meant_for_our_columns_fit_even_if_they_are_wrong(column: str, cells: list[str], folder: Path) -> None:
    assert not other_meanings({column.title(): cells}, COLUMNS, [], folder)
    assert not misused(column, cells, folder)


def test_meld_calls_its_texts_utterance(folder: Path) -> None:
    cells = ["Oh my God!", "Well.", "There is nothing to tell, he is just some guy.", "C'mon"]
    assert other_meanings({"Utterance": cells}, COLUMNS, [], folder) == {"Utterance": "utterance"}
    assert not other_meanings({"Utterance": ["clip 1", "clip 2", "Dr. No"]}, COLUMNS, [], folder)


def test_a_single_wrong_cell_is_a_mistake_not_another_meaning(folder: Path) -> None:
    assert not misused("start", ["two", "", ""], folder)
