"""Fitted models on disk without pickles: what they are made of, their networks' weights, and what they were fitted on.

A folder holds ``model.skops`` (the objects, by skops), ``weights.safetensors`` (arrays of networks, by their path
inside the model) and ``model.json`` (format, schema, sha256 of the other two, library versions). Nothing in a file is
run: types that are not on a short list are refused by name before anything is built. docs/models-on-disk.md says more.
"""

import hashlib
import json
import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED

from models.errors import ModelError
from models.training import TrainedNet
from models.walk import walk

FORMAT = "crossmodal-model"
FORMAT_VERSION = 1
MODEL, WEIGHTS, ABOUT = "model.skops", "weights.safetensors", "model.json"

_OWN = ("models", "features.text")  # packages whose classes a file may hold
_NETS = "models.nets"  # the module of the networks that a file may name
_FOREIGN = (  # beside what skops itself trusts
    "scipy.sparse._csr.csr_matrix",
    "sklearn.tree._tree.Tree",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
    "xgboost.sklearn.XGBRegressor",
)
_LIBRARIES = {  # whose numbers a loaded model depends on -> their distributions
    "numpy": ("numpy",),
    "scikit-learn": ("scikit-learn",),
    "xgboost": ("xgboost-cpu", "xgboost"),
    "torch": ("torch",),
    "skops": ("skops",),
}
_STRICT = ("scikit-learn", "xgboost", "torch")  # another minor version of these may answer differently

Arrays = dict[str, Any]
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
    """Write a fitted model to `folder`; one that is there is replaced, all at once.

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
    with _detached(model) as weights:
        content = _dumped(model)
    arrays = _packed(weights)
    _check_types(content, trusted, f"{type(model).__name__} cannot be saved")
    about = {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "files": {MODEL: _sha256(content), WEIGHTS: _sha256(arrays)},
        "libraries": {name: _version(name) for name in _LIBRARIES},
        "schema": schema,
    }
    text = json.dumps(about, indent=1) + "\n"
    _replace(folder, {MODEL: content, WEIGHTS: arrays, ABOUT: text.encode()})


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
        If a file is missing, was changed, is of a newer format, holds a type that is not trusted, or cannot be read.
    """
    about = _about(folder)
    content, arrays = (_checked(folder / name, about) for name in (MODEL, WEIGHTS))
    notices = tuple(_differences(folder, about["libraries"]))
    _check_types(content, trusted, f"{folder / MODEL} is refused")
    model = _loaded(content, folder, notices)
    nets = networks(model)
    _check_networks(nets, trusted, folder)
    _attach(nets, arrays, folder)
    return Saved(model, about["schema"], notices)


@contextmanager
def _detached(model: Any) -> Iterator[Arrays]:
    """Take the weights of all networks out of a model, by path, and put them back in the end."""
    taken = [(path, net, net.weights or {}) for path, net in networks(model)]
    for _, net, _ in taken:
        net.weights = None
    try:
        yield {f"{path}/{name}": array for path, _, weights in taken for name, array in weights.items()}
    finally:
        for _, net, weights in taken:
            net.weights = weights


def networks(model: Any) -> Networks:
    """Return the networks in a model, with the paths that lead to them."""
    return [(path, part) for path, part in walk(model) if isinstance(part, TrainedNet)]


def _check_networks(nets: Networks, trusted: Sequence[str], folder: Path) -> None:
    """Refuse a network that names anything but what `models.nets` or a plugin defines: it is called to rebuild it."""
    for path, net in nets:
        module, _, attribute = str(net.build).partition(":")
        found = _defined(module, attribute) if module in (_NETS, *trusted) else None
        if not callable(found):
            raise ModelError(f"{folder / MODEL} is refused: its network {path} names {net.build!r}, no network of ours")


