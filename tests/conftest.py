"""What several test files share: real clips, corpora made of them, the command line as a user runs it."""

import csv
import gc
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import settings

from tests.forked import Running

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data"

settings.register_profile("untimed", deadline=None)  # how long a test takes says how busy the machine is
settings.load_profile("untimed")

needs_data = pytest.mark.skipif(not DATA.exists(), reason=f"the real clips are not there: {DATA}")

BLOCK = """
run: {{corpora: [{name}], workers: 2, max_failed: {max_failed}}}
corpora:
  {name}: {{reader: manifest, root: {name}, task: {task}, label: label, modalities: [text, audio, video],
    protocol: {{kind: group-kfold, folds: 2, group: speaker}}}}
"""

# Collected for doctests, a plugin file would register itself in the process of the tests, and `loaded.py` would import
# everything there.
collect_ignore_glob = ["*/toy_extractor.py", "*/loaded.py"]


def pytest_collection_finish() -> None:
    """Keep what was collected away from the garbage collector: it lasts, and going through it in each fork is slow."""
    gc.freeze()


def run(*arguments: str, cwd: Path, check: bool = True, timeout_s: float = 300) -> subprocess.CompletedProcess[str]:
    """Run `crossmodal ...` in `cwd`, in a process without workers of its own; a traceback always fails the test."""
    ended = Running(cwd, [arguments]).done(timeout_s)
    return _checked(subprocess.CompletedProcess(arguments, ended.code, ended.out, ended.err), check)


def shell(
    *arguments: str, cwd: Path, check: bool = True, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `crossmodal ...` as from a shell: Python starts anew, with this environment, and has workers."""
    command = [sys.executable, str(ROOT / "cli.py"), *arguments]
    ended = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, check=False, env=environment(**(env or {}))
    )
    return _checked(ended, check)


def environment(**more: str) -> dict[str, str]:
    """Return the variables of a process that finds this code and asks no server for models."""
    return {**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT), **more}


def _checked(ended: subprocess.CompletedProcess[str], check: bool) -> subprocess.CompletedProcess[str]:
    assert "Traceback" not in ended.stderr, ended.stderr
    assert not check or ended.returncode == 0, ended.stdout + ended.stderr
    return ended


def invoke(*arguments: str, input: str | None = None) -> Result:
    """Run a command in this process; a traceback always fails the test."""
    from cli import main

    found = CliRunner().invoke(main, arguments, input=input)
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exc_info
    return found


def output_of(*arguments: str) -> str:
    """Run a command in this process, which must succeed, and return its output."""
    found = invoke(*arguments)
    assert found.exit_code == 0, found.output
    return found.output


def write_csv(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Write a CSV, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def bind(folder: Path, sidecar: str = "tables.json", **rest: object) -> None:
    """Bind the tables that lie in a folder by a record, as the stage does that writes them."""
    from pipeline.tables import bound

    names = bound.PREDICTED if sidecar == bound.TRAINED else [n for n in bound.BOUND if n not in bound.PREDICTED]
    files = {name: folder / name for name in names if (folder / name).exists()}
    (folder / sidecar).write_text(bound.record(files, bound.command_of(folder / sidecar), rest))


def bind_results(params: Any, name: str) -> None:
    """Bind predictions and tables that a test has written: they count as made by these settings."""
    from pipeline.training.current import MADE_OF, made_of
    from pipeline.training.trained import inputs_of, read_record

    folder = Path("results") / name
    (folder / "images").mkdir(exist_ok=True)
    bind(folder, "train.json", inputs=inputs_of(params, name), notices=[], normalise="standard", fits=[])
    made = {MADE_OF: made_of(params, name, read_record(name))}
    bind(folder, **made)
    bind(folder / "images", **made)


def align_words(path: Path) -> list[tuple[str, float, float]]:
    """Return the words of a GRID .align file in seconds (its unit is 1/25000 s)."""
    lines = [line.split() for line in path.read_text().splitlines() if line.strip()]
    return [(word, int(start) / 25000, int(end) / 25000) for start, end, word in lines if word not in ("sil", "sp")]


def grid_corpus(folder: Path, count: int, name: str = "grid", **options: object) -> Path:
    """Make a manifest corpus of `count` GRID clips with their words, and its params.yaml; return the folder."""
    clips = sorted((DATA / "grid" / "s1").glob("*.mpg"))[:count]
    rows, words = [], []
    for i, clip in enumerate(clips):
        timed = align_words(clip.with_suffix(".align"))
        text = " ".join(word for word, _, _ in timed)
        rows.append((clip, clip.stem, text, ("calm", "lively")[i % 2], f"s{i // 2 % 3}"))
        words += [(clip.stem, *word) for word in timed]
    write_csv(folder / name / "manifest.csv", ("media", "utterance", "text", "label", "speaker"), rows)
    write_csv(folder / name / "words.csv", ("utterance", "word", "start", "end"), words)
    settings = {"name": name, "max_failed": 0.01, "task": "classification"} | options
    (folder / "params.yaml").write_text(BLOCK.format(**settings))
    return folder


@pytest.fixture(scope="session")
def demo_project(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A project with twelve clips of the demo corpus, up to its table, which no test may change."""
    from tests.demo_project import built

    base = tmp_path_factory.getbasetemp()
    return built(base if worker_id == "master" else base.parent)


@pytest.fixture
def demo_copy(demo_project: Path, tmp_path: Path) -> Path:
    """A copy of the demo project for a test that writes, if only for a while: other processes read the shared one."""
    return Path(shutil.copytree(demo_project, tmp_path / "copy", ignore=shutil.ignore_patterns("cache")))


def outputs(folder: Path, name: str = "grid") -> dict[str, bytes]:
    """Return the bytes of every store and table of a corpus, by path."""
    work = folder / "data" / "work" / name
    found = [*work.rglob("*.h5"), work / "utterances.csv", work / "words.csv"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in found if path.exists()}
