"""MELD: the official sheets at full size, every nesting, and messages on bad files."""

import shutil
from pathlib import Path

import av
import numpy as np
import pytest

from benchmarks.meld_tree import make
from pipeline.corpora.published.meld import read, seconds
from pipeline.errors import UserError
from pipeline.settings.blocks import CorpusParams, ProtocolParams
from pipeline.settings.streams import AudioConfig
from pipeline.streams.audio import read_audio
from pipeline.streams.spans import Span
from tests.conftest import DATA, needs_data, run
from tests.pipeline.corpora.cases import refold

SHEETS = DATA / "meld"
HEADER = "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,StartTime,EndTime"
ROWS = {
    "train": ['1,"Well, I’m here.",Monica,joy,positive,0,0,8,21,"00:16:16,059","0:16:21,73"'],
    "dev": ['1,No.,Ross,anger,negative,0,0,8,21,"00:16:16,059","00:16:21,731"'],
    "test": ['1,Yes!,Joey,surprise,positive,0,0,8,21,"00:16:16,059","00:16:21,731"'],
}
PARAMS = """
corpora:
  meld: {{reader: meld, root: {root}, task: classification, label: emotion, modalities: [text, audio, video],
    protocol: {{kind: official, group: group}}}}
"""


def settings(label="emotion", modalities=("text", "audio", "video")):
    return CorpusParams("meld", "", "classification", label, modalities, ProtocolParams("official"))


def sheets(folder: Path, rows=None, ending="\r\n", header=HEADER, encoding="utf-8") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for split, lines in (ROWS | (rows or {})).items():
        text = ending.join([header, *lines, ""])
        (folder / f"{split}_sent_emo.csv").write_bytes(text.encode(encoding))
    return folder


def sounding(path: Path, channels: int) -> Path:
    """Write a clip whose voice (a 440 Hz tone) is in the centre channel, with a louder 1000 Hz tone in all others."""
    layout, rate = {2: "stereo", 6: "5.1"}[channels], 48_000
    time = np.arange(rate) / rate
    voice, music = 0.2 * np.sin(2 * np.pi * 440 * time), 0.5 * np.sin(2 * np.pi * 1000 * time)
    sound = np.stack([voice if channels == 2 or c == 2 else music for c in range(channels)]).astype(np.float32)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=rate, layout=layout)
        for start in range(0, rate - 1024, 1024):
            block = np.ascontiguousarray(sound[:, start : start + 1024])
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
            frame.sample_rate, frame.pts = rate, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@needs_data
def test_the_whole_corpus_is_read_and_its_documented_faults_are_named(tmp_path):
    # A file has at most 65,000 hard links, and folders of earlier runs are kept.
    silent = shutil.copy(DATA / "edge/no_face.mp4", tmp_path / "silent.mp4")
    clips = [sounding(tmp_path / "stereo.mp4", 2), sounding(tmp_path / "surround.mp4", 6), silent]
    make(SHEETS, clips, tmp_path / "MELD.Raw")
    (tmp_path / "params.yaml").write_text(PARAMS.format(root="MELD.Raw"))
    reported = run("validate", "meld", cwd=tmp_path, check=False)
    assert reported.returncode == 0, reported.stdout + reported.stderr
    for part, utterances, dialogues in (("train", 9989, 1038), ("valid", 1109, 114), ("test", 2610, 280)):
        assert f"meld: {part}: {utterances} utterances in {dialogues} groups" in reported.stdout
    problems = [line for line in reported.stdout.splitlines() if line.startswith(("error", "failed", "warning"))]
    protocol = ("word for word", "speakers are in both training and test", "the same text and length as a clip")
    faults = [line for line in problems if not any(words in line for words in protocol)]
    assert all(line.startswith("warning") for line in faults)
    assert sum("known fault: dev dia110_utt7" in line for line in faults) == 1
    assert sum("dia125_utt3.mp4" in line and "Known fault" in line for line in faults) == 1
    assert sum("extra clip" in line for line in faults) == 9
    assert sum("132 re-cut clips" in line for line in faults) == 1
    assert sum("stray file: ._dia0_utt0.mp4" in line for line in faults) == 3
    assert sum("one file under several names" in line for line in faults) == 1  # the stand-ins
    assert sum("('Phoebe Sr', 'Phoebe Sr.')" in line for line in faults) == 1
    assert len(faults) == 1 + 1 + 9 + 1 + 3 + 1 + 1


