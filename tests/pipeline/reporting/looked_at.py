"""A corpus to look at: two clips of the demo, one broken file, one row without a recording, hostile names and words."""

import csv
import os
import shutil
from pathlib import Path

from pipeline.run.pool.cluster import Pool
from pipeline.settings.params import load_params
from pipeline.stages.prepare import prepare
from pipeline.stages.preprocess import preprocess
from tests.conftest import ROOT

HOSTILE = '<img src=x onerror="alert(1)">'
ROWS = [
    {"media": "a.mp4", "utterance": "a", "text": "To me, the film was really good.", "speaker": "ana", "label": "yes"},
    {
        "media": "b.mp4",
        "utterance": HOSTILE,
        "text": "</script><script>alert(2)</script>",
        "speaker": "ben",
        "label": "no",
    },
    {"media": "broken.mp4", "utterance": "broken", "text": "never heard", "speaker": "ben", "label": "yes"},
    {"media": "", "utterance": "words only", "text": "שלום 🙂", "speaker": "ana", "label": "no"},
]
WORDS = [("a", "To", 0.362, 0.48), ("a", "me", 0.48, 0.766), ("a", "good", 1.773, 2.103)]
PARAMS = """
run: {corpora: [c], workers: 1, max_failed: 1.0}
corpora:
  c: {reader: manifest, root: c, task: classification, label: label, modalities: [text, audio, video],
    protocol: {kind: group-kfold, folds: 2, group: speaker}}
features: {extract: [vader], vader: {}}
train: {features: {text: [vader], audio: [], video: []}}
"""


def make(folder: Path, *, streams: bool = True) -> None:
    """Write the corpus and its settings, prepare it, and make its streams."""
    (folder / "c").mkdir(parents=True)
    clips = ROOT / "data/raw/demo/clips"
    shutil.copy(clips / "ana-01.mp4", folder / "c/a.mp4")
    shutil.copy(clips / "ben-01.mp4", folder / "c/b.mp4")
    (folder / "c/broken.mp4").write_bytes(b"\0\0\0\x18ftypmp42 and nothing else")
    _write(folder / "c/manifest.csv", list(ROWS[0]), [list(row.values()) for row in ROWS])
    _write(folder / "c/words.csv", ["utterance", "word", "start", "end"], WORDS)
    (folder / "params.yaml").write_text(PARAMS)
    before = Path.cwd()
    os.chdir(folder)
    try:
        params = load_params(Path("params.yaml"))
        prepare(params, "c")
        for modality in ("text", "audio", "video") if streams else ():
            preprocess(params, "c", modality, Pool(0))  # type: ignore[arg-type]
    finally:
        os.chdir(before)


def _write(path: Path, header: list[str], rows: list[object]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])  # type: ignore[list-item]
