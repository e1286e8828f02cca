"""The section Data: counts, reasons, histograms and labels, counted by hand."""

import re

import numpy as np
import pandas as pd

from pipeline.reporting.utterance.known import Held, Known
from pipeline.reporting.utterance.overview import MOST_GROUPS, overview_of
from pipeline.reporting.utterance.parts import Parts

IDS = ["a", "b", "c", "d"]


def known(labels: list[object], groups: list[str]) -> Known:
    ids = [f"u{i}" for i in range(len(labels))]
    table = pd.DataFrame({"utterance": ids, "group": groups, "speaker": groups, "label": labels})
    audio = Held("audio", dict(zip(ids, ["ok", "empty", "empty"], strict=False)), dict.fromkeys(ids[1:3], "silence"))
    return Known("c", "label", ("audio",), table, {}, {"audio": audio}, {})


def test_statuses_reasons_and_labels_are_counted() -> None:
    folds = pd.Series({"u0": "fold-1", "u1": "fold-1", "u2": "fold-2", "u3": "fold-2"})
    found = overview_of(known(["x", "y", "x", None], ["g", "g", "h", "h"]), Parts("none", {}, []), folds, "speaker", [])
    assert found.statuses.lines == [["audio", "1", "1", "2", "0"]]
    assert [(r.status, r.note, r.utterances) for r in found.reasons] == [
        ("empty", "silence", ["u1", "u2"]),
        ("absent", "", ["u3"]),
    ]
    assert found.labels is not None
    assert found.labels.header == ["speaker", "tested in", "utterances", "x", "y"]
    assert found.labels.lines == [
        ["all", "", "4", "2", "1"],
        ["g", "fold-1", "2", "1", "1"],
        ["h", "fold-2", "2", "1", "0"],
    ]


def test_scores_have_their_mean_and_extremes_and_many_groups_are_not_all_listed() -> None:
    n = MOST_GROUPS + 5
    found = overview_of(
        known(list(np.arange(n, dtype=float)), [f"{i:03d}" for i in range(n)]), Parts("none", {}, []), None, "group", []
    )
    assert found.labels is not None
    assert found.labels.lines[0] == ["all", str(n), "22", "0", "44"]
    assert found.labels.lines[-1][0] == "and 5 more"
    assert len(found.labels.lines) == MOST_GROUPS + 2


def test_histograms_show_what_was_measured_and_nothing_else() -> None:
    measures = [
        {"seconds": 1.0, "words": 7.0},
        {"seconds": 2.0, "words": 7.0},
        {"seconds": 4.0, "words": 7.0, "gain_db": 3.0},
    ]
    found = overview_of(known(["x"] * 3, ["g"] * 3), Parts("none", {}, measures), None, "group", ["a remark"])
    assert [one.caption for one in found.histograms] == [
        "1 to 4 s, median 2; 3 utterances",
        "3 dB in 1 utterance",
        "7 words in all 3 utterances",
    ]
    first, last, _ = (one.drawing for one in found.histograms)
    assert first.count("<rect") == 24
    assert re.findall("<text[^>]*>([^<]*)<", first) == ["1 utterance", "1 s", "4 s"]
    assert re.findall("<text[^>]*>([^<]*)<", last) == ["1 utterance", "3 dB"]
    assert found.remarks == ["a remark"]
