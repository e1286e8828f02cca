import hashlib
import random
import sys
from itertools import pairwise

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.accelerator import _difference, faces
from benchmarks.ingest.segments import filmed, matched, spoken
from benchmarks.less_often import _agreement
from benchmarks.run import PARTS, main
from benchmarks.tools.bare import crops, pictures
from benchmarks.tools.recordings import DATA, SETS, multiplied
from benchmarks.tools.table import cell, table
from benchmarks.tools.timing import Cost, interleaved, median_ratio
from benchmarks.tools.watch import watch
from features.types import Features
from pipeline.ingest.segments.finding import Request, utterances_in
from pipeline.streams.listening import listen

needs_data = pytest.mark.skipif(not DATA.exists(), reason=f"the real clips are missing: {DATA}")


def test_table_is_markdown():
    assert table(["step", "s"], [["audio", 0.12345], ["video", None]]).splitlines()[2:] == [
        "| audio | 0.123 |",
        "| video |  |",
    ]
    assert [cell(value) for value in (12.345, 1234.5, 3)] == ["12.3", "1234", "3"]


def test_ratios_are_computed_pair_by_pair():
    pairs = [(Cost(1, 2), Cost(2, 1)), (Cost(10, 20), Cost(10, 10)), (Cost(3, 3), Cost(1, 1))]
    assert median_ratio(pairs) == Cost(1, 2)


def test_agreement_leaves_out_what_is_undefined_or_constant():
    a = np.array([[1.0, 1, 5], [2, 2, 5], [3, 3, 5], [np.nan, 4, 5]])
    b = np.array([[2.0, 4, 1], [4, 3, 2], [6, 2, 3], [0, 1, 4]])
    assert _agreement(a, b) == "0.00 (least -1.00)"


def test_rounds_run_in_both_directions():
    order = []
    calls = {name: lambda name=name: order.append(name) for name in "ab"}
    interleaved(calls, backwards=False)
    interleaved(calls, backwards=True)
    assert order == ["a", "b", "b", "a"]


def test_watch_sees_time_and_memory_of_children(tmp_path):
    child = "import time; data = bytearray(60_000_000); time.sleep(1.5)"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}], check=True)"
    seen = watch([sys.executable, "-c", parent], tmp_path)
    assert seen.wall_s > 1.5
    assert seen.worker_mb > 60 > seen.head_mb
    with pytest.raises(RuntimeError, match="no such thing"):
        watch([sys.executable, "-c", "raise SystemExit('no such thing')"], tmp_path)


@needs_data
@pytest.mark.parametrize("name", SETS)
def test_copies_have_their_own_hash_and_the_same_picture(name, tmp_path):
    recordings = multiplied(SETS[name](1), 3, tmp_path)
    assert len({hashlib.sha256(recording.path.read_bytes()).digest() for recording in recordings}) == 3
    original, copy = (pictures(recordings[i].path, 1.0) for i in (0, 2))
    assert len(original) == len(copy) > 2
    assert all((a == b).all() for a, b in zip(original, copy, strict=True))


def test_help_names_every_part():
    shown = CliRunner().invoke(main, ["--help"])
    assert shown.exit_code == 0
    assert all(part in shown.output for part in (*PARTS, "--quick", "--files"))


def test_every_part_reports_missing_recordings(monkeypatch, tmp_path):
    monkeypatch.setattr("benchmarks.tools.recordings.DATA", tmp_path)
    shown = CliRunner().invoke(main, [part for part in PARTS if part not in ("strategies", "rows")])  # which need none
    assert shown.exit_code == 0, shown.output
    assert shown.output.count("Skipped: the recordings") == 14


def test_accelerator_compares_what_was_encoded_on_both_devices():
    clips = faces(2, count=3)
    assert [len(clip.faces) for clip in clips] == [3, 3]
    one, other = (Features(np.zeros((0, 2)), np.zeros((0, 2)), np.array([4.0, last])) for last in (1.0, 2.0))
    assert _difference([one], [other, one]) == 0.25


def test_clips_are_matched_with_segments_one_to_one():
    clips = [(0.0, 2.0), (3.0, 5.0), (6.0, 8.0), (9.0, 11.0), (12.0, 13.0)]
    found = [(0.3, 2.1), (3.0, 8.0), (9.0, 10.0), (10.5, 12.04)]
    assert matched(clips, found) == 1
    assert matched(clips, clips) == 5
    assert matched(clips, []) == 0


@needs_data
@pytest.mark.parametrize(("make", "name"), [(spoken, "a.wav"), (filmed, "a.mp4")])
def test_a_long_recording_holds_its_clips_at_their_places(make, name, tmp_path):
    spans = make(tmp_path / name, 5, random.Random(1))
    sound = np.concatenate(list(listen(tmp_path / name, 16000)))
    levels = [np.abs(sound[round(start * 16000) : round(end * 16000)]).mean() for start, end in spans]
    gaps = [
        np.abs(sound[round((end + 0.08) * 16000) : round((start - 0.08) * 16000)]).max()
        for (_, end), (start, _) in pairwise(spans)
    ]
    assert max(gaps) < 0.1 * min(levels)
    assert all(0.2 <= start - end <= 1.5 for (_, end), (start, _) in pairwise(spans))


@needs_data
def test_the_utterances_of_a_long_recording_are_found(tmp_path):
    """At least 95 % of the clips match one segment each; over 300 clips and several seeds it is 96 to 99 %."""
    clips = spoken(tmp_path / "talk.wav", 60, random.Random(5))
    found = utterances_in(tmp_path / "talk.wav", Request()).utterances
    assert matched(clips, [(said.start, said.end) for said in found]) >= 0.95 * len(clips)


def test_a_picture_without_a_face_leaves_the_faces_of_other_pictures_in_their_place():
    pictures = [np.full((80, 80, 3), grey, np.uint8) for grey in (10, 20, 30)]
    found = crops(pictures, [None, (0, 0, 40, 40), (8, 8, 60, 60)])
    assert [crop.mean() for crop in found] == [20, 30]
