"""A project with twelve clips of the demo corpus, from recordings to the table: built once for all tests of a run."""

import csv
import fcntl
from pathlib import Path

from tests.conftest import ROOT, run, write_csv

SPEAKERS, EACH = 4, 3
DEMO = ROOT / "data" / "raw" / "demo"

PARAMS = """
run: {corpora: [demo], workers: 1}
corpora:
  demo: {reader: manifest, root: corpus, task: classification, label: sentiment, modalities: [text, audio, video],
    protocol: {kind: group-kfold, folds: 2, group: speaker}, note: Twelve clips of a synthetic corpus.}
features: {extract: [vader, prosody, face_cnn]}
train:
  features: {text: [vader, tfidf], audio: [prosody], video: [face_cnn]}
  classifiers: [logistic]
  unimodal_models: []
  fusions: [concat, product]
evaluate: {resamples: 100}
"""


def built(shared: Path) -> Path:
    """Return the project's folder, which no test may change; the first process that asks builds it."""
    folder = shared / "demo_project"
    with (shared / "demo_project.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "results" / "demo" / "table.csv").exists():
            _build(folder)
    return folder


def _build(folder: Path) -> None:
    with (DEMO / "manifest.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    speakers = list(dict.fromkeys(row["speaker"] for row in rows))[:SPEAKERS]
    taken = [row for speaker in speakers for row in _of_each_class([r for r in rows if r["speaker"] == speaker])]
    taken = [{**row, "media": str(DEMO / row["media"])} for row in taken]
    write_csv(folder / "corpus" / "manifest.csv", list(taken[0]), [list(row.values()) for row in taken])
    (folder / "params.yaml").write_text(PARAMS)
    for stage in ("prepare", "preprocess", "extract", "train", "evaluate"):
        run(stage, cwd=folder)


def _of_each_class(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return the first row of each class."""
    first = {row["sentiment"]: row for row in reversed(rows)}
    assert len(first) == EACH
    return sorted(first.values(), key=lambda row: row["utterance"])
