"""The ragged HDF5 store: one file per stream or extractor, self-describing, readable with plain h5py.

Utterance i owns the rows ``offsets[i]:offsets[i + 1]`` of every row column.

==================  ===================================================================================
``values``          (rows, d) numbers, (rows,) words, or the bytes of all JPEGs, one after another
``times``           (rows, 2) start and end in seconds from the utterance's start; missing in a store
                    with the attribute ``rate_hz``: row j starts at ``clips/start_s[i] + j / rate_hz``
``offsets``         (n + 1,) int64
``utterance, key``  (n,) the name of the utterance, and the cache key of its rows
``status, note``    (n,) ``ok | absent | empty | failed``, and the reason, or a remark if ``ok``
``pooled``          (n, p) one vector per utterance (extractors only); NaN where the status is not ``ok``
``rows/...``        further row columns (face boxes, detector scores, whole frames)
``clips/...``       further utterance columns (gain, trimming offsets, the original text)
``cells/...``       (rows + 1,) the positions in a column of bytes at which its cells begin and end
``digests/...``     (n, 16) the XXH3 hash (128 bits) of each utterance's part of a column
attributes          format, format_version, name, version, config, weights, libraries, column names
==================  ===================================================================================

The file starts with a head, which holds a checksum of everything that has no digest (`features.store.head`).
Nothing in a file depends on when or where it was written: the same inputs give the same bytes.
"""

from features.store.reading import Store, is_imported, open_store
from features.store.schema import (
    FORMAT,
    FORMAT_VERSION,
    IMPORTED,
    STATUSES,
    Array,
    Column,
    Entry,
    Item,
    Schema,
    Status,
    feature_schema,
)
from features.store.writing import fill_store, write_store

__all__ = [
    "FORMAT",
    "FORMAT_VERSION",
    "IMPORTED",
    "STATUSES",
    "Array",
    "Column",
    "Entry",
    "Item",
    "Schema",
    "Status",
    "Store",
    "feature_schema",
    "fill_store",
    "is_imported",
    "open_store",
    "write_store",
]
