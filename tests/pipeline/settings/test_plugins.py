"""A corpus, an extractor, a strategy and a metric from outside the tree: one file each, one line to register."""

import os
import py_compile
import sys
from pathlib import Path

import h5py
import pandas as pd
import pytest

from pipeline.errors import Changed
from pipeline.settings import plugins
from tests.conftest import grid_corpus, needs_data, run, write_csv

EXTRACTOR = (Path(__file__).parents[2] / "features" / "toy_extractor.py").read_text()
READER = """
import dataclasses
from pipeline.corpora.registry import register
from pipeline.corpora.manifest import read as read_manifest

def read(root, corpus):
    found = read_manifest(root, corpus)
    return dataclasses.replace(found, utterances=found.utterances.assign(text="said: " + found.utterances["text"]))

register("toy", read)
"""
STRATEGIES = (Path(__file__).parents[2] / "models" / "toy_strategies.py").read_text()
STRATEGIES += """
from models.registry import register
for name, entry in ENTRIES.items():
    register(name, entry)
"""
METRIC = """
from models.evaluation.metrics import register

def worst(truth, prediction):
    return float((truth != prediction).mean())

register("classification", "error_rate", worst, higher_is_better=False)
"""


@needs_data
def test_plugins_of_four_kinds_run_through_every_command(tmp_path: Path) -> None:
    folder = grid_corpus(tmp_path, 12)
    sources = {"toy_extractor": EXTRACTOR, "toy_reader": READER, "toy_strategies": STRATEGIES, "toy_metric": METRIC}
    for name, source in sources.items():
        (folder / f"{name}.py").write_text(source)
    params = folder / "params.yaml"
    text = params.read_text().replace("run: {", f"run: {{plugins: [{', '.join(f'{n}.py' for n in sources)}], ", 1)
    text = text.replace("reader: manifest", "reader: toy").replace("[text, audio, video]", "[text, audio]")
    text += "features: {extract: [vader, loudness], loudness: {window_s: 0.2}}\n"
    text += "train: {features: {text: [vader], audio: [loudness]}, "
    text += "classifiers: [logistic], fusions: [concat/svm, mine/svm, mean],\n"
    text += "  settings: {concat: {weighting: column}}}\n"
    params.write_text(text)
    for stage in ("prepare", "preprocess", "extract", "train"):
        run(stage, cwd=folder)
    assert "error_rate" in run("evaluate", "--all", cwd=folder).stdout
    utterances = pd.read_csv(folder / "data" / "work" / "grid" / "utterances.csv")
    assert utterances["text"].str.startswith("said: ").all()
    with h5py.File(folder / "data" / "work" / "grid" / "features" / "loudness.h5") as file:
        assert file["pooled"].shape == (12, 2)
        assert (file["times"][:, 1] - file["times"][:, 0]).round(6).tolist() == [0.2] * len(file["times"])
    table = pd.read_csv(folder / "results" / "grid" / "table.csv")
    assert {"mine", "mean", "loud"} <= set(table["strategy"])
    predictions = pd.read_csv(folder / "results" / "grid" / "predictions.csv", keep_default_na=False)
    mine, concat = (predictions[predictions["strategy"] == name]["prediction"].tolist() for name in ("mine", "concat"))
    assert mine == concat  # columns side by side, before the same classifier
    assert set(predictions[predictions["strategy"] == "mine"]["model"]) == {"svm"}
    assert "mine" in run("evaluate", "--drop", "audio", cwd=folder).stdout
    assert "mine text+audio svm" in run("explain", "--strategy", "mine", "--repeats", "1", cwd=folder).stdout
    run("report", cwd=folder)
    assert "mine text+audio svm" in (folder / "results" / "grid" / "report.html").read_text()
    saved = run("fit", "--corpus", "grid", "--strategy", "mine", "--model", "svm", cwd=folder).stdout.split()[-1]
    assert Path(saved).name == "mine-text_audio-svm"
    media = utterances["media"].tolist()
    answers = run("predict", media[0], "--model", saved, "--text", "no", cwd=folder)
    assert "audio" in answers.stdout
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

