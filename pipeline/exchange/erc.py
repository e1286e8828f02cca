"""Pickles of the emotion-recognition-in-conversation papers, read only; which one a file is, its content tells.

======================================== ==============================================================================
tuples of dicts by dialogue              ``IEMOCAP_features(_raw).pkl`` (9 fields), ``iemocap_multimodal_features.pkl``
                                         (12), their MELD twins (9, 10, 13), COSMIC's ``iemocap.pkl`` (6), ``meld.pkl``
                                         (7) and RoBERTa features (10, 11), GCNet's and MERBench's label files (6, 7)
7 arrays, padded                         bc-LSTM's ``{text,audio,video}.pickle`` of CMU-MOSI, one file a modality
``data_emotion.p``, 3 dicts of vectors   MELD's baseline: ``text_*.pkl``, ``audio_*.pkl``, keys ``<dia>_<utt>``
======================================== ==============================================================================

Fields are in the order of the papers' own loaders (declare-lab/conv-emotion, MMGCN, M3Net, GCNet, MELD's baseline).
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.base import MODALITIES, Modality
from features.store import Entry
from pipeline.errors import UserError, suggest
from pipeline.exchange.bundle import Bundle, FeatureSet, ImportOptions, entry_of, item_of
from pipeline.exchange.columns import unique_ids
from pipeline.exchange.pickles import load
from pipeline.exchange.safety import one_line, refuse_options, slug

IEMOCAP = ("hap", "sad", "neu", "ang", "exc", "fru")
MELD = ("neutral", "surprise", "fear", "sadness", "joy", "disgust", "anger")
SENTIMENTS = ("neutral", "positive", "negative")
# MELD's dialogues numbered through: the first of each part, in the published order
_PARTS = (("train", "train", 0), ("dev", "valid", 1039), ("test", "test", 1153))
_END = 1433
_SPLITS = {"train": "train", "val": "valid", "valid": "valid", "dev": "valid", "test": "test"}
_RELEASE = {"train": "train", "valid": "dev", "test": "test"}
_STORES: dict[str, tuple[str, Modality]] = {
    "text": ("text", "text"),
    **{f"roberta{i}": (f"text_roberta{i}", "text") for i in (1, 2, 3, 4)},
    "audio": ("audio", "audio"),
    "visual": ("video", "video"),
}
# Kinds of the fields (d: dict by dialogue, s: names of dialogues, .: anything), whether ids lead, the fields.
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


@dataclass
class _Found:
    """What is gathered from a file: rows of the utterance table, vectors by store (None: not there), notices."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    stores: dict[str, tuple[Modality, list[NDArray[Any] | None]]] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)


def read(path: Path, options: ImportOptions) -> Bundle:
    """Read one pickle, or a folder of bc-LSTM's or of MELD's baseline.

    A vector of an utterance is one row, and its pooled vector. Utterances are named as the file names them; those of
    MELD ``<train|dev|test>_dia<D>_utt<U>``. Labels are the columns ``emotion`` and ``sentiment``, as names; GCNet's
    scores stay numbers.

    Parameters
    ----------
    path
        The file or folder.
    options
        ``arrays`` chooses stores (``text=roberta2``; in a folder, ``audio=audio_emotion`` names files); for a file
        whose name does not say it, it gives the modality.

    Raises
    ------
    UserError
        If the content is none of those above, contradicts itself, or is no plain pickle.
    """
    refuse_options(path, options, ("arrays",))
    found = _folder(path, options) if path.is_dir() else _file(path, load(path), options)
    if not found.rows:
        raise UserError(f"{path} holds no utterances: look whether it is the right file")
    utterances = pd.DataFrame(found.rows)
    unique_ids(utterances["utterance"].tolist(), path, lambda i: f"utterance {i + 1}")
    stores, notices = [], list(found.notices)
    for name, (modality, vectors) in found.stores.items():
        store, said = _store(path, (name, modality), vectors, utterances["utterance"].tolist())
        stores.append(store)
        notices += said
    return Bundle(utterances, features=tuple(stores), notices=tuple(notices))


