"""MELD's baseline: sheets and vectors by dialogue and utterance."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.exchange.bundle import ImportOptions
from pipeline.exchange.formats.erc.erc import read
from tests.pipeline.exchange.formats.erc.pickled import PLAIN, column, numbers, save


def baseline(folder: Path, swapped: bool = False) -> Path:
    """MELD's baseline: three utterances, of which the last has no audio."""
    rows = [
        {"text": "Hi.", "split": "train", "y": "neutral", "dialog": "0", "utterance": "0", "num_words": 1},
        {"text": "Oh!", "split": "val", "y": "joy", "dialog": "0", "utterance": "0", "num_words": 1},
        {"text": "No!", "split": "test", "y": "anger", "dialog": "3", "utterance": "4", "num_words": 1},
    ]
    vocab, index = {"hi": 1.0}, {"hi": 1}
    middle = (index, vocab) if swapped else (vocab, index)
    save(folder / "data_emotion.p", [rows, np.zeros((2, 3)), *middle, 50, {"neutral": 0, "joy": 4, "anger": 6}])
    text = [{"0_0": np.array([1.0, 2.0])}, {"0_0": np.array([3.0, 4.0])}, {"3_4": np.array([5.0, 6.0])}]
    save(folder / "text_glove_average_emotion.pkl", text)
    save(folder / "audio_emotion.pkl", [{"0_0": np.array([7.0])}, {"0_0": np.array([8.0])}, {"9_9": np.array([9.0])}])
    return folder


@pytest.mark.parametrize("swapped", [False, True])
def test_meld_baseline_folder(tmp_path: Path, swapped: bool) -> None:
    bundle = read(baseline(tmp_path, swapped), PLAIN)
    assert column(bundle, "utterance") == ["train_dia0_utt0", "dev_dia0_utt0", "test_dia3_utt4"]
    assert column(bundle, "emotion") == ["neutral", "joy", "anger"]
    assert column(bundle, "split") == ["train", "valid", "test"]
    assert column(bundle, "text") == ["Hi.", "Oh!", "No!"]
    assert numbers(bundle, "text") == {"train_dia0_utt0": [1, 2], "dev_dia0_utt0": [3, 4], "test_dia3_utt4": [5, 6]}
    audio = next(s for s in bundle.features if s.name == "audio")
    assert [item.load().status for item in audio.items] == ["ok", "ok", "absent"]
    assert any("1 vector without" in notice for notice in bundle.notices)


def test_single_files_of_melds_baseline(tmp_path: Path) -> None:
    folder = baseline(tmp_path)
    sheet = read(folder / "data_emotion.p", PLAIN)
    assert sheet.features == ()
    assert column(sheet, "emotion") == ["neutral", "joy", "anger"]
    vectors = read(folder / "audio_emotion.pkl", PLAIN)
    assert column(vectors, "utterance") == ["train_dia0_utt0", "dev_dia0_utt0", "test_dia9_utt9"]
    assert "no labels" in vectors.notices[0]


def test_meld_baseline_with_two_texts_names_stores_after_files_and_labels_may_be_numbers(tmp_path: Path) -> None:
    folder = baseline(tmp_path)
    save(folder / "text_glove_CNN_emotion.pkl", [{"0_0": [1.0]}, {"0_0": [2.0]}, {"3_4": [3.0]}])
    save(folder / "text_emotion.pkl", [{"0": np.zeros((33, 6))}, {}, {}])
    rows = [{"text": "Hi.", "split": "train", "y": 1, "dialog": 0, "utterance": 0}]
    save(folder / "data_sentiment.p", [rows, 0, {}, {}, 50, {"neutral": 0, "positive": 1, "negative": 2}])
    bundle = read(folder, PLAIN)
    names = ["audio", "text_glove_cnn_emotion", "text_glove_average_emotion"]
    assert sorted(s.name for s in bundle.features) == sorted(names)
    assert column(bundle, "sentiment")[0] == "positive"
    assert any("text_emotion.pkl is left out" in notice for notice in bundle.notices)
    chosen = read(folder, ImportOptions(arrays=(("text", ("text_glove_CNN*",)),)))
    assert [s.name for s in chosen.features] == ["text"]
