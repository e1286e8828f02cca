"""Save fitted models in folders without pickles, and load them only if nothing was changed.

A folder holds ``objects.json`` (the objects that make up the model, see `models.saving.writing`),
``arrays.safetensors`` (arrays such as the weights of networks, keyed by their path inside the model) and ``model.json``
(format, schema, sha256 of the other files, library versions). Nothing in a file is executed, and only names on the list
of `models.saving.trusted` are looked up. docs/models-on-disk.md has the details.
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
from models.saving.reading import read
from models.saving.trusted import trust
from models.saving.writing import Arrays, write

FORMAT = "crossmodal-model"
FORMAT_VERSION = 4
MODEL, WEIGHTS, ABOUT = "objects.json", "arrays.safetensors", "model.json"

_MAX_BYTES = {MODEL: 256 << 20, ABOUT: 64 << 20}  # limits in bytes: parsed JSON needs about ten times as much memory
_MAX_DEPTH = 50  # maximum nesting of a schema; about ten levels are usual
_COPIES = 4  # while reading, memory must hold at most this many copies of the arrays
_LIBRARIES = {  # libraries on which the predictions of a loaded model depend -> names of their packages
    "numpy": ("numpy",),
    "scikit-learn": ("scikit-learn",),
    "xgboost": ("xgboost-cpu", "xgboost"),
    "torch": ("torch",),
}
_STRICT = ("scikit-learn", "xgboost", "torch")  # another minor version of these may predict differently


@dataclass(frozen=True)
class Saved:
    """A model that was loaded from a folder.

    Attributes
    ----------
    model
        The fitted model; the same input gives the same bits as before saving.
    schema
        The schema that was given to `save`, which describes what the model was fitted on.
    notices
        One sentence for each of scikit-learn, XGBoost and torch whose major or minor version has changed since the
        model was saved.
    """

    model: Any
    schema: Mapping[str, Any]
    notices: tuple[str, ...] = ()


def save(model: Any, folder: Path, schema: Mapping[str, Any], trusted: Sequence[str] = ()) -> None:
    """Write a fitted model to a folder; the model is not changed.

    `load` refuses files that do not belong together, for example after a power cut.

    Parameters
    ----------
    model
        Any fitted strategy.
    folder
        The folder, which is created if it does not exist.
    schema
        Further information that is needed to use the model, as plain values; saved as JSON.
    trusted
        Modules of plugins whose classes the model may contain, in addition to this project's own.

    Raises
    ------
    ModelError
        If the model contains something that could not be loaded again.
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
    """Whether `save`, in this or an earlier version of the program, writes a file with this name."""
    return path.name in (MODEL, WEIGHTS, ABOUT, "model.skops")


def load(folder: Path, trusted: Sequence[str] = ()) -> Saved:
    """Load a model that `save` wrote.

    Parameters
    ----------
    folder
        The folder of the model.
    trusted
        Modules of plugins whose classes the model may contain, in addition to this project's own.

    Raises
    ------
    ModelError
        If a file is missing, was changed, has a different format, contains something not allowed, or cannot be read.
    """
    trust(trusted)
    about = _about(folder)
    content, packed = (_checked(folder / name, about["files"][name]) for name in (MODEL, WEIGHTS))
    notices = tuple(_differences(folder, about["libraries"]))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # scikit-learn's warnings about versions, which `notices` repeats
            model = read(_parsed(content), _unpacked(packed))
    except Exception as error:  # invalid content, or another library version, can raise anything
        why = "; ".join([_reason(error), *notices])
        raise ModelError(f"{folder / MODEL} is refused: {why}; correct this, or fit the model again") from error
    return Saved(model, about["schema"], notices)


def _reason(error: Exception) -> str:
    text = reason_of(error)
    return text if isinstance(error, ModelError) else f"it holds invalid values ({type(error).__name__}: {text:.200})"


def _packed(arrays: Arrays) -> bytes:
    from safetensors.numpy import save

    return bytes(save(arrays))


def _unpacked(packed: bytes) -> Arrays:
    from safetensors.numpy import load

    return dict(load(packed))


def _parsed(content: bytes) -> Any:
    """Return the content of a JSON text; refuse repeated keys, because programs differ in which value they use."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ModelError("it has a duplicate key")
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
        expected = _digest(about)
    except (ValueError, RecursionError) as error:
        raise ModelError(f"{path} is damaged ({_reason(error)}): fit the model again") from error
    if not isinstance(about, dict) or about.get("format") != FORMAT or type(about.get("format_version")) is not int:
        raise ModelError(f"{path} does not describe a {FORMAT}: name the folder that `crossmodal fit` wrote")
    if about["format_version"] > FORMAT_VERSION:
        raise ModelError(
            f"{path} has model format {about['format_version']}, but this program reads {FORMAT_VERSION}: use a "
            "newer crossmodal"
        )
    if about["format_version"] < FORMAT_VERSION:
        raise ModelError(
            f"{path} has model format {about['format_version']}, which this program no longer reads (it reads "
            f"{FORMAT_VERSION}): fit the model again with `crossmodal fit`"
        )
    if stated != expected:
        raise ModelError(f"{path} has been changed since it was saved (its digest differs): fit the model again")
    _check_shape(about, path)
    if not _shallow(about, _MAX_DEPTH):
        raise ModelError(f"{path} holds values nested more than {_MAX_DEPTH} deep: fit the model again")
    return about


def _shallow(value: Any, left: int) -> bool:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return left > 0 and all(_shallow(part, left - 1) for part in parts)


def _check_shape(about: Mapping[str, Any], path: Path) -> None:
    blocks = {name: about.get(name) for name in ("files", "libraries", "schema")}
    whole = all(isinstance(block, dict) for block in blocks.values())
    if not whole or any(not isinstance(v, str) for n in ("files", "libraries") for v in blocks[n].values()):  # type: ignore[union-attr]
        raise ModelError(f"{path} lacks one of the blocks {', '.join(blocks)}, or one is damaged: fit the model again")
    if not all(name.isprintable() and len(name) <= 100 for pair in about["libraries"].items() for name in pair):
        raise ModelError(f"{path} lists a library with an invalid name or version: fit the model again")
    if set(about["files"]) != {MODEL, WEIGHTS}:
        raise ModelError(f"{path} names files other than {MODEL} and {WEIGHTS}: fit the model again")


def _checked(path: Path, digest: str) -> bytes:
    if not path.is_file():
        raise ModelError(f"{path} is missing: copy the whole folder, or fit the model again")
    content = _content(path)
    if _sha256(content) != digest:
        raise ModelError(f"{path} has been changed since it was saved (its sha256 differs): fit the model again")
    return content


def _content(path: Path) -> bytes:
    """Return the bytes of a file; raise `ModelError` if it is too large for the memory or cannot be read."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    size, largest = path.stat().st_size, _MAX_BYTES.get(path.name, memory // _COPIES)
    if size > largest:
        raise ModelError(f"{path} has {size} bytes, but at most {largest} can be read: fit a smaller model")
    try:
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path} cannot be read: {error.strerror}") from error


def _differences(folder: Path, libraries: Mapping[str, str]) -> Iterator[str]:
    for name in _STRICT:
        then, now = libraries.get(name, ""), _version(name)
        if then.split(".")[:2] != now.split(".")[:2]:
            then, now = then or "(none)", now or "(none)"
            yield f"{folder} was saved with {name} {then}, but {now} is installed: predictions may differ"


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
    """Return the sha256 of the content of `about`, which does not depend on how the file is formatted."""
    return _sha256(json.dumps(about, sort_keys=True).encode())
