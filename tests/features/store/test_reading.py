"""Reading a store: no damaged number is returned."""

import random
from contextlib import suppress
from pathlib import Path

import h5py
import pytest

from features.errors import StoreError
from features.store import Entry, open_store
from tests.features.store.samples import entry, everything, write


def test_every_flipped_bit_is_noticed(tmp_path: Path) -> None:
    """One bit flipped somewhere in every 32 bytes of a small store is reported in one sentence."""
    path = write(tmp_path / "s.h5", entry(2, 1), Entry("absent", "no audio stream"), entry(3, 2))
    content, chance = path.read_bytes(), random.Random(1)
    for at in range(0, len(content), 32):
        hurt = bytearray(content)
        hurt[min(at + chance.randrange(32), len(content) - 1)] ^= 1 << chance.randrange(8)
        path.write_bytes(hurt)
        with pytest.raises(StoreError, match=r"\A[^\n]* again[^\n]*\Z"):
            everything(path)


@pytest.mark.parametrize("seed", range(3))
def test_garbage_is_noticed(seed: int, tmp_path: Path) -> None:
    path = write(tmp_path / "s.h5", *(entry(i % 4, i) for i in range(20)), Entry("empty", "silence"))
    good, content, chance = everything(path), path.read_bytes(), random.Random(seed)
    for _ in range(60):
        hurt = bytearray(content)
        at, length = chance.randrange(len(content)), chance.randrange(1, 600)
        other = chance.randrange(len(content))
        kind = chance.randrange(4)
        if kind == 0:
            hurt[at : at + length] = chance.randbytes(length)
        elif kind == 1:
            hurt[at : at + length] = bytes(len(hurt[at : at + length]))
        elif kind == 2:
            del hurt[at : at + length]
        else:
            hurt[at : at + length] = content[other : other + length]
        path.write_bytes(hurt)
        with suppress(StoreError):
            assert everything(path) == good


def test_a_damaged_value_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "s.h5", entry(2, 1), entry(3, 2), entry(1, 3))
    with h5py.File(path) as file:
        at = file["pooled"].id.get_offset() + 2 * 4 + 3  # the sign of the first number of u1
    content = bytearray(path.read_bytes())
    content[at] ^= 0x80
    path.write_bytes(content)
    with open_store(path) as store:
        store.clip(0, "pooled")
        store.rows(1)
        with pytest.raises(StoreError, match=r"s\.h5 is damaged \(`pooled` of 'u1' differs from what was written"):
            store.clip(1, "pooled")
        with pytest.raises(StoreError, match="`pooled` of 'u1'"):
            store.pooled()
        assert len(list(store.damage())) == 1


def test_an_unknown_utterance_is_named(tmp_path: Path) -> None:
    with open_store(write(tmp_path / "s.h5", entry(1))) as store, pytest.raises(StoreError, match="'nobody'"):
        store.index("nobody")
