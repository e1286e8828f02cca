"""`crossmodal doctor`: check this machine; the message of a failed check says what to do."""

import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from pipeline import locales
from pipeline.errors import counted
from pipeline.ingest.extra import INSTALL

OPENCV = ("opencv-python", "opencv-python-headless", "opencv-contrib-python", "opencv-contrib-python-headless")


@dataclass(frozen=True)
class Check:
    """The result of one check."""

    name: str
    ok: bool
    detail: str
    needed: bool = True  # False for an optional part, whose check may fail


def checks() -> Iterator[Check]:
    """Yield the results of all checks, each as soon as it is done."""
    yield _python()
    yield _locale()
    yield from (_package(requirement) for requirement in requirements())
    yield _guarded("libGL", _opencv)
    yield from _weights()
    yield _speech()
    yield _guarded("run.device: auto", _devices)
    yield from (_writable(Path(folder)) for folder in ("data/work", "data/cache", "results"))
    yield _guarded("Dask", _dask)


def _python() -> Check:
    ok = (3, 11) <= sys.version_info[:2] <= (3, 12)
    remedy = "" if ok else ": the pinned packages have wheels for 3.11 and 3.12 only"
    return Check(
        "Python",
        ok,
        f"{platform.python_version()} on {platform.machine()}, {counted(os.cpu_count() or 1, 'core')}{remedy}",
    )


def _locale() -> Check:
    ok = locales.encoding() == "utf-8"
    remedy = "" if ok else f", which cannot encode many file names: {locales.REMEDY}"
    return Check("locale", ok, f"{locales.named()}{remedy}")


def requirements(extra: str = "") -> list[Requirement]:
    """Return the requirements of the installed package or, if `extra` is given, those that this extra adds."""
    found = [Requirement(text) for text in requires("crossmodal") or ()]
    return [r for r in found if _applies(r, extra) and (not extra or not _applies(r, ""))]


def _applies(requirement: Requirement, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def _package(requirement: Requirement) -> Check:
    remedy = f'pip install "{requirement.name}{requirement.specifier}"'
    try:
        found = version(requirement.name)
    except PackageNotFoundError:
        return Check(requirement.name, False, f"not installed: {remedy}")
    ok = requirement.specifier.contains(found, prereleases=True)
    return Check(requirement.name, ok, found if ok else f"{found}, not {requirement.specifier}: {remedy}")


def _speech() -> Check:
    found = [_package(requirement) for requirement in requirements("speech")]
    ok = bool(found) and all(check.ok for check in found)
    missing = f"words are neither recognised nor aligned: {INSTALL}"
    detail = ", ".join(f"{check.name} {check.detail}" for check in found) if ok else missing
    return Check("extra speech", ok, detail, needed=False)


def _guarded(name: str, run: Callable[[], str]) -> Check:
    try:
        return Check(name, True, run())
    except Exception as error:  # any exception shows that something is wrong with this machine
        return Check(name, False, " ".join(str(error).split()) or type(error).__name__)


def _opencv() -> str:
    try:
        import cv2
    except ImportError as error:
        raise RuntimeError(f"{error}; on Debian and Ubuntu: apt-get install libgl1 libglib2.0-0") from error
    if len(there := [name for name in OPENCV if _installed(name)]) > 1:
        raise RuntimeError(
            f"{' and '.join(there)} overwrite each other's files: pip uninstall {' '.join(there)}, then "
            'pip install --force-reinstall --no-deps "opencv-contrib-python<5"'
        )
    return f"OpenCV {cv2.__version__} loads"


def _installed(package: str) -> bool:
    try:
        return bool(version(package))
    except PackageNotFoundError:
        return False


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
    return f"a worker process starts and responds; it may use {counted(cores(), 'core')}"
