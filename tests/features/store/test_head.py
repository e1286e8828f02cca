"""The head of a store: no other file passes for a store, and every change of the file is noticed."""

import errno
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from features.errors import StoreError
from features.store import Entry, open_store, write_store
from features.store.head import write_head
from tests.features.store.samples import SCHEMA, entry, everything, item, of_format, write


def test_a_file_that_is_not_a_store_is_refused(tmp_path: Path) -> None:
    cases = {
        "no file": "does not exist",
        "text": "text is not a store of features or streams: name a file",
        "other": "is an HDF5 file, but not a store",
        "version": "format 99",
    }
    (tmp_path / "text").write_text("hello")
    with h5py.File(tmp_path / "other", "w") as file:
        file["x"] = 1
    write(tmp_path / "version", entry(1))
    of_format(tmp_path / "version", 99)
    for name, message in cases.items():
        with pytest.raises(StoreError, match=message) as caught, open_store(tmp_path / name):
            pass
        assert "delete" not in str(caught.value)  # it may be a file of the user's own


def test_a_truncated_store_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "s.h5", entry(50))
    path.write_bytes(path.read_bytes()[:-600])
    with pytest.raises(StoreError, match="run its stage again, or import it again"), open_store(path):
        pass


def test_changes_by_other_programs_are_noticed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"1234" * 3)

    def swapped(file: Any) -> None:
        file["offsets"][1:3] = file["offsets"][1:3][::-1]

    def status(file: Any) -> None:
        file["status"][0] = "empty"

    def linked(file: Any) -> None:
        del file["pooled"]
        file["pooled"] = h5py.ExternalLink("other.h5", "/pooled")

    def external(file: Any) -> None:
        del file["values"]
        file.create_dataset("values", (3, 3), "f4", external=[(str(tmp_path / "secret"), 0, 36)])

    def hollow(file: Any) -> None:
        del file["values"]
        file.create_dataset("values", (1 << 40, 3), "f4")

    def attribute(file: Any) -> None:
        file.attrs["name"] = "other"

    for i, change in enumerate((swapped, status, linked, external, hollow, attribute)):
        path = write(tmp_path / f"{i}.h5", entry(1, 1), entry(2, 2))
        with h5py.File(path, "r+") as file:
            change(file)
        with pytest.raises(StoreError, match=rf"{i}\.h5 is damaged"), open_store(path):
            pass


def test_a_made_up_head_does_not_open_other_files(tmp_path: Path) -> None:
    """Someone who forges the head too can change any value, but cannot link to other files or fill the memory."""
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(36))

    def external(file: Any) -> None:
        file.create_dataset("values", (3, 3), "f4", external=[(str(secret), 0, 36)])

    def linked(file: Any) -> None:
        file["values"] = h5py.ExternalLink(str(secret), "/values")

    def hollow(file: Any) -> None:
        file.create_dataset("values", (1 << 40, 3), "f4")

    for i, change in enumerate((external, linked, hollow)):
        path = write(tmp_path / f"{i}.h5", entry(1, 1), entry(2, 2))
        with h5py.File(path, "r+") as file:
            del file["values"]
            change(file)
        write_head(path, [], "x")
        with open_store(path) as store, pytest.raises(StoreError, match="values cannot be read"):
            store.all_rows()


def test_a_locked_store_is_not_called_damaged(tmp_path: Path) -> None:
    path = write(tmp_path / "s.h5", entry(2))
    hold = "import h5py, sys; f = h5py.File(sys.argv[1], 'r+'); print('held', flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", hold, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(StoreError, match="locked by another program") as caught, open_store(path):
            pass
        other.communicate()
    assert "delete" not in str(caught.value)
    everything(path)


def test_a_file_system_without_locks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOLCK, "Unable to open file (unable to lock file, errno = 37, 'No locks available')")

    path = write(tmp_path / "s.h5", entry(2))
    monkeypatch.setattr(h5py, "File", refused)
    with pytest.raises(StoreError, match="HDF5_USE_FILE_LOCKING=FALSE") as caught, open_store(path):
        pass
    assert "delete" not in str(caught.value)


def test_the_digest_of_a_store_depends_on_its_content_alone(tmp_path: Path) -> None:
    def digest(name: str, *entries: Entry, **attributes: Any) -> str:
        items = [item(f"u{i}", made) for i, made in enumerate(entries)]
        write_store(tmp_path / name, SCHEMA, {"name": "toy", **attributes}, items)
        with open_store(tmp_path / name) as store:
            return store.digest

    base = digest("a.h5", entry(2, 1), entry(3, 2))
    assert digest("b.h5", entry(2, 1), entry(3, 2)) == base
    changed = replace(entry(3, 2), clips={"pooled": np.array([1, 2], "f4")})
    others = [
        digest("c.h5", entry(2, 1), changed),
        digest("d.h5", entry(2, 1), entry(3, 3)),
        digest("e.h5", entry(2, 1), Entry("empty", "silence")),
        digest("f.h5", entry(2, 1), Entry("empty", "noise")),
        digest("g.h5", entry(2, 1), entry(3, 2), feature_names=["x"]),
        digest("h.h5", entry(3, 2), entry(2, 1)),
    ]
    assert len({base, *others}) == 7


def test_imported_stores_of_format_1_are_read_unchecked(tmp_path: Path) -> None:
    for kind in ("imported", "features"):
        with h5py.File(tmp_path / f"{kind}.h5", "w") as file:
            file.attrs.update({"format": "crossmodal-store", "format_version": 1, "kind": kind, "name": "voice"})
            file["offsets"] = np.array([0, 1])
            file["values"], file["times"] = np.ones((1, 2), "f4"), np.zeros((1, 2))
            file["pooled"] = np.ones((1, 2), "f4")
            for name, cell in {"utterance": "u0", "key": "k", "status": "ok", "note": ""}.items():
                file[name] = np.array([cell], dtype=h5py.string_dtype())
    with open_store(tmp_path / "imported.h5") as store:
        assert not store.checked
        assert store.pooled().tolist() == [[1, 1]]
        assert len(store.digest) == 64
    with (
        pytest.raises(StoreError, match="format 1, but this program reads"),
        open_store(tmp_path / "features.h5"),
    ):
        pass