def _file(path: Path, value: Any, options: ImportOptions) -> _Found:
    parts = value if isinstance(value, list | tuple) else ()
    if layout := _layout(parts):
        return _conversations(path, dict(zip(layout, parts, strict=True)), options)
    if _is_padded(parts):
        return _padded({path: parts}, options)
    if _is_sheet(parts) or _is_vectors(parts):
        return _baseline({path: parts}, options)
    held = f" of {len(parts)} ({', '.join(type(part).__name__ for part in parts[:14])})" if parts else ""
    raise UserError(
        f"{path} holds a {type(value).__name__}{held}, none of the known files of conversations: "
        "see the formats that `import` knows, or save the arrays as .npz"
    )


def _folder(path: Path, options: ImportOptions) -> _Found:
    chosen = [name for _, names in options.arrays for name in names]
    values: dict[Path, Sequence[Any]] = {}
    skipped: list[str] = []
    for file in sorted(p for p in path.iterdir() if p.suffix in (".p", ".pkl", ".pickle") and p.name[0] != "."):
        wanted = any(fnmatch(file.stem, name) for name in chosen)
        if chosen and not wanted and file.suffix != ".p":
            continue
        value = load(file)
        parts = value if isinstance(value, list | tuple) else ()
        if _is_padded(parts) or _is_sheet(parts) or _is_vectors(parts):
            values[file] = parts
        elif wanted:
            raise UserError(f"{file} holds no vectors by utterance: leave it out of the arrays, or read it by itself")
        else:
            skipped.append(file.name)
    for pattern in chosen:
        if not any(fnmatch(file.stem, pattern) for file in values):
            raise UserError(
                f"{path} has no pickle {pattern!r}; {suggest(pattern, [p.stem for p in path.glob('*.p*')])}"
            )
    padded = {file: parts for file, parts in values.items() if _is_padded(parts)}
    if not values or (padded and len(padded) < len(values)):
        raise UserError(f"{path} holds no pickles of one kind that are read together: give one file")
    found = _padded(padded, options) if padded else _baseline(values, options)
    found.notices += [f"{name} was left out: it holds no vectors by utterance" for name in skipped]
    return found


def _layout(parts: Sequence[Any]) -> list[str]:
    """Return the names of the fields of a tuple of dicts by dialogue; nothing if it is none of those known."""
    kinds = "".join("d" if isinstance(p, dict) else "s" if _is_names(p) else "x" for p in parts)
    lead = next((cells[0] for cells in parts[0].values() if _length(cells)), None) if kinds[:3] == "ddd" else None
    ids_lead = isinstance(lead, str | int | np.integer) and lead not in ("M", "F")
    return next((f.split() for pattern, ids, f in _LAYOUTS if ids == ids_lead and re.fullmatch(pattern, kinds)), [])


def _is_names(part: Any) -> bool:
    listed = isinstance(part, set | frozenset | list | tuple | np.ndarray)
    return listed and all(isinstance(name, str | int | np.integer) for name in part)


def _length(cells: Any) -> int:
    return len(cells) if isinstance(cells, list | tuple) or (isinstance(cells, np.ndarray) and cells.ndim) else 0


# ---- tuples of dicts by dialogue


