"""Facts about a store: which utterances lack features and why, and the range of each feature."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.store import STATUSES, Store, open_store


@dataclass(frozen=True)
class Range:
    """The range of one feature over the utterances whose status is ok.

    Attributes
    ----------
    name
        The feature.
    min, median, max
        Statistics of the defined values; None if there are none.
    undefined
        The number of values that are NaN.
    """

    name: str
    min: float | None
    median: float | None
    max: float | None
    undefined: int


@dataclass(frozen=True)
class Incomplete:
    """An utterance that is absent, empty or failed, with the reason, or one that is ok but has a note."""

    utterance: str
    status: str
    note: str


@dataclass(frozen=True)
class StoreFacts:
    """Facts about one store.

    Attributes
    ----------
    file
        The path of the store.
    name, kind, modality
        The name of the stream or extractor instance; the kind (``stream``, ``features`` or ``imported``); and the
        modality.
    version, format_version
        The versions of the algorithm and of the format of the store.
    config, libraries, weights, device
        The settings, the version of each package, the sha256 of each weights file, and where an encoder ran.
    utterances
        The number of utterances.
    statuses
        The number of utterances with each status.
    incomplete
        All utterances whose status is not ok.
    remarks
        All utterances whose status is ok and which have a note.
    rows
        The range of the number of rows (frames, words, windows, samples) per utterance whose status is ok.
    features_per
        Whether `features` are values per ``utterance`` or per ``row``.
    features
        The range of each feature; for a stream, of each column with one number per utterance.
    columns
        The shape and type of each array, keyed by its path in the file.
    """

    file: str
    name: str
    kind: str
    modality: str
    version: int | None
    format_version: int
    config: Any
    libraries: Any
    weights: Any
    device: str
    utterances: int
    statuses: dict[str, int]
    incomplete: tuple[Incomplete, ...]
    remarks: tuple[Incomplete, ...]
    rows: Range
    features_per: str
    features: tuple[Range, ...]
    columns: dict[str, str]


def facts_of_store(path: Path) -> StoreFacts:
    """Read the facts about a store.

    Raises
    ------
    StoreError
        If the file is not a store, or is damaged.
    """
    with open_store(path) as store:
        ok = np.array([status == "ok" for status in store.statuses], dtype=bool)
        per, ranges = _features(store, ok)
        noted = [Incomplete(*one) for one in zip(store.utterances, store.statuses, store.notes, strict=True)]
        return StoreFacts(
            file=str(path),
            name=str(_attribute(store, "name", path.stem)),
            kind=str(_attribute(store, "kind", "")),
            modality=str(_attribute(store, "modality", "")),
            version=_attribute(store, "version", None),
            format_version=int(_attribute(store, "format_version", 0)),
            config=_attribute(store, "config", {}),
            libraries=_attribute(store, "libraries", {}),
            weights=_attribute(store, "weights", {}),
            device=str(_attribute(store, "device", "")),
            utterances=len(store),
            statuses={status: store.statuses.count(status) for status in STATUSES},
            incomplete=tuple(one for one in noted if one.status != "ok"),
            remarks=tuple(one for one in noted if one.status == "ok" and one.note),
            rows=ranges_of(["rows"], np.diff(store.offsets)[ok][:, None].astype(float))[0],
            features_per=per,
            features=ranges,
            columns=_columns(store),
        )


def ranges_of(names: Sequence[str], values: NDArray[Any]) -> tuple[Range, ...]:
    """Return the range of each column of a matrix.

    Parameters
    ----------
    names
        The names of the p columns.
    values
        ``(n, p)``; NaN where a value is undefined.

    Examples
    --------
    >>> ranges_of(["pitch_hz"], np.array([[110.0], [np.nan], [220.0]]))
    (Range(name='pitch_hz', min=110.0, median=165.0, max=220.0, undefined=1),)
    """
    found = []
    for name, column in zip(names, values.T, strict=True):
        own = column[~np.isnan(column)].astype(np.float64)
        low, middle, high = (float(f(own)) if len(own) else None for f in (np.min, np.median, np.max))
        found.append(Range(name, low, middle, high, len(column) - len(own)))
    return tuple(found)


def _attribute(store: Store, name: str, default: Any) -> Any:
    return store.attribute(name) if name in store.file.attrs else default


def _features(store: Store, ok: NDArray[np.bool_]) -> tuple[str, tuple[Range, ...]]:
    """Return whether features have one value per ``utterance`` or per ``row``, and the range of each feature.

    Pooled values are used if there are any (``utterance``), otherwise the values of each row (``row``). For a stream,
    the columns with one number per utterance are used (``utterance``).
    """
    pooled = _attribute(store, "pooled_names", [])
    if pooled and "pooled" in store.file:
        return "utterance", ranges_of(pooled, store.pooled()[ok])
    if names := _attribute(store, "feature_names", []):
        return "row", ranges_of(names, store.all_rows())
    clips = [where.partition("/")[2] for where in store.columns if where.startswith("clips/")]
    columns = [
        (name, [store.clip(i, name) for i in np.flatnonzero(ok).tolist()]) for name in clips if _is_number(store, name)
    ]
    return "utterance", tuple(ranges_of([name], np.array(own, dtype=float)[:, None])[0] for name, own in columns)


def _is_number(store: Store, name: str) -> bool:
    column = store.file[f"clips/{name}"]
    return column.dtype.kind in "fiu" and column.ndim == 1


def _columns(store: Store) -> dict[str, str]:
    found: dict[str, str] = {}

    def note(name: str, item: Any) -> None:
        if hasattr(item, "shape"):
            found[name] = f"{item.shape} {item.dtype}"

    store.file.visititems(note)
    return found
