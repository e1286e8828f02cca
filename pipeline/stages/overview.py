"""What there is: extractors, and the cache keys that the stores of this folder use."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from features.base import build, extractor_names
from features.store import open_store
from pipeline.params import Params


def extractors(params: Params) -> Iterator[str]:
    """Yield a line for each extractor: name, modality, widths, settings, and whether it runs."""
    for name in extractor_names():
        extractor = build(name, params.features.get(name, {}))
        runs = "" if name in params.extract else " (not in features.extract)"
        settings = ", ".join(f"{key}={value}" for key, value in asdict(extractor.config).items())
        widths = f"{len(extractor.pooled_names)} an utterance, {len(extractor.feature_names)} a row"
        yield f"{name:12}{extractor.modality:6} {widths:36} {settings}{runs}"


def used_keys() -> set[str]:
    """Return every cache key that a store under data/work names.

    Raises
    ------
    StoreError
        If a store cannot be read: what it uses is not known then.
    """
    keys: set[str] = set()
    for path in Path("data/work").glob("*/*/*.h5"):
        with open_store(path) as store:
            keys.update(store.keys)
    return keys
