"""CSV and Parquet tables: columns by patterns, faults by file, line, column and value, folders there and back."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings

from pipeline.errors import UserError
from pipeline.exchange.bundle import Bundle, ImportOptions
from pipeline.exchange.formats import csv_table, parquet
from tests.pipeline.exchange.round_trip import assert_equal, bundles

CSV = """clip,who,said,fold,mfcc_1,mfcc_2,face_x,age,room,score
a,s1,"one, two
three",train,1,2.5,7,30,01,-1
b,s1,four,dev,,inf,8,31,02,
c,s2,,test,-3e0,4,nan,32,03,2.5
"""
OPTIONS = ImportOptions(
    arrays=(("audio", ("mfcc_*",)), ("video", ("*_x",))),
    id="clip", text="said", speaker="who", split="fold", label="score", splits={"dev": "valid"},
)  # fmt: skip


def csv(path: Path, text: str = CSV) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def check(found: Bundle) -> None:
    table = found.utterances
    assert table["utterance"].tolist() == ["a", "b", "c"]
    assert table["text"].tolist() == ["one, two\nthree", "four", ""]
    assert table["speaker"].tolist() == ["s1", "s1", "s2"]
    assert table["split"].tolist() == ["train", "valid", "test"]
    assert table["room"].tolist() == ["01", "02", "03"]
    np.testing.assert_array_equal(table["age"], [30, 31, 32])
    np.testing.assert_array_equal(table["score"], [-1, np.nan, 2.5])
    audio, video = found.features
    assert [(s.name, s.modality, s.feature_names) for s in found.features] == [
        ("mfcc", "audio", ("mfcc_1", "mfcc_2")),
        ("x", "video", ("face_x",)),
    ]
    entries = [item.load() for item in audio.items]
    assert [e.status for e in entries] == ["ok", "empty", "ok"]
    np.testing.assert_array_equal(entries[0].clips["pooled"], [1, 2.5])
    np.testing.assert_array_equal(entries[2].rows["values"], [[-3, 4]])
    assert [item.load().status for item in video.items] == ["ok", "ok", "empty"]
    assert found.notices[0] == "mfcc: 2 numbers of 1 utterances are not finite and count as undefined"


def test_a_csv(tmp_path: Path) -> None:
    check(csv_table.read(csv(tmp_path / "a.csv"), OPTIONS))


def test_the_same_table_as_parquet(tmp_path: Path) -> None:
    table = pa.table(
        {
            "clip": ["a", "b", "c"],
            "who": ["s1", "s1", "s2"],
            "said": ["one, two\nthree", "four", None],
            "fold": ["train", "dev", "test"],
            "mfcc_1": pa.array([1, None, -3], pa.int16()),
            "mfcc_2": [2.5, float("inf"), 4],
            "face_x": [7, 8, float("nan")],
            "age": [30, 31, 32],
            "room": ["01", "02", "03"],
            "score": [-1, None, 2.5],
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    check(parquet.read(tmp_path / "a.parquet", OPTIONS))


def test_a_store_is_named_by_its_modality_where_the_pattern_says_nothing(tmp_path: Path) -> None:
    path = csv(tmp_path / "a.csv", "id,f1,f2\na,1,2\n")
    found = csv_table.read(path, ImportOptions(arrays=(("text", ("*",)),), id="id"))
    assert [(s.name, s.feature_names) for s in found.features] == [("text", ("f1", "f2"))]


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (CSV.replace("-3e0", "three"), OPTIONS, r"a\.csv, line 5: column 'mfcc_1' holds 'three', which is not a number"),
        (CSV.replace("b,s1", "a,s1"), OPTIONS, "line 3 and line 4 have the same id 'a'"),
        (CSV.replace("c,s2,,", "c,s2,"), OPTIONS, "line 5: it has 9 cells, the header 10"),
        (CSV.replace("dev", "dve"), OPTIONS, "line 4: column 'fold' holds the split 'dve'"),
        (CSV.replace("age", "who"), OPTIONS, "column 'who' twice"),
        (CSV, replace(OPTIONS, id="clipp"), "no column 'clipp' .* did you mean 'clip'"),
        (CSV, replace(OPTIONS, arrays=(("audio", ("mfc_*",)),)), r"no column 'mfc_\*' for features"),
        (CSV, replace(OPTIONS, arrays=()), "there are clip, who, said"),
        (CSV, replace(OPTIONS, arrays=(("audio", ("mfcc_1",)), ("text", ("mfcc_*",)))), "'mfcc_1' would be in 2"),
        (CSV, replace(OPTIONS, align="word"), "'align'"),
        (CSV.splitlines()[0], OPTIONS, "no rows"),
        ("", OPTIONS, "no header"),
        ('a,b\n"c', ImportOptions(arrays=(("text", ("b",)),)), "never closed"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_csv_is_one_sentence(
    text: str, options: ImportOptions, message: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=message):
        csv_table.read(csv(tmp_path / "a.csv", text), options)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    latin = tmp_path / "latin.csv"
    latin.write_bytes("id,f\nä,1\n".encode("latin-1"))
    with pytest.raises(UserError, match="UTF-8"):
        csv_table.read(latin, OPTIONS)
    for read in (csv_table.read, parquet.read):
        with pytest.raises(UserError, match="give "):
            read(tmp_path / "none", OPTIONS)
    with pytest.raises(UserError, match="not a readable Parquet file"):
        parquet.read(latin, OPTIONS)
    with pytest.raises(UserError, match="give a"):
        parquet.read(tmp_path, ImportOptions())


def test_a_parquet_column_that_is_no_number(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["a", "b"], "f": [None, "x"]}), tmp_path / "a.parquet")
    with pytest.raises(UserError, match=r"a\.parquet, row 2: column 'f' holds 'x' of type string"):
        parquet.read(tmp_path / "a.parquet", ImportOptions(arrays=(("text", ("f",)),), id="id"))


@settings(max_examples=40, deadline=None)
@given(bundle=bundles())
def test_a_bundle_comes_back_equal_from_its_folder(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("parquet") / "export"
    parquet.write(bundle, path)
    assert_equal(parquet.read(path, ImportOptions()), bundle)
    first = {p.name: p.read_bytes() for p in path.iterdir()}
    parquet.write(bundle, path)  # it replaces what is there
    assert {p.name: p.read_bytes() for p in path.iterdir()} == first
    assert [p.name for p in path.parent.iterdir()] == ["export"]


@settings(max_examples=5, deadline=None)
@given(bundle=bundles())
def test_plain_pyarrow_reads_it(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("parquet") / "export"
    parquet.write(bundle, path)
    rows = pq.read_table(path / "video_store.parquet").to_pylist()
    for row, item in zip(rows, bundle.features[2].items, strict=True):
        entry = item.load()
        assert (row["utterance"], row["status"]) == (item.utterance, entry.status)
        if entry.status == "ok":
            width = len(bundle.features[2].feature_names)
            found = np.array(row["values"], np.float32).reshape(-1, width)
            np.testing.assert_array_equal(found, entry.rows["values"])
        else:
            assert row["values"] is row["times"] is row["pooled"] is None


def test_many_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_BATCH_NUMBERS", 2)
    bundle = csv_table.read(csv(tmp_path / "a.csv"), OPTIONS)
    parquet.write(bundle, tmp_path / "e")
    assert pq.ParquetFile(tmp_path / "e" / "mfcc.parquet").num_row_groups == 3
    assert_equal(parquet.read(tmp_path / "e", ImportOptions()), bundle)


def test_folders_that_are_damaged_or_somebody_elses(tmp_path: Path) -> None:
    bundle = csv_table.read(csv(tmp_path / "a.csv"), OPTIONS)
    path = tmp_path / "e"
    parquet.write(bundle, path)
    with pytest.raises(UserError, match="'id'"):
        parquet.read(path, ImportOptions(id="id"))
    table = pq.read_table(path / "mfcc.parquet")
    for change, message in (
        (table.slice(1), "holds other utterances"),
        (table.drop_columns(["times"]), "lacks 'Field"),
        (table.set_column(1, "status", pa.array(["ok", "fine", "ok"])), "damaged"),
    ):
        pq.write_table(change, path / "mfcc.parquet")
        with pytest.raises(UserError, match=message):
            parquet.read(path, ImportOptions())
    (path / "mfcc.parquet").write_bytes(b"PAR1")
    with pytest.raises(UserError, match="not a readable Parquet"):
        parquet.read(path, ImportOptions())
    other = tmp_path / "mine"
    other.mkdir()
    (other / "thesis.txt").write_text("years of work")
    with pytest.raises(UserError, match="there already"):
        parquet.write(bundle, other)
    shutil.copytree(tmp_path / "e", tmp_path / "both")
    for name in ("thesis.txt", "mine.parquet"):
        shutil.copy(path / "words.parquet", tmp_path / "both" / name)
        with pytest.raises(UserError, match=f"both is to be replaced, but holds '{name}'"):
            parquet.write(bundle, tmp_path / "both")
        (tmp_path / "both" / name).unlink()
    (tmp_path / "foreign").mkdir()
    shutil.copy(path / "words.parquet", tmp_path / "foreign" / "utterances.parquet")
    with pytest.raises(UserError, match=r"foreign is to be replaced, but holds 'utterances\.parquet'"):
        parquet.write(bundle, tmp_path / "foreign")
    shutil.rmtree(tmp_path / "foreign")
    shutil.rmtree(tmp_path / "both")
    store = replace(bundle.features[0], name="words")
    with pytest.raises(UserError, match="'words' cannot be written"):
        parquet.write(replace(bundle, features=(store,)), tmp_path / "f")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "e", "mine"]


def test_columns_that_have_a_meaning_here_are_never_dropped_in_silence(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("clip,f1,line,recording,duration\na,1,2,3,4\nb,2,3,4,5\n")
    bundle = csv_table.read(path, ImportOptions(arrays=(("audio", ("f*",)),), id="clip"))
    said = "\n".join(bundle.notices)
    for name in ("line", "duration"):
        assert f"column {name!r} is left out, since the name has a meaning here" in said
    assert "column 'recording' is not kept" in said
    bundle = csv_table.read(path, ImportOptions(arrays=(("audio", ("f*", "line", "recording")),), id="clip"))
    assert bundle.features[0].feature_names == ("f1", "line", "recording")
    assert "'line'" not in "\n".join(bundle.notices)


@pytest.mark.parametrize(("cell", "point"), [("0,5", "0.5"), ("-1,25", "-1.25"), (",5", ".5")])
def test_a_feature_with_a_comma_is_told_how_to_be_written(cell: str, point: str, tmp_path: Path) -> None:
    path = csv(tmp_path / "a.csv", CSV.replace("-3e0", f'"{cell}"'))
    with pytest.raises(
        UserError, match=f"holds '{cell}', which is not a number: write it with a decimal point, {point}$"
    ):
        csv_table.read(path, OPTIONS)


def test_decimals_are_numbers_and_lists_are_told_how_to_be_saved(tmp_path: Path) -> None:
    from decimal import Decimal

    options = ImportOptions(arrays=(("audio", ("f*",)),), id="id", label="mood")
    columns = {"id": ["a", "b", "c"], "mood": ["x", "y", "x"], "f1": [Decimal("1.5"), None, Decimal("-2.25")]}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    entries = [item.load() for item in parquet.read(tmp_path / "a.parquet", options).features[0].items]
    assert [entry.status for entry in entries] == ["ok", "empty", "ok"]
    np.testing.assert_array_equal(entries[2].rows["values"], [[-2.25]])
    for kind in (pa.list_(pa.float32()), pa.large_list(pa.float64()), pa.list_(pa.float32(), 2)):
        table = pa.table(columns | {"f1": pa.array([[1.0, 2.0]] * 3, kind)})
        pq.write_table(table, tmp_path / "a.parquet")
        with pytest.raises(
            UserError, match=r"'f1' holds .* of type .*own column, or all as one array for `import npz`"
        ):
            parquet.read(tmp_path / "a.parquet", options)


def test_apostrophes_are_taken_away_where_crossmodal_says_so_and_else_spoken_of(tmp_path: Path) -> None:
    import pandas as pd

    from pipeline.tables.csv_cells import mark_rows, put

    options = ImportOptions(arrays=(("audio", ("f*",)),), id="id", text="said", label="mood")
    texts = ["=1+1", "'=q", "'tis", "-B2", "so"]
    table = pd.DataFrame({"id": ["+a", "b", "c", "d", "e"], "said": texts, "mood": list("xyxyx"), "f1": list("12345")})
    put(mark_rows(table), tmp_path / "a.csv")
    found = csv_table.read(tmp_path / "a.csv", options)
    assert found.utterances["text"].tolist() == texts
    assert found.utterances["utterance"].tolist() == table["id"].tolist()
    assert "crossmodal_marks" not in found.utterances
    assert not found.notices
    put(mark_rows(table).drop(columns="crossmodal_marks"), tmp_path / "a.csv")
    found = csv_table.read(tmp_path / "a.csv", options)
    assert found.utterances["text"].tolist() == ["'=1+1", "''=q", "'tis", "'-B2", "so"]
    assert "column 'said': 3 cells begin with an apostrophe, as crossmodal writes it" in found.notices[1]
    assert "column 'id': 1 cell begins" in found.notices[0]
