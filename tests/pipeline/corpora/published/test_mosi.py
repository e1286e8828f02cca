"""The MOSI reader: all shapes of the corpus give the same utterances, known faults are met, bad rows are named."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from models.evaluation.metrics import metric_names
from models.validation.protocol import Protocol, plan
from pipeline.corpora.gathering import gather
from pipeline.corpora.published.mosi import DESCRIPTION, read
from pipeline.corpora.published.mosi_labels import SPLIT_OF
from pipeline.corpora.utterances import COLUMNS, Corpus
from pipeline.errors import UserError
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.params import Params, load_params
from pipeline.stages.prepare import prepare
from tests.conftest import DATA, needs_data, write_csv
from tests.pipeline.corpora.cases import refold

PARAMS = """
run: {corpora: [mosi]}
corpora:
  mosi: {reader: mosi, root: ROOT, task: regression, label: sentiment, modalities: [text, audio, video],
    protocol: {kind: official, group: group}, metrics: [mae, r, has0_acc, has0_f1, non0_acc, non0_f1, acc5, acc7]}
"""
# video, n, start, end, score, text: videos of all three folds, with - and _ at any place
ROWS: Sequence[tuple[str, int, float, float, float, str]] = (
    ("03bSnISJMiM", 1, 0.0, 1.4, 2.4, "THIS FILM WAS GOOD"),
    ("03bSnISJMiM", 2, 1.4, 2.9, -0.8, "I LIKED IT"),
    ("_dI--eQ6qVU", 1, 0.2, 1.0, 0.0, "WELL"),
    ("_dI--eQ6qVU", 2, 1.0, 2.0, -3.0, "NO"),
    ("Bfr499ggo-0", 1, 0.0, 2.0, 1.0, "FINE"),
    ("c7UH_rxdZv4", 1, 0.5, 2.5, 1.6, "I WOULD GO AGAIN"),
)
NAMES = [f"{row[0]}_{row[1]}" for row in ROWS]
WORDS = {"03bSnISJMiM": [("this", 0.1, 0.4), ("sp", 0.4, 0.5), ("film", 0.5, 1.5), ("liked", 2.0, 2.5)]}


def settings(root: Path, *modalities: str) -> CorpusParams:
    (root.parent / "params.yaml").write_text(PARAMS.replace("ROOT", str(root)))
    corpus = load_params(root.parent / "params.yaml").corpus("mosi")
    return replace(corpus, modalities=modalities or corpus.modalities)


def get(root: Path, *modalities: str) -> Corpus:
    return read(root, settings(root, *modalities))


def messages(corpus: Corpus, severity: str) -> list[str]:
    """Return the problems of a severity, without the counts that a small tree cannot have."""
    return [str(p) for p in corpus.problems if p.severity == severity and ", the release has " not in p.message]


def clip(path: Path, which: int = 0) -> None:
    """Put a real clip there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    source = sorted((DATA / "grid" / "s1").glob("*.mpg"))[which]
    path.symlink_to(source.resolve())


def transcripts(raw: Path) -> None:
    folder = raw / "Transcript" / "Segmented"
    folder.mkdir(parents=True)
    for video in dict.fromkeys(row[0] for row in ROWS):
        lines = [f"{n}_DELIM_{text}" for v, n, _, _, _, text in ROWS if v == video]
        (folder / f"{video}.annotprocessed").write_text("\n".join(lines) + "\n\n")


def opinions(path: Path, rows: Sequence[Sequence[object]] = ROWS) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{s},{e},{v},{n},{score}\n" for v, n, s, e, score, *_ in rows))


