"""A corpus, an extractor, a strategy and a metric from outside the tree: one file each, one line to register."""

from pathlib import Path

import h5py
import pandas as pd

from tests.conftest import grid_corpus, needs_data, run

EXTRACTOR = """
from dataclasses import dataclass
import numpy as np
from features.base import Extractor, register
from features.types import Features

@dataclass(frozen=True)
class LoudnessConfig:
    window_s: float = 0.1

class Loudness(Extractor):
    name, modality, version, Config = "loudness", "audio", 1, LoudnessConfig
    feature_names = ("rms",)
    pooled_names = ("rms_mean", "gain_db")

    def extract(self, stream):
        size = int(self.config.window_s * stream.rate_hz)
        signal = stream.signal()[: len(stream.samples) // size * size].reshape(-1, size)
        rms = np.sqrt((signal**2).mean(axis=1, keepdims=True)).astype(np.float32)
        starts = stream.start_s + np.arange(len(rms)) * self.config.window_s
        times = np.stack([starts, starts + self.config.window_s], axis=1)
        return Features(rms, times, np.array([rms.mean(), stream.gain_db], np.float32))

register("loudness", "toy_extractor:Loudness")
"""
READER = """
import dataclasses
from pipeline.corpora.base import register
from pipeline.corpora.manifest import read as read_manifest

def read(root, corpus):
    found = read_manifest(root, corpus)
    return dataclasses.replace(found, utterances=found.utterances.assign(text="said: " + found.utterances["text"]))

register("toy", "toy_reader:read")
"""
STRATEGY = """
from models.strategies import Strategy, register
from models.floors import Majority

register("toy_fusion", Strategy(lambda recipe, memo: Majority(task=recipe.task, classes=recipe.classes)))
"""
METRIC = """
from models.metrics import register

def worst(truth, prediction):
    return float((truth != prediction).mean())

register("classification", "error_rate", worst, higher_is_better=False)
"""


@needs_data
def test_four_plugins_run_through_the_whole_pipeline(tmp_path: Path) -> None:
    folder = grid_corpus(tmp_path, 12)
    sources = {"toy_extractor": EXTRACTOR, "toy_reader": READER, "toy_strategy": STRATEGY, "toy_metric": METRIC}
    for name, source in sources.items():
        (folder / f"{name}.py").write_text(source)
    params = folder / "params.yaml"
    text = params.read_text().replace("run: {", f"run: {{plugins: [{', '.join(f'{n}.py' for n in sources)}], ", 1)
    text = text.replace("reader: manifest", "reader: toy").replace("[text, audio, video]", "[text, audio]")
    text += "features: {extract: [vader, loudness], loudness: {window_s: 0.2}}\n"
    text += "train: {features: {text: [vader], audio: [loudness]}, "
    text += "classifiers: [logistic], fusions: [concat, toy_fusion]}\n"
    params.write_text(text)
    for stage in ("prepare", "preprocess", "extract", "train"):
        run(stage, cwd=folder)
    assert "error_rate" in run("evaluate", cwd=folder).stdout
    utterances = pd.read_csv(folder / "data" / "work" / "grid" / "utterances.csv")
    assert utterances["text"].str.startswith("said: ").all()
    with h5py.File(folder / "data" / "work" / "grid" / "features" / "loudness.h5") as file:
        assert file["pooled"].shape == (12, 2)
        assert (file["times"][:, 1] - file["times"][:, 0]).round(6).tolist() == [0.2] * len(file["times"])
    table = pd.read_csv(folder / "results" / "grid" / "table.csv")
    assert "toy_fusion" in set(table["strategy"])
    shares = table.pivot(index=["strategy", "modalities"], columns="metric", values="value")
    assert (abs(shares["accuracy"] + shares["error_rate"] - 1) < 1e-5).all()
