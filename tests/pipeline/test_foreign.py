"""Data from others: text is safe to print, HDF5 files cannot lead elsewhere or declare more than they hold."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.foreign import HARMLESS, child, declared_bytes, one_line, open_hdf5, printable, refuse_ratio


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("größe\tand\nlines", "größe\tand\nlines"),
        ("clear \x1b[2J", "clear \\u001b[2J"),
        ("turned \u202egpj.exe", "turned \\u202egpj.exe"),
        ("half \ud800", "half \\ud800"),
        ("family \U0001f468\u200d\U0001f469", "family \U0001f468\u200d\U0001f469"),  # a joiner that emoji need
        ("line\u2028separator", "line\\u2028separator"),
    ],
)
def test_characters_that_control_a_terminal_are_shown_by_their_codes(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_one_line_is_one_line_of_limited_length() -> None:
    assert one_line("a\n\n b \t c") == "a b c"
    assert one_line("x" * 200) == "x" * 157 + "..."
    assert one_line("x" * 200, 10) == "x" * 7 + "..."
    assert one_line("x" * 200, None) == "x" * 200
    assert one_line(ValueError("bad\r\nError: fake")) == "bad Error: fake"


def test_a_group_and_a_dataset_of_the_file_itself(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file["g/d"] = np.arange(6.0).reshape(3, 2)
    with open_hdf5(path) as file:
        group = child(path, file, "g", dataset=False)
        np.testing.assert_array_equal(child(path, group, "d", dataset=True)[:], [[0, 1], [2, 3], [4, 5]])
        with pytest.raises(UserError, match=r"x\.h5 has no g/e"):
            child(path, group, "e", dataset=True)
        with pytest.raises(UserError, match="g/d is not a group"):
            child(path, group, "d", dataset=False)


def test_an_error_while_reading_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "x.h5"
    with h5py.File(path, "w") as file:
        file["d"] = 1
    with pytest.raises(UserError, match="not a readable HDF5 file"), open_hdf5(path) as file:
        file["missing"][:]
    with pytest.raises(UserError, match="does not exist"), open_hdf5(tmp_path / "none.h5"):
        pass


def test_declared_bytes_are_those_of_all_cells_or_of_one_chunk(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "x.h5", "w") as file:
        assert declared_bytes(file.create_dataset("a", (10, 3), "f8")) == 240
        assert declared_bytes(file.create_dataset("b", (1, 1), "f4", chunks=(100, 10), maxshape=(None, None))) == 4000


@pytest.mark.parametrize(("declared", "stored", "refused"), [
    (HARMLESS, 1, False), (HARMLESS + 1, HARMLESS // 100, False), (HARMLESS + 1, 1, True),
])  # fmt: skip
def test_only_large_contents_of_tiny_files_are_refused(declared: int, stored: int, refused: bool) -> None:
    if not refused:
        refuse_ratio("x", declared, stored)
        return
    with pytest.raises(UserError, match=r"x declares 256 MiB but holds 1 bytes"):
        refuse_ratio("x", declared, stored)
