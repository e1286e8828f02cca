"""Write and read the additional entry of our MMSA pickles, from which a bundle is restored without loss.

The entry ``crossmodal`` has the arrays of `pipeline.exchange.packing`, except the values, which are in MMSA's arrays.
It also has ``rows/<split>``, the position in the bundle of each clip of a split, and ``features/<store>/undefined``.
The latter has one bit per number, which is set if a zero in MMSA's array stands for an undefined number.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.base import Modality
from pipeline.exchange.bundle import Bundle, FeatureSet
from pipeline.exchange.packing import FORMAT_KEY, Damaged, about, damaged, gather, offsets_of, tables, unpack

OWN_KEY = "crossmodal"

Values = NDArray[np.float32]


def write_own(
    bundle: Bundle, stores: Mapping[Modality, FeatureSet], rows: Mapping[str, NDArray[np.intp]]
) -> tuple[dict[Modality, Values], dict[str, Any]]:
    """Return the padded values ``(n, T, d)`` of each modality, and the entry `OWN_KEY`.

    Parameters
    ----------
    bundle
        The bundle to write.
    stores
        The store of each modality.
    rows
        For each split, the positions of its utterances in the bundle.
    """
    own: dict[str, Any] = {FORMAT_KEY: about(bundle)} | tables(bundle)
    own |= {f"rows/{split}": where.astype(np.int64) for split, where in rows.items()}
    longest = _longest(stores)
    padded = {}
    for modality, store in stores.items():
        padded[modality], rest = _padded(store, longest[modality])
        own |= {f"features/{store.name}/{part}": cells for part, cells in rest.items()}
    return padded, own


def _longest(stores: Mapping[Modality, FeatureSet]) -> dict[Modality, int]:
    """Return the length T to which each modality is padded.

    All modalities get the same T if they have equally many rows in every utterance; modalities without rows are not
    counted.
    """
    lengths = {m: np.diff(offsets_of(store)) for m, store in stores.items()}
    stacked = np.stack(list(lengths.values()))
    aligned = bool(((stacked == stacked.max(axis=0)) | (stacked == 0)).all())
    return {m: max(1, int(stacked.max() if aligned else own.max())) for m, own in lengths.items()}


def _padded(store: FeatureSet, longest: int) -> tuple[Values, dict[str, NDArray[Any]]]:
    padded = np.zeros((len(store.items), longest, len(store.feature_names)), np.float32)
    undefined: list[NDArray[np.bool_]] = []

    def put(i: int, values: Values) -> None:
        undefined.append(np.isnan(values).ravel())
        padded[i, : len(values)] = np.where(np.isnan(values), 0, values)

    rest = gather(store, put)
    bits = np.concatenate(undefined) if undefined else np.zeros(0, bool)
    return padded, rest | {"undefined": np.packbits(bits)}


def read_own(own: Any, parts: Mapping[str, Mapping[Modality, Values]], path: Path) -> Bundle:
    """Return the bundle of a pickle that crossmodal wrote.

    Parameters
    ----------
    own
        The entry `OWN_KEY`.
    parts
        For each split, MMSA's array ``(N, T, d)`` of each modality.
    path
        The file, for messages.

    Raises
    ------
    UserError
        If the entry is damaged, or no longer matches MMSA's arrays.
    """
    if not isinstance(own, dict):
        raise damaged(path, f"its entry {OWN_KEY!r} is not a dictionary")
    try:
        text = str(own[FORMAT_KEY])
        arrays = {str(name): cells for name, cells in own.items() if isinstance(cells, np.ndarray)}
        for modality in next(iter(parts.values())):
            store = _store_name(text, modality)
            whole = {split: (own[f"rows/{split}"], arrays_of[modality]) for split, arrays_of in parts.items()}
            arrays[f"features/{store}/values"] = _values(whole, arrays, f"features/{store}")
        return unpack(text, arrays)
    except KeyError as error:
        raise damaged(path, f"its entry {OWN_KEY!r} lacks {error.args[0]!r}") from error
    except (Damaged, ValueError, TypeError, IndexError) as error:
        raise damaged(
            path, f"{error}; if you changed the arrays, delete its entry {OWN_KEY!r} to read them as they are"
        ) from error


def _store_name(text: str, modality: Modality) -> str:
    return next((str(s["name"]) for s in json.loads(text)["stores"] if s["modality"] == modality), modality)


def _values(
    parts: Mapping[str, tuple[NDArray[np.int64], Values]], arrays: Mapping[str, NDArray[Any]], where: str
) -> Values:
    """Return one store's values ``(rows, d)``: all utterances in the bundle's order, with NaN for undefined numbers.

    `parts` holds, for each split, the positions of its utterances in the bundle and MMSA's array ``(N, T, d)``.
    `arrays` are the other arrays that were exported; those of this store have names that begin with `where`.
    """
    offsets, status = arrays[f"{where}/offsets"], arrays[f"{where}/status"]
    count = sum(len(values) for _, values in parts.values())
    order = np.concatenate([rows for rows, _ in parts.values()])
    if len(offsets) != count + 1 or len(status) != count or sorted(order.tolist()) != list(range(count)):
        raise Damaged(f"the number of its clips ({count}) does not match its entry {OWN_KEY!r}")
    clips = {int(i): clip for rows, values in parts.values() for i, clip in zip(rows, values, strict=True)}
    lengths = np.diff(offsets)
    pieces = [clips[i][: lengths[i]] for i in range(count)]
    if any(len(piece) != length for piece, length in zip(pieces, lengths, strict=True)):
        raise Damaged("its sequences are shorter than when they were written")
    values: Values = np.concatenate(pieces).astype(np.float32)
    bits = np.unpackbits(arrays[f"{where}/undefined"], count=values.size).astype(bool)
    values[bits.reshape(values.shape)] = np.nan
    return values
