"""The files of MELD's baseline: utterance tables (``data_emotion.p``), and vectors keyed ``<dialogue>_<utterance>``."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from common.names import suggest
from pipeline.corpora.published.meld import EMOTIONS, SENTIMENTS, SPLITS
from pipeline.errors import UserError, counted
from pipeline.exchange.bundle import ImportOptions
from pipeline.exchange.formats.erc.stores import Found, stores_by_name
from pipeline.foreign import one_line

_RELEASE = {split: release for release, split in SPLITS.items()}  # MELD's name of each split
_SPLITS = {"train": "train", "val": "valid", "valid": "valid", "dev": "valid", "test": "test"}

_Key = tuple[str, int, int]  # split, dialogue, utterance


def is_baseline(parts: Sequence[Any]) -> bool:
    """Whether a pickle is from MELD's baseline: its parts are a table of utterances, or vectors of three splits."""
    return _is_sheet(parts) or _is_vectors(parts)


def _is_sheet(parts: Sequence[Any]) -> bool:
    lead = parts[0] if len(parts) >= 5 else ()
    return isinstance(lead, list) and bool(lead) and isinstance(lead[0], dict) and "utterance" in lead[0]


def _is_vectors(parts: Sequence[Any]) -> bool:
    keys = [key for part in parts if isinstance(part, dict) for key in part]
    dicts = len(parts) == 3 and all(isinstance(part, dict) for part in parts)
    return dicts and bool(keys) and all(isinstance(key, str) and re.fullmatch(r"\d+_\d+", key) for key in keys)


def read_baseline(files: Mapping[Path, Sequence[Any]], options: ImportOptions) -> Found:
    """Return the utterances of the baseline's tables, with their vectors from the other files.

    If no file is a table, return the utterances that have vectors, without labels.
    """
    found = Found()
    rows: dict[_Key, dict[str, Any]] = {}
    for path, parts in files.items():
        if _is_sheet(parts):
            for key, row in _sheet(path, parts):
                rows[key] = rows.get(key, {}) | row
    held = {path: dict(_vectors(parts)) for path, parts in files.items() if _is_vectors(parts)}
    if not rows:
        found.notices.append(
            "there are no labels, since they are in data_emotion.p: to import them too, give the folder that holds both"
        )
        order = list(_RELEASE)
        keys = sorted({key for vectors in held.values() for key in vectors}, key=lambda k: (order.index(k[0]), *k[1:]))
        rows = {key: _identity(key) for key in keys}
    found.rows = list(rows.values())
    for name, (path, modality) in stores_by_name(held, options).items():
        found.stores[name] = (modality, [held[path].get(key) for key in rows])
        if extra := sum(key not in rows for key in held[path]):
            found.notices.append(f"{path.name}: left out {counted(extra, 'vector')} without an utterance")
    return found


def _identity(key: _Key) -> dict[str, Any]:
    split, dialogue, number = key
    group = f"{_RELEASE[split]}_dia{dialogue}"
    return {"utterance": f"{group}_utt{number}", "group": group, "order": float(number), "split": split}


def _sheet(path: Path, parts: Sequence[Any]) -> Iterator[tuple[_Key, dict[str, Any]]]:
    """Yield each utterance's split, dialogue and number (its key), and its row for the utterance table.

    `parts` is the content of ``data_emotion.p`` or ``data_sentiment.p``: first the list of utterances, last a dict that
    numbers the classes.
    """
    index = parts[-1] if isinstance(parts[-1], dict) else {}
    by_number = {int(number): name for name, number in index.items() if isinstance(number, int | np.integer)}
    classes, seen = set(by_number.values()), set()
    for i, cells in enumerate(parts[0]):
        where = f"{path}: utterance {i}"
        try:
            key = (_SPLITS[cells["split"]], int(cells["dialog"]), int(cells["utterance"]))
            label, text = cells["y"], str(cells["text"])
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(
                f"{where} lacks a valid split, dialog, utterance, y or text ({one_line(error, 60)}): get the file again"
            ) from None
        name = by_number.get(int(label)) if isinstance(label, int | np.integer) else label
        column = _label_column(path.stem, name, classes)
        if not column:
            raise UserError(f"{where} has the label {one_line(repr(label), 40)}; {suggest(str(label), EMOTIONS)}")
        if key in seen:
            raise UserError(
                f"{where} (dialogue {key[1]}, utterance {key[2]}, {key[0]}) occurs twice: remove one of them"
            )
        seen.add(key)
        yield key, _identity(key) | {"text": text, column: name}


def _label_column(stem: str, name: Any, classes: set[Any]) -> str:
    """Return the label column that a class belongs to, or ``""`` if the class is unknown.

    The file name and the set of all classes decide, since ``neutral`` is both an emotion and a sentiment.
    """
    if "emotion" in stem:
        return "emotion" if name in (*EMOTIONS, *SENTIMENTS) else ""
    if "sentiment" in stem or classes == set(SENTIMENTS):
        return "sentiment" if name in SENTIMENTS else ""
    return "emotion" if name in EMOTIONS else "sentiment" if name in SENTIMENTS else ""


def _vectors(parts: Sequence[Any]) -> Iterator[tuple[_Key, Any]]:
    for split, held in zip(_RELEASE, parts, strict=True):
        for name, vector in held.items():
            dialogue, number = name.split("_")
            yield (split, int(dialogue), int(number)), vector
