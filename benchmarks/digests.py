"""Measure the cost of checking a store's digests, by the same reads with and without the check."""

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np

from benchmarks.tools.table import table
from benchmarks.tools.timing import interleaved, median_ratio
from features.store import Entry, Item, feature_schema, open_store, write_store
from features.store.reading import Store

CLIPS = 1440
COLUMNS = 25  # columns of each row
SHAPES = {"eGeMAPSv02": (88, 300), "ComParE_2016": (6373, 100)}  # size of the pooled vector, and rows per utterance
READS = ("pooled", "pooled and rows")
ROUNDS = 20


def run(*, quick: bool) -> Iterator[str]:
    """Yield a table: the time to read a store with the check, and its ratio to the time without.

    Either the pooled vectors are read, or the pooled vectors and all rows. The file is in the page cache.
    """
    rows = []
    for name, (columns, length) in SHAPES.items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "store.h5"
            _write(path, columns, length)
            rows += [
                [name, what, *_ratio(path, what, 5 if quick else ROUNDS)] for what in ("pooled", "pooled and rows")
            ]
    yield f"## Digests of a store of {CLIPS} utterances\n\n" + table(
        ["store", "read", "ms", "checked / unchecked"], rows
    )


def _write(path: Path, columns: int, length: int) -> None:
    schema = feature_schema(COLUMNS, columns)
    items = [Item(f"u{i}", "", length, partial(_entry, i, columns, length)) for i in range(CLIPS)]
    write_store(path, schema, {"kind": "features", "name": "random"}, items)


def _entry(seed: int, columns: int, length: int) -> Entry:
    rng = np.random.default_rng(seed)
    values = rng.random((length, COLUMNS), np.float32)
    return Entry(
        "ok", rows={"values": values, "times": np.zeros((length, 2))}, clips={"pooled": rng.random(columns, np.float32)}
    )


def _ratio(path: Path, what: str, rounds: int) -> tuple[float, float]:
    calls = {"checked": partial(_read, path, what), "unchecked": partial(_read_unchecked, path, what)}
    samples = [interleaved(calls, backwards=bool(i % 2)) for i in range(rounds)]
    ratio = median_ratio([(sample["checked"], sample["unchecked"]) for sample in samples])
    return 1000 * float(np.median([sample["checked"].wall_s for sample in samples])), ratio.wall_s


def _read(path: Path, what: str) -> None:
    with open_store(path) as store:
        store.pooled()
        if "rows" in what:
            store.all_rows()
            store.all_rows("times")


def _read_unchecked(path: Path, what: str) -> None:
    with patch.object(Store, "_check_all"):
        _read(path, what)
