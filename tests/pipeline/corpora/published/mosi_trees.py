"""Small copies of CMU-MOSI in every layout."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np

from pipeline.corpora.published.mosi import read
from pipeline.corpora.published.mosi_labels import SPLIT_OF
from pipeline.corpora.utterances import Corpus
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.params import load_params
from tests.conftest import DATA, write_csv

PARAMS = """
run: {corpora: [mosi]}
corpora:
  mosi: {reader: mosi, root: ROOT, task: regression, label: sentiment, modalities: [text, audio, video],
    protocol: {kind: official, group: group}, metrics: [mae, r, has0_acc, has0_f1, non0_acc, non0_f1, acc5, acc7]}
"""


# video, n, start, end, score, text: videos of all three folds, with - and _ in any place
ROWS: Sequence[tuple[str, int, float, float, float, str]] = (
    ("03bSnISJMiM", 1, 0.0, 1.4, 2.4, "THIS FILM WAS GOOD"),
    ("03bSnISJMiM", 2, 1.4, 2.9, -0.8, "I LIKED IT"),
    ("_dI--eQ6qVU", 1, 0.2, 1.0, 0.0, "WELL"),
    ("_dI--eQ6qVU", 2, 1.0, 2.0, -3.0, "NO"),
    ("Bfr499ggo-0", 1, 0.0, 2.0, 1.0, "FINE"),
    ("c7UH_rxdZv4", 1, 0.5, 2.5, 1.6, "I WOULD GO AGAIN"),
)


NAMES = [f"{row[0]}_{row[1]}" for row in ROWS]


WORDS = {"03bSnISJMiM": [("this", 0.1, 0.4), ("sp", 0.4, 0.5), ("film", 0.5, 1.5), ("liked", 2.0, 2.5)]}


def settings(root: Path, *modalities: str) -> CorpusParams:
    root.with_suffix(".yaml").write_text(PARAMS.replace("ROOT", str(root)))
    corpus = load_params(root.with_suffix(".yaml")).corpus("mosi")
    return replace(corpus, modalities=modalities or corpus.modalities)


def get(root: Path, *modalities: str) -> Corpus:
    return read(root, settings(root, *modalities))


def messages(corpus: Corpus, severity: str) -> list[str]:
    """Return the problems of a severity, without the counts that a small tree cannot have."""
    return [str(p) for p in corpus.problems if p.severity == severity and ", the release has " not in p.message]


def clip(path: Path, which: int = 0) -> None:
    """Copy a real clip to a path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    source = sorted((DATA / "grid" / "s1").glob("*.mpg"))[which]
    path.symlink_to(source.resolve())


def transcripts(raw: Path) -> None:
    folder = raw / "Transcript" / "Segmented"
    folder.mkdir(parents=True)
    for video in dict.fromkeys(row[0] for row in ROWS):
        lines = [f"{n}_DELIM_{text}" for v, n, _, _, _, text in ROWS if v == video]
        (folder / f"{video}.annotprocessed").write_text("\n".join(lines) + "\n\n")


def opinions(path: Path, rows: Sequence[Sequence[object]] = ROWS) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{s},{e},{v},{n},{score}\n" for v, n, s, e, score, *_ in rows))


def csd(path: Path, videos: Mapping[str, tuple[np.ndarray, np.ndarray]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        for video, (features, intervals) in videos.items():
            file[f"a root/data/{video}/features"] = features
            file[f"a root/data/{video}/intervals"] = np.asarray(intervals, np.float64)
        file["a root/metadata/root name"] = np.array(['"a root"'], dtype=h5py.string_dtype())


def opinion_csd(path: Path, rows: Sequence[Sequence[object]] = ROWS) -> None:
    videos = {}
    for video in dict.fromkeys(row[0] for row in rows):
        own = [row for row in rows if row[0] == video]
        videos[video] = np.array([[row[4]] for row in own], np.float32), np.array([row[2:4] for row in own])
    csd(path, videos)


def word_csd(path: Path, words: Mapping[str, Sequence[tuple[str, float, float]]] = WORDS) -> None:
    csd(path, {v: (np.array([[w.encode()] for w, *_ in ws]), np.array([t for _, *t in ws])) for v, ws in words.items()})


def sheet(path: Path, **modes: str) -> None:
    header = ("text", "mode", "clip_id", "video_id", "label_T", "annotation", "label")  # not in MMSA's order
    rows = [(t, modes.get(v, SPLIT_OF[v]), n, v, "", "Neutral", score) for v, n, _, _, score, t in ROWS]
    write_csv(path, header, rows)


def zip_tree(root: Path, media: bool = True) -> Path:
    """Make the tree of CMU's zip."""
    transcripts(root / "Raw")
    opinions(root / "Raw" / "Labels" / "OpinionLevelSentiment.csv")
    for i, name in enumerate(NAMES if media else ()):
        clip(root / "Raw" / "Video" / "Segmented" / f"{name}.mp4", i)
        clip(root / "Raw" / "Audio" / "WAV_16000" / "Segmented" / f"{name}.wav", i)
    return root
