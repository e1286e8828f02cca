"""Fitted models on disk without pickles: what they are made of, their numbers, and what they were fitted on.

A folder holds ``objects.json`` (what the model is made of: `models.saving.objects`), ``arrays.safetensors`` (its
numbers, networks' weights among them, by their path inside the model) and ``model.json`` (format, schema, sha256 of
all three, library versions). Nothing in a file is run, and nothing that it names is looked up unless it is on the list
of `models.saving.trusted`. docs/models-on-disk.md says more.
"""

import hashlib
import json
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from models.errors import ModelError, reason_of
from models.nets.training import TrainedNet
from models.saving.objects import Arrays, read, write
from models.saving.trusted import trust
from models.saving.walk import walk

FORMAT = "crossmodal-model"
FORMAT_VERSION = 4
MODEL, WEIGHTS, ABOUT = "objects.json", "arrays.safetensors", "model.json"

_LONGEST = {MODEL: 256 << 20, ABOUT: 64 << 20}  # bytes of JSON: read whole, it takes some ten times its size
_DEEPEST = 50  # values inside values of a schema; some ten are usual
_COPIES = 4  # of the arrays at most, while they are read: the file, what safetensors takes out of it, our own
_LIBRARIES = {  # whose numbers a loaded model depends on -> their distributions
    "numpy": ("numpy",),
    "scikit-learn": ("scikit-learn",),
    "xgboost": ("xgboost-cpu", "xgboost"),
    "torch": ("torch",),
}
_STRICT = ("scikit-learn", "xgboost", "torch")  # another minor version of these may answer differently

Networks = list[tuple[str, TrainedNet]]


@dataclass(frozen=True)
class Saved:
    """A model that was loaded.

    Attributes
    ----------
    model
        As it was fitted: same input, same bits.
    schema
        What it was fitted on, as given to `save`.
    notices
        Sentences on what is different here from where it was saved.
    """

    model: Any
    schema: Mapping[str, Any]
    notices: tuple[str, ...] = ()


def save(model: Any, folder: Path, schema: Mapping[str, Any], trusted: Sequence[str] = ()) -> None:
    """Write a fitted model to `folder`; what does not fit together, as after a power cut, is refused by `load`.

    Parameters
    ----------
    model
        Any fitted strategy.
    folder
        Is made.
    schema
        What else must be known to use it; plain values, kept as JSON.
    trusted
        Modules, beside this project's own, whose classes the model may hold (plugins).

    Raises
    ------
    ModelError
        If the model holds something that could not be loaded again.
    """
    trust(trusted)
    try:
        objects, arrays = write(model)
    except ModelError as error:
        raise ModelError(f"{type(model).__name__} cannot be saved: {error}") from error
    content, packed = json.dumps(objects, allow_nan=False).encode(), _packed(arrays)
    about = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "files": {MODEL: _sha256(content), WEIGHTS: _sha256(packed)},
        "libraries": {name: _version(name) for name in _LIBRARIES},
        "schema": schema,
    }
    text = json.dumps(about | {"digest": _digest(about)}, indent=1) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    for name, own in {MODEL: content, WEIGHTS: packed, ABOUT: text.encode()}.items():
        (folder / name).write_bytes(own)


def is_part(path: Path) -> bool:
    """Whether a file is called as one of those that `save` writes, or as the one that earlier versions wrote."""
    return path.name in (MODEL, WEIGHTS, ABOUT, "model.skops")


def load(folder: Path, trusted: Sequence[str] = ()) -> Saved:
    """Read what `save` wrote.

    Parameters
    ----------
    folder
        Of the model.
    trusted
        Modules, beside this project's own, whose classes the file may hold (plugins).

    Raises
    ------
    ModelError
        If a file is missing, was changed, is of another format, holds what a model may not hold, or cannot be read.
    """
    trust(trusted)
    about = _about(folder)
    content, packed = (_checked(folder / name, about["files"][name]) for name in (MODEL, WEIGHTS))
    notices = tuple(_differences(folder, about["libraries"]))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # scikit-learn's own words on versions, of which `notices` has ours
            model = read(_parsed(content), _unpacked(packed))
    except Exception as error:  # whatever odd content or other versions of libraries make constructors raise
        why = "; ".join([_said(error), *notices])
        raise ModelError(f"{folder / MODEL} is refused: {why}: fit the model again") from error
    return Saved(model, about["schema"], notices)


