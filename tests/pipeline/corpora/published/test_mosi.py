"""The MOSI reader: all layouts give the same utterances, known faults are recognised, bad rows are named."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.evaluation.metrics import metric_names
from models.validation.protocol import Protocol, plan
from pipeline.corpora.gathering import gather
from pipeline.corpora.published.mosi import DESCRIPTION, read
from pipeline.corpora.utterances import COLUMNS
from pipeline.errors import UserError
from pipeline.settings.params import Params, load_params
from pipeline.stages.prepare import prepare
from tests.conftest import needs_data
from tests.pipeline.corpora.cases import refold
from tests.pipeline.corpora.published.mosi_trees import (
    NAMES,
    ROWS,
    clip,
    get,
    messages,
    opinion_csd,
    opinions,
    settings,
    sheet,
    word_csd,
    zip_tree,
)


def mmsa_tree(root: Path) -> Path:
    """Make the tree of MMSA."""
    sheet(root / "label.csv")
    for i, (video, n, *_) in enumerate(ROWS):
        clip(root / "Raw" / video / f"{n}.mp4", i)
    return root


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
    params: Params = load_params(tmp_path / "mosi.yaml")
    problems = prepare(params, "mosi")
    assert all(p.severity == "warning" for p in problems)
    table = gather(params.corpus("mosi")).utterances
    assert ((table["end"] > 2.9) & (table["end"] < 3.1)).all()  # GRID clips last 3 s
    assert (table["sound_sha256"] != "").all()
    fold = plan(Protocol("official"), table, label="sentiment", task="regression").folds[0]
    assert list(table["group"].iloc[fold.test]) == ["c7UH_rxdZv4"]
    assert {*table["group"].iloc[fold.train[fold.inner[0][1]]]} == {"_dI--eQ6qVU"}


@needs_data
def test_the_layout_of_mmsa_is_read(tmp_path: Path) -> None:
    found = get(mmsa_tree(tmp_path / "MOSI"))
    assert not messages(found, "error") + messages(found, "warning")
    assert list(found.utterances["utterance"]) == NAMES == list(found.utterances["recording"])
    assert found.utterances.loc[3, "media"] == (tmp_path / "MOSI/Raw/_dI--eQ6qVU/2.mp4").as_posix()
    assert list(found.utterances["text"]) == [row[5] for row in ROWS]
    assert (found.utterances["sound"] == "").all()


def test_labels_and_texts_alone_are_a_corpus_of_text(tmp_path: Path) -> None:
    root = zip_tree(tmp_path / "mosi", media=False)
    found = get(root)
    assert (found.utterances["media"] == "").all()
    assert sum("there are no recordings" in m for m in messages(found, "warning")) == 1
    assert not messages(get(root, "text"), "warning")


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


def test_timed_words_are_the_text_if_there_is_no_other(tmp_path: Path) -> None:
    root = tmp_path / "mosi"
    opinion_csd(root / "CMU_MOSI_Opinion_Labels.csd")
    word_csd(root / "CMU_MOSI_TimestampedWords.csd")
    found = get(root, "text")
    assert list(found.utterances["text"])[:3] == ["this film", "liked", ""]
    assert "_dI--eQ6qVU_1 has no text" in " ".join(messages(found, "warning"))


def test_an_unknown_label_is_refused(tmp_path: Path) -> None:
    root = zip_tree(tmp_path / "mosi", media=False)
    with pytest.raises(UserError, match="no label column 'sentimnet'; did you mean 'sentiment'"):
        read(root, replace(settings(root), label="sentimnet"))


@needs_data
def test_half_unpacked_folders_are_refused_with_what_was_found(tmp_path: Path) -> None:
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