@needs_data
def test_each_clip_is_the_recut_one_where_there_are_two(tmp_path):
    silent = shutil.copy(DATA / "edge/no_face.mp4", tmp_path / "silent.mp4")
    make(SHEETS, [silent], tmp_path / "MELD.Raw")
    media = read(tmp_path / "MELD.Raw", settings()).utterances.set_index("utterance")["media"]
    assert media["test_dia0_utt0"].endswith("/final_videos_testdia0_utt0.mp4")
    assert media["test_dia279_utt0"].endswith("/output_repeated_splits_test/dia279_utt0.mp4")
    assert media["dev_dia110_utt7"] == ""
    assert (media != "").sum() == 9989 + 1109 + 2610 - 1


@needs_data
@pytest.mark.parametrize("channels", [2, 6])
def test_the_voice_is_heard_in_stereo_and_in_the_centre_of_surround(tmp_path, channels):
    clip = sounding(tmp_path / "clip.mp4", channels)
    ((_, stream),) = read_audio(clip, [Span(0.0, 0.9)], AudioConfig())
    spectrum = np.abs(np.fft.rfft(stream.samples.astype(float)))
    loudest = np.fft.rfftfreq(len(stream.samples), 1 / stream.rate_hz)[spectrum.argmax()]
    assert loudest == pytest.approx(440, abs=3)


NESTINGS = {
    "unpacked in place": (
        "",
        {"train": "train_splits", "dev": "dev_splits_complete", "test": "output_repeated_splits_test"},
    ),
    "a folder each": (
        "MELD.Raw",
        {
            "train": "train/train_splits",
            "dev": "dev/dev_splits_complete",
            "test": "test/output_repeated_splits_test",
        },
    ),
    "renamed": ("MELD", {"train": "train", "dev": "dev", "test": "test"}),
}


@pytest.mark.parametrize("change", [str.lower, str.upper, str.title])
def test_the_case_of_names_does_not_matter(tmp_path, change):
    base = sheets(tmp_path / "MELD.Raw")
    for name in NESTINGS["a folder each"][1].values():
        (base / name).mkdir(parents=True)
        (base / name / "dia0_utt0.mp4").write_bytes(b"x")
    before = read(tmp_path, settings()).utterances
    refold(tmp_path, change, files=True)
    table = read(tmp_path, settings()).utterances
    assert table.drop(columns="media").equals(before.drop(columns="media"))
    assert [m.casefold() for m in table["media"]] == [m.casefold() for m in before["media"]]
    assert all(Path(m).is_file() for m in table["media"])


@pytest.mark.parametrize("nesting", NESTINGS)
def test_every_usual_nesting_is_found(tmp_path, nesting):
    inner, folders = NESTINGS[nesting]
    base = sheets(tmp_path / inner)
    for name in folders.values():
        (base / name).mkdir(parents=True)
        (base / name / "dia0_utt0.mp4").write_bytes(b"x")
    if nesting == "a folder each":
        shutil.move(base / "train_sent_emo.csv", base / "train" / "train_sent_emo.csv")
    table = read(tmp_path, settings()).utterances
    assert [Path(m).relative_to(base).parent.as_posix() for m in table["media"]] == list(folders.values())
    assert table["split"].tolist() == ["train", "valid", "test"]


