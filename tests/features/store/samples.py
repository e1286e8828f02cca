"""Small stores for tests."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from features.store import Entry, Item, feature_schema, open_store, write_store
from features.store.head import HEAD

SCHEMA = feature_schema(3, 2)


def entry(rows: int, seed: int = 0) -> Entry:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, 3)).astype("f4")
    return Entry(
        "ok", rows={"values": values, "times": rng.random((rows, 2))}, clips={"pooled": rng.random(2).astype("f4")}
    )


def item(name: str, made: Entry) -> Item:
    return Item(name, f"key of {name}", made.length, lambda: made)


def of_format(path: Path, version: int) -> None:
    """Make a store claim another format, as one written by a later version would."""
    content = path.read_bytes()
    block = content[: HEAD - 32].replace(b'"format_version": 2', b'"format_version": %d' % version).rstrip(b"\0")
    block = block.ljust(HEAD - 32, b"\0")
    path.write_bytes(block + hashlib.sha256(block).digest() + content[HEAD:])


def write(path: Path, *entries: Entry) -> Path:
    items = [item(f"u{i}", made) for i, made in enumerate(entries)]
    write_store(path, SCHEMA, {"name": "toy", "feature_names": ["a", "b", "c"]}, items)
    return path


def everything(path: Path) -> list[Any]:
    """Return everything that can be read from a store."""
    with open_store(path) as store:
        named = [store.utterances, store.keys, store.statuses, store.notes, store.offsets.tolist()]
        cells = [store.rows(i, c) for i in range(len(store)) for c in ("values", "times")]
        pooled = [store.clip(i, "pooled") for i in range(len(store))]
        attributes = sorted((k, str(v)) for k, v in store.file.attrs.items())
        return [named, attributes, [np.asarray(c).tobytes() for c in (*cells, *pooled, store.pooled())]]
