"""A corpus of a few seconds, so that a whole run takes seconds, and processes that run commands on it.

``FAULTS=long`` asks for many rounds (``make faults``), else there are few; ``FAULTS_SEED`` draws others. A command is
run as a user runs it, by `cli.main`, in a process forked from one that has all modules loaded: that is a new process
without the seconds of its imports. Where worker processes matter, commands are run from a shell instead.
"""

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import yaml
from scipy.io import wavfile

from tests.conftest import ROOT, write_csv

LONG = os.environ.get("FAULTS") == "long"
SEED = int(os.environ.get("FAULTS_SEED", "0"))

NAME = "c"
RATE = 16000
CLIPS = 8
WORDS = ["this", "film", "was", "truly", "great", "but", "its", "end", "felt", "rather", "sad", "and", "slow"]
WORK, RESULTS, CACHE = Path("data/work") / NAME, Path("results") / NAME, Path("data/cache")
MODEL = RESULTS / "models" / "unimodal-audio-logistic"

Command = tuple[str, ...]
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
    "train": {"classifiers": ["logistic"], "singles": [], "fusions": ["concat"], "budget": 1},
    "evaluate": {"resamples": 40},
}


def rounds(short: int, long: int) -> int:
    """Return how often to try: `short` among all other tests, `long` for ``make faults``."""
    return long if LONG else short


def randomly(*what: object) -> random.Random:
    """Return random numbers that are the same in every run with one seed."""
    return random.Random(repr((SEED, *what)))


@dataclass
class Done:
    """How a process ended, and what it said."""

    code: int
    said: str
    commands: list[str] = field(default_factory=list)

    @property
    def fault(self) -> str:
        """What no user should meet, or the empty string."""
        if "Traceback" in self.said:
            return "traceback"
        return "" if self.code >= 0 or self.code in (-signal.SIGKILL, -signal.SIGTERM) else "crash"


def _perform(folder: str, commands: Sequence[Command], log: str, limits: Callable[[], None] | None) -> None:
    """Run commands one after the other until one fails, in a process of their own."""
    os.setsid()
    os.chdir(folder)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    sys.stdout = os.fdopen(1, "w", buffering=1)
    sys.stderr = os.fdopen(2, "w", buffering=1)
    from cli import main

    if limits is not None:
        limits()
    for command in commands:
        try:
            main(list(command), prog_name="crossmodal")
        except SystemExit as ended:
            if ended.code:
                os._exit(ended.code if isinstance(ended.code, int) else 1)
        except BaseException:
            traceback.print_exc()
            os._exit(70)
    os._exit(0)


_CONTEXT = get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.faults.loaded"])


class Running:
    """Commands under way in a process of their own."""

    def __init__(self, folder: Path, commands: Sequence[Command], limits: Callable[[], None] | None = None) -> None:
        self.log = folder.parent / f"{folder.name}.{time.monotonic_ns()}.log"
        arguments = (str(folder), tuple(commands), str(self.log), limits)
        self.process: BaseProcess = _CONTEXT.Process(target=_perform, args=arguments)
        self.process.start()

    def kill(self, number: int) -> None:
        """Send a signal; a process that has ended already is left alone."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid or 0, number)

    def done(self, seconds: float = 300) -> Done:
        """Wait for the end."""
        self.process.join(seconds)
        if self.process.is_alive():
            self.kill(signal.SIGKILL)
            self.process.join()
            raise AssertionError(f"still running after {seconds} s:\n{self.log.read_text()}")
        said = self.log.read_text() if self.log.exists() else ""
        return Done(self.process.exitcode or 0, said)


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
