"""Errors that a user can fix: reading never waits for a pipe or a device."""

import os
from pathlib import Path

import pytest

from pipeline.corpora.published.files import decoded
from pipeline.errors import UserError
from pipeline.tables import bound
from pipeline.tables.csv_files import read_sheet
from tests.conftest import run

READERS = {
    "a manifest": lambda path: read_sheet(path, ("media",), ()),
    "a label file": decoded,
    "a record": bound.read_record,
}


@pytest.mark.parametrize("name", READERS)
def test_a_named_pipe_is_refused_at_once(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(UserError, match="named pipe"):
        READERS[name](tmp_path / "pipe.csv")


def test_import_does_not_wait_for_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.npz")
    options = ("--corpus", "x", "--label", "y", "--task", "regression", "--array", "audio=a")
    done = run("import", "npz", "pipe.npz", *options, cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert "pipe.npz is a named pipe" in done.stderr
