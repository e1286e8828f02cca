"""Records of written files: an edited table is refused, with the command that writes it again."""

import hashlib
import json
from pathlib import Path

import pandas as pd
import pytest

from pipeline.corpora.utterances import read_table, write_tables
from pipeline.errors import UserError
from pipeline.tables.bound import TABLES, TRAINED, command_of, read_record, require_written, unknown
from tests.conftest import bind

TABLE = pd.DataFrame({"utterance": ["u0", "u1"], "truth": ["a", "b"]})


def write(folder: Path, sidecar: str = TABLES) -> Path:
    write_tables({"utterances.csv": TABLE, "b.csv": TABLE}, folder, sidecar, "crossmodal prepare --corpus c", {"n": 2})
    return folder / "utterances.csv"


def test_any_changed_byte_is_noticed(tmp_path: Path) -> None:
    path = write(tmp_path)
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


def test_inputs_of_a_stage_do_not_depend_on_the_record_that_it_writes(tmp_path: Path) -> None:
    """`evaluate` replaces its own damaged record: predictions are named in the record of `train`."""
    write_tables({"predictions.csv": TABLE}, tmp_path, TRAINED, "crossmodal train --corpus c")
    (tmp_path / TABLES).write_text("{")
    read_table(tmp_path / "predictions.csv")


def test_a_table_that_needs_no_record_is_read_without_one(tmp_path: Path) -> None:
    write(tmp_path)
    TABLE.to_csv(tmp_path / "own.csv", index=False)
    read_table(tmp_path / "own.csv")
    (tmp_path / TABLES).unlink()
    read_table(tmp_path / "own.csv")


@pytest.mark.parametrize("name", ["utterances.csv", "words.csv", "predictions.csv", "table.csv", "only_single.csv"])
def test_a_table_that_no_record_names_is_not_read(name: str, tmp_path: Path) -> None:
    TABLE.to_csv(tmp_path / name, index=False)
    sidecar = TRAINED if name == "predictions.csv" else TABLES
    with pytest.raises(UserError, match=rf"{name} cannot be checked, since .*{sidecar} is missing.*`crossmodal "):
        read_table(tmp_path / name)
    write_tables({"b.csv": TABLE}, tmp_path, sidecar, "crossmodal x")
    with pytest.raises(UserError, match=rf"{name} cannot be checked, since .*{sidecar} does not list it"):
        read_table(tmp_path / name)


def test_a_record_of_another_version_is_refused_in_one_sentence(tmp_path: Path) -> None:
    path = write(tmp_path)
    found = read_record(tmp_path / TABLES)
    for version in (1, 3, "2", None, [2]):
        message = found | {"version": version}
        digest = hashlib.sha256(json.dumps(message, sort_keys=True).encode()).hexdigest()
        (tmp_path / TABLES).write_text(json.dumps(message | {"digest": digest}))
        with pytest.raises(
            UserError, match=r"tables\.json is a record of version .*this program reads version 2: run `crossmodal "
        ):
            read_table(path)


def test_a_record_of_another_version_does_not_merely_lack_the_table(tmp_path: Path) -> None:
    path = tmp_path / "predictions.csv"
    TABLE.to_csv(path, index=False)
    write_tables({"b.csv": TABLE}, tmp_path, TRAINED, "crossmodal x")
    message = read_record(tmp_path / TRAINED) | {"version": 1}
    digest = hashlib.sha256(json.dumps(message, sort_keys=True).encode()).hexdigest()
    (tmp_path / TRAINED).write_text(json.dumps(message | {"digest": digest}))
    assert "train.json is a record of version 1, but this program reads version 2. Run `crossmodal" in unknown(path)


@pytest.mark.parametrize(
    ("file", "command"),
    [
        ("data/work/c/tables.json", "prepare --corpus c"),
        ("data/work/c/words.csv", "prepare --corpus c"),
        ("results/c/train.json", "train --corpus c"),
        ("results/c/shuffled/predictions.csv", "train --corpus c --shuffle-labels"),
        ("results/c/images/tables.json", "evaluate --corpus c"),
        ("results/images/tables.json", "evaluate --corpus images"),
        ("results/shuffled/train.json", "train --corpus shuffled"),
        ("data/work/images/tables.json", "prepare --corpus images"),
    ],
)
def test_the_command_that_writes_it_again_is_named(file: str, command: str) -> None:
    assert command_of(Path(file)) == f"crossmodal {command}"


def test_if_one_table_fails_none_is_replaced(tmp_path: Path) -> None:
    path = write(tmp_path)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    with pytest.raises(AttributeError):
        write_tables({"utterances.csv": TABLE, "b.csv": None}, tmp_path, TABLES, "x")  # type: ignore[dict-item]
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before
    assert read_record(tmp_path / TABLES)["n"] == 2
    require_written(path)


def test_a_rewritten_file_is_bound_again(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_text("utterance\nu9\n")
    bind(tmp_path)
    assert list(read_table(path)["utterance"]) == ["u9"]


def test_a_folder_is_not_a_table(tmp_path: Path) -> None:
    (tmp_path / "x.csv").mkdir()
    with pytest.raises(UserError, match=r"x\.csv is not a file"):
        read_table(tmp_path / "x.csv")
