"""Hostile and broken files: each is refused in one sentence, and none of them runs or writes anything."""

import copyreg
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.exchange.bundle import ImportOptions
from pipeline.exchange.formats.erc import erc
from pipeline.exchange.formats.pickles import load
from pipeline.foreign import one_line
from tests.pipeline.exchange.hostile import BROKEN, CANARY, EVIL, EXTENSION, refused


@pytest.fixture(autouse=True)
def cage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")


@pytest.mark.parametrize("name", EVIL)
def test_a_pickle_that_asks_for_more_than_data_is_refused_by_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.pkl"
    path.write_bytes(EVIL[name]())
    text = refused(lambda: load(path), str(path), name.split(" ")[0])
    if name.startswith("torch"):
        assert "numpy" in text


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_or_inflated_pickle_is_refused(tmp_path: Path, name: str) -> None:
    data, message = BROKEN[name]
    path = tmp_path / "x.pkl"
    path.write_bytes(data())
    refused(lambda: load(path), str(path), message)
    refused(lambda: erc.read(path, ImportOptions()), str(path), message)


def test_a_registered_extension_is_refused_too(tmp_path: Path) -> None:
    copyreg.add_extension("os", "system", EXTENSION)
    try:
        path = tmp_path / "x.pkl"
        path.write_bytes(b"\x80\x02\x84" + struct.pack("<I", EXTENSION) + b"X\x04\x00\x00\x00true\x85R.")
        refused(lambda: load(path), "extension registry")
    finally:
        copyreg.remove_extension("os", "system", EXTENSION)


def test_one_refused_file_changes_nothing_for_the_next(tmp_path: Path) -> None:
    path = tmp_path / "x.pkl"
    path.write_bytes(BROKEN["allowed name changed"][0]())
    refused(lambda: load(path))
    path.write_bytes(pickle.dumps([b"\xff", np.arange(3)], 2))
    assert load(path)[0] == b"\xff"


def test_any_cut_or_altered_pickle_gives_a_value_or_an_error_message(tmp_path: Path) -> None:
    whole = pickle.dumps({"a": [np.arange(4.0), "größe", np.float32(1)], "b": {1, 2}, "c": np.array(["x", None])}, 4)
    path = tmp_path / "x.pkl"
    rng = np.random.default_rng(0)
    bent = [whole[:n] for n in range(len(whole))]
    for _ in range(600):
        data = bytearray(whole)
        for at in rng.integers(0, len(data), rng.integers(1, 4)):
            data[at] = rng.integers(0, 256)
        bent.append(bytes(data))
    values, refusals = 0, 0
    for data in bent:
        path.write_bytes(data)
        try:
            load(path)
            values += 1
        except UserError as error:
            refusals += str(error) == one_line(error, None)
    assert values + refusals == len(bent)
    assert refusals >= len(whole)
    assert not Path(CANARY).exists()


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    refused(lambda: load(tmp_path / "none.pkl"), "does not exist")
    refused(lambda: load(tmp_path), "not a file")
    refused(lambda: erc.read(tmp_path / "none.pkl", ImportOptions()), "does not exist")
