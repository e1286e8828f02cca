"""A corpus of a few seconds, so that a whole run takes seconds, and processes that run commands on it.

``FAULTS=long`` asks for many rounds (``make faults``), else there are few; ``FAULTS_SEED`` draws others. Commands run
in forked processes; where worker processes matter, they are run from a shell instead.
"""

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import yaml
from scipy.io import wavfile

from tests.conftest import ROOT, write_csv
from tests.forked import Command, Done, Running

LONG = os.environ.get("FAULTS") == "long"
SEED = int(os.environ.get("FAULTS_SEED", "0"))

NAME = "c"
RATE = 16000
CLIPS = 8
WORDS = ["this", "film", "was", "truly", "great", "but", "its", "end", "felt", "rather", "sad", "and", "slow"]
WORK, RESULTS, CACHE = Path("data/work") / NAME, Path("results") / NAME, Path("data/cache")
MODEL = RESULTS / "models" / "unimodal-audio-logistic"

HERE = ("--workers", "0")  # this process alone
STAGES: tuple[Command, ...] = (
    ("prepare",),
    ("preprocess", *HERE),
    ("extract", *HERE),
    ("train", *HERE),
    ("evaluate", "--quiet"),
    ("report",),
    ("fit", "--corpus", NAME, "--strategy", "unimodal", "--modalities", "audio"),
)
PREDICT: Command = ("predict", "new.wav", "--model", str(MODEL), "--text", "a great film", "--out", "answer.csv")

_SETTINGS = {
    "run": {"corpora": [NAME], "workers": 1},
    "corpora": {
        NAME: {
            "reader": "manifest",
            "root": "clips",
            "task": "classification",
            "label": "label",
            "modalities": ["text", "audio"],
            "protocol": {"kind": "group-kfold", "folds": 2, "group": "speaker"},
            "features": {"text": ["vader", "tfidf", "mine"], "audio": ["prosody", "mfcc"]},
        }
    },
    "features": {"extract": ["vader", "prosody", "mfcc"], "mfcc": {"count": 13}},
    "train": {"classifiers": ["logistic"], "unimodal_models": [], "fusions": ["concat"], "budget": 1},
    "evaluate": {"resamples": 40},
}


def rounds(short: int, long: int) -> int:
    """Return how often to try: `short` among all other tests, `long` for ``make faults``."""
    return long if LONG else short


def randomly(*what: object) -> random.Random:
    """Return random numbers that are the same in every run with one seed."""
    return random.Random(repr((SEED, *what)))


def run(folder: Path, *commands: Command, limits: Callable[[], None] | None = None) -> Done:
    """Run commands in a folder and wait for their end."""
    return Running(folder, commands, limits).done()


def shell(folder: Path, *command: str, env: dict[str, str] | None = None) -> "subprocess.Popen[str]":
    """Start one command as from a shell, with worker processes of its own."""
    whole = {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT), **(env or {})}
    arguments = [sys.executable, str(ROOT / "cli.py"), *command]
    return subprocess.Popen(
        arguments, cwd=folder, env=whole, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        start_new_session=True,
    )  # fmt: skip


def settings(folder: Path, **changes: dict[str, object]) -> None:
    """Write params.yaml, some blocks changed."""
    (folder / "params.yaml").write_text(yaml.safe_dump(_SETTINGS | changes, sort_keys=False))


def clip(path: Path, number: int) -> None:
    """Write a second of a voice-like sound: a buzz of its own height, louder and softer."""
    time_s = np.arange(int(1.1 * RATE)) / RATE
    noise = np.random.default_rng(number).normal(size=len(time_s))
    wave = sum(np.sin(2 * np.pi * (110 + 15 * number) * k * time_s) / k for k in range(1, 9))
    wave = (wave + 0.05 * noise) * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * time_s))
    wavfile.write(path, RATE, (wave / np.abs(wave).max() * 12000).astype(np.int16))


def corpus(folder: Path) -> Path:
    """Make the corpus: clips, transcripts, timed words, a table of features to import."""
    (folder / "clips").mkdir(parents=True)
    rng = np.random.default_rng(1)
    rows, words = [], []
    for number in range(CLIPS):
        clip(folder / "clips" / f"{number}.wav", number)
        said = [WORDS[i] for i in rng.integers(len(WORDS), size=4)]
        rows.append((f"{number}.wav", f"u{number}", " ".join(said), "ab"[number % 2], f"s{number // 2}"))
        words += [(f"u{number}", word, 0.2 * k + 0.1, 0.2 * k + 0.25) for k, word in enumerate(said)]
    clip(folder / "new.wav", CLIPS)
    write_csv(folder / "clips" / "manifest.csv", ("media", "utterance", "text", "label", "speaker"), rows)
    write_csv(folder / "clips" / "words.csv", ("utterance", "word", "start", "end"), words)
    numbers = rng.normal(size=(CLIPS, 3)).round(3)
    table = [(f"u{number}", *map(float, numbers[number])) for number in range(CLIPS)]
    write_csv(folder / "mine.csv", ("utterance", "mine", "his", "hers"), table)
    settings(folder)
    return folder


IMPORT: Command = ("import", "csv", "mine.csv", "--into", NAME, "--id", "utterance", "--array", "text=mine,his,hers")


def final(folder: Path) -> dict[str, bytes]:
    """Return what a user reads in the end: predictions, tables, answers; without what tells times or addresses."""
    names = ("predictions.csv", "table.csv", "table.md", "comparisons.csv", "robustness.csv", "presence.csv")
    files = [folder / RESULTS / name for name in names] + [folder / RESULTS / "report.html", folder / "answer.csv"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if path.exists()}


def stores(folder: Path) -> dict[str, bytes]:
    """Return all stores and tables that stages hand on."""
    files = [*(folder / WORK).rglob("*.h5"), folder / WORK / "utterances.csv", folder / WORK / "words.csv"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if path.exists()}


def copied(template: Path, folder: Path) -> Path:
    """Return a copy of a folder, times and all."""
    shutil.copytree(template, folder, symlinks=True)
    return folder


def leftovers(folder: Path) -> list[str]:
    """Return what only a run under way may have: everything whose name begins with a dot, but for locks."""
    found = [path for path in folder.rglob(".*") if path.suffix != ".lock"]
    return sorted(str(path.relative_to(folder)) for path in found)
