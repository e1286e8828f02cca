"""What is printed of a store: reasons joined where they are alike, and a table that fits."""

import re
from dataclasses import replace

from pipeline.inspection.store_facts import Incomplete, Range, StoreFacts
from pipeline.inspection.store_page import MOST, page_of_store
from pipeline.reporting.tables import Table, for_terminal

NAMES = ("F0semitoneFrom27.5Hz_sma3nz_stddevFallingSlope", "rate")
FACTS = StoreFacts(
    file="data/work/c/features/toy.h5",
    name="toy",
    kind="features",
    modality="audio",
    version=3,
    format_version=2,
    config={"rate_hz": 16000},
    libraries={},
    weights={},
    device="",
    utterances=7,
    statuses={"ok": 2, "absent": 0, "empty": 4, "failed": 1},
    incomplete=(
        *(Incomplete(f"u{i}", "empty", "silence") for i in range(4)),
        Incomplete("x", "failed", "cannot be decoded"),
    ),
    remarks=(),
    rows=Range("rows", 2, 3, 4, 0),
    features_per="utterance",
    features=(Range(NAMES[0], 123.456, 200, 1e6, 1), Range("rate", None, None, None, 2)),
    columns={"pooled": "(7, 2) float32", "digests/pooled": "(7, 16) uint8"},
)


def text(facts: StoreFacts, *, every: bool = False) -> str:
    return for_terminal(page_of_store(facts, every=every), 80)


def test_reasons_that_are_alike_are_one_line() -> None:
    [reasons] = [b for b in page_of_store(FACTS) if isinstance(b, Table) and b.header[0] == "status"]
    assert reasons.lines == [
        ["empty", "4", "u0, u1, u2 and 1 more", "silence"],
        ["failed", "1", "x", "cannot be decoded"],
    ]
    [everything] = [b for b in page_of_store(FACTS, every=True) if isinstance(b, Table) and b.header[0] == "status"]
    assert everything.lines[0][2] == "u0, u1, u2, u3"


def test_the_table_of_ranges_fits_80_columns_and_keeps_every_letter_of_a_name() -> None:
    shown = text(FACTS)
    table = shown[shown.index(" feature ") : shown.index("Columns:")]
    assert max(map(len, table.splitlines())) <= 80
    assert NAMES[0] in "".join(re.findall(r"^ (\S+)", table, re.MULTILINE))
    assert "123.5" in table
    assert "Undefined everywhere: rate." not in shown  # the sentence ends before the table
    assert "Undefined everywhere: rate:" in shown


def test_a_long_table_says_how_many_rows_it_leaves_out() -> None:
    many = replace(FACTS, features=tuple(Range(f"f{i}", i, i, i, 0) for i in range(MOST + 5)))
    assert f"The table has the first {MOST}; --all prints the other 5" in text(many)
    assert f" f{MOST} " not in text(many)
    assert f" f{MOST + 4} " in text(many, every=True)
    assert "--all" not in text(many, every=True)


def test_counts_are_in_words() -> None:
    assert "7 utterances (2 ok, 4 empty, 1 failed); 2 to 4 rows each, 3 at the median." in text(FACTS)
    one = replace(FACTS, rows=Range("rows", 1, 1, 1, 0))
    assert "; 1 row each." in text(one)
    assert "digests" not in text(FACTS)