def csd(path: Path, videos: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        for video, (features, intervals) in videos.items():
            file[f"a root/data/{video}/features"] = features
            file[f"a root/data/{video}/intervals"] = np.asarray(intervals, np.float64)
        file["a root/metadata/root name"] = np.array(['"a root"'], dtype=h5py.string_dtype())


def opinion_csd(path: Path, rows: Sequence[Sequence[object]] = ROWS) -> None:
    videos = {}
    for video in dict.fromkeys(row[0] for row in rows):
        own = [row for row in rows if row[0] == video]
        videos[video] = np.array([[row[4]] for row in own], np.float32), np.array([row[2:4] for row in own])
    csd(path, videos)


def word_csd(path: Path, words: Mapping[str, Sequence[tuple[str, float, float]]] = WORDS) -> None:
    csd(path, {v: (np.array([[w.encode()] for w, *_ in ws]), np.array([t for _, *t in ws])) for v, ws in words.items()})


def sheet(path: Path, **modes: str) -> None:
    header = ("text", "mode", "clip_id", "video_id", "label_T", "annotation", "label")  # not in MMSA's order
    rows = [(t, modes.get(v, SPLIT_OF[v]), n, v, "", "Neutral", score) for v, n, _, _, score, t in ROWS]
    write_csv(path, header, rows)


def zip_tree(root: Path, media: bool = True) -> Path:
    """Make the tree of CMU's zip."""
    transcripts(root / "Raw")
    opinions(root / "Raw" / "Labels" / "OpinionLevelSentiment.csv")
    for i, name in enumerate(NAMES if media else ()):
        clip(root / "Raw" / "Video" / "Segmented" / f"{name}.mp4", i)
        clip(root / "Raw" / "Audio" / "WAV_16000" / "Segmented" / f"{name}.wav", i)
    return root


def mmsa_tree(root: Path) -> Path:
    """Make the tree of MMSA."""
    sheet(root / "label.csv")
    for i, (video, n, *_) in enumerate(ROWS):
        clip(root / "Raw" / video / f"{n}.mp4", i)
    return root


def test_the_official_folds_are_whole() -> None:
    assert Counter(SPLIT_OF.values()) == {"train": 52, "valid": 10, "test": 31}
    assert all(len(video) == 11 for video in SPLIT_OF)
    assert [SPLIT_OF[v] for v in ("03bSnISJMiM", "_dI--eQ6qVU", "c7UH_rxdZv4")] == ["train", "valid", "test"]
    assert sum(DESCRIPTION.counts[f"{s} utterances"] for s in ("train", "valid", "test")) == 2199


def test_the_described_block_is_a_valid_one(tmp_path: Path) -> None:
    read_back = settings(tmp_path / "mosi")
    assert {k: getattr(read_back, k) for k in ("task", "label")} == {k: DESCRIPTION.block[k] for k in ("task", "label")}
    assert set(DESCRIPTION.block["metrics"]) <= set(metric_names("regression"))
    assert list(read_back.metrics) == DESCRIPTION.block["metrics"]


@needs_data
@pytest.mark.parametrize("below", ["", "Raw"])
def test_the_zip_as_it_unpacks(tmp_path: Path, below: str) -> None:
    root = zip_tree(tmp_path / "CMU_MOSI")
    found = get(root / below)
    table = found.utterances
    assert not messages(found, "error") + messages(found, "warning")
    assert {*COLUMNS, "sentiment", "line"} <= set(table.columns)
    assert list(table["utterance"]) == NAMES == list(table["recording"])
    assert list(table["group"]) == [row[0] for row in ROWS]
    assert list(table["order"]) == [1, 2, 1, 2, 1, 1]
    assert list(table["split"]) == ["train", "train", "valid", "valid", "train", "test"]
    assert list(table["sentiment"]) == [row[4] for row in ROWS]
    assert list(table["text"]) == [row[5] for row in ROWS]
    assert list(table["line"]) == [1, 2, 3, 4, 5, 6]
    assert table.loc[2, "media"] == (root / "Raw/Video/Segmented/_dI--eQ6qVU_1.mp4").as_posix()
    assert table.loc[2, "sound"] == (root / "Raw/Audio/WAV_16000/Segmented/_dI--eQ6qVU_1.wav").as_posix()
    assert (table["start"] == 0).all()
    assert table["end"].isna().all()
    assert (table["sound_start"] == 0).all()


@needs_data
def test_the_whole_way_through_prepare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Real clips are opened, their lengths filled in, and the official protocol applied."""
    monkeypatch.chdir(tmp_path)
    settings(zip_tree(tmp_path / "mosi"))
    params: Params = load_params(tmp_path / "params.yaml")
    problems = prepare(params, "mosi")
    assert all(p.severity == "warning" for p in problems)
    table = gather(params.corpus("mosi")).utterances
    assert ((table["end"] > 2.9) & (table["end"] < 3.1)).all()  # GRID clips last 3 s
    assert (table["sound_sha256"] != "").all()
    fold = plan(Protocol("official"), table, label="sentiment", task="regression").folds[0]
    assert list(table["group"].iloc[fold.test]) == ["c7UH_rxdZv4"]
    assert {*table["group"].iloc[fold.train[fold.inner[0][1]]]} == {"_dI--eQ6qVU"}


@needs_data
def test_mmsas_tree(tmp_path: Path) -> None:
    found = get(mmsa_tree(tmp_path / "MOSI"))
    assert not messages(found, "error") + messages(found, "warning")
    assert list(found.utterances["utterance"]) == NAMES == list(found.utterances["recording"])
    assert found.utterances.loc[3, "media"] == (tmp_path / "MOSI/Raw/_dI--eQ6qVU/2.mp4").as_posix()
    assert list(found.utterances["text"]) == [row[5] for row in ROWS]
    assert (found.utterances["sound"] == "").all()


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


def test_of_several_label_files_the_first_is_named(tmp_path: Path) -> None:
    root = zip_tree(tmp_path / "mosi", media=False)
    changed = [(*row[:4], 3.0, row[5]) for row in ROWS]
    opinion_csd(root / "CMU_MOSI_Opinion_Labels.csd", changed)
    found = get(root)
    assert list(found.utterances["sentiment"]) == [row[4] for row in ROWS]
    assert any(
        "OpinionLevelSentiment.csv" in m and "not from CMU_MOSI_Opinion" in m for m in messages(found, "warning")
    )


def test_labels_and_texts_alone_are_a_corpus_of_text(tmp_path: Path) -> None:
    root = zip_tree(tmp_path / "mosi", media=False)
    found = get(root)
    assert (found.utterances["media"] == "").all()
    assert sum("there are no recordings" in m for m in messages(found, "warning")) == 1
    assert not messages(get(root, "text"), "warning")


@needs_data
@pytest.mark.parametrize("kind", ["Video/Full", "Audio/WAV_16000/Full"])
def test_whole_videos_are_cut_by_the_labels_times(tmp_path: Path, kind: str) -> None:
    root = zip_tree(tmp_path / "mosi", media=False)
    suffix = ".mp4" if "Video" in kind else ".wav"
    for video in {row[0] for row in ROWS}:
        clip(root / "Raw" / kind / f"{video}{suffix}")
    word_csd(root / "CMU_MOSI_TimestampedWords.csd")
    found = get(root)
    assert list(found.utterances["recording"]) == [row[0] for row in ROWS]
    assert list(zip(found.utterances["start"], found.utterances["end"], strict=True)) == [row[2:4] for row in ROWS]
    assert found.utterances.loc[2, "media"].endswith(f"{kind}/_dI--eQ6qVU{suffix}")
    assert found.words.iloc[-1].tolist() == ["03bSnISJMiM_2", "liked", 2.0, 2.5]


@needs_data
def test_both_kinds_of_whole_recordings_share_the_times(tmp_path: Path) -> None:
    root = zip_tree(tmp_path / "mosi", media=False)
    for video in {row[0] for row in ROWS}:
        clip(root / "Raw" / "Video" / "Full" / f"{video}.mp4")
        clip(root / "Raw" / "Audio" / "WAV_16000" / "Full" / f"{video}.wav")
    table = get(root).utterances
    assert list(table["sound_start"]) == list(table["start"])
    assert table["sound"].str.endswith(".wav").all()
    only_heard = get(root, "text", "audio").utterances
    assert only_heard["media"].str.endswith(".wav").all()
    assert (only_heard["sound"] == "").all()


@needs_data
def test_whole_videos_without_times_are_refused(tmp_path: Path) -> None:
    sheet(tmp_path / "mosi" / "label.csv")
    clip(tmp_path / "mosi" / "Raw" / "Video" / "Full" / "03bSnISJMiM.mp4")
    with pytest.raises(UserError, match=r"Found: .*Video/Full\. .*Whole videos need the times"):
        get(tmp_path / "mosi")


@needs_data
def test_words_count_from_the_start_of_the_clip(tmp_path: Path) -> None:
    root = zip_tree(tmp_path / "mosi")
    word_csd(root / "CMU_MOSI_TimestampedWords.csd")
    word_csd(root / "CMU_MOSI_TimestampedWordVectors.csd", {})  # has a similar name and is not read
    found = get(root)
    expected = [
        ("03bSnISJMiM_1", "this", 0.1, 0.4),
        ("03bSnISJMiM_1", "film", 0.5, 1.4),  # spoken over the cut: in both clips
        ("03bSnISJMiM_2", "film", 0.0, 0.1),
        ("03bSnISJMiM_2", "liked", 0.6, 1.1),
    ]
    assert [row[:2] for row in found.words.itertuples(index=False)] == [row[:2] for row in expected]
    np.testing.assert_allclose(found.words[["start", "end"]], [row[2:] for row in expected], atol=1e-9)
    assert any("the video Bfr499ggo-0 has no timed words" in m for m in messages(found, "warning"))


def test_where_only_words_are_there_they_are_the_text(tmp_path: Path) -> None:
    root = tmp_path / "mosi"
    opinion_csd(root / "CMU_MOSI_Opinion_Labels.csd")
    word_csd(root / "CMU_MOSI_TimestampedWords.csd")
    found = get(root, "text")
    assert list(found.utterances["text"])[:3] == ["this film", "liked", ""]
    assert "_dI--eQ6qVU_1 has no text" in " ".join(messages(found, "warning"))


@pytest.mark.parametrize("source", ["csv", "csd"])
def test_an_interval_without_length_is_the_known_fault(tmp_path: Path, source: str) -> None:
    root = zip_tree(tmp_path / "mosi", media=False)
    (root / "Raw" / "Labels" / "OpinionLevelSentiment.csv").unlink()
    rows = [*ROWS, *(("2WGyTLYerpo", n, 0.1 * n, 0.1 * n + (0 if n == 44 else 0.1), 1.0, "") for n in range(1, 46))]
    writer = {"csv": opinions, "csd": opinion_csd}[source]
    writer(root / {"csv": "OpinionLevelSentiment.csv", "csd": "CMU_MOSI_Opinion_Labels.csd"}[source], rows)
    found = get(root)
    assert not messages(found, "error")
    said = [m for m in messages(found, "warning") if "no length" in m]
    assert len(said) == 1
    assert "2WGyTLYerpo_44" in said[0]
    assert "issue 94" in said[0]
    assert "2WGyTLYerpo_44" in set(found.utterances["utterance"])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("0,1,03bSnISJMiM,1,1", "03bSnISJMiM_1: it is in line 1 too"),
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
            "sv:1: this file has no header",
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
    said = [p for p in found.problems if "mode is" in p.message]
    assert [(p.severity, p.line) for p in said] == [("warning", 7)]
    assert "c7UH_rxdZv4_1: mode is 'train'" in said[0].message
    assert list(found.utterances["split"])[-1] == "test"


def test_an_unknown_label_is_refused(tmp_path: Path) -> None:
    root = zip_tree(tmp_path / "mosi", media=False)
    with pytest.raises(UserError, match="no label column 'sentimnet'; did you mean 'sentiment'"):
        read(root, replace(settings(root), label="sentimnet"))


@needs_data
def test_half_unpacked_folders_say_what_is_there(tmp_path: Path) -> None:
    root = zip_tree(tmp_path / "mosi")
    (root / "Raw" / "Labels" / "OpinionLevelSentiment.csv").unlink()
    with pytest.raises(UserError, match=r"Found: Video/Segmented, Audio.*Not found: OpinionLevelSentiment.csv"):
        get(root)
    opinions(root / "OpinionLevelSentiment.csv")
    for file in (root / "Raw" / "Video" / "Segmented").iterdir():
        file.unlink()
    with pytest.raises(UserError, match=r"Not found: Video/Segmented, Video/Full"):
        get(root)
    for file in (root / "Raw" / "Transcript" / "Segmented").iterdir():
        file.unlink()
    with pytest.raises(UserError, match=r"Not found: .*Transcript/Segmented"):
        get(root, "text")
    with pytest.raises(UserError, match="is not a folder"):
        get(tmp_path / "nowhere")


@needs_data
def test_missing_extra_and_stray_clips(tmp_path: Path) -> None:
    root = zip_tree(tmp_path / "mosi")
    opinions(
        root / "Raw" / "Labels" / "OpinionLevelSentiment.csv",
        [*ROWS, *(("9qR7uwkblbs", n, n, n + 1, 0.2, "") for n in range(1, 34))],
    )
    clips, sounds = root / "Raw" / "Video" / "Segmented", root / "Raw" / "Audio" / "WAV_16000" / "Segmented"
    (clips / "Bfr499ggo-0_1.mp4").unlink()
    (sounds / "c7UH_rxdZv4_1.wav").unlink()
    clip(clips / "03bSnISJMiM_9.mp4")
    (clips / "._03bSnISJMiM_1.mp4").write_bytes(b"x")
    found = get(root)
    said = " ".join(messages(found, "warning"))
    media = dict(zip(found.utterances["utterance"], found.utterances["media"], strict=True))
    assert media["Bfr499ggo-0_1"].endswith("/Bfr499ggo-0_1.mp4")  # fails when it is opened
    assert media["9qR7uwkblbs_32"].endswith("/9qR7uwkblbs_32.mp4")
    assert media["9qR7uwkblbs_33"] == ""
    assert "9qR7uwkblbs_33 has no recording. Known fault" in said
    assert "issue 37" in said
    assert "extra recording: 03bSnISJMiM_9 has no label" in said
    assert "stray file: ._03bSnISJMiM_1.mp4 is ignored" in said
    assert "c7UH_rxdZv4_1 has no sound file" in said
    failed = [p.message for p in gather(settings(root)).problems if p.severity == "failed"]
    assert any("Bfr499ggo-0_1.mp4" in message for message in failed)


def test_gaps_and_counts_are_named(tmp_path: Path) -> None:
    root = zip_tree(tmp_path / "mosi", media=False)
    opinions(root / "Raw" / "Labels" / "OpinionLevelSentiment.csv", [row for row in ROWS if row[:2] != ROWS[0][:2]])
    found = get(root)
    assert any("03bSnISJMiM_1 has no row" in m for m in messages(found, "warning"))
    assert any("03bSnISJMiM_1 has a text, but no label" in m for m in messages(found, "warning"))
    assert any(p.message == "1 test utterances, the release has 686" for p in found.problems)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("one_DELIM_HELLO\n", "does not have the form <n>_DELIM_<text>"),
        ("1 HELLO\n", "does not have the form <n>_DELIM_<text>"),
        ("1_DELIM_A\n1_DELIM_B\n", "is in line 1 too"),
    ],
)
def test_bad_transcripts_are_named(tmp_path: Path, content: str, message: str) -> None:
    root = zip_tree(tmp_path / "mosi", media=False)
    (root / "Raw" / "Transcript" / "Segmented" / "Bfr499ggo-0.annotprocessed").write_text(content)
    assert any(message in m for m in messages(get(root), "error"))


def damage(path: Path, how: str) -> None:
    """Change the opinion labels of one video, or the file."""
    if how == "no HDF5":
        path.write_bytes(b"not at all")
        return
    with h5py.File(path.with_name("elsewhere.h5"), "w") as other:
        other["secret"] = np.zeros((2, 1))
    with h5py.File(path, "r+") as file:
        video = file["a root/data/03bSnISJMiM"]
        if how == "no data":
            del file["a root/data"]
            return
        del video["features"]
        if how == "external link":
            video["features"] = h5py.ExternalLink("elsewhere.h5", "/secret")
        elif how == "soft link":
            video["features"] = h5py.SoftLink("/a root/data/Bfr499ggo-0/features")
        elif how == "external data":
            video.create_dataset("features", (2, 1), "f8", external=[(path.with_name("raw.bin"), 0, 16)])
        elif how == "virtual data":
            layout = h5py.VirtualLayout((2, 1), "f8")
            layout[:] = h5py.VirtualSource(path.with_name("elsewhere.h5"), "secret", shape=(2, 1))
            video.create_virtual_dataset("features", layout)
        elif how == "other length":
            video["features"] = np.zeros((5, 1))
        elif how == "many columns":
            video["features"] = np.zeros((2, 3))


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("external link", "link to somewhere else"),
        ("soft link", "link to somewhere else"),
        ("external data", "is stored in another file"),
        ("virtual data", "is composed of other files"),
        ("missing", "has no a root/data/03bSnISJMiM/features"),
        ("no data", "has no a root/data"),
        ("other length", r"features \(5, 1\) and intervals \(2, 2\)"),
        ("many columns", "one score per row is expected"),
        ("no HDF5", "is not a readable HDF5 file"),
    ],
)
def test_unsafe_and_damaged_csd_files_are_refused(tmp_path: Path, how: str, message: str) -> None:
    path = tmp_path / "mosi" / "CMU_MOSI_Opinion_Labels.csd"
    transcripts(tmp_path / "mosi" / "Raw")
    opinion_csd(path)
    damage(path, how)
    with pytest.raises(UserError, match=message):
        get(tmp_path / "mosi")


@pytest.mark.parametrize("above", ["CMU_MOSI", "a/CMU_MOSI", "a/b/mosi"])
@pytest.mark.parametrize("make", [zip_tree, mmsa_tree])
def test_the_corpus_is_found_below_the_folder_given(tmp_path: Path, above: str, make: Callable[[Path], Path]) -> None:
    alone = get(make(tmp_path / "alone"))
    make(tmp_path / "root" / above)
    (tmp_path / "root" / "CMU_MOSEI" / "Raw" / "Transcript").mkdir(parents=True)
    found = get(tmp_path / "root")
    local = ["media", "sound"]
    assert found.utterances.drop(columns=local).equals(alone.utterances.drop(columns=local))
    assert all(Path(name).is_file() for name in found.utterances["media"])
    assert messages(found, "error") == []


@pytest.mark.parametrize("above", ["", "CMU_MOSI"])
@pytest.mark.parametrize("change", [str.lower, str.upper])
def test_the_case_of_folders_does_not_matter(tmp_path: Path, above: str, change: Callable[[str], str]) -> None:
    alone = get(zip_tree(tmp_path / "alone"))
    root = zip_tree(tmp_path / "root" / above)
    refold(root, change)
    labels = next(root.rglob("OpinionLevelSentiment.csv"))
    labels.rename(labels.with_name(change(labels.name)))
    found = get(tmp_path / "root")
    local = ["media", "sound"]
    assert found.utterances.drop(columns=local).equals(alone.utterances.drop(columns=local))
    assert all(Path(name).is_file() for column in local for name in found.utterances[column])


@pytest.mark.parametrize("above", ["", "CMU_MOSI", "a/mosi"])
@pytest.mark.parametrize("media", [True, False])
def test_what_is_in_raw_may_lie_without_it(tmp_path: Path, above: str, media: bool) -> None:
    kinds = ("text", "audio", "video") if media else ("text",)
    alone = get(zip_tree(tmp_path / "alone", media=media), *kinds)
    root = zip_tree(tmp_path / "root" / above, media=media)
    for folder in (root / "Raw").iterdir():
        folder.rename(root / folder.name)
    (root / "Raw").rmdir()
    found = get(tmp_path / "root", *kinds)
    local = ["media", "sound"]
    assert found.utterances.drop(columns=local).equals(alone.utterances.drop(columns=local))
    assert not media or all(Path(name).is_file() for column in local for name in found.utterances[column])


def test_labels_elsewhere_below_the_folder_given(tmp_path: Path) -> None:
    root = zip_tree(tmp_path / "mosi" / "CMU_MOSI", media=False).parent
    labels = root / "CMU_MOSI" / "Raw" / "Labels" / "OpinionLevelSentiment.csv"
    (root / "labels").mkdir()
    labels.rename(root / "labels" / labels.name)
    assert len(get(root, "text").utterances) == len(NAMES)


def test_a_start_just_before_the_video_is_cut_off(tmp_path: Path) -> None:
    root = zip_tree(tmp_path / "mosi", media=False)
    labels = root / "Raw" / "Labels" / "OpinionLevelSentiment.csv"
    labels.write_text(labels.read_text() + "-0.05,1,03bSnISJMiM,9,1\n")
    found = get(root, "text")
    assert messages(found, "error") == []
    assert "03bSnISJMiM_9: start is -0.05 s" in "\n".join(messages(found, "warning"))