@pytest.mark.parametrize("label", ["emotion", "sentiment"])
def test_sheets_alone_are_a_text_corpus(tmp_path, label):
    found = read(sheets(tmp_path), settings(label))
    assert (found.utterances["media"] == "").all()
    assert any("absent" in problem.message for problem in found.problems)
    assert found.utterances["text"].tolist() == ["Well, I’m here.", "No.", "Yes!"]
    assert found.utterances["speaker"].tolist() == ["Monica", "Ross", "Joey"]
    assert found.utterances["episode_end"].iloc[0] == pytest.approx(16 * 60 + 21.73)


@pytest.mark.parametrize("ending", ["\r\n", "\n"])
@pytest.mark.parametrize(
    ("encoding", "text"),
    [("utf-8", "I’m"), ("utf-8-sig", "I’m"), ("utf-8", "I\x92m"), ("cp1252", "I’m"), ("utf-8", "I\u00a0\x96 I’m")],
)
def test_all_encodings_of_the_sheets_read_the_same(tmp_path, ending, encoding, text):
    line = f'1,"{text}",Monica,joy,positive,0,0,8,21,"00:16:16,059","00:16:21,731"'
    found = read(sheets(tmp_path, {"train": [line]}, ending, encoding=encoding), settings(modalities=("text",)))
    assert found.utterances["text"].iloc[0] == text.replace("\x92", "’").replace("\u00a0\x96", " –")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('1,a,M,happy,positive,0,1,8,21,"0:16:16,059","0:16:21,731"', "Emotion is 'happy'"),
        ('1,a,M,joy,good,0,1,8,21,"0:16:16,059","0:16:21,731"', "Sentiment is 'good'"),
        ('1,a,M,joy,positive,x,1,8,21,"0:16:16,059","0:16:21,731"', "Dialogue_ID is 'x'"),
        ('1,a,M,joy,positive,0,1,8,21,"16:16,059","0:16:21,731"', "StartTime: '16:16,059' is not a time"),
        ('1,a,M,joy,positive,0,1,8,21,"0:16:22,059","0:16:21,731"', "before StartTime"),
        ('1,a,M,joy,positive,0,0,8,21,"0:16:16,059","0:16:21,731"', "is also in line 2"),
        ('1,a, b,M,joy,positive,0,1,8,21,"0:16:16,059","0:16:21,731"', "more cells"),
    ],
)
def test_bad_rows_are_named_by_file_line_and_value(tmp_path, line, message):
    found = read(sheets(tmp_path, {"train": [*ROWS["train"], line]}), settings(modalities=("text",)))
    (problem,) = [p for p in found.problems if p.severity == "error"]
    assert problem.file.name == "train_sent_emo.csv"
    assert problem.line == 3
    assert message in problem.message


def test_another_header_a_missing_sheet_and_half_an_archive_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"train_sent_emo.csv:1: .*'Speaker'.*has: Sr No., Utterance, Feeling"):
        read(sheets(tmp_path / "a", header="Sr No.,Utterance,Feeling"), settings())
    root = sheets(tmp_path / "b")
    (root / "dev_splits_complete").mkdir()
    (root / "dev_splits_complete" / "dia0_utt0.mp4").write_bytes(b"x")
    with pytest.raises(UserError, match=r"Found: .*dev_splits_complete. Not found: train_splits, output_repeated"):
        read(root, settings())
    assert len(read(root, settings(modalities=("text",))).utterances) == 3
    (root / "train_sent_emo.csv").unlink()
    with pytest.raises(UserError, match=r"Not found: train_sent_emo.csv"):
        read(root, settings())
    with pytest.raises(UserError, match="is not a folder"):
        read(tmp_path / "nowhere", settings())


def test_an_unknown_label_names_the_known_ones(tmp_path):
    with pytest.raises(UserError, match="did you mean 'emotion'"):
        read(sheets(tmp_path), settings("emotoin"))


@pytest.mark.parametrize("text", ["", "16:16", "00:61:00,000", "a:b:c,d", "00:00:00", "00:00:61,000"])
def test_texts_that_are_not_times_are_refused(text):
    with pytest.raises(ValueError, match="is not a time"):
        seconds(text)
