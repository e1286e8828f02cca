"""What the readers of published corpora share: files, folders, rows and `.csd` files."""

import math
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from pipeline.corpora.published.files import (
    check_label,
    counts_by_split,
    csv_rows,
    folders_below,
    inside,
    interval,
    number,
    recordings,
    utterance_row,
    wants_media,
    word_table,
)
from pipeline.corpora.utterances import COLUMNS
from pipeline.errors import UserError
from tests.pipeline.corpora.published.mosi_trees import get, opinion_csd, settings, transcripts


def damage(path: Path, how: str) -> None:
    """Change the opinion labels of one video, or the file."""
    if how == "no HDF5":
        path.write_bytes(b"not at all")
        return
    with h5py.File(path.with_name("elsewhere.h5"), "w") as other:
        other["secret"] = np.zeros((2, 1))
    with h5py.File(path, "r+") as file:
        video = file["a root/data/03bSnISJMiM"]
        if how == "no data":
            del file["a root/data"]
            return
        del video["features"]
        if how == "external link":
            video["features"] = h5py.ExternalLink("elsewhere.h5", "/secret")
        elif how == "soft link":
            video["features"] = h5py.SoftLink("/a root/data/Bfr499ggo-0/features")
        elif how == "external data":
            video.create_dataset("features", (2, 1), "f8", external=[(path.with_name("raw.bin"), 0, 16)])
        elif how == "virtual data":
            layout = h5py.VirtualLayout((2, 1), "f8")
            layout[:] = h5py.VirtualSource(path.with_name("elsewhere.h5"), "secret", shape=(2, 1))
            video.create_virtual_dataset("features", layout)
        elif how == "other length":
            video["features"] = np.zeros((5, 1))
        elif how == "many columns":
            video["features"] = np.zeros((2, 3))


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("external link", "link to somewhere else"),
        ("soft link", "link to somewhere else"),
        ("external data", "is stored in another file"),
        ("virtual data", "is composed of other files"),
        ("missing", "has no a root/data/03bSnISJMiM/features"),
        ("no data", "has no a root/data"),
        ("other length", r"features \(5, 1\) and intervals \(2, 2\)"),
        ("many columns", "one score per row is expected"),
        ("no HDF5", "is not a readable HDF5 file"),
    ],
)
def test_unsafe_and_damaged_csd_files_are_refused(tmp_path: Path, how: str, message: str) -> None:
    path = tmp_path / "mosi" / "CMU_MOSI_Opinion_Labels.csd"
    transcripts(tmp_path / "mosi" / "Raw")
    opinion_csd(path)
    damage(path, how)
    with pytest.raises(UserError, match=message):
        get(tmp_path / "mosi")


def test_folders_below_are_listed_nearest_first_without_hidden_ones(tmp_path: Path) -> None:
    for name in ("b/deep/er/most/x", "a", ".hidden/a"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "file").write_text("")
    found = [path.relative_to(tmp_path).as_posix() for path in folders_below(tmp_path)]
    assert found == [".", "a", "b", "b/deep", "b/deep/er"]
    assert list(folders_below(tmp_path, levels=1)) == [tmp_path, tmp_path / "a", tmp_path / "b"]
    assert list(folders_below(tmp_path / "none")) == [tmp_path / "none"]


def test_a_path_in_another_case_is_found_only_if_the_exact_one_is_missing(tmp_path: Path) -> None:
    (tmp_path / "Raw" / "LABELS").mkdir(parents=True)
    assert inside(tmp_path, "raw/Labels") == tmp_path / "Raw" / "LABELS"
    assert inside(tmp_path, "raw/other") == tmp_path / "Raw" / "other"
    (tmp_path / "raw").mkdir()
    assert inside(tmp_path, "raw") == tmp_path / "raw"


