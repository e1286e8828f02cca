"""Read pickles that hold a tuple of dicts keyed by dialogue; their published layouts are recognised by content."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from common.names import suggest
from features.base import Modality
from pipeline.corpora.published import meld
from pipeline.errors import UserError
from pipeline.exchange.bundle import ImportOptions
from pipeline.exchange.formats.erc.stores import Found
from pipeline.foreign import one_line
from pipeline.tables.splits import SPLITS

# MELD's name of each part, its split, and its dialogues in files that number the dialogues of all parts consecutively.
_PARTS = (("train", "train", range(1039)), ("dev", "valid", range(1039, 1153)), ("test", "test", range(1153, 1433)))
IEMOCAP = ("hap", "sad", "neu", "ang", "exc", "fru")
_STORES: dict[str, tuple[str, Modality]] = {  # the name and the modality of each field's store
    "text": ("text", "text"),
    **{f"roberta{i}": (f"text_roberta{i}", "text") for i in (1, 2, 3, 4)},
    "audio": ("audio", "audio"),
    "visual": ("video", "video"),
}
# For each layout: kinds of the fields (d: dict by dialogue, s: names of dialogues, .: anything), whether the first
# field holds ids of utterances, and the names of the fields.
_LAYOUTS: tuple[tuple[str, bool, str], ...] = (
    ("d{7}ss", True, "id speaker label text audio visual sentence train test"),
    ("d{6}ssd", True, "id speaker label text audio sentence train test sentiment"),
    ("d{7}ss.", True, "id speaker label text audio visual sentence train test extra"),
    ("d{10}ss", True, "id speaker label text roberta2 roberta3 roberta4 audio visual sentence train test"),
    ("d{10}ss.", True, "id speaker label text roberta2 roberta3 roberta4 audio visual sentence train test extra"),
    ("d{4}ss", True, "id label speaker sentence train test"),
    ("d{4}sss", True, "id label speaker sentence train valid test"),
    ("d{3}sss", False, "speaker label sentence train test valid"),
    ("d{4}sss", False, "speaker label sentiment sentence train test valid"),
    ("d{7}sss", False, "speaker label roberta1 roberta2 roberta3 roberta4 sentence train test valid"),
    ("d{8}sss", False, "speaker label sentiment roberta1 roberta2 roberta3 roberta4 sentence train test valid"),
)

_ByDialogue = Mapping[Any, Any]


@dataclass(frozen=True)
class _Dialogue:
    """A dialogue of the file.

    Attributes
    ----------
    where
        The file and the dialogue, as messages name them.
    key
        The key of the dialogue in the file.
    group
        The name of the dialogue in the utterance table.
    split
        Train, valid, test or ``""``.
    numbers
        The numbers of its utterances in the published corpus; empty except for MELD.
    """

    where: str
    key: Any
    group: str
    split: str
    numbers: Sequence[int] = ()


def layout_of(parts: Sequence[Any]) -> list[str]:
    """Return the field names of a tuple of dicts keyed by dialogue; an empty list if the layout is unknown."""
    kinds = "".join("d" if isinstance(p, dict) else "s" if _is_names(p) else "x" for p in parts)
    if not kinds.startswith("ddd"):
        return []
    lead = next((cells[0] for cells in parts[0].values() if _length(cells)), None)
    ids_lead = isinstance(lead, str | int | np.integer) and lead not in ("M", "F")
    for pattern, with_ids, fields in _LAYOUTS:
        if with_ids == ids_lead and re.fullmatch(pattern, kinds):
            return fields.split()
    return []


def _is_names(part: Any) -> bool:
    listed = isinstance(part, set | frozenset | list | tuple | np.ndarray)
    return listed and all(isinstance(name, str | int | np.integer) for name in part)


def _length(cells: Any) -> int:
    return len(cells) if isinstance(cells, list | tuple) or (isinstance(cells, np.ndarray) and cells.ndim) else 0


def read_conversations(path: Path, fields: Mapping[str, Any], options: ImportOptions) -> Found:
    """Return the utterances and their vectors.

    Parameters
    ----------
    path
        The file, for messages.
    fields
        The parts of the tuple, keyed by the names that `layout_of` returned.
    options
        ``arrays`` chooses the vector fields; if empty, all of them are read.

    Raises
    ------
    UserError
        If fields contradict each other, if a cell is invalid, or if a chosen field is missing.
    """
    splits = {name: {_key(path, key) for key in fields[name]} for name in SPLITS if name in fields}
    by_field: dict[str, _ByDialogue] = {
        name: {_key(path, key): cells for key, cells in held.items()}
        for name, held in fields.items()
        if name not in (*SPLITS, "extra")
    }
    _check_dialogues(path, by_field, splits)
    keys = list(by_field["label"])
    split_of = {key: name for name, held in splits.items() for key in held}
    of_meld = bool(keys) and all(isinstance(key, int) for key in keys)
    named = dialogue_names(keys, split_of) if of_meld else {key: (str(key), split_of.get(key, "")) for key in keys}
    emotions = _emotions(keys, of_meld, labels_only="id" in by_field and "text" not in by_field)
    found = Found()
    if fields.get("extra") is not None:
        found.notices.append("the last field of the file is left out, since its meaning is unknown")
    for key in keys:
        count = len(by_field["label"][key])
        utterances = [{name: held[key][i] for name, held in by_field.items()} for i in range(count)]
        numbers = utterance_numbers([cells["id"] for cells in utterances if "id" in cells], count) if of_meld else ()
        dialogue = _Dialogue(f"{path}: dialogue {key}", key, *named[key], numbers)
        found.rows += [_row(dialogue, i, cells, emotions) for i, cells in enumerate(utterances)]
    for name in _chosen(path, [n for n in by_field if n in _STORES], options):
        store, modality = _STORES[name]
        found.stores[store] = (modality, [cell for key in keys for cell in by_field[name][key]])
    return found


def _key(path: Path, key: Any) -> Any:
    if isinstance(key, int | np.integer):
        return int(key)
    if isinstance(key, str) and key:
        return key
    raise UserError(f"{path}: a dialogue is named {one_line(repr(key), 40)}: names must be text or whole numbers")


def _check_dialogues(path: Path, fields: Mapping[str, _ByDialogue], splits: Mapping[str, set[Any]]) -> None:
    """Raise `UserError` unless each dialogue has all fields, of equal length, and is in at most one split."""
    lengths = {key: _length(cells) for key, cells in fields["label"].items()}
    for name, held in fields.items():
        for key, length in lengths.items():
            if key not in held:
                raise UserError(
                    f"{path}: dialogue {key} has labels but no {name}: the file is incomplete, get it again"
                )
            if _length(held[key]) != length:
                raise UserError(
                    f"{path}: dialogue {key} has {length} labels but {_length(held[key])} of {name}: "
                    "the fields must have the same length"
                )
    seen: dict[Any, str] = {}
    for split, keys in splits.items():
        for key in sorted(keys, key=str):
            if key not in lengths:
                raise UserError(
                    f"{path}: dialogue {key} of the {split} part has no labels: the file is incomplete, get it again"
                )
            if key in seen:
                raise UserError(
                    f"{path}: dialogue {key} is in the {seen[key]} and in the {split} part: remove it from one"
                )
            seen[key] = split


def _emotions(keys: Sequence[Any], of_meld: bool, labels_only: bool) -> tuple[str, ...]:
    """Return the names of the emotions, in the order of their numbers in the file; empty if its labels are scores.

    `keys` are the dialogues' keys, by which IEMOCAP is recognised. `labels_only` says that the file holds labels
    but no features. The labels of GCNet's files for MOSI and MOSEI are scores.
    """
    if of_meld:
        return meld.EMOTIONS
    scores = labels_only and not all(re.match(r"Ses0\d", str(key)) for key in keys)
    return () if scores else IEMOCAP


def _row(dialogue: _Dialogue, i: int, cells: Mapping[str, Any], emotions: tuple[str, ...]) -> dict[str, Any]:
    """Return the table row of utterance i of a dialogue; `cells` holds its value in each field."""
    where, key, group = dialogue.where, dialogue.key, dialogue.group
    if dialogue.numbers:
        name, recording, number = f"{group}_utt{dialogue.numbers[i]}", "", dialogue.numbers[i]
    else:
        own = str(cells.get("id", ""))
        name, recording, number = own if own and not own.isdigit() else f"{key}_{own or f'utt{i}'}", str(key), i
    text = cells["sentence"]
    if not isinstance(text, str):
        raise UserError(f"{where}, sentence {i} has the type {type(text).__name__}, but must be text")
    row = {
        "utterance": name,
        "recording": recording,
        "text": str(text),
        "group": group,
        "order": float(number),
        "speaker": _speaker(f"{where}, speaker {i}", str(key), cells["speaker"]),
        "split": dialogue.split,
        "emotion" if emotions else "sentiment": _class(f"{where}, label {i}", emotions, cells["label"]),
    }
    if "sentiment" in cells:
        row["sentiment"] = _class(f"{where}, label {i} (sentiment)", meld.SENTIMENTS, cells["sentiment"])
    return row


def _speaker(where: str, dialogue: str, cell: Any) -> str:
    """Return the name of the speaker in a cell, which holds a name or a one-hot vector.

    A one-hot vector becomes ``s<index>``, and a vector of zeros ``""``. IEMOCAP's names ``F`` and ``M`` become unique
    by the session that the dialogue belongs to, for example ``Ses01F``.
    """
    if isinstance(cell, str):
        return f"{dialogue[:5]}{cell}" if cell in ("M", "F") and re.match(r"Ses0\d", dialogue) else str(cell)
    row = np.asarray(cell) if _length(cell) else np.zeros(0)
    if row.dtype.kind not in "biuf" or row.ndim != 1 or not set(row.tolist()) <= {0, 1} or row.sum() > 1:
        raise UserError(f"{where}: {one_line(cell, 40)} is neither a name nor a one-hot vector")
    return f"s{int(row.argmax())}" if row.sum() else ""


def _class(where: str, names: tuple[str, ...], cell: Any) -> str | float:
    """Return the class name that a label (a number) stands for; without `names`, return the number as a score."""
    number = np.asarray(cell)
    if number.dtype.kind not in "iuf" or number.size != 1:
        raise UserError(f"{where} is {one_line(repr(cell), 40)}, which is not a number: the labels must be numbers")
    value = float(number.ravel()[0])
    if not names:
        return value
    if not value.is_integer() or not 0 <= value < len(names):
        raise UserError(f"{where} is {value:g}, but the classes are 0 to {len(names) - 1} ({', '.join(names)})")
    return names[int(value)]


def _chosen(path: Path, names: Sequence[str], options: ImportOptions) -> list[str]:
    """Return those of the vector fields `names` that ``options.arrays`` chooses, or all of them if it is empty."""
    if not options.arrays:
        return list(names)
    wanted: list[str] = []
    for modality, patterns in options.arrays:
        own = [n for n in names if _STORES[n][1] == modality]
        for pattern in patterns:
            hits = [n for n in own if fnmatch(n, pattern) or fnmatch(_STORES[n][0], pattern)]
            if not hits:
                raise UserError(f"{path} has no {modality} features {pattern!r}; {suggest(pattern, own)}")
            wanted += [n for n in hits if n not in wanted]
    return wanted


def dialogue_names(dialogues: Sequence[int], split_of: Mapping[int, str]) -> dict[int, tuple[str, str]]:
    """Return the name and split of each dialogue of MELD, given the dialogues' numbers and their splits in the file.

    Names and splits are those of the published corpus if the file's splits agree with it; the file may have moved
    dialogues from valid to train. If any other split differs, or if a dialogue is not in MELD, all dialogues are named
    ``dia<number>`` and keep the splits of the file.

    >>> dialogue_names([1040], {1040: "train"})  # the dev part is often merged into the training part
    {1040: ('dev_dia1', 'valid')}
    """
    named = {}
    for key in dialogues:
        held = split_of.get(key, "")
        part = next((part for part in _PARTS if key in part[2]), None)
        if part is None or held not in ("", part[1], "train" if part[1] == "valid" else part[1]):
            return {key: (f"dia{key}", split_of.get(key, "")) for key in dialogues}
        release, split, numbers = part
        named[key] = (f"{release}_dia{key - numbers.start}", split if held else "")
    return named


def utterance_numbers(ids: Sequence[Any], count: int) -> Sequence[int]:
    """Return the numbers of a dialogue's utterances: those at the end of their ids, or else positions.

    The ids are used only if all of them end in numbers that increase and stay below 100.

    >>> utterance_numbers(["7_0", "7_2"], 2), utterance_numbers([], 2)
    ([0, 2], range(0, 2))
    """
    ends = [re.search(r"\d+$", str(name)) for name in ids]
    numbers = [int(end.group()) for end in ends if end]
    rise = all(a < b for a, b in pairwise(numbers))
    return numbers if len(numbers) == count and rise and numbers and numbers[-1] < 100 else range(count)
