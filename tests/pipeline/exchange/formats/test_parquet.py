"""Parquet: tables of features, and whole bundles written to a folder and read back."""

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
from tests.pipeline.exchange.feature_tables import OPTIONS, check, csv
from tests.pipeline.exchange.round_trip import assert_equal, bundles


def test_a_parquet_table_gives_the_same_bundle_as_csv(tmp_path: Path) -> None:
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


def test_a_parquet_column_that_is_not_numeric_is_refused(tmp_path: Path) -> None:
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
    parquet.write(bundle, path)  # it replaces the earlier export
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


def test_damaged_and_foreign_folders_are_refused(tmp_path: Path) -> None:
    bundle = csv_table.read(csv(tmp_path / "a.csv"), OPTIONS)
    path = tmp_path / "e"
    parquet.write(bundle, path)
    with pytest.raises(UserError, match="'id'"):
        parquet.read(path, ImportOptions(id="id"))
    table = pq.read_table(path / "mfcc.parquet")
    for change, message in (
        (table.slice(1), "hold different utterances"),
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
    with pytest.raises(UserError, match="exists and is not an earlier export"):
        parquet.write(bundle, other)
    shutil.copytree(tmp_path / "e", tmp_path / "both")
    for name in ("thesis.txt", "mine.parquet"):
        shutil.copy(path / "words.parquet", tmp_path / "both" / name)
        with pytest.raises(UserError, match=f"both cannot be replaced: it holds '{name}'"):
            parquet.write(bundle, tmp_path / "both")
        (tmp_path / "both" / name).unlink()
    (tmp_path / "foreign").mkdir()
    shutil.copy(path / "words.parquet", tmp_path / "foreign" / "utterances.parquet")
    with pytest.raises(UserError, match=r"foreign cannot be replaced: it holds 'utterances\.parquet'"):
        parquet.write(bundle, tmp_path / "foreign")
    shutil.rmtree(tmp_path / "foreign")
    shutil.rmtree(tmp_path / "both")
    store = replace(bundle.features[0], name="words")
    with pytest.raises(UserError, match="'words' cannot be written"):
        parquet.write(replace(bundle, features=(store,)), tmp_path / "f")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "e", "mine"]


def test_decimals_are_numbers_and_lists_are_refused_with_a_remedy(tmp_path: Path) -> None:
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
            UserError, match=r"'f1' holds .* of type .*own column, or all lists as one array for `import npz`"
        ):
            parquet.read(tmp_path / "a.parquet", options)