def networks(model: Any) -> Networks:
    """Return the networks in a model, with the paths that lead to them."""
    return [(path, part) for path, part in walk(model) if isinstance(part, TrainedNet)]


def _said(error: Exception) -> str:
    text = reason_of(error)
    return text if isinstance(error, ModelError) else f"it holds odd values ({type(error).__name__}: {text:.200})"


def _packed(arrays: Arrays) -> bytes:
    from safetensors.numpy import save

    return bytes(save(arrays))


def _unpacked(packed: bytes) -> Arrays:
    from safetensors.numpy import load

    return dict(load(packed))


def _parsed(content: bytes) -> Any:
    """Return what JSON holds; a key that comes twice would be read in one way here and in another elsewhere."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ModelError("it names a key twice")
        return dict(pairs)

    return json.loads(content, object_pairs_hook=unique)


def _about(folder: Path) -> dict[str, Any]:
    path = folder / ABOUT
    if not path.is_file():
        raise ModelError(f"{folder} holds no model: there is no {path}; `crossmodal fit` writes one")
    content = _content(path)
    try:
        about = _parsed(content)
        stated = about.pop("digest", None) if isinstance(about, dict) else None
        due = _digest(about)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is damaged ({_said(error)}): fit the model again") from error
    if not isinstance(about, dict) or about.get("format") != FORMAT or type(about.get("format_version")) is not int:
        raise ModelError(f"{path} does not describe a {FORMAT}: name the folder that `crossmodal fit` wrote")
    if about["format_version"] > FORMAT_VERSION:
        raise ModelError(
            f"{path} has model format {about['format_version']}, this program reads {FORMAT_VERSION}: use a newer "
            "crossmodal"
        )
    if about["format_version"] < FORMAT_VERSION:
        raise ModelError(
            f"{path} has model format {about['format_version']}, which this program no longer reads (it reads "
            f"{FORMAT_VERSION}): fit the model again with `crossmodal fit`"
        )
    if stated != due:
        raise ModelError(f"{path} was changed since it was saved (its digest differs): fit the model again")
    _check_shape(about, path)
    if not _shallow(about, _DEEPEST):
        raise ModelError(f"{path} holds values inside values, more than {_DEEPEST} deep: fit the model again")
    return about


def _shallow(value: Any, left: int) -> bool:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return left > 0 and all(_shallow(part, left - 1) for part in parts)


def _check_shape(about: Mapping[str, Any], path: Path) -> None:
    blocks = {name: about.get(name) for name in ("files", "libraries", "schema")}
    whole = all(isinstance(block, dict) for block in blocks.values())
    if not whole or any(not isinstance(v, str) for n in ("files", "libraries") for v in blocks[n].values()):  # type: ignore[union-attr]
        raise ModelError(f"{path} lacks one of the blocks {', '.join(blocks)}, or it is none: fit the model again")
    if not all(name.isprintable() and len(name) <= 100 for pair in about["libraries"].items() for name in pair):
        raise ModelError(f"{path} names a library or a version that is none: fit the model again")
    if set(about["files"]) != {MODEL, WEIGHTS}:
        raise ModelError(f"{path} names other files than {MODEL} and {WEIGHTS}: fit the model again")


def _checked(path: Path, digest: str) -> bytes:
    if not path.is_file():
        raise ModelError(f"{path} is missing: copy the whole folder, or fit the model again")
    content = _content(path)
    if _sha256(content) != digest:
        raise ModelError(f"{path} was changed since it was saved (its sha256 differs): fit the model again")
    return content


def _content(path: Path) -> bytes:
    """Return a file's bytes, if there is room for them."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    size, longest = path.stat().st_size, _LONGEST.get(path.name, memory // _COPIES)
    if size > longest:
        raise ModelError(f"{path} has {size} bytes, and at most {longest} can be read: fit a smaller model")
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error


def _differences(folder: Path, libraries: Mapping[str, str]) -> Iterator[str]:
    for name in _STRICT:
        then, now = libraries.get(name, ""), _version(name)
        if then.split(".")[:2] != now.split(".")[:2]:
            yield f"{folder} was saved with {name} {then or '(none)'}, here is {now or 'none'}: answers may differ"


def _version(library: str) -> str:
    for distribution in _LIBRARIES[library]:
        try:
            return version(distribution)
        except PackageNotFoundError:
            continue
    return ""


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _digest(about: Mapping[str, Any]) -> str:
    """Return the sha256 of what `about` says, however it is laid out."""
    return _sha256(json.dumps(about, sort_keys=True).encode())
