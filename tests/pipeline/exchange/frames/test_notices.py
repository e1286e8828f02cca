"""What an import of frames tells about tables that look wrong."""

from pathlib import Path

import numpy as np

from pipeline.exchange.frames.notices import Seen, some
from pipeline.exchange.frames.tracks import Track


def track(
    last: float,
    *,
    crowded: bool = False,
    good: bool = True,
    notice: str = "",
    texts: tuple[str, ...] = (),
    infinite: int = 0,
) -> Track:
    one, rows = np.zeros(1), np.zeros(1, np.intp)
    values = np.zeros((1, 1), np.float32)
    return Track(("AU",), np.array([last]), rows, rows, one, np.array([good]), values, crowded, texts, notice, infinite)


def test_counts_are_in_numbers_and_names() -> None:
    seen = Seen(Path("out"), "talk", 0.8)
    for i in range(5):
        seen.track(f"r{i}", Path(f"r{i}.csv"), track(3.0, crowded=True, texts=("mood",)), 4.0)
        seen.count(2 if i else 0, 1)
    assert seen.frames() == [
        "1 number per frame: AU",
        "columns of text, which are not read: mood",
        "used: 8 frames of utterances; left out as failed: 5 (not marked as a success, a confidence below 0.8, no "
        "number in the row, or only another person's face)",
        "utterances of recordings with a table: 4 with frames, 1 with failed frames only",
        "frames with several faces in 5 recordings (r0, r1, r2, ...): in each utterance, the face with the most good "
        "frames is used",
    ]
    tables = {name: Path(name) for name in ("r0.csv", "x.csv", "y.csv")}
    assert seen.matches(["r0", "r1", "r2"], {"r0": Path("r0.csv")}, tables) == [
        "1 of 3 recordings of talk matched by name",
        "no table in out for 2 recordings, whose utterances count as absent (r1, r2)",
        "2 tables of out are left out, since no recording has such a name (x.csv, y.csv)",
    ]


def test_tables_that_end_early_and_times_in_another_unit_are_told() -> None:
    seen = Seen(Path("out"), "talk", 0.5)
    seen.track("a", Path("a.csv"), track(0.1, notice="t of a.csv holds seconds"), 4.0)
    seen.track("b", Path("b.csv"), track(2.1, notice="t of b.csv holds seconds"), 4.0)
    seen.track("c", Path("c.csv"), track(0.1), float("nan"))
    seen.count(1, 0)
    told = seen.frames()
    assert "1 table ended before the middle of the recording: check the times (a.csv: 0.10 of 4.00 s)" in told
    assert "t of a.csv holds seconds (and 1 more table)" in told


def test_infinite_numbers_and_times_below_0_are_counted() -> None:
    seen = Seen(Path("out"), "talk", 0.5)
    seen.track("a", Path("a.csv"), track(-0.5, infinite=2), float("nan"))
    seen.track("b", Path("b.csv"), track(1.0, infinite=1), 1.0)
    seen.count(1, 0)
    found = seen.frames()
    assert "3 infinite or too large numbers: treated as undefined" in found
    assert any(line.startswith("times below 0 in the tables of 1 recording (a)") for line in found)


def test_nothing_at_all_is_a_message_of_its_own() -> None:
    seen = Seen(Path("out"), "talk", 0.5)
    assert (
        seen.nothing() == "no frame in the tables of out is within the times of an utterance of talk: check the times"
    )
    seen.count(0, 3)
    assert seen.nothing().startswith(
        "all 3 frames in the utterances of talk failed: check the columns of success and confidence"
    )
    assert some(list("abcd")) == "a, b, c, ..."
