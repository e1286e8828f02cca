"""What a store is made of: empty cells, lengths, and digests as an independent implementation gives them."""

import numpy as np
import pytest
import xxhash

from features.store import Column, Entry, feature_schema
from features.store.schema import digest_of, path_of


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (Column("text", "str"), ""),
        (Column("pooled", "f4", 2), np.array([np.nan, np.nan], np.float32)),
        (Column("gain_db", "f8"), np.array(np.nan)),
        (Column("count", "i2", 1), np.array([0], np.int16)),
    ],
)
def test_an_utterance_without_rows_has_nan_zero_or_no_text(column: Column, expected: object) -> None:
    assert type(column.nothing) is type(expected)
    np.testing.assert_array_equal(column.nothing, expected, strict=not isinstance(expected, str))


def test_an_entry_has_as_many_rows_as_values_and_none_unless_it_is_ok() -> None:
    rows = {"values": np.zeros((3, 2)), "times": np.zeros((3, 2))}
    assert Entry("ok", rows=rows).length == 3
    assert Entry("failed", "why", rows=rows).length == 0
    assert Entry("absent").length == 0


def test_known_columns_lie_at_the_top_and_others_in_their_group() -> None:
    assert [path_of(Column(name, "f4"), "rows") for name in ("values", "times", "box")] == [
        "values",
        "times",
        "rows/box",
    ]
    assert path_of(Column("pooled", "f4"), "clips") == "pooled"
    assert path_of(Column("gain_db", "f8"), "clips") == "clips/gain_db"


def test_the_columns_of_an_extractor() -> None:
    schema = feature_schema(3, 2)
    assert [(c.name, c.dtype, c.width) for c in schema.rows] == [("values", "f4", 3), ("times", "f8", 2)]
    assert [(c.name, c.dtype, c.width) for c in schema.clips] == [("pooled", "f4", 2)]


def test_a_digest_is_xxh3_of_the_stored_bytes() -> None:
    numbers = np.arange(6, dtype=np.float32).reshape(3, 2)
    assert digest_of(numbers) == xxhash.xxh3_128_digest(numbers.tobytes())
    assert digest_of(numbers[:, ::-1]) == xxhash.xxh3_128_digest(numbers[:, ::-1].tobytes())
    text = "naïve".encode()
    assert digest_of("naïve") == digest_of(["naïve"]) == xxhash.xxh3_128_digest(len(text).to_bytes(8, "little") + text)
    assert digest_of(["ab", "c"]) != digest_of(["a", "bc"])