def _conversations(path: Path, fields: dict[str, Any], options: ImportOptions) -> _Found:
    extra = fields.pop("extra", None)
    notices = [] if "sentiment" in fields or extra is None else ["the last field was left out: nothing says what it is"]
    splits: dict[str, set[Any]] = {
        name: {_key(path, key) for key in fields.pop(name)} for name in ("train", "valid", "test") if name in fields
    }
    by_field = {name: {_key(path, key): cells for key, cells in held.items()} for name, held in fields.items()}
    dialogues = list(by_field["label"])
    _check_dialogues(path, by_field, splits)
    split_of = {key: name for name, keys in splits.items() for key in keys}
    meld = bool(dialogues) and all(isinstance(key, int) for key in dialogues)
    named = {key: (str(key), split_of.get(key, "")) for key in dialogues}
    if meld:
        named = _meld_names(dialogues, split_of)
    found = _Found(notices=notices)
    labels = _Labels(path, _classes(dialogues, meld, "id" in by_field and "text" not in by_field), by_field)
    for key in dialogues:
        numbers = _numbers(by_field.get("id", {}).get(key, ()), len(by_field["label"][key])) if meld else ()
        for i in range(len(by_field["label"][key])):
            row = _identity(path, by_field, key, i, named[key][0], numbers)
            row |= {"split": named[key][1]} | labels.of(key, i)
            found.rows.append(row)
    for name in _chosen(path, [n for n in by_field if n in _STORES], options):
        store, modality = _STORES[name]
        found.stores[store] = (modality, [cell for key in dialogues for cell in by_field[name][key]])
    return found


def _key(path: Path, key: Any) -> Any:
    if isinstance(key, int | np.integer):
        return int(key)
    if isinstance(key, str) and key:
        return key
    raise UserError(f"{path}: a dialogue is named {one_line(repr(key), 40)}: dialogues are named by text or numbers")


def _check_dialogues(path: Path, fields: Mapping[str, Mapping[Any, Any]], splits: Mapping[str, set[Any]]) -> None:
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
                    "the fields must be of one length"
                )
    seen: dict[Any, str] = {}
    for split, keys in splits.items():
        for key in sorted(keys, key=str):
            if key not in lengths:
                raise UserError(f"{path}: dialogue {key} of the {split} part has no labels: the file is incomplete")
            if key in seen:
                raise UserError(
                    f"{path}: dialogue {key} is in the {seen[key]} and in the {split} part: take it out of one"
                )
            seen[key] = split


def _meld_names(dialogues: Sequence[int], split_of: Mapping[int, str]) -> dict[int, tuple[str, str]]:
    """Return name and split of MELD's dialogues: by the published order, if the parts in the file fit it."""
    named = {}
    for key in dialogues:
        release, split, first = next((p for p in reversed(_PARTS) if key >= p[2]), _PARTS[0])
        held = split_of.get(key, "")
        if not 0 <= key < _END or held not in ("", split, "train" if split == "valid" else split):
            return {key: (f"dia{key}", split_of.get(key, "")) for key in dialogues}
        named[key] = (f"{release}_dia{key - first}", split if held else "")
    return named


def _numbers(ids: Any, count: int) -> Sequence[int]:
    """Return the utterances' numbers in a dialogue of MELD: at the end of their ids if they rise, else their places."""
    ends = [re.search(r"\d+$", str(name)) for name in ids] if _length(ids) else []
    numbers = [int(end.group()) for end in ends if end]
    rise = all(a < b for a, b in pairwise(numbers))
    return numbers if len(numbers) == count and rise and numbers and numbers[-1] < 100 else range(count)


def _identity(
    path: Path, fields: Mapping[str, Mapping[Any, Any]], key: Any, i: int, group: str, numbers: Sequence[int]
) -> dict[str, Any]:
    name = str(fields["id"][key][i]) if "id" in fields else ""
    row: dict[str, Any] = {"utterance": name, "recording": "", "text": "", "group": group, "order": float(i)}
    if numbers:
        row |= {"utterance": f"{group}_utt{numbers[i]}", "order": float(numbers[i])}
    else:
        row["recording"] = str(key)
        row["utterance"] = name if not name.isdigit() and name else f"{key}_{name or f'utt{i}'}"
    text = fields["sentence"][key][i]
    if not isinstance(text, str):
        raise UserError(f"{path}: dialogue {key}, sentence {i}: {type(text).__name__} where a text is expected")
    return row | {"text": str(text), "speaker": _speaker(path, key, i, fields["speaker"][key][i])}


