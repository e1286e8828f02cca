"""Well-formed files read as other programs' readers read them: pysubs2, webvtt-py, praatio and pympi."""

import json
import random
from pathlib import Path

import praatio.textgrid
import pympi
import pysubs2
import pytest
import webvtt

from pipeline.ingest.timed_text.base import TimedText
from pipeline.ingest.timed_text.registry import read_timed_text
from tests.pipeline.ingest.timed_text.test_eaf import EAF

WORDS = ["it", "is", "so,", "&", "that's", "<all>", "we", "know:", "3", "cafés", "—", "no?", "Yes!", "♪", "la"]


def cues(seed: int, count: int = 60) -> list[TimedText]:
    """Cues of random words and lengths, in order, some of them overlapping, at whole milliseconds."""
    chance, found, at = random.Random(seed), [], 0
    for _ in range(count):
        start, length = at + chance.randrange(2000), chance.randrange(1, 4000)
        text = " ".join(chance.choices(WORDS, k=chance.randrange(1, 9)))
        found.append(TimedText(f"so {text}", start / 1000, (start + length) / 1000))
        at = start + chance.choice((length // 2, length))
    return found


def subtitles(given: list[TimedText]) -> pysubs2.SSAFile:
    made = pysubs2.SSAFile()
    for cue in given:
        assert cue.start is not None
        assert cue.end is not None
        made.append(pysubs2.SSAEvent(round(1000 * cue.start), round(1000 * cue.end), cue.text.replace(" we", "\\Nwe")))
    return made


@pytest.mark.parametrize("ending", [".srt", ".vtt", ".json"])
@pytest.mark.parametrize("seed", [0, 1])
def test_what_pysubs2_writes_reads_back(tmp_path: Path, ending: str, seed: int) -> None:
    given = cues(seed)
    path = tmp_path / f"talk{ending}"
    if ending == ".json":
        path.write_text(json.dumps({"segments": [{"start": c.start, "end": c.end, "text": c.text} for c in given]}))
    else:
        subtitles(given).save(str(path))
    assert list(read_timed_text(path)) == given


def test_webvtt_reads_the_same_cues_and_voices(tmp_path: Path) -> None:
    path = tmp_path / "talk.vtt"
    blocks = (
        f"{i}\n00:00:0{i}.250 --> 00:00:0{i}.750 align:start\n<v Speaker {i % 2}>line {i}\nand more" for i in range(9)
    )
    path.write_text("WEBVTT\n\nNOTE a note\n\nSTYLE\n::cue { color: red }\n\n" + "\n\n".join(blocks) + "\n")
    theirs = [(" ".join(cue.text.split()), cue.start, cue.end, cue.voice) for cue in webvtt.read(str(path))]
    times = [(said.text, f"{said.start:06.3f}", f"{said.end:06.3f}", said.speaker) for said in read_timed_text(path)]
    assert theirs == [(text, f"00:00:{start}", f"00:00:{end}", speaker) for text, start, end, speaker in times]


@pytest.mark.parametrize("form", ["short_textgrid", "long_textgrid"])
def test_what_praatio_writes_reads_back(tmp_path: Path, form: str) -> None:
    chance = random.Random(0)
    intervals = [(i + 0.1, i + chance.uniform(0.2, 1.0), f'say "{chance.choice(WORDS)}" {i}') for i in range(40)]
    points = [(i + chance.random(), f"mark {i}") for i in range(40)]
    made = praatio.textgrid.Textgrid()
    made.addTier(praatio.textgrid.IntervalTier("Ann", intervals, 0, 50))
    made.addTier(praatio.textgrid.PointTier("marks", points, 0, 50))
    path = tmp_path / "talk.TextGrid"
    made.save(str(path), format=form, includeBlankSpaces=True)
    expected = [TimedText(label, start, end, "Ann") for start, end, label in intervals]
    expected += [TimedText(label, time, time, "marks") for time, label in points]
    assert list(read_timed_text(path)) == [
        TimedText(one.text, pytest.approx(one.start), pytest.approx(one.end), one.tier) for one in expected
    ]


def test_pympi_reads_the_same_annotations(tmp_path: Path) -> None:
    """It has no times for slots that are not set, and gives all annotations of one parent the parent's time."""
    path = tmp_path / "talk.eaf"
    text = EAF.replace('"ts2"/>', '"ts2" TIME_VALUE="1400"/>').replace('"ts3"/>', '"ts3" TIME_VALUE="1900"/>')
    path.write_text(text)
    theirs = pympi.Elan.Eaf(str(path))
    for tier in ("Ann", "Ann-words", "Ann-de"):
        rows = theirs.get_annotation_data_for_tier(tier)
        found = [(start / 1000, end / 1000, " ".join(text.split())) for start, end, text, *_ in rows]
        ours = [(said.start, said.end, said.text) for said in read_timed_text(path) if said.tier == tier]
        assert sorted(ours) == sorted(found)
