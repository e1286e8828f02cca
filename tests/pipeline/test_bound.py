"""Files bound to what was written: an edited cell is named with the command that writes it again."""

from pathlib import Path

import pandas as pd
import pytest

from pipeline.bound import TABLES, TRAINED, bind, read_record, require_written
from pipeline.errors import UserError
from pipeline.utterances import read_table, write_tables

TABLE = pd.DataFrame({"utterance": ["u0", "u1"], "truth": ["a", "b"]})


def write(folder: Path, sidecar: str = TABLES) -> Path:
    write_tables({"utterances.csv": TABLE, "b.csv": TABLE}, folder, sidecar, "crossmodal prepare --corpus c", {"n": 2})
    return folder / "utterances.csv"


@pytest.mark.parametrize("sidecar", [TABLES, TRAINED])
def test_any_changed_byte_is_noticed(sidecar: str, tmp_path: Path) -> None:
    path = write(tmp_path, sidecar)
    assert list(read_table(path)["truth"]) == ["a", "b"]
    content = path.read_bytes()
    for hurt in (content.replace(b"b", b"a"), content[:-1], content + b"u2,a\n", content + b"\0", b""):
        path.write_bytes(hurt)
        with pytest.raises(UserError, match=r"utterances\.csv is not what `crossmodal prepare --corpus c` wrote"):
            read_table(path)
    path.write_bytes(content)
    require_written(path)


def test_any_changed_byte_of_the_record_is_noticed(tmp_path: Path) -> None:
    path = write(tmp_path)
    record = tmp_path / TABLES
    content = record.read_bytes()
    for at in range(0, len(content), 3):
        hurt = bytearray(content)
        hurt[at] ^= 2
        record.write_bytes(hurt)
        try:
            read_table(path)
        except UserError as error:
            assert str(error).startswith(str(tmp_path))  # noqa: PT017 - what is between the values may change
    record.write_bytes(content.replace(b'"digest"', b'"dhgest"'))
    with pytest.raises(UserError, match=r"tables\.json is damaged"):
        read_table(path)
    record.write_text("[" * 100_000)
    with pytest.raises(UserError, match=r"tables\.json is damaged"):
        read_table(path)


def test_what_a_stage_reads_does_not_hang_on_the_record_that_it_writes(tmp_path: Path) -> None:
    """`evaluate` mends its own damaged record: the predictions are named by that of `train`."""
    path = write(tmp_path, TRAINED)
    (tmp_path / TABLES).write_text("{")
    read_table(path)


def test_what_no_record_names_is_read(tmp_path: Path) -> None:
    write(tmp_path)
    TABLE.to_csv(tmp_path / "own.csv", index=False)
    read_table(tmp_path / "own.csv")
    TABLE.to_csv(tmp_path / "alone.csv", index=False)
    (tmp_path / TABLES).unlink()
    read_table(tmp_path / "alone.csv")


def test_all_tables_or_none(tmp_path: Path) -> None:
    path = write(tmp_path)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    with pytest.raises(AttributeError):
        write_tables({"utterances.csv": TABLE, "b.csv": None}, tmp_path, TABLES, "x")  # type: ignore[dict-item]
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before
    assert read_record(tmp_path / TABLES)["n"] == 2
    require_written(path)


def test_a_file_is_bound_again_after_it_was_written_anew(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_text("utterance\nu9\n")
    bind(tmp_path, ["utterances.csv"], "crossmodal prepare --corpus c")
    assert list(read_table(path)["utterance"]) == ["u9"]


def test_a_folder_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(UserError, match=r"x\.csv is no file"):
        read_table(tmp_path / "x.csv")