def _attach(nets: Networks, packed: bytes, folder: Path) -> None:
    from safetensors.numpy import load

    found: dict[str, Arrays] = {path: {} for path, _ in nets}
    for name, array in load(packed).items():
        path, _, own = name.partition("/")
        if path not in found:
            raise ModelError(f"{folder / WEIGHTS} holds {name!r}, but the model has no such network: fit it again")
        found[path][own] = array
    for path, net in nets:
        net.weights = found[path]


def _packed(weights: Arrays) -> bytes:
    import numpy as np
    from safetensors.numpy import save

    return bytes(save({name: np.array(array, order="C") for name, array in weights.items()}))


def _dumped(model: Any) -> bytes:
    from skops import io

    try:
        return bytes(io.dumps(model, compression=ZIP_DEFLATED))
    except Exception as error:  # whatever skops meets inside a plugin's model
        raise ModelError(f"{type(model).__name__} cannot be saved: {' '.join(str(error).split())}") from error


def _loaded(content: bytes, folder: Path, notices: Iterable[str]) -> Any:
    from skops import io

    try:
        return io.loads(content, trusted=io.get_untrusted_types(data=content))
    except Exception as error:  # other versions of libraries build other objects
        why = "; ".join([" ".join(str(error).split()), *notices])
        raise ModelError(f"{folder / MODEL} cannot be read ({why}): fit the model again") from error


def _check_types(content: bytes, trusted: Sequence[str], refusal: str) -> None:
    from skops import io

    try:
        found = io.get_untrusted_types(data=content)
    except Exception as error:  # a damaged or foreign zip
        raise ModelError(f"{refusal}: it is no readable skops file ({' '.join(str(error).split())})") from error
    refused = [name for name in found if name not in _FOREIGN and not _is_class((*_OWN, *trusted), name)]
    if refused:
        raise ModelError(
            f"{refusal}: it holds {', '.join(refused)}, which a model may not hold; if it is a class of a plugin of "
            "yours, list that plugin in run.plugins"
        )


def _is_class(packages: Iterable[str], name: str) -> bool:
    """Whether a dotted name is that of a class which one of the packages defines."""
    module, _, attribute = name.rpartition(".")
    inside = any(module == package or module.startswith(f"{package}.") for package in packages)
    return inside and isinstance(_defined(module, attribute), type)


def _defined(module: str, attribute: str) -> Any:
    """Return what a module of this project, or a plugin, defines itself under a name; else None."""
    try:
        found = getattr(import_module(module), attribute, None)
    except ImportError:
        return None
    return found if getattr(found, "__module__", None) == module else None


def _about(folder: Path) -> dict[str, Any]:
    path = folder / ABOUT
    if not path.is_file():
        raise ModelError(f"{folder} holds no model: there is no {path}; `crossmodal fit` writes one")
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        known, found = about["format"] == FORMAT, int(about["format_version"])
        complete = {"files", "libraries", "schema"} <= set(about) and {MODEL, WEIGHTS} <= set(about["files"])
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path} is damaged ({error}): fit the model again") from error
    if known and found > FORMAT_VERSION:
        raise ModelError(
            f"{path} has model format {found}, this program reads up to {FORMAT_VERSION}: use a newer crossmodal"
        )
    if not known or not complete:
        raise ModelError(f"{path} does not describe a {FORMAT}: name the folder that `crossmodal fit` wrote")
    return dict(about)


def _checked(path: Path, about: Mapping[str, Any]) -> bytes:
    if not path.is_file():
        raise ModelError(f"{path} is missing: copy the whole folder, or fit the model again")
    content = path.read_bytes()
    if _sha256(content) != about["files"][path.name]:
        raise ModelError(f"{path} was changed since it was saved (its sha256 differs): fit the model again")
    return content


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


def _replace(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a new folder beside `folder`, then let it take its place."""
    partial = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}.partial")  # nobody can have planted a link there
    old = partial.with_suffix(".old")
    partial.mkdir(parents=True)
    try:
        for name, content in files.items():
            (partial / name).write_bytes(content)
        if folder.exists():
            folder.rename(old)
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    shutil.rmtree(old, ignore_errors=True)