def _speaker(path: Path, key: Any, i: int, cell: Any) -> str:
    """Return a speaker: letters of IEMOCAP with their session (Ses01F), a one-hot vector as ``s<index>``."""
    if isinstance(cell, str):
        return f"{str(key)[:5]}{cell}" if cell in ("M", "F") and re.match(r"Ses0\d", str(key)) else str(cell)
    row = np.asarray(cell) if _length(cell) else np.zeros(0)
    if row.dtype.kind not in "biuf" or row.ndim != 1 or not set(row.tolist()) <= {0, 1} or row.sum() > 1:
        raise UserError(f"{path}: dialogue {key}, speaker {i}: {one_line(cell, 40)} is neither a name nor one-hot")
    return f"s{int(row.argmax())}" if row.sum() else ""


def _classes(dialogues: Sequence[Any], meld: bool, labels_only: bool) -> tuple[str, ...]:
    """Return the names of the emotions; nothing where labels are scores (GCNet's files of MOSI and MOSEI)."""
    scores = labels_only and not all(re.match(r"Ses0\d", str(key)) for key in dialogues)
    return MELD if meld else () if scores else IEMOCAP


@dataclass(frozen=True)
class _Labels:
    path: Path
    emotions: tuple[str, ...]
    fields: Mapping[str, Mapping[Any, Any]]

    def of(self, key: Any, i: int) -> dict[str, Any]:
        """Return the label columns of an utterance."""
        cell = self.fields["label"][key][i]
        where = f"{self.path}: dialogue {key}, label {i}"
        row: dict[str, Any] = {}
        row["emotion" if self.emotions else "sentiment"] = _class(where, self.emotions, cell)
        if "sentiment" in self.fields:
            row["sentiment"] = _class(f"{where} (sentiment)", SENTIMENTS, self.fields["sentiment"][key][i])
        return row


def _class(where: str, names: tuple[str, ...], cell: Any) -> str | float:
    """Return a class's name for its number; without names, the number itself."""
    number = np.asarray(cell)
    if number.dtype.kind not in "iuf" or number.size != 1:
        raise UserError(f"{where} is {one_line(repr(cell), 40)}, which is no number: the labels must be numbers")
    value = float(number.ravel()[0])
    if not names:
        return value
    if not value.is_integer() or not 0 <= value < len(names):
        raise UserError(f"{where} is {value:g}, but there are the classes 0 to {len(names) - 1} ({', '.join(names)})")
    return names[int(value)]


def _chosen(path: Path, names: Sequence[str], options: ImportOptions) -> list[str]:
    """Return the fields that the options ask for, all without options."""
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


# ---- bc-LSTM: padded arrays


def _is_padded(parts: Sequence[Any]) -> bool:
    arrays = [part for part in parts if isinstance(part, np.ndarray)]
    return len(parts) == 7 and sum(array.ndim == 3 for array in arrays) >= 2


def _padded(files: Mapping[Path, Sequence[Any]], options: ImportOptions) -> _Found:
    """Return the videos of all files, one a modality, which must agree on lengths and labels."""
    found = _Found(notices=["the file names no videos: they are numbered within each part"])
    for name, (file, modality) in _modalities(files, options).items():
        rows, vectors = _unpadded(file, files[file])
        if found.rows and rows != found.rows:
            raise UserError(f"{file} has other lengths or labels than the files beside it: take files of one origin")
        found.rows = rows
        found.stores[name] = (modality, vectors)
    return found


def _unpadded(path: Path, parts: Sequence[Any]) -> tuple[list[dict[str, Any]], list[NDArray[Any] | None]]:
    rows: list[dict[str, Any]] = []
    vectors: list[NDArray[Any] | None] = []
    for split, values, labels, lengths in (("train", parts[0], parts[1], parts[5]), ("test", *parts[2:4], parts[6])):
        labels, lengths = np.asarray(labels), np.asarray(lengths)
        if values.ndim != 3 or labels.shape[:2] != values.shape[:2] or lengths.shape != values.shape[:1]:
            shapes = f"{values.shape}, {labels.shape}, {lengths.shape}"
            raise UserError(f"{path}: values, labels and lengths of the {split} part have the shapes {shapes}")
        if lengths.dtype.kind not in "iu" or (
            len(lengths) and not 0 <= lengths.min() <= lengths.max() <= values.shape[1]
        ):
            raise UserError(f"{path}: a length of the {split} part is no whole number from 0 to {values.shape[1]}")
        for v, length in enumerate(lengths.tolist()):
            for n in range(length):
                group = f"{split}_vid{v}"
                label = _binary(f"{path}: {split} video {v}, label {n}", labels[v, n])
                row = {"utterance": f"{group}_utt{n}", "group": group, "order": float(n), "split": split}
                rows.append(row | {"sentiment": label})
                vectors.append(values[v, n])
    return rows, vectors


