"""Read the feature pickles of MMSA (a framework for multimodal sentiment analysis), and write them.

A pickle holds the parts ``train``, ``valid`` and ``test`` (or parts with other names, see `pipeline.tables.splits`).
A part of N clips has these entries:

============================================  =====================================================================
``text, audio, vision``                       (N, T, d) float32, zeros after the end of a sequence
``text_lengths, audio_lengths,                (N,) number of rows of each clip, at least 1
vision_lengths``
``id``                                        ``<video>$_$<clip>``
``raw_text``                                  the words
``regression_labels``                         N numbers; some files also have ``regression_labels_T``, ``_A``, ``_V``
``annotations, classification_labels``        Negative, Neutral, Positive; 0, 1, 2
============================================  =====================================================================

MMSA has neither undefined numbers nor column names. Both, and everything else in a bundle, are written to an additional
entry ``crossmodal`` next to the parts, which MMSA ignores.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from common.names import listed_names
from features.base import Modality
from pipeline.errors import UserError, counted
from pipeline.exchange.bundle import Bundle, FeatureSet, ImportOptions
from pipeline.exchange.cells import as_text, names_of
from pipeline.exchange.columns import features_of, unique_ids
from pipeline.exchange.formats.mmsa_own import OWN_KEY, read_own, write_own
from pipeline.exchange.formats.npz import unpadded
from pipeline.exchange.formats.pickles import dump, load
from pipeline.exchange.safety import refuse_options
from pipeline.foreign import one_line
from pipeline.tables.splits import SPLITS, check_meanings, meanings, remedy

KEYS: dict[Modality, str] = {"text": "text", "audio": "audio", "video": "vision"}
SCORE = "sentiment"
PART = "mmsa_part"  # the column of a bundle with MMSA's parts if they differ from its split; it is not read back
_SIDES = ("T", "A", "V")
_CLASSES = ("Negative", "Neutral", "Positive")
_BERT_MASK = 1  # the row of text_bert that marks tokens, not padding

Part = Mapping[str, Any]


def read(path: Path, options: ImportOptions) -> Bundle:
    """Read a pickle; without an entry ``crossmodal``, each clip becomes the utterance ``<video>_<clip>``.

    Padding is removed. Which rows are padding depends on the file:

    - If the file gives the lengths of a modality, the rows after them are padding.
    - If it gives no lengths at all, and all modalities have equally many rows, the same rows are padding in all of
      them: those after the last 1 in the mask of ``text_bert`` or, without ``text_bert``, the rows at the end that are
      zero in all modalities.
    - In other files, the rows of zeros at the end of a modality without lengths are padding. For text, these are the
      rows after the last 1 in the mask of ``text_bert``, if there is one.

    A ``text_bert`` counts only if it has as many rows as text.

    No part is left out: ``options.splits`` must say which split a part with an unusual name is.

    Raises
    ------
    UserError
        If the file is not an MMSA pickle; if a part lacks an entry or its entries have the wrong shapes; or if the
        split of a part is not known.
    """
    refuse_options(path, options, ("splits",))
    check_meanings(path, options.splits)
    data = load(path)
    parts = {name: part for name, part in data.items() if _is_part(name, part)} if isinstance(data, dict) else {}
    if not parts or not all(isinstance(part, dict) for part in parts.values()):
        found = ", ".join(map(str, data)) if isinstance(data, dict) else type(data).__name__
        raise UserError(
            f"{path} is not an MMSA pickle: it must hold train, valid and test, but holds {one_line(found, 200)}"
        )
    checked = {str(name): _checked(part, str(name), path) for name, part in parts.items()}
    if OWN_KEY in data:
        refuse_options(path, options, ())  # a file of ours describes itself
        return read_own(data[OWN_KEY], {n: {m: part[k] for m, k in KEYS.items()} for n, part in checked.items()}, path)
    split_of, notices = meanings(checked, options.splits)
    if unknown := [name for name in checked if name not in split_of]:
        count = len(checked[unknown[0]]["id"])
        raise UserError(
            f"{path} has a part {one_line(unknown[0], 40)!r} of {counted(count, 'clip')}: {remedy(unknown[0])}"
        )
    if others := [one_line(name, 40) for name in data if name not in parts]:
        notices.append(f"{path.name}: entries that hold no clips are not read: {one_line(', '.join(others))}")
    return _foreign(checked, split_of, path, notices)


def _is_part(name: Any, value: Any) -> bool:
    """Whether an entry of the pickle holds clips: it is named like a split, or has a key such as ``id`` or ``text``."""
    if name in SPLITS:
        return True
    return name != OWN_KEY and isinstance(value, dict) and any(key in value for key in ("id", *KEYS.values()))


def _checked(part: Part, split: str, path: Path) -> dict[str, NDArray[Any]]:
    """Return the arrays of a part by key; raise `UserError` if one is missing, or not all have one row per clip."""
    arrays: dict[str, NDArray[Any]] = {}
    required = ("id", "raw_text", "regression_labels", *KEYS.values())
    optional = ("annotations", "text_bert", *(f"{key}_lengths" for key in KEYS.values()))
    for key in (*required, *optional, *(f"regression_labels_{side}" for side in _SIDES)):
        if key in part:
            arrays[key] = _array(part[key], key, f"{path}, {split}")
        elif key in required:
            there = ", ".join(
                f"{k} {np.shape(v) if isinstance(v, np.ndarray) else ''}".strip() for k, v in part.items()
            )
            raise UserError(f"{path}, {split}: the key {key!r} is missing; available: {there or 'none'}")
    count = len(arrays["id"])
    for key, cells in arrays.items():
        if len(cells) != count:
            raise UserError(
                f"{path}, {split}: 'id' has {counted(count, 'clip')}, but {key!r} has the shape {cells.shape}: both "
                "must have the same number of clips"
            )
    return arrays


def _array(cells: Any, key: str, where: str) -> NDArray[Any]:
    deep = key in (*KEYS.values(), "text_bert")
    try:
        array = np.asarray(cells)
        if deep or "lengths" in key or key.startswith("regression"):
            with np.errstate(over="ignore", invalid="ignore"):
                array = array.astype(np.float32 if deep else np.float64)
    except (ValueError, TypeError) as error:
        raise UserError(
            f"{where}: {key!r} is not an array of numbers, or its clips differ in shape ({error})"
        ) from error
    if array.ndim == 2 and array.shape[1] == 1 and not deep:
        array = array[:, 0]
    if array.ndim != (3 if deep else 1) or (deep and array.shape[2] == 0):
        wanted = "(N, T, d)" if deep else "(N,)"
        raise UserError(f"{where}: {key!r} has the shape {array.shape}, but must have {wanted}")
    return array


def _foreign(
    parts: Mapping[str, dict[str, NDArray[Any]]], split_of: Mapping[str, str], path: Path, notices: list[str]
) -> Bundle:
    """Return the bundle of a pickle from elsewhere, in the order train, valid, test; extend `notices` in place."""
    parts = {name: parts[name] for name in sorted(parts, key=lambda name: SPLITS.index(split_of[name]))}
    table = pd.concat([_table(part, split_of[name]) for name, part in parts.items()], ignore_index=True)
    places = [f"{name} {i}" for name, part in parts.items() for i in range(len(part["id"]))]
    utterances = table["utterance"].tolist()
    unique_ids(utterances, path, lambda i: places[i])
    lengths = {name: _lengths(part) for name, part in parts.items()}
    stores = []
    for modality, key in KEYS.items():
        widths = {part[key].shape[2] for part in parts.values()}
        if len(widths) > 1:
            some = ", ".join(map(str, sorted(widths)))
            raise UserError(f"{path}: {key!r} has a different number of columns in each part ({some}): make them equal")
        rows = []
        for name, part in parts.items():
            wanted, room = lengths[name][modality], part[key].shape[1]
            cut = int((wanted > room).sum())
            if cut:
                notices.append(
                    f"{name}: {key}_lengths exceeds {room}, the number of rows in the array, for {counted(cut, 'clip')}"
                )
            rows += [clip[:length] for clip, length in zip(part[key], np.clip(wanted, 0, room), strict=True)]
        names = [str(j) for j in range(widths.pop())]
        details = {"source": path.name, "array": key}
        made, more = features_of((modality, modality), names, rows, utterances, vectors=False, details=details)
        stores.append(made)
        notices += more
    return Bundle(table, features=tuple(stores), notices=tuple(notices))


def _table(part: Mapping[str, NDArray[Any]], split: str) -> pd.DataFrame:
    ids = [name.partition("$_$") for name in names_of(part["id"])]
    columns: dict[str, Any] = {
        "utterance": _text([f"{video}_{clip}" if mark else video for video, mark, clip in ids]),
        "recording": _text([video for video, _, _ in ids]),
        "group": _text([video for video, _, _ in ids]),
        "order": [float(clip) if clip.isdecimal() else np.nan for _, _, clip in ids],
        "split": _text([split] * len(ids)),
        "text": _text(as_text(part["raw_text"])),
        SCORE: part["regression_labels"],
    }
    if "annotations" in part:
        columns["annotation"] = _text(as_text(part["annotations"]))
    for side in _SIDES:
        if f"regression_labels_{side}" in part:
            columns[f"label_{side}"] = part[f"regression_labels_{side}"]
    return pd.DataFrame(columns)


def _text(cells: Sequence[str]) -> pd.Series:
    return pd.Series(cells, dtype="str")


def _lengths(part: Mapping[str, NDArray[Any]]) -> dict[Modality, NDArray[np.int64]]:
    """Return, for each modality, how many rows each clip has without padding ``(N,)``."""
    given: dict[Modality, NDArray[np.int64]] = {
        m: part[f"{key}_lengths"].astype(np.int64) for m, key in KEYS.items() if f"{key}_lengths" in part
    }
    shapes = {part[key].shape[1] for key in KEYS.values()}
    bert = part["text_bert"][:, _BERT_MASK] if "text_bert" in part and part["text_bert"].shape[1] == 3 else None
    masked = None
    if bert is not None and bert.shape[1] == part["text"].shape[1]:
        masked = unpadded(bert[:, :, None])
    if len(shapes) == 1 and not given:
        shared = unpadded(np.concatenate([part[key] for key in KEYS.values()], axis=2)) if masked is None else masked
        return dict.fromkeys(KEYS, shared)
    if masked is not None:
        given.setdefault("text", masked)
    return {m: given[m] if m in given else unpadded(part[key]) for m, key in KEYS.items()}


def write(bundle: Bundle, path: Path) -> None:
    """Write a bundle that has one store per modality, a numeric column `SCORE` or ``label``, and all three splits.

    The split of each utterance is in the column `PART` or, if there is no such column, in ``split``.

    Sequences are padded with zeros at the end to the length of the longest one of their modality. Undefined numbers
    become 0, and an utterance without a modality gets one row of zeros. If the modalities of every utterance have the
    same number of rows, all modalities are padded to one length, as MMSA's aligned models require.

    Raises
    ------
    UserError
        If a modality does not have exactly one store, if a score is missing, if an utterance has no split, if a split
        has no utterance, or if the file cannot be written.
    """
    stores = _one_each(bundle)
    scores = _scores(bundle)
    rows = _rows_of(bundle)
    ids = _clip_ids(bundle.utterances)
    kept = replace(bundle, utterances=bundle.utterances.drop(columns=PART, errors="ignore"))
    padded, own = write_own(kept, stores, rows)
    data: dict[str, Any] = {}
    for split, where in rows.items():
        table = bundle.utterances.iloc[where]
        data[split] = {"id": [ids[i] for i in where], "raw_text": _column(table, "text")}
        for modality, key in KEYS.items():
            lengths = np.array([stores[modality].items[i].length for i in where], np.int64)
            data[split] |= {key: padded[modality][where], f"{key}_lengths": np.maximum(lengths, 1)}
        data[split] |= _labels(table, scores[where])
    data[OWN_KEY] = own
    try:
        dump(data, path)
    except OSError as error:
        raise UserError(
            f"cannot write {path}: {error.strerror or error}: free disk space or check the folder"
        ) from error


def _one_each(bundle: Bundle) -> dict[Modality, FeatureSet]:
    stores: dict[Modality, FeatureSet] = {}
    for modality in KEYS:
        own = [store for store in bundle.features if store.modality == modality]
        if len(own) != 1:
            names = ", ".join(store.name for store in own) or "none"
            raise UserError(
                f"MMSA takes exactly one store per modality, but {modality} has {len(own)} ({names}): choose one per "
                "modality with --features, or join several with --align word"
            )
        stores[modality] = own[0]
    return stores


def _scores(bundle: Bundle) -> NDArray[np.float64]:
    """Return the scores ``(n,)`` in the column `SCORE` or ``label``; raise `UserError` if one is missing."""
    table = bundle.utterances
    name = next((c for c in (SCORE, "label") if c in table), None)
    if name is None:
        raise UserError(
            f"MMSA needs numbers in a column {SCORE!r} or 'label'; available: {listed_names(table.columns)}"
        )
    scores = np.asarray(pd.to_numeric(table[name], errors="coerce"), np.float64)
    wrong = np.flatnonzero(~np.isfinite(scores))
    if len(wrong):
        utterance, cell = table["utterance"].iloc[wrong[0]], str(table[name].iloc[wrong[0]])
        raise UserError(f"MMSA needs a score for each utterance, but {name!r} of {utterance} is {cell!r}, not a number")
    return scores


def _rows_of(bundle: Bundle) -> dict[str, NDArray[np.intp]]:
    """Return the positions of the utterances of each split; raise `UserError` if a split is empty or unknown."""
    splits = np.array(_column(bundle.utterances, PART if PART in bundle.utterances else "split"), np.str_)
    wrong = np.flatnonzero(~np.isin(splits, SPLITS))
    if len(wrong):
        name = bundle.utterances["utterance"].iloc[wrong[0]]
        raise UserError(f"utterance {name!r} has the split {str(splits[wrong[0]])!r}: MMSA needs train, valid or test")
    rows = {split: np.flatnonzero(splits == split) for split in SPLITS}
    for split, where in rows.items():
        if not len(where):
            raise UserError(f"no utterance has the split {split!r}: MMSA needs utterances in train, valid and test")
    return rows


def _clip_ids(table: pd.DataFrame) -> list[str]:
    """Return a unique id ``<video>$_$<clip>`` for each utterance.

    ``<video>`` is the recording, else the group. ``<clip>`` is the name of the utterance without its prefix
    ``<video>_``, or the whole name if it has no such prefix. If there is neither a recording nor a group, ``<video>``
    is ``clip`` and ``<clip>`` is the whole name. If two ids would otherwise be the same, every ``<clip>`` is the whole
    name.
    """
    names = table["utterance"].tolist()
    videos = [r or g for r, g in zip(_column(table, "recording"), _column(table, "group"), strict=True)]
    whole = [f"{video or 'clip'}$_${name}" for name, video in zip(names, videos, strict=True)]
    cut = [
        f"{video}$_${name.removeprefix(f'{video}_')}" if video and name.startswith(f"{video}_") else full
        for name, video, full in zip(names, videos, whole, strict=True)
    ]
    return cut if len(set(cut)) == len(cut) else whole


def _labels(table: pd.DataFrame, scores: NDArray[np.float64]) -> dict[str, Any]:
    classes = (np.sign(scores) + 1).astype(np.int64)
    named = _column(table, "annotation")
    labels: dict[str, Any] = {
        "regression_labels": scores.astype(np.float32),
        "classification_labels": classes,
        "annotations": [own or _CLASSES[c] for own, c in zip(named, classes, strict=True)],
    }
    for side in _SIDES:
        if f"label_{side}" in table:
            labels[f"regression_labels_{side}"] = np.asarray(
                pd.to_numeric(table[f"label_{side}"], errors="coerce"), "f4"
            )
    return labels


def _column(table: pd.DataFrame, name: str) -> list[str]:
    return as_text(np.array([*table[name].tolist(), None], object)[:-1]) if name in table else [""] * len(table)
