"""Label files of IEMOCAP: head lines, transcriptions and alignments, good and bad."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.corpora.published.iemocap_labels import ERC_HAPPY, alignment
from pipeline.errors import UserError
from tests.pipeline.corpora.published.iemocap_trees import cells, dialogue, get, tree, wdseg


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("emotion4", {"happy": 2, "angry": 1, "neutral": 1, "sad": 1}),
        ("emotion6", {"happy": 1, "excited": 1, "angry": 1, "frustrated": 1, "neutral": 1, "sad": 1}),
        ("emotion", {"happy": 1, "excited": 1, "angry": 1, "frustrated": 1, "surprised": 1, "neutral": 1, "sad": 1}),
        ("dominance", {5.5: 8}),
        ("valence", {2.5: 8}),
        ("activation", {3.0: 8}),
    ],
)
def test_only_utterances_with_the_label_are_returned(tmp_path: Path, label: str, expected: dict[Any, int]) -> None:
    found = get(tree(tmp_path / "x"), "text", label=label)
    assert Counter(found.utterances[label]) == expected


def test_the_erc_list_adds_its_happy_utterances(tmp_path: Path) -> None:
    """The 53 names are of the release's form, in the sessions where the pickles have them."""
    assert len(ERC_HAPPY) == 53
    assert Counter(name[:5] for name in ERC_HAPPY) == {"Ses01": 8, "Ses02": 8, "Ses03": 36, "Ses05": 1}
    release = tree(tmp_path / "x")
    dialogue(release, "Ses01F_impro03", [("F007", 0, 1, "xxx"), ("F008", 1, 2, "xxx"), ("F009", 2, 3, "hap")])
    names = {scheme: set(get(release, "text", label=scheme).utterances["utterance"]) for scheme in SCHEMES}
    assert names["emotion6_erc"] - names["emotion6"] == {"Ses01F_impro03_F007"}
    erc = get(release, "text", label="emotion6_erc")
    assert cells(erc, "emotion6_erc")["Ses01F_impro03_F007"] == "happy"
    assert cells(erc, "emotion6")["Ses01F_impro03_F007"] == ""


SCHEMES = ("emotion6", "emotion6_erc")


HEAD = "[7.0000 - 8.0000]\tSes01F_impro01_F009\tneu\t[2.5, 2.5, 2.5]"


@pytest.mark.parametrize(
    ("old", "new", "severity", "message"),
    [
        ("F009", "F000", "error", "Ses01F_impro01_F000 is in line 10 too"),
        ("Ses01F_impro01_F", "Ses01F_impro02_F", "error", "Ses01F_impro02_F009 is not an utterance of Ses01F_impro01"),
        ("neu", "nue", "error", "the emotion is 'nue'"),
        ("7.0000", "9.0000", "error", "end 8 lies before start 9"),
        ("7.0000", "8.0000", "warning", "the interval at 8 s has no length"),
        ("7.0000", "x", "error", "start is 'x'"),
        ("8.0000", "nan", "error", "end is 'nan'"),
        ("7.0000", "-7.0000", "error", "start is '-7.0000'"),
        ("[2.5, 2", "[5.6, 2", "error", "valence is '5.6', but must be a number from 0.5 to 5.5"),
        (", 2.5]", "]", "error", "[2.5, 2.5] does not hold valence, activation and dominance"),
        (", 2.5]", ", ]", "warning", "dominance left blank"),
        ("\tneu", "", "error", "does not have the form [start - end] name emotion"),
        ("[7.0000", "7.0000", "warning", "neither a head line nor a rater's line"),
    ],
)
def test_bad_head_lines_are_named(tmp_path: Path, old: str, new: str, severity: str, message: str) -> None:
    release = tree(tmp_path / "x")
    path = release / "Session1" / "dialog" / "EmoEvaluation" / "Ses01F_impro01.txt"
    path.write_text(path.read_text() + HEAD.replace(old, new, 1) + "\n")
    line = path.read_text().count("\n")
    found = get(release, "text")
    reported = [p for p in found.problems if p.severity == severity and message in p.message]
    assert [p.file for p in reported] == [path]
    assert reported[0].line == line or f"line {line}," in reported[0].message
    assert "error" not in {p.severity for p in found.problems} - {severity}


def test_a_blank_score_is_not_a_label(tmp_path: Path) -> None:
    release = tree(tmp_path / "x")
    path = release / "Session1" / "dialog" / "EmoEvaluation" / "Ses01F_impro01.txt"
    path.write_text(path.read_text() + HEAD.replace(", 2.5]", ", ]") + "\n")
    assert len(get(release, "text", label="valence").utterances) == 9
    assert len(get(release, "text", label="dominance").utterances) == 8


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Ses01F_impro01_F001 [", "Ses01F_impro01_F000 [", "error: .*:6: .*_F000 is in line 2 too"),
        ("[003.0000-", "[004.5000-", "error: .*:6: .*end 4 lies before start 4.5"),
        ("[003.0000-004.0000]", "", "warning: .*:6: .*has no times"),
        ("Ses01F_impro01_F003 [006.0000-006.5000]: Stop.", "", "F003 has an evaluation but no transcription"),
        ("[006.0000-", "[005.0000-", "the times of .*F003 differ from the times in its evaluation"),
        ("Stop.", "", "F003 has an empty transcription"),
    ],
)
def test_bad_transcriptions_are_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    release = tree(tmp_path / "x")
    path = release / "Session1" / "dialog" / "transcriptions" / "Ses01F_impro01.txt"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    found = get(release, "text")
    assert any(re.search(message, str(p)) for p in found.problems)
    assert "Ses01F_impro01_F003" in set(found.utterances["utterance"])


def test_another_header_is_refused(tmp_path: Path) -> None:
    release = tree(tmp_path / "x")
    path = release / "Session2" / "dialog" / "EmoEvaluation" / "Ses02M_script01_1.txt"
    path.write_text(path.read_text().replace("[V, A, D]", "[D, A, V]"))
    with pytest.raises(UserError, match=r"Ses02M_script01_1.txt:1: an evaluation begins with"):
        get(release, "text")


def test_a_file_that_is_not_utf8_is_refused_with_its_line(tmp_path: Path) -> None:
    release = tree(tmp_path / "x")
    path = release / "Session2" / "dialog" / "transcriptions" / "Ses02M_script01_1.txt"
    path.write_bytes(path.read_bytes().replace(b"Line of M", b"Line \xe9 M"))
    with pytest.raises(UserError, match=r"Ses02M_script01_1.txt:2: byte 0xe9"):
        get(release, "text")


def test_an_alignments_last_frame_belongs_to_the_word(tmp_path: Path) -> None:
    wdseg(tmp_path, "Ses01F_impro01_M000")
    words = alignment(next(tmp_path.rglob("*.wdseg")))
    assert [word for word, *_ in words] == ["THE", "END"]
    np.testing.assert_allclose([times for _, *times in words], [[0.1, 0.3], [0.35, 0.5]])
