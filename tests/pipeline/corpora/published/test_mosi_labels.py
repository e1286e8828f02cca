"""Label files of CMU-MOSI: all kinds give the same table, and bad rows are named."""

from collections import Counter
from pathlib import Path

import pandas as pd
import pytest

from pipeline.corpora.published.mosi import DESCRIPTION
from pipeline.corpora.published.mosi_labels import SPLIT_OF
from pipeline.errors import UserError
from tests.pipeline.corpora.published.mosi_trees import (
    NAMES,
    ROWS,
    get,
    messages,
    opinion_csd,
    opinions,
    sheet,
    transcripts,
    zip_tree,
)


def test_the_official_folds_are_whole() -> None:
    assert Counter(SPLIT_OF.values()) == {"train": 52, "valid": 10, "test": 31}
    assert all(len(video) == 11 for video in SPLIT_OF)
    assert [SPLIT_OF[v] for v in ("03bSnISJMiM", "_dI--eQ6qVU", "c7UH_rxdZv4")] == ["train", "valid", "test"]
    assert sum(DESCRIPTION.counts[f"{s} utterances"] for s in ("train", "valid", "test")) == 2199


@pytest.mark.parametrize("place", ["Raw/Labels", "", "Raw"])
def test_every_source_of_labels_gives_the_same_table(tmp_path: Path, place: str) -> None:
    tables = []
    for number, (name, write) in enumerate(
        [
            ("OpinionLevelSentiment.csv", opinions),
            ("CMU_MOSI_Opinion_Labels.csd", opinion_csd),
            ("label.csv", sheet),
        ]
    ):
        root = tmp_path / str(number) / "mosi"
        transcripts(root / "Raw")
        (root / place).mkdir(exist_ok=True)
        write(root / place / name)
        found = get(root)
        assert [m for m in messages(found, "warning") if "no recordings" not in m] == []
        tables.append(found.utterances.sort_values("utterance", ignore_index=True).drop(columns="line"))
    pd.testing.assert_frame_equal(tables[0], tables[1], check_exact=True)
    pd.testing.assert_frame_equal(tables[0], tables[2], check_exact=True)


def test_the_label_file_that_is_read_is_named(tmp_path: Path) -> None:
    root = zip_tree(tmp_path / "mosi", media=False)
    changed = [(*row[:4], 3.0, row[5]) for row in ROWS]
    opinion_csd(root / "CMU_MOSI_Opinion_Labels.csd", changed)
    found = get(root)
    assert list(found.utterances["sentiment"]) == [row[4] for row in ROWS]
    assert any(
        "OpinionLevelSentiment.csv" in m and "not from CMU_MOSI_Opinion" in m for m in messages(found, "warning")
    )


