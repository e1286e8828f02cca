"""Pickles of conversations in their published layouts."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.exchange.bundle import Bundle, ImportOptions

PLAIN = ImportOptions()


A, B = "Ses01F_impro01", "Ses05M_script01_1"


def save(path: Path, value: Any, protocol: int = 2) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(value, protocol))
    return path


def vectors(count: int, width: int, base: float) -> list[np.ndarray]:
    return [np.arange(width) + base + 10 * i for i in range(count)]


def iemocap() -> dict[str, Any]:
    """The nine fields of IEMOCAP_features.pkl, of two dialogues."""
    return {
        "id": {A: [f"{A}_F000", f"{A}_M000"], B: [f"{B}_M000"]},
        "speaker": {A: ["F", "M"], B: ["M"]},
        "label": {A: [2, 5], B: [0]},
        "text": {A: vectors(2, 4, 0.0), B: vectors(1, 4, 100.0)},
        "audio": {A: vectors(2, 3, 1.0), B: vectors(1, 3, 101.0)},
        "visual": {A: vectors(2, 2, 2.0), B: vectors(1, 2, 102.0)},
        "sentence": {A: ["Hello.", "Caf\xe9?"], B: ["No."]},
        "train": {A},
        "test": {B},
    }


def numbers(bundle: Bundle, store: str) -> dict[str, list[float]]:
    """The single row of each utterance, after checking that it is the pooled vector, too."""
    found = next(s for s in bundle.features if s.name == store)
    assert found.pooled_names == found.feature_names
    rows = {}
    for item in found.items:
        entry = item.load()
        assert entry.length == item.length
        if entry.status == "ok":
            assert np.isnan(entry.rows["times"]).all()
            np.testing.assert_array_equal(entry.rows["values"], entry.clips["pooled"][None])
            rows[item.utterance] = entry.rows["values"][0].tolist()
    return rows


def column(bundle: Bundle, name: str) -> list[Any]:
    return bundle.utterances[name].tolist()


def padded(width: int, base: float = 0.0, one_hot: bool = False) -> tuple[Any, ...]:
    """bc-LSTM's seven arrays: two training videos of 2 and 1 utterances, one test video of 3, padded to 3."""
    train = np.zeros((2, 3, width))
    test = np.zeros((1, 3, width))
    for x in (train, test):
        x += base + np.arange(x.shape[0] * 3).reshape(-1, 3)[:, :, None]
    train_y, test_y = np.array([[1, 0, 0], [1, 0, 0]]), np.array([[0, 1, 1]])
    y = (np.eye(2)[train_y], np.eye(2)[test_y]) if one_hot else (train_y, test_y)
    return train, y[0], test, y[1], 3, np.array([2, 1]), [3]
