"""Behaviour shared by CSV and Parquet: names of stores, and files that cannot be read."""

from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.exchange.bundle import ImportOptions
from pipeline.exchange.formats import csv_table, parquet
from tests.pipeline.exchange.feature_tables import OPTIONS, csv


def test_a_store_is_named_by_its_modality_if_the_pattern_gives_no_name(tmp_path: Path) -> None:
    path = csv(tmp_path / "a.csv", "id,f1,f2\na,1,2\n")
    found = csv_table.read(path, ImportOptions(arrays=(("text", ("*",)),), id="id"))
    assert [(s.name, s.feature_names) for s in found.features] == [("text", ("f1", "f2"))]


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
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
