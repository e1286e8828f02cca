"""Corpora shared by tests: one on which every stage has run, and one whose predictions the tests choose."""

import os
import shutil
from pathlib import Path

import pytest

from pipeline.settings.params import load_params
from pipeline.stages.evaluate import evaluate
from tests.conftest import output_of, write_csv
from tests.pipeline.evaluation.trained_corpus import SINGLE, TRUTH, project

PARAMS = """
run: {corpora: [c], workers: 1}
corpora:
  c: {reader: manifest, root: raw, task: classification, label: label, modalities: [text],
    protocol: {kind: group-kfold, folds: 2, group: speaker}}
features: {extract: [vader]}
train: {features: {text: [vader]}, classifiers: [logistic], unimodal_models: [], fusions: []}
evaluate: {resamples: 50}
"""
WORDS = ("good", "bad", "fine", "awful", "nice", "sad")


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run every stage on a few sentences."""
    folder, before = tmp_path_factory.mktemp("finished"), Path.cwd()
    rows = [(f"u{i}", f"this is {WORDS[i % 6]} number {i}", "ab"[i % 2], f"s{i // 4}") for i in range(16)]
    write_csv(folder / "raw" / "manifest.csv", ("utterance", "text", "label", "speaker"), rows)
    (folder / "params.yaml").write_text(PARAMS)
    os.chdir(folder)
    try:
        output_of("prepare")
        for stage in ("preprocess", "extract", "train"):
            output_of(stage, "--workers", "0")
        for stage in ("evaluate", "report"):
            output_of(stage)
    finally:
        os.chdir(before)
    return folder


@pytest.fixture
def here(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the finished corpus; it becomes the working directory."""
    shutil.copytree(finished, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    return tmp_path / "copy"


@pytest.fixture
def classification(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    systems = {
        ("majority", "", ""): ["a"] * 8,
        ("unimodal", "text", "logistic"): SINGLE,
        ("vote", "text+audio", "logistic"): list(TRUTH),
        ("concat", "text+audio", "logistic"): SINGLE,
    }
    project(tmp_path, TRUTH, systems, "classification")  # type: ignore[arg-type]
    evaluate(load_params(tmp_path / "params.yaml"), "c")
    return tmp_path