@pytest.mark.parametrize("source", ["csv", "csd"])
def test_the_interval_without_length_is_reported_as_a_known_fault(tmp_path: Path, source: str) -> None:
    root = zip_tree(tmp_path / "mosi", media=False)
    (root / "Raw" / "Labels" / "OpinionLevelSentiment.csv").unlink()
    rows = [*ROWS, *(("2WGyTLYerpo", n, 0.1 * n, 0.1 * n + (0 if n == 44 else 0.1), 1.0, "") for n in range(1, 46))]
    writer = {"csv": opinions, "csd": opinion_csd}[source]
    writer(root / {"csv": "OpinionLevelSentiment.csv", "csd": "CMU_MOSI_Opinion_Labels.csd"}[source], rows)
    found = get(root)
    assert not messages(found, "error")
    reported = [m for m in messages(found, "warning") if "no length" in m]
    assert len(reported) == 1
    assert "2WGyTLYerpo_44" in reported[0]
    assert "issue 94" in reported[0]
    assert "2WGyTLYerpo_44" in set(found.utterances["utterance"])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("0,1,03bSnISJMiM,1,1", "03bSnISJMiM_1: this name is in line 1 too"),
        ("0,1,03bSnISJMiM,3,3.5", "the score is '3.5', but must be a number from -3 to 3"),
        ("0,1,03bSnISJMiM,3,good", "the score is 'good'"),
        ("0,1,03bSnISJMiM,3,nan", "the score is 'nan'"),
        ("0,1,03bSnISJMiM,3,", "the score is ''"),
        ("2,1,03bSnISJMiM,3,1", "03bSnISJMiM_3: end 1 lies before start 2"),
        ("x,1,03bSnISJMiM,3,1", "start is 'x'"),
        ("-1,1,03bSnISJMiM,3,1", "start is '-1'"),
        ("0,inf,03bSnISJMiM,3,1", "end is 'inf'"),
        ("0,1,somebodys_x,3,1", "the video 'somebodys_x' is not in any official fold"),
        ("0,1,03bSnISJMiM,0,1", "the clip is '0'"),
        ("0,1,03bSnISJMiM,3", "the row has 4 cells instead of 5"),
    ],
)
def test_bad_rows_are_named(tmp_path: Path, row: str, message: str) -> None:
    root = zip_tree(tmp_path / "mosi", media=False)
    labels = root / "Raw" / "Labels" / "OpinionLevelSentiment.csv"
    labels.write_text(labels.read_text() + row + "\n")
    found = get(root)
    errors = [p for p in found.problems if p.severity == "error"]
    assert errors
    assert (errors[0].file, errors[0].line) == (labels, 7)
    assert message in " ".join(p.message for p in errors)
    assert list(found.utterances["utterance"]) == NAMES


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        (
            "OpinionLevelSentiment.csv",
            "start,end,video,n,label\n0,1,03bSnISJMiM,1,1\n",
            "sv:1: this file must have five columns",
        ),
        ("OpinionLevelSentiment.csv", "0,1,03bSnISJMiM,1\n", "five columns"),
        ("label.csv", "video_id,clipid,text,label\n", "label.csv:1: .*no column 'clip_id'; did you mean 'clipid'"),
        ("label.csv", "", "no column 'video_id'"),
        ("label.csv", "video_id,clip_id,label\nwho,1,1\n", "no row could be read.*'who'"),
        ("OpinionLevelSentiment.csv", b"0,1,03bSnISJMiM,1,1\n\xff", "sv:2: byte 0xff is not valid UTF-8"),
    ],
)
def test_other_headers_are_refused(tmp_path: Path, name: str, text: str | bytes, message: str) -> None:
    root = tmp_path / "mosi"
    transcripts(root / "Raw")
    (root / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UserError, match=message):
        get(root)


def test_another_fold_in_the_sheet_is_named_and_not_used(tmp_path: Path) -> None:
    root = zip_tree(tmp_path / "mosi", media=False)
    sheet(root / "label.csv", c7UH_rxdZv4="train")
    found = get(root)
    reported = [p for p in found.problems if "mode is" in p.message]
    assert [(p.severity, p.line) for p in reported] == [("warning", 7)]
    assert "c7UH_rxdZv4_1: mode is 'train'" in reported[0].message
    assert list(found.utterances["split"])[-1] == "test"


def test_gaps_and_counts_are_named(tmp_path: Path) -> None:
    root = zip_tree(tmp_path / "mosi", media=False)
    opinions(root / "Raw" / "Labels" / "OpinionLevelSentiment.csv", [row for row in ROWS if row[:2] != ROWS[0][:2]])
    found = get(root)
    assert any("03bSnISJMiM_1 has no row" in m for m in messages(found, "warning"))
    assert any("03bSnISJMiM_1 has text but no label" in m for m in messages(found, "warning"))
    assert any(p.message == "1 test utterances, the release has 686" for p in found.problems)


def test_labels_elsewhere_below_the_folder_given(tmp_path: Path) -> None:
    root = zip_tree(tmp_path / "mosi" / "CMU_MOSI", media=False).parent
    labels = root / "CMU_MOSI" / "Raw" / "Labels" / "OpinionLevelSentiment.csv"
    (root / "labels").mkdir()
    labels.rename(root / "labels" / labels.name)
    assert len(get(root, "text").utterances) == len(NAMES)


def test_a_start_just_before_the_video_becomes_0(tmp_path: Path) -> None:
    root = zip_tree(tmp_path / "mosi", media=False)
    labels = root / "Raw" / "Labels" / "OpinionLevelSentiment.csv"
    labels.write_text(labels.read_text() + "-0.05,1,03bSnISJMiM,9,1\n")
    found = get(root, "text")
    assert messages(found, "error") == []
    assert "03bSnISJMiM_9: start is -0.05 s" in "\n".join(messages(found, "warning"))
