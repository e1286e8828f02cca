"""What `prepare` makes of spans and recordings that disagree: a user's mistake, or a published corpus's fault."""

import shutil
from pathlib import Path

import pytest

from pipeline.corpora.gathering import gather
from pipeline.settings.blocks import CorpusParams, ProtocolParams
from tests.conftest import ROOT, write_csv

CLIP = next((ROOT / "data" / "raw" / "demo").rglob("*.mp4"))
SPANS = [("inside", 0.2, 0.9), ("too long", 0.5, 500.0), ("outside", 400.0, 401.0)]


def settings(folder: Path, reader: str, task: str, label: str) -> CorpusParams:
    return CorpusParams(reader, str(folder), task, label, ("text", "audio", "video"), ProtocolParams("official"))


@pytest.fixture
def mosi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A whole video of CMU-MOSI, the demo's clip in its place, and three opinions."""
    monkeypatch.chdir(tmp_path)
    raw = tmp_path / "Raw"
    (raw / "Video" / "Full").mkdir(parents=True)
    shutil.copy(CLIP, raw / "Video" / "Full" / "03bSnISJMiM.mp4")
    rows = [f"{start},{end},03bSnISJMiM,{i},1.0" for i, (_, start, end) in enumerate(SPANS, 1)]
    (raw / "Labels").mkdir()
    (raw / "Labels" / "OpinionLevelSentiment.csv").write_text("\n".join(rows) + "\n")
    (raw / "Transcript" / "Segmented").mkdir(parents=True)
    lines = "".join(f"{i}_DELIM_WORDS\n" for i in range(1, 4))
    (raw / "Transcript" / "Segmented" / "03bSnISJMiM.annotprocessed").write_text(lines)
    return tmp_path


def test_a_published_corpus_keeps_utterances_beyond_their_recording(mosi: Path) -> None:
    found = gather(settings(mosi, "mosi", "regression", "sentiment"))
    assert not [problem for problem in found.problems if problem.severity == "error"]
    said = {p.severity: p.message for p in found.problems if "s long" in p.message}
    assert "03bSnISJMiM_2: end is 500 s" in said["warning"]
    assert "03bSnISJMiM_3: start is 400 s" in said["failed"]
    table = found.utterances.set_index("utterance")
    assert len(table) == 3
    assert table.at["03bSnISJMiM_2", "end"] == pytest.approx(table.at["03bSnISJMiM_2", "duration"])
    assert (table["end"] > table["start"]).all()


def test_in_a_users_own_folder_the_same_is_an_error_by_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = [(CLIP, name, start, end, "ab"[i % 2], "x") for i, (name, start, end) in enumerate(SPANS)]
    write_csv(tmp_path / "manifest.csv", ("media", "utterance", "start", "end", "mood", "text"), rows)
    found = gather(settings(tmp_path, "manifest", "classification", "mood"))
    lines = {problem.line for problem in found.problems if problem.severity == "error" and "s long" in problem.message}
    assert lines == {3, 4}