def _binary(where: str, cell: NDArray[Any]) -> str | float:
    """Return negative or positive for 0 and 1 (or one-hot); a score as it is."""
    if cell.dtype.kind not in "biuf" or cell.ndim > 1:
        raise UserError(f"{where} is no number: the labels must be numbers")
    value = float(cell.argmax()) if cell.ndim else float(cell)
    return {0.0: "negative", 1.0: "positive"}.get(value, value)


# ---- MELD's baseline


def _is_sheet(parts: Sequence[Any]) -> bool:
    lead = parts[0] if len(parts) >= 5 else ()
    return isinstance(lead, list) and bool(lead) and isinstance(lead[0], dict) and "utterance" in lead[0]


def _is_vectors(parts: Sequence[Any]) -> bool:
    keys = [key for part in parts if isinstance(part, dict) for key in part]
    dicts = len(parts) == 3 and all(isinstance(part, dict) for part in parts)
    return dicts and bool(keys) and all(isinstance(key, str) and re.fullmatch(r"\d+_\d+", key) for key in keys)


def _baseline(files: Mapping[Path, Sequence[Any]], options: ImportOptions) -> _Found:
    """Return the utterances of the sheets, or of the vectors where there is none, with their vectors."""
    found = _Found()
    rows: dict[tuple[str, int, int], dict[str, Any]] = {}
    for path, parts in files.items():
        for key, row in _sheet(path, parts) if _is_sheet(parts) else ():
            rows[key] = rows.get(key, {}) | row
    held = {path: dict(_vectors(parts)) for path, parts in files.items() if _is_vectors(parts)}
    if not rows:
        found.notices.append("there are no labels: give the folder that holds data_emotion.p, too")
        order = list(_RELEASE)
        keys = sorted({key for vectors in held.values() for key in vectors}, key=lambda k: (order.index(k[0]), *k[1:]))
        rows = {key: _meld_row(key) for key in keys}
    found.rows = list(rows.values())
    for name, (path, modality) in _modalities(held, options).items():
        found.stores[name] = (modality, [held[path].get(key) for key in rows])
        if extra := sum(key not in rows for key in held[path]):
            found.notices.append(f"{path.name}: {extra} vectors belong to no utterance and were left out")
    return found


def _meld_row(key: tuple[str, int, int]) -> dict[str, Any]:
    split, dialogue, number = key
    group = f"{_RELEASE[split]}_dia{dialogue}"
    return {"utterance": f"{group}_utt{number}", "group": group, "order": float(number), "split": split}


def _sheet(path: Path, parts: Sequence[Any]) -> Iterable[tuple[tuple[str, int, int], dict[str, Any]]]:
    """Yield key and row of each utterance of ``data_emotion.p`` or ``data_sentiment.p``."""
    index = parts[-1] if isinstance(parts[-1], dict) else {}
    by_number = {int(number): name for name, number in index.items() if isinstance(number, int | np.integer)}
    seen = set()
    for i, cells in enumerate(parts[0]):
        where = f"{path}: utterance {i}"
        try:
            key = (_SPLITS[cells["split"]], int(cells["dialog"]), int(cells["utterance"]))
            label, text = cells["y"], str(cells["text"])
        except (KeyError, TypeError, ValueError) as error:
            raise UserError(f"{where} lacks split, dialog, utterance, y or text ({one_line(error, 60)})") from None
        name = by_number.get(int(label)) if isinstance(label, int | np.integer) else label
        column = next((c for c, names in (("emotion", MELD), ("sentiment", SENTIMENTS)) if name in names), "")
        if "emotion" in path.stem and column:  # neutral is a class of both
            column = "emotion"
        elif "sentiment" in path.stem or set(by_number.values()) == set(SENTIMENTS):
            column = "sentiment" if name in SENTIMENTS else ""
        if not column:
            raise UserError(f"{where} has the label {one_line(repr(label), 40)}; {suggest(str(label), MELD)}")
        if key in seen:
            raise UserError(f"{where} (dialogue {key[1]}, utterance {key[2]}, {key[0]}) occurs twice: take one out")
        seen.add(key)
        yield key, _meld_row(key) | {"text": text, column: name}


