"""A corpus, an extractor, a strategy and a metric from outside the tree: one file each, one line to register."""

from pathlib import Path

import h5py
import pandas as pd
import pytest

from tests.conftest import grid_corpus, needs_data, run, write_csv

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


TRANSFORMER = """
import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from features.text.fitted import register

class Lengths(TransformerMixin, BaseEstimator):
    def __init__(self, power=1.0):
        self.power = power

    def fit(self, texts, y=None):
        self.mean_ = float(np.mean([len(t or "") for t in texts]))
        return self

    def transform(self, texts):
        return np.array([[(len(t or "") - self.mean_) ** self.power, "no" in (t or "")] for t in texts], float)

register("lengths", "toy_lengths:Lengths")
"""


def text_corpus(folder: Path, source: str) -> Path:
    """Sentences of eight groups, and a plugin with a transformer that is fitted on them inside each fold."""
    (folder / "toy_lengths.py").write_text(source)
    rows = [(f"{'no ' if i % 2 else ''}it was number {i}", ("good", "bad")[i % 2], f"g{i // 6}") for i in range(48)]
    write_csv(folder / "c" / "manifest.csv", ("text", "label", "group"), rows)
    (folder / "params.yaml").write_text(
        "run: {corpora: [c], workers: 1, plugins: [toy_lengths.py]}\n"
        "corpora:\n  c: {reader: manifest, root: c, task: classification, label: label, modalities: [text],\n"
        "    protocol: {kind: group-kfold, folds: 2}, features: {text: [lengths]}}\n"
        "train: {classifiers: [logistic], fusions: []}\n"
    )
    return folder


def test_a_plugins_transformer_is_fitted_inside_the_folds_saved_and_asked(tmp_path: Path) -> None:
    folder = text_corpus(tmp_path, TRANSFORMER)
    for stage in ("prepare", "train", "evaluate"):
        run(stage, cwd=folder)
    table = pd.read_csv(folder / "results/c/table.csv", keep_default_na=False)
    best = table[(table["strategy"] == "unimodal") & (table["metric"] == "accuracy")]
    assert best["value"].tolist() == [1.0]  # "no" says it all
    run("report", cwd=folder)
    saved = run("fit", "--corpus", "c", "--strategy", "unimodal", "--modalities", "text", cwd=folder).stdout.split()[-1]
    write_csv(folder / "new" / "manifest.csv", ("text",), [("no it was number 99",), ("it was number 98",)])
    run("predict", "new/manifest.csv", "--model", saved, "--out", "out.csv", cwd=folder)
    assert pd.read_csv(folder / "out.csv")["prediction"].tolist() == ["bad", "good"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("return self\n", "raise ValueError('no words at all')\n"), "no words at all"),
        (("toy_lengths:Lengths", "toy_lengths:Length"), "Length"),
        (("toy_lengths:Lengths", "no_such_module:Lengths"), "no_such_module"),
        (("return np.array", "return 1 or np.array"), "lengths"),
        (
            ("return np.array", "return np.log(0.0) * np.array"),
            "'lengths' gave a value that is no finite number for the",
        ),
    ],
)
def test_a_plugins_transformer_that_fails_is_one_sentence(
    change: tuple[str, str], message: str, tmp_path: Path
) -> None:
    folder = text_corpus(tmp_path, TRANSFORMER.replace(*change))
    run("prepare", cwd=folder)
    done = run("train", cwd=folder, check=False)
    assert done.returncode == 1
    assert message in done.stderr
