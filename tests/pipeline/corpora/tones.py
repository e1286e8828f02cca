"""A corpus of tones in the working folder, and commands on it."""

import wave
from pathlib import Path

import numpy as np
import pandas as pd

PARAMS = """
run: {corpora: [c], workers: 1, max_failed: 1.0}
corpora:
  c: {reader: manifest, root: data/raw/c, task: TASK, label: emotion, modalities: [MODALITIES],
    protocol: {kind: group-kfold, folds: 2, group: GROUP}}
features: {extract: [prosody]}
"""


def tone(path: Path, seconds: float = 3.0) -> None:
    """Write a buzzing tone as a WAV file."""
    time = np.arange(int(16000 * seconds)) / 16000
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes((8000 * np.sign(np.sin(2 * np.pi * 180 * time))).astype("<i2").tobytes())


def settled(modalities: str, group: str = "group", task: str = "regression") -> None:
    text = PARAMS.replace("MODALITIES", modalities).replace("GROUP", group).replace("TASK", task)
    Path("params.yaml").write_text(text)


def table() -> pd.DataFrame:
    return pd.read_csv("data/work/c/utterances.csv", dtype=str, keep_default_na=False)
