"""Write the stores of imported features, all or none; choose their names and record their origin."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from common.atomic import replacing_all
from features.errors import StoreError
from features.store import IMPORTED, feature_schema, fill_store, open_store
from features.text.fitted import fitted_names
from pipeline.errors import UserError
from pipeline.exchange.bundle import FeatureSet, ImportOptions
from pipeline.hashing import sha256_of
from pipeline.run.keys.description import key_of
from pipeline.run.keys.utterance import import_key
from pipeline.run.locks import writing
from pipeline.settings.paths import CorpusPaths, check_store


@contextmanager
def written(name: str, stores: Sequence[FeatureSet], origin: Mapping[str, Any]) -> Iterator[None]:
    """Write all stores to temporary files; rename these after the ``with`` block, or delete them if the block fails.

    Raise `UserError` before anything is written if a store would replace features that `extract` computed.
    """
    targets = [CorpusPaths(name).features(store.name) for store in stores]
    with ExitStack() as stack:
        for target in sorted(targets):
            stack.enter_context(writing(target))
            if target.exists():
                _require_imported(target)
        temporaries = stack.enter_context(replacing_all(targets))
        for store, temporary in zip(stores, temporaries, strict=True):
            items = [replace(i, key=i.key or import_key(origin, store.name, i.utterance)) for i in store.items]
            attributes = {**dict(store.details), "kind": IMPORTED, "modality": store.modality, "name": store.name}
            attributes |= {"version": 1, "config": dict(origin), "config_hash": key_of(dict(origin))}
            attributes |= {"feature_names": list(store.feature_names), "pooled_names": list(store.pooled_names)}
            schema = feature_schema(len(store.feature_names), len(store.pooled_names))
            fill_store(temporary, schema, attributes, items)
        yield


def _require_imported(target: Path) -> None:
    """Raise `UserError` if an extractor computed the store; imported and damaged stores may be overwritten."""
    try:
        with open_store(target) as store:
            imported = store.attribute("kind") == IMPORTED
    except StoreError:
        return
    if not imported:
        raise UserError(
            f"{target} holds features that `extract` computed, which this import would overwrite: import the "
            "features under a different name"
        )


def renamed(stores: Sequence[FeatureSet], extractors: Iterable[str], notices: list[str]) -> list[FeatureSet]:
    """Return the stores, with ``_imported`` appended to names that extractors have.

    An extractor's name is reserved for the features that the extractor computes. A notice about each change is added to
    `notices`. Raise `UserError` if two stores would have the same name.
    """
    reserved = {*extractors, *fitted_names()}
    found = []
    for store in stores:
        name = f"{store.name}_imported" if store.name in reserved else store.name
        if name != store.name:
            notices.append(f"the features {store.name} are stored as {name}, since an extractor is named {store.name}")
        check_store(name)
        found.append(replace(store, name=name))
    if twice := [name for name, count in Counter(store.name for store in found).items() if count > 1]:
        raise UserError(f"two stores would be named {twice[0]!r}: give one of the arrays another name")
    return found


def origin_of(form: str, path: Path, options: ImportOptions) -> dict[str, Any]:
    """Return the origin that stores record: the name of the file, the format, a hash of each file, and the options."""
    given = {k: v for k, v in asdict(options).items() if v}
    hashed = {f.name: sha256_of(f) for f in _files(path)}
    return {"origin": path.name, "format": form, "sha256": hashed, "options": _plain(given)}


def _files(path: Path) -> list[Path]:
    return sorted(f for f in path.iterdir() if f.is_file()) if path.is_dir() else [path]


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value.name if isinstance(value, Path) else value
