"""A file of limited size, whatever the limit: `OSError` names it, HDF5 does not crash; the bytes of plain h5py."""

import ctypes
import errno
import os
import resource
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from common.atomic import replacing
from features.store import Column, Entry, Item, Schema, write_store
from features.store.hdf5 import writing_hdf5
from pipeline.exchange.bundle import Bundle, FeatureSet, item_of
from pipeline.exchange.formats.csd.csd import write as write_csd

ALL_KINDS = Schema(
    rows=(Column("values", "f4", 3), Column("word", "str"), Column("image", "bytes")),
    clips=(Column("pooled", "f4", 2), Column("text", "str")),
)


def entry(seed: int) -> Entry:
    random, rows = np.random.default_rng(seed), seed % 30
    values, word = random.normal(size=(rows, 3)).astype("f4"), ["w" * (i % 40) for i in range(rows)]
    clips = {"pooled": random.random(2).astype("f4"), "text": "hello " * (seed * 37 % 700)}
    return Entry("ok", rows={"values": values, "word": word, "image": [bytes(200)] * rows}, clips=clips)


def a_store(folder: Path, count: int = 40) -> None:
    entries = [entry(i) for i in range(count)]
    items = [Item(f"u{i}", f"k{i}", made.length, lambda made=made: made) for i, made in enumerate(entries)]
    write_store(folder / "s.h5", ALL_KINDS, {"name": "toy", "config": {"x": "y" * 3000}}, items)


def no_rows(folder: Path) -> None:
    write_store(folder / "s.h5", ALL_KINDS, {"name": "toy"}, [Item("u", "k", 0, lambda: Entry("failed", "why"))])


def sequences(folder: Path, count: int = 30) -> None:
    ids = [f"u{i}" for i in range(count)]
    table = {"utterance": ids, "recording": ids, "start": 0.0, "end": 1.0, "text": "a b", "sentiment": 0.5, "kind": "x"}
    made = [
        Entry(
            "ok", rows={"values": np.ones((i, 4), "f4"), "times": np.ones((i, 2))}, clips={"pooled": np.ones(2, "f4")}
        )
        for i in range(count)
    ]
    items = [item_of(name, one) for name, one in zip(ids, made, strict=True)]
    store = FeatureSet(
        name="toy",
        modality="audio",
        feature_names=tuple("abcd"),
        pooled_names=tuple("xy"),
        items=items,
        details={},
    )
    words = pd.DataFrame({"utterance": ids, "word": ids, "start": 0.1, "end": 0.2})
    write_csd(Bundle(utterances=pd.DataFrame(table), words=words, features=[store]), folder)


def ends(fill: Callable[[Path], None], folder: Path, largest: int) -> int:
    """Return how a process with a file size limit ends: 0, 1 for the right error, 2, or minus a signal."""
    process = os.fork()
    if process == 0:
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
            fill(folder)
            os._exit(_collected(0))
        except OSError as error:
            right = error.errno == errno.EFBIG and Path(str(error.filename)).parent == folder
            right = right and Path(str(error.filename)).name[0] != "."
            os._exit(_collected(1 if right else 2))
        except BaseException:
            os._exit(2)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def _collected(code: int) -> int:
    """Close HDF5 as the end of a process does, when it tries once more to write what it could not."""
    maps = Path("/proc/self/maps").read_text().splitlines()
    library = next(line.split()[-1] for line in maps if "/libhdf5-" in line or "/libhdf5.so" in line)
    return code if ctypes.CDLL(library).H5close() >= 0 else 3


@pytest.mark.parametrize("fill", [a_store, no_rows, sequences])
def test_a_file_that_may_not_grow_never_reaches_hdf5(fill: Callable[[Path], None], tmp_path: Path) -> None:
    fill(tmp_path / "whole")
    size = max(path.stat().st_size for path in (tmp_path / "whole").iterdir())
    step = max(1, size // 40)
    found = [ends(fill, tmp_path / "cut", largest) for largest in range(0, size + 3 * step, step)]
    assert set(found) <= {0, 1}, found
    assert set(found[:-3]) == {1} or set(found[:-4]) == {1}
    assert not list((tmp_path / "cut").glob(".*"))
    assert ends(fill, tmp_path / "cut", size + (1 << 18)) == 0
    for path in (tmp_path / "whole").iterdir():
        assert (tmp_path / "cut" / path.name).read_bytes() == path.read_bytes()


def test_the_bytes_are_those_of_plain_h5py(tmp_path: Path) -> None:
    def fill(file: h5py.File) -> None:
        file.attrs["name"] = "x" * 500
        file["texts"] = np.array(["a", "bc" * 900], dtype=h5py.string_dtype())
        for i in range(50):
            file.create_dataset(f"group/{i}", data=np.arange(i * 20), track_times=False)

    with h5py.File(tmp_path / "plain.h5", "w", userblock_size=2048) as plain:
        fill(plain)
    with replacing(tmp_path / "ours.h5") as temporary, writing_hdf5(temporary, userblock_size=2048) as (file, room):
        room.ahead(1 << 20)
        fill(file)
    assert (tmp_path / "ours.h5").read_bytes() == (tmp_path / "plain.h5").read_bytes()