def _vectors(parts: Sequence[Any]) -> Iterable[tuple[tuple[str, int, int], Any]]:
    for split, held in zip(_RELEASE, parts, strict=True):
        for name, vector in held.items():
            dialogue, number = name.split("_")
            yield (split, int(dialogue), int(number)), vector


# ---- what both share


def _modalities(files: Mapping[Path, Any], options: ImportOptions) -> dict[str, tuple[Path, Modality]]:
    """Return file and modality of each store, named after the modality, or after the file where several have one."""
    pairs: list[tuple[Path, Modality]] = []
    for path in files:
        named = next((m for m, names in options.arrays if any(fnmatch(path.stem, name) for name in names)), None)
        if named is None and options.arrays and len(files) == 1:
            named = options.arrays[0][0]
        pairs.append((path, named or _modality(path)))
    count = Counter(modality for _, modality in pairs)
    found = {slug(path.stem) if count[m] > 1 else m: (path, m) for path, m in pairs}
    if len(found) < len(pairs):
        raise UserError(
            f"{pairs[0][0].parent}: two files would make one store: rename one of {', '.join(map(str, files))}"
        )
    return found


def _modality(path: Path) -> Modality:
    stem = path.stem.lower().replace("visual", "video")
    for modality in MODALITIES:
        if stem.startswith(modality):
            return modality
    raise UserError(f"{path}: the name does not say what was measured: say it with --array audio={path.stem}")


def _store(
    path: Path, named: tuple[str, Modality], vectors: Sequence[NDArray[Any] | None], utterances: Sequence[str]
) -> tuple[FeatureSet, list[str]]:
    """Return a store of one vector an utterance, and a notice if numbers had to be masked."""
    name, modality = named
    width, masked, touched, items = -1, 0, 0, []
    for utterance, cell in zip(utterances, vectors, strict=True):
        if cell is None:
            items.append(item_of(utterance, Entry("absent", "the file has no vector of it")))
            continue
        vector = _vector(f"{path}: {name} of {utterance}", cell)
        width = len(vector) if width < 0 else width
        if len(vector) != width:
            raise UserError(f"{path}: {name} of {utterance} has {len(vector)} numbers where others have {width}")
        with np.errstate(over="ignore"):  # what single precision cannot hold is masked and counted
            entry, count = entry_of(vector[None], pooled=vector)
        items.append(item_of(utterance, entry))
        masked, touched = masked + count, touched + bool(count)
    names = tuple(f"{name}_{i}" for i in range(max(width, 0)))
    said = [f"{name}: {masked} numbers of {touched} utterances are not finite and count as undefined"] if masked else []
    return FeatureSet(name, modality, names, names, items, {"source": path.name}), said


def _vector(where: str, cell: Any) -> NDArray[np.float64]:
    try:
        vector = np.asarray(cell)
    except ValueError:  # a list of lists of unequal lengths
        vector = np.empty(0, object)
    if vector.ndim == 2 and len(vector) == 1:
        vector = vector[0]
    if vector.dtype.kind not in "biuf" or vector.ndim != 1:
        raise UserError(
            f"{where} is no vector of numbers ({one_line(type(cell).__name__)} {vector.shape}): see the file"
        )
    return vector.astype(np.float64)
