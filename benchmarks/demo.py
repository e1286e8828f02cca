"""Measure the demo corpus: lengths, levels, faces and word times, and the accuracy with one, two and three modalities.

Run ``python -m benchmarks.demo`` after ``dvc repro``. The accuracies are also in data/raw/demo/README.md.
"""

from itertools import combinations
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.tools.table import table
from common.threads import one_thread
from features.store.reading import open_store
from pipeline.commands.common import Command
from pipeline.corpora.utterances import read_utterances
from pipeline.settings.paths import CorpusPaths

CLIPS = Path("data/raw/demo/clips")
LEVEL_DB = -23.0  # the value of streams.audio.level_db, to which gains are relative
EXPRESSIONS = 14  # the first pooled columns of face_cnn are means and deviations of its seven probabilities
JOINED = {
    "text": "text: VADER",
    "audio": "audio: eGeMAPS with the gain",
    "video": "video: expression probabilities",
}  # the input of each modality that is used if several are joined


def facts(paths: CorpusPaths, utterances: pd.DataFrame, clips: Path = CLIPS) -> list[tuple[str, str]]:
    """Return facts about the demo from its streams and features, each with a name and a value."""
    with open_store(paths.stream("video")) as video:
        faces = np.isfinite(video.all_rows("score"))
    late = clip_values(paths, "start_s") - clip_values(paths, "words_start_s")
    cells = utterances.groupby(["speaker", "sentiment"]).size()
    seconds, megabytes = utterances["duration"], sum(path.stat().st_size for path in clips.iterdir()) / 1e6
    by_class = {
        "pitch, Hz, median": (pooled(paths, "prosody", "f0_median_hz")[:, 0], ".0f"),
        "level, dB, median": (LEVEL_DB - clip_values(paths, "gain_db"), ".1f"),
        "length, s, median": (seconds.to_numpy(), ".2f"),
        "position among the speaker's clips, median": (utterances["order"].to_numpy(), ".1f"),
    }
    return [
        ("clips; speakers; MB", f"{len(utterances)}; {utterances['speaker'].nunique()}; {megabytes:.2f}"),
        ("clips of each speaker and class", " to ".join(str(n) for n in sorted({cells.min(), cells.max()}))),
        ("length, s", f"{seconds.min():.2f} to {seconds.max():.2f}"),
        ("sampled frames with a face", f"{faces.sum()} of {len(faces)}"),
        ("start of the sound minus start of the first word, s", f"{late.min():+.3f} to {late.max():+.3f}"),
        *(
            (name, ", ".join(f"{label} {np.median(own):{form}}" for label, own in _classes(values, utterances)))
            for name, (values, form) in by_class.items()
        ),
    ]


def scores(inputs: dict[str, Any], labels: NDArray[Any], groups: NDArray[Any]) -> list[tuple[str, float]]:
    """Return the accuracy of logistic regression on each input, with five folds that keep groups together.

    Parameters
    ----------
    inputs
        Numbers ``(n, columns)`` or ``n`` texts, keyed by name. Every pair of inputs in `JOINED`, and all three of
        them, are also joined into one matrix.
    labels, groups
        ``(n,)`` classes and speakers.
    """
    several = [joined for size in (2, 3) for joined in combinations(JOINED, size)]
    read = {**inputs, **{" + ".join(names): np.hstack([inputs[JOINED[name]] for name in names]) for names in several}}
    return [(name, float(np.mean(_predicted(values, labels, groups) == labels))) for name, values in read.items()]


def inputs_of(paths: CorpusPaths, utterances: pd.DataFrame) -> dict[str, Any]:
    """Return the inputs to score, keyed by name: features of one modality each, and two that should not help.

    The two are the length and the position of the clip.
    """
    gain = clip_values(paths, "gain_db")[:, None]
    return {
        "text: TF-IDF": utterances["text"].to_numpy(),
        "text: VADER": pooled(paths, "vader"),
        "text: sentence vectors": pooled(paths, "bert"),
        "audio: eGeMAPS with the gain": np.hstack([pooled(paths, "egemaps"), gain]),
        "video: expression probabilities": pooled(paths, "face_cnn")[:, :EXPRESSIONS],
        "length of the clip": utterances[["duration"]].to_numpy(),
        "position of the clip": utterances[["order"]].to_numpy(),
    }


def clip_values(paths: CorpusPaths, name: str) -> NDArray[np.float64]:
    """Return the value called `name` that the audio stream stores for each utterance, ``(n,)``."""
    with open_store(paths.stream("audio")) as audio:
        return np.array([float(audio.clip(i, name)) for i in range(len(audio))])


def pooled(paths: CorpusPaths, extractor: str, *names: str) -> NDArray[np.float32]:
    """Return the pooled features of an extractor, ``(n, columns)``; only the named columns if names are given."""
    with open_store(paths.features(extractor)) as store:
        values, columns = store.pooled(), store.attribute("pooled_names")
    return values[:, [columns.index(name) for name in names]] if names else values


def _predicted(values: Any, labels: NDArray[Any], groups: NDArray[Any]) -> NDArray[Any]:
    scaler = StandardScaler() if np.ndim(values) == 2 else TfidfVectorizer(sublinear_tf=True)
    model = make_pipeline(scaler, LogisticRegression(max_iter=1000))
    found: NDArray[Any] = cross_val_predict(model, values, labels, groups=groups, cv=GroupKFold(5))
    return found


def _classes(values: NDArray[Any], utterances: pd.DataFrame) -> list[tuple[str, NDArray[Any]]]:
    return [(name, values[rows]) for name, rows in utterances.groupby("sentiment").indices.items()]


@click.command(cls=Command)
def main() -> None:
    """Print two tables of the demo corpus; no file is written.

    Example: python -m benchmarks.demo
    """
    paths = CorpusPaths("demo")
    utterances = read_utterances(paths.utterances, "sentiment")
    with one_thread():
        inputs = inputs_of(paths, utterances)
        found = scores(inputs, utterances["sentiment"].to_numpy(), utterances["speaker"].to_numpy())
    click.echo(table(["property", ""], facts(paths, utterances)))
    click.echo()
    click.echo(table(["input", "accuracy"], [(name, f"{value:.2f}") for name, value in found]))


if __name__ == "__main__":
    main()