def test_recordings_are_listed_by_name_with_the_preferred_suffix(tmp_path: Path) -> None:
    for name in ("a.mp4", "a.AVI", "b.avi", "._a.mp4", "notes.txt"):
        (tmp_path / name).write_text("")
    found = recordings(tmp_path, (".avi", ".mp4"))
    assert {name: file.name for name, file in found.files.items()} == {"a": "a.AVI", "b": "b.avi"}
    assert [file.name for file in found.stray] == ["._a.mp4"]
    assert found.file("c") == tmp_path / "c.avi"
    assert not recordings(tmp_path / "none", (".avi",))


def test_rows_of_a_csv_have_the_numbers_of_their_last_lines(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    path.write_bytes(b'\xef\xbb\xbfa, b\n\n"two\nlines",2\n , \nlast,3\n')
    assert csv_rows(path) == [(1, ["a", "b"]), (4, ["two\nlines", "2"]), (6, ["last", "3"])]
    assert csv_rows(path, "x,y\n") == [(1, ["x", "y"])]
    path.write_text('a\n"never closed')
    with pytest.raises(UserError, match=r"l\.csv:2: not a readable CSV"):
        csv_rows(path)
    path.write_bytes(b"a\nb\xff\n")
    with pytest.raises(UserError, match=r"l\.csv:2: byte 0xff is not valid UTF-8"):
        csv_rows(path)


@pytest.mark.parametrize(
    ("cell", "value", "reported"),
    [
        ("2.5", 2.5, ""),
        ("-3", -3.0, ""),
        ("3.1", math.nan, "score is '3.1', but must be a number from -3 to 3"),
        ("x", math.nan, "score is 'x', but must be a number from -3 to 3"),
        ("", math.nan, "score is '', but must be a number from -3 to 3"),
    ],
)
def test_numbers_are_checked_against_their_limits(cell: str, value: float, reported: str) -> None:
    bad: list[str] = []
    np.testing.assert_equal(number(cell, "score", -3, 3, bad.append), value)
    assert bad == ([reported] if reported else [])


@pytest.mark.parametrize(
    ("times", "kept", "wrong", "strange"),
    [
        ((1.0, 2.0), (1.0, 2.0), 0, 0),
        ((-0.3, 2.0), (0.0, 2.0), 0, 1),
        ((-0.3, -0.1), (0.0, 0.0), 0, 2),
        ((2.0, 2.0), (2.0, 2.0), 0, 1),
        ((2.0, 1.0), (2.0, 1.0), 1, 0),
        ((math.nan, 1.0), (math.nan, 1.0), 0, 0),
    ],
)
def test_intervals_are_corrected_or_reported(
    times: tuple[float, float], kept: tuple[float, float], wrong: int, strange: int
) -> None:
    bad: list[str] = []
    odd: list[str] = []
    np.testing.assert_array_equal(interval(*times, bad.append, odd.append), kept)
    assert (len(bad), len(odd)) == (wrong, strange)


def test_counts_of_splits_are_those_of_the_rows() -> None:
    table = pd.DataFrame({"utterance": list("abcd"), "part": ["dev", "dev", "test", "dev"], "group": list("vvww")})
    assert counts_by_split(table, "part", "videos") == {
        "dev utterances": 3,
        "test utterances": 1,
        "dev videos": 2,
        "test videos": 1,
    }


def test_a_row_has_all_columns_and_text_by_default() -> None:
    row = utterance_row(utterance="a", mood="joy", start=2.0)
    assert set(COLUMNS) | {"line", "mood"} == set(row)
    assert (row["text"], row["start"], row["line"]) == ("", 2.0, 0)
    assert math.isnan(row["end"])
    assert list(word_table([("a", "hm", 0.0, 1.0)]).columns) == ["utterance", "word", "start", "end"]


def test_a_label_that_a_corpus_does_not_have_is_refused(tmp_path: Path) -> None:
    corpus = settings(tmp_path / "mosi")
    check_label("CMU-MOSI", corpus, ["sentiment"])
    with pytest.raises(UserError, match="MELD has no label column 'sentiment'; did you mean 'sentiments'"):
        check_label("MELD", corpus, ["sentiments", "emotion"])
    assert wants_media(corpus)
    assert not wants_media(replace(corpus, modalities=("text",)))