register("lengths", Lengths)
"""


def text_corpus(folder: Path, source: str) -> Path:
    """Sentences of eight groups, and a plugin with a transformer that is fitted on them inside each fold."""
    folder.mkdir(exist_ok=True)
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


def test_a_transformer_of_a_plugin_is_fitted_inside_the_folds_and_saved_with_the_model(tmp_path: Path) -> None:
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
        (("return np.array", "return 1 or np.array"), "lengths"),
        (
            ("return np.array", "return np.log(0.0) * np.array"),
            "'lengths' gave an infinite value, or NaN in sparse columns,",
        ),
    ],
)
def test_the_error_of_a_plugins_transformer_is_one_sentence(
    change: tuple[str, str], message: str, tmp_path: Path
) -> None:
    folder = text_corpus(tmp_path, TRANSFORMER.replace(*change))
    run("prepare", cwd=folder)
    done = run("train", cwd=folder, check=False)
    assert done.returncode == 1
    assert message in done.stderr


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("Length", "name 'Length' is not defined"),
        (
            "'toy_lengths:Lengths'",
            "the text feature 'lengths' must be registered with its class, not with 'toy_lengths:",
        ),
    ],
)
def test_what_cannot_be_registered_is_named_before_anything_runs(entry: str, message: str, tmp_path: Path) -> None:
    folder = text_corpus(tmp_path, TRANSFORMER.replace('"lengths", Lengths', f'"lengths", {entry}'))
    done = run("prepare", cwd=folder, check=False)
    assert done.returncode == 1
    assert "toy_lengths.py' cannot be imported" in done.stderr
    assert message in done.stderr


EDITED = """
import pathlib

def saved_again():  # as if its author saved another version just now
    beside, own = pathlib.Path("beside"), pathlib.Path(__file__)
    if beside.exists():
        beside.unlink()
        own.write_text(own.read_text().replace("- self.mean_", "+ self.mean_").replace("float(", "1 - float("))

"""


def state(folder: Path, stage: str) -> str:
    return next(line.split()[2] for line in run("status", cwd=folder).stdout.splitlines() if line.split()[1] == stage)


@pytest.mark.parametrize("workers", ["0", "1"])
def test_a_plugin_edited_while_train_runs_is_refused_and_no_fit_of_its_old_code_is_used(
    workers: str, tmp_path: Path
) -> None:
    fitting = TRANSFORMER.replace("        self.mean_ =", "        saved_again()\n        self.mean_ =")
    folder = text_corpus(tmp_path / "edited", EDITED + fitting)
    run("prepare", cwd=folder)
    (folder / "beside").touch()
    refused = run("train", "--workers", workers, cwd=folder, check=False)
    assert refused.returncode == 1
    assert not (folder / "beside").exists()
    assert "toy_lengths.py was edited while this command ran" in refused.stderr
    assert not (folder / "results/c/predictions.csv").exists()
    run("train", "--workers", workers, cwd=folder)
    fresh = text_corpus(tmp_path / "fresh", (folder / "toy_lengths.py").read_text())
    for stage in ("prepare", "train"):
        run(stage, cwd=fresh)
    predictions = [(one / "results/c/predictions.csv").read_bytes() for one in (folder, fresh)]
    assert predictions[0] == predictions[1]


def test_a_metric_edited_while_evaluate_runs_is_refused(tmp_path: Path) -> None:
    folder = text_corpus(tmp_path, TRANSFORMER)
    (folder / "own_metric.py").write_text(
        EDITED + METRIC.replace("    return float", "    saved_again()\n    return float")
    )
    params = folder / "params.yaml"
    params.write_text(params.read_text().replace("[toy_lengths.py]", "[toy_lengths.py, own_metric.py]"))
    for stage in ("prepare", "train"):
        run(stage, cwd=folder)
    (folder / "beside").touch()
    refused = run("evaluate", cwd=folder, check=False)
    assert refused.returncode == 1
    assert "own_metric.py was edited while this command ran" in refused.stderr
    assert not (folder / "results/c/table.csv").exists()
    run("train", cwd=folder)
    run("evaluate", cwd=folder)
    assert state(folder, "evaluate") == "1/1"


def test_the_source_of_a_plugin_is_run_and_not_its_cached_bytecode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python takes its compiled copy where a file has the same size and second as it had."""
    plugin = tmp_path / "same_second.py"
    for value in ("1", "2"):
        plugin.write_text(f"import pathlib\npathlib.Path({str(tmp_path)!r}, 'ran').write_text('{value}')\n")
        os.utime(plugin, (10**9, 10**9))
        py_compile.compile(str(plugin)) if value == "1" else None
    monkeypatch.setattr(plugins, "_LOADED", set())
    plugins.load_plugins((str(plugin),))
    monkeypatch.delitem(sys.modules, "same_second")
    assert (tmp_path / "ran").read_text() == "2"


def test_a_plugin_that_was_edited_or_deleted_has_no_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "own_package"
    package.mkdir()
    (package / "__init__.py").write_text("A = 1\n")
    (package / "part.py").write_text("B = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    plugins.load_plugins(("own_package",))
    before = plugins.plugin_keys(("own_package",))
    for change in (lambda: (package / "part.py").write_text("B = 2\n"), (package / "part.py").unlink):
        change()
        with pytest.raises(Changed, match="own_package was edited while this command ran"):
            plugins.plugin_keys(("own_package",))
    (package / "part.py").write_text("B = 1\n")
    assert plugins.plugin_keys(("own_package",)) == before
