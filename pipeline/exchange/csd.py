"""Computational sequences, the HDF5 files of the CMU-MultimodalSDK: ``/<root name>/data/<id>/{features,intervals}``.

``features`` is ``(n, ...)``, ``intervals`` ``(n, 2)`` seconds of the recording, ``/<root name>/metadata/<key>`` one
JSON text. What the SDK demands was seen by running it: one group at the top, ``root name``, equal first dimensions.
Row i of video v in a file of labels is the utterance ``<v>_<i+1>``, and so is a segment ``<v>[i]``.

`write` makes a folder that the SDK opens: a file a store, ``words.csd``, ``labels.csd``. What the format has no place
for lies in metadata keys that begin with ``crossmodal``; by them `read` gives the same bundle back.
"""

import base64
import hashlib
import json
import re
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.align import TOUCH_S, align_to_words
from features.base import MODALITIES, Modality
from features.store import STATUSES, Entry, Item
from pipeline.errors import UserError, suggest
from pipeline.exchange.bundle import Bundle, FeatureSet, ImportOptions, entry_of, item_of, pooled_names_of
from pipeline.exchange.columns import distinct, store_name, unique_ids
from pipeline.exchange.packing import array_of, column_of
from pipeline.exchange.safety import child, declared_bytes, one_line, open_hdf5, refuse_options, refuse_ratio, slug
from pipeline.utterances import COLUMNS, WORD_COLUMNS

_TEMPLATE: dict[str, Any] = {  # all keys that the SDK asks for; the third is two of its names run together
    "root name": "",
    "computational sequence description": "",
    "dimension namescomputational sequence version": "1.0",
    "alignment compatible": True,
    "dataset name": "crossmodal export",
    "dataset version": "1.0",
    "creator": "crossmodal",
    "contact": "",
    "featureset bib citation": "",
    "dataset bib citation": "",
}
_OWN, _VERSION = "crossmodal bundle", 1
_PAUSE = "sp"
_CELL_BATCH = 256

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _File:
    """What is known of a file without reading features: root name, metadata, ``(n, 2)`` s by id, width."""

    path: Path
    root: str
    metadata: Mapping[str, Any]
    intervals: Mapping[str, Floats]
    width: int
    numeric: bool

    @property
    def store(self) -> str:
        """The name of its store."""
        return slug(str(self.metadata["root name"]))


@dataclass(frozen=True)
class _Span:
    """An utterance: row k of a recording, and where it lies there, in seconds."""

    utterance: str
    recording: str
    k: int
    start: float
    end: float
    id: str = ""  # where it lies in files of features; empty: as a segment, under its name, or within the recording


def read(path: Path, options: ImportOptions) -> Bundle:
    """Read one file of features, or a folder; a folder that `write` made gives its bundle back.

    Parameters
    ----------
    path
        A ``.csd``, or a folder that holds some.
    options
        ``arrays`` says the modality, and in a folder which files, by file name or root name (``audio=*COVAREP``);
        ``labels`` is a file of labels, which then says what the utterances are; ``words`` a file of words, to whose
        spans rows are averaged with ``align="word"``.

    Raises
    ------
    UserError
        If a file is damaged, laid out otherwise, leads to other files, or declares much more than it holds.
    """
    paths = sorted(p for p in path.glob("*.csd") if p.name[0] != ".") if path.is_dir() else [path]
    if not paths:
        raise UserError(f"{path} holds no .csd file: give a file, or the folder that holds them")
    if options.align not in ("", "word") or (options.align and options.words is None):
        raise UserError(f"{path}: rows can be averaged over words only (align word), and that needs a file of words")
    others = {p.resolve() for p in (options.labels, options.words) if p}
    files = [_describe(p) for p in paths if p.resolve() not in others or not path.is_dir()]
    if any(_OWN in file.metadata for file in files):
        refuse_options(path, options, ())  # such a file says itself what it holds
        return _read_own(path, files)
    refuse_options(path, options, ("arrays", "labels", "words", "align"))
    if not options.arrays:
        name = files[0].path.stem if files else "NAME"
        raise UserError(f"{path} does not say what was measured: say it with an option such as --array audio={name}")
    return _read_foreign(path, _chosen(path, files, options), options)


# ---- a file


def _describe(path: Path) -> _File:
    with open_hdf5(path) as h5:
        roots = list(h5)
        if len(roots) != 1:
            named = ", ".join(one_line(name, 30) for name in roots[:4])
            raise UserError(f"{path} has {len(roots)} groups at the top ({named}) where a .csd has one: split it")
        root = child(path, h5, roots[0], dataset=False)
        data = child(path, root, "data", dataset=False)
        metadata = _metadata(path, child(path, root, "metadata", dataset=False))
        if "root name" not in metadata:
            raise UserError(f"{path} has no metadata/root name, which the CMU-MultimodalSDK asks for: write it again")
        intervals, shapes, declared = {}, {}, 0
        for name in data:
            group = child(path, data, name, dataset=False)
            features = child(path, group, "features", dataset=True)
            spans = child(path, group, "intervals", dataset=True)
            shapes[name] = _check_pair(path, name, features, spans)
            declared += declared_bytes(features) + declared_bytes(spans)
            refuse_ratio(f"{path}", declared, path.stat().st_size)
            intervals[name] = np.asarray(spans[:], np.float64)
    return _File(path, roots[0], metadata, intervals, *_common(path, shapes))


def _metadata(path: Path, group: Any) -> dict[str, Any]:
    """Return the metadata: each a JSON text; what is none is kept as text, what is no text is left out."""
    import h5py

    found: dict[str, Any] = {}
    for key in group:
        cell = child(path, group, key, dataset=True)
        if cell.size != 1 or h5py.check_string_dtype(cell.dtype) is None:
            continue
        text = cell[()] if cell.shape == () else cell[:].ravel()[0]
        text = text.decode("utf-8", errors="replace") if isinstance(text, bytes) else str(text)
        try:
            found[key] = json.loads(text)
        except (ValueError, RecursionError):
            found[key] = text
    return found


def _check_pair(path: Path, name: str, features: Any, spans: Any) -> tuple[int, bool]:
    """Return the width of an id's rows, and whether they are numbers."""
    import h5py

    where = f"{path}: data/{one_line(name, 60)}"
    try:
        name.encode()
    except UnicodeEncodeError:
        raise UserError(f"{where} is no Unicode name: rename it") from None
    if len(spans.shape) != 2 or spans.shape[1] != 2 or spans.dtype.kind not in "fiu":
        raise UserError(f"{where}/intervals is {spans.dtype} {spans.shape} where (n, 2) seconds are expected")
    if len(features.shape) < 2 or 0 in features.shape[1:]:
        raise UserError(f"{where}/features has the shape {features.shape} where (n, d) is expected")
    if features.shape[0] != spans.shape[0]:
        raise UserError(
            f"{where} has {features.shape[0]} features but {spans.shape[0]} intervals: they must be as many"
        )
    numeric = features.dtype.kind in "fiub"
    if not numeric and h5py.check_string_dtype(features.dtype) is None:
        raise UserError(f"{where}/features is of type {one_line(features.dtype, 40)}, neither numbers nor text")
    return int(np.prod(features.shape[1:], dtype=np.int64)), numeric


def _common(path: Path, shapes: Mapping[str, tuple[int, bool]]) -> tuple[int, bool]:
    if len(set(shapes.values())) > 1:
        first = next(iter(shapes))
        other = next(name for name in shapes if shapes[name] != shapes[first])
        widths = f"{shapes[first][0]} columns, {one_line(other, 60)} {shapes[other][0]}"
        raise UserError(f"{path}: {one_line(first, 60)} has {widths}, or one holds text: they must be alike")
    return next(iter(shapes.values()), (0, True))


def _read_rows(file: _File, name: str, rows: slice = slice(None)) -> Any:
    """Return some of an id's features: ``(rows, d)`` float32, or a list of texts."""
    with open_hdf5(file.path) as h5:
        data = child(file.path, child(file.path, h5, file.root, dataset=False), "data", dataset=False)
        features = child(file.path, child(file.path, data, name, dataset=False), "features", dataset=True)
        if not file.numeric:
            return _texts(file, features)
        values = features[rows]
    with np.errstate(over="ignore"):  # what single precision cannot hold is masked as infinite
        return values.reshape(len(values), file.width).astype(np.float32)


def _texts(file: _File, features: Any) -> list[str]:
    """Return the first column as texts; texts that add up to more than the file holds raise `UserError`."""
    found: list[str] = []
    total, most = 0, 4 * file.path.stat().st_size + (1 << 20)
    for begin in range(0, features.shape[0], _CELL_BATCH):
        cells = features[begin : begin + _CELL_BATCH].reshape(-1, file.width)[:, 0].tolist()
        total += sum(map(len, cells))
        if total > most:
            raise UserError(f"{file.path} repeats its texts into more than {most} characters: get it somewhere else")
        found += [c.decode("utf-8", errors="replace") if isinstance(c, bytes) else str(c) for c in cells]
    return found


# ---- files of others


def _chosen(path: Path, files: Sequence[_File], options: ImportOptions) -> list[tuple[Modality, _File]]:
    """Return the files that the options name, each with its modality."""
    if not path.is_dir():
        return [(options.arrays[0][0], files[0])]
    chosen = []
    for modality, patterns in options.arrays:
        for pattern in patterns:
            hits = [f for f in files if fnmatch(f.path.stem, pattern) or fnmatch(str(f.metadata["root name"]), pattern)]
            if not hits:
                raise UserError(f"{path} has no .csd {pattern!r}; {suggest(pattern, [f.path.stem for f in files])}")
            chosen += [(modality, file) for file in hits]
    return chosen


def _read_foreign(path: Path, chosen: Sequence[tuple[Modality, _File]], options: ImportOptions) -> Bundle:
    for _, file in chosen:
        if not file.numeric:
            raise UserError(f"{file.path} holds text, no features: give it as the file of words")
    labels = _describe(options.labels) if options.labels else None
    spans = _labelled(labels) if labels else _by_id([file for _, file in chosen])
    if not spans:
        raise UserError(f"{labels.path if labels else path} holds no utterances: look whether it is the right file")
    unique_ids([span.utterance for span in spans], labels.path if labels else path, lambda i: f"utterance {i + 1}")
    table = pd.DataFrame([_row(span) for span in spans])
    notices: list[str] = []
    words = pd.DataFrame(columns=list(WORD_COLUMNS))
    if options.words:
        words, notices = _words(_describe(options.words), spans)
        texts = words.groupby("utterance", sort=False)["word"].agg(" ".join)
        table["text"] = table["utterance"].map(texts).fillna("").astype("str")
    if labels:
        table = pd.concat([table, _scores(labels)], axis=1)
    stores = []
    for modality, file in chosen:
        store, said = _store(modality, file, spans, words if options.align else None)
        stores.append(store)
        notices += said
    return Bundle(table, words, distinct(stores, path), tuple(notices))


def _row(span: _Span) -> dict[str, Any]:
    cells = {"utterance": span.utterance, "recording": span.recording, "group": span.recording}
    return cells | {"order": float(span.k), "start": span.start, "end": span.end}


def _segment(name: str) -> tuple[str, int | None]:
    """Return the video and the number, counted from 0, of an aligned segment: ``v[2]`` is ``("v", 2)``."""
    found = re.fullmatch(r"(.+)\[(\d{1,9})\]", name)
    return (found[1], int(found[2])) if found else (name, None)


def _labelled(labels: _File) -> list[_Span]:
    """Return the utterances of a file of labels, row by row."""
    if not labels.numeric:
        raise UserError(f"{labels.path} holds text where scores are expected: give the file of opinion labels")
    spans = []
    for name, intervals in labels.intervals.items():
        video, k = _segment(name)
        if k is not None and len(intervals) != 1:
            raise UserError(
                f"{labels.path}: the segment {one_line(name, 60)} has {len(intervals)} labels where one is due"
            )
        for i, (start, end) in enumerate(intervals.tolist(), k or 0):
            spans.append(_Span(f"{video}_{i + 1}", video, i, start, end))
    return spans


def _by_id(files: Sequence[_File]) -> list[_Span]:
    """Return each id of the files as one utterance, from its first interval's start to the last end."""
    spans: dict[str, _Span] = {}
    for file in files:
        for name, intervals in file.intervals.items():
            if name not in spans:
                video, k = _segment(name)
                start = float(intervals[0, 0]) if len(intervals) else float("nan")
                end = float(np.fmax.reduce(intervals[:, 1])) if len(intervals) else float("nan")
                spans[name] = _Span(name if k is None else f"{video}_{k + 1}", video, k or 0, start, end, name)
    return list(spans.values())


def _scores(labels: _File) -> pd.DataFrame:
    """Return the label columns: ``sentiment``, and further ones by the names in the metadata."""
    values = [_read_rows(labels, name) for name in labels.intervals]
    names = labels.metadata.get("dimension names")
    said = [slug(str(n)) for n in names] if isinstance(names, list) and len(names) == labels.width else []
    if len(set(said)) < labels.width or set(said) & set(COLUMNS):
        said = ["sentiment", *(f"label_{i}" for i in range(2, labels.width + 1))]
    columns = ["sentiment"] if labels.width == 1 else said
    return pd.DataFrame(np.concatenate(values).astype(np.float64).round(6), columns=columns)


def _words(file: _File, spans: Sequence[_Span]) -> tuple[pd.DataFrame, list[str]]:
    """Return the words of each utterance, pauses left out; in a whole video a word goes where its middle lies."""
    if file.numeric:
        raise UserError(f"{file.path} holds numbers where words are expected: give the file of words")
    rows: list[tuple[str, str, float, float]] = []
    cache: dict[str, tuple[list[str], Floats]] = {}
    odd = 0
    for span in spans:
        name, whole = _held(file, span)
        if name not in file.intervals:
            continue
        if name not in cache:
            cache = {name: _good_words(file, name)}
            odd += len(file.intervals[name]) - len(cache[name][0])
        texts, times = cache[name]
        middle = times.mean(axis=1)
        here = range(len(texts)) if whole else np.flatnonzero((middle >= span.start) & (middle < span.end))
        rows += [(span.utterance, texts[i], *times[i].tolist()) for i in here if texts[i] != _PAUSE]
    table = pd.DataFrame(rows, columns=list(WORD_COLUMNS))
    return table, [f"{file.path.name}: {odd} words without a proper interval were left out"] if odd else []


def _good_words(file: _File, name: str) -> tuple[list[str], Floats]:
    times = file.intervals[name]
    good = np.isfinite(times).all(axis=1) & (times[:, 1] >= times[:, 0])
    texts = _read_rows(file, name)
    return [texts[i] for i in np.flatnonzero(good)], times[good]


def _held(file: _File, span: _Span) -> tuple[str, bool]:
    """Return the id that holds an utterance, and whether all of it belongs to that utterance."""
    if span.id:
        return span.id, True
    own = (f"{span.recording}[{span.k}]", span.utterance)
    return next(((name, True) for name in own if name in file.intervals), (span.recording, False))


@dataclass(frozen=True)
class _Rows:
    """How to get the rows of one utterance; `words` are ``(w, 2)`` seconds from its start, if rows are averaged."""

    file: _File
    name: str
    span: _Span
    whole: bool
    words: Floats | None

    def load(self) -> Entry:
        """Read the rows."""
        return self.measure()[0]

    def measure(self) -> tuple[Entry, int]:
        """Read the rows, and count the numbers that are not finite."""
        intervals = self.file.intervals[self.name]
        start = self.span.start if np.isfinite(self.span.start) else 0.0
        index = np.arange(len(intervals)) if self.whole else np.flatnonzero(_over(intervals, self.span))
        if not len(index):
            return Entry("empty", "no row within the utterance"), 0
        first, last = int(index[0]), int(index[-1]) + 1
        values = _read_rows(self.file, self.name, slice(first, last))[index - first]
        times = intervals[index] - start
        if self.words is None:
            return entry_of(values, times)
        if not len(self.words):
            return Entry("empty", "no words"), 0
        bad = int(values.size - np.isfinite(values).sum())
        values = np.where(np.isfinite(values), values, np.float32("nan"))
        aligned, _ = align_to_words(values, times, self.words)
        return entry_of(aligned, self.words)[0], bad


def _over(intervals: Floats, span: _Span) -> NDArray[np.bool_]:
    """Return which rows share time with an utterance; a row, or an utterance, of no length is a point."""
    start, end = intervals.T
    with np.errstate(invalid="ignore"):
        if span.end - span.start > TOUCH_S:
            shared = np.minimum(end, span.end) - np.maximum(start, span.start) > TOUCH_S
            point = (end - start <= TOUCH_S) & (end >= start) & (span.start <= start) & (start < span.end)
            return np.asarray(shared | point)
        return np.asarray((start <= span.start) & ((span.start < end) | ((start == span.start) & (end == start))))


def _store(
    modality: Modality, file: _File, spans: Sequence[_Span], words: pd.DataFrame | None
) -> tuple[FeatureSet, list[str]]:
    """Return a store whose items read their rows when asked; each is read once here, to know which are empty."""
    by_utterance = dict(_word_times(words, spans)) if words is not None else {}
    items: list[Item] = []
    masked = touched = 0
    used: set[str] = set()
    for span in spans:
        name, whole = _held(file, span)
        if name not in file.intervals:
            items.append(item_of(span.utterance, Entry("absent", "not in the file")))
            continue
        used.add(name)
        times = by_utterance.get(span.utterance, np.zeros((0, 2))) if words is not None else None
        rows = _Rows(file, name, span, whole, times)
        entry, count = rows.measure()
        masked, touched = masked + count, touched + bool(count)
        items.append(Item(span.utterance, "", entry.length, rows.load))
    notices = [f"{file.store}: {masked} numbers of {touched} utterances are not finite and count as undefined"]
    notices = notices if masked else []
    if unused := len(file.intervals) - len(used):
        notices.append(f"{file.path.name}: {unused} ids belong to no utterance and were left out")
    odd = sum(int((~(spans_[:, 1] >= spans_[:, 0])).sum()) for spans_ in file.intervals.values())
    if odd:
        notices.append(f"{file.path.name}: {odd} rows have no proper interval")
    names = _feature_names(file)
    details = {"source": file.path.name, "root_name": one_line(file.metadata["root name"])}
    return FeatureSet(file.store, modality, names, pooled_names_of(names), items, details), notices


def _word_times(words: pd.DataFrame, spans: Sequence[_Span]) -> Iterator[tuple[str, Floats]]:
    starts = {span.utterance: span.start if np.isfinite(span.start) else 0.0 for span in spans}
    for utterance, rows in words.groupby("utterance", sort=False):
        yield str(utterance), rows[["start", "end"]].to_numpy(np.float64) - starts[str(utterance)]


def _feature_names(file: _File) -> tuple[str, ...]:
    said = file.metadata.get("dimension names")
    if isinstance(said, list) and len(said) == file.width and all(isinstance(n, str) for n in said):
        names = tuple(one_line(n, 80) for n in said)
        if len(set(names)) == file.width and all(names):
            return names
    return tuple(f"{file.store}_{i}" for i in range(file.width))


# ---- our own files: reading


def _read_own(path: Path, files: Sequence[_File]) -> Bundle:
    own = [file for file in files if _OWN in file.metadata]
    beside = path.with_name("words.csd")
    if not path.is_dir() and path.name != beside.name and beside.is_file():
        own += [file for file in [_describe(beside)] if _same_export(file, own[0])]
    for file in own[1:]:
        if not _same_export(file, own[0]):
            raise UserError(f"{own[0].path} and {file.path} are of two exports: put each into a folder of its own")
    try:
        if own[0].metadata[_OWN]["version"] != _VERSION:
            raise UserError(f"{own[0].path} was written by a later version of this program: import it with that")
        columns = {name: _column(cells) for name, cells in own[0].metadata["crossmodal utterances"]}
        table = pd.DataFrame(columns)
        names = [str(name) for name in table["utterance"]]
        stores = [
            (int(f.metadata[_OWN]["index"]), _own_store(f, table)) for f in own if f.metadata[_OWN]["kind"] == "store"
        ]
        words = [_own_words(f, names) for f in own if f.metadata[_OWN]["kind"] == "words"]
    except (KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
        raise UserError(f"{path} is damaged ({one_line(error)}): export it again") from error
    features = distinct([store for _, store in sorted(stores, key=lambda pair: pair[0])], path)
    return Bundle(table, words[0], features) if words else Bundle(table, features=features)


def _same_export(a: _File, b: _File) -> bool:
    said = [file.metadata.get(_OWN) for file in (a, b)]
    return all(isinstance(s, dict) for s in said) and said[0].get("id") == said[1].get("id")  # type: ignore[union-attr]


def _column(cells: Mapping[str, Any]) -> pd.Series:
    text = cells["dtype"] == "text"
    kind = np.dtype(np.str_ if text else cells["dtype"])
    if not isinstance(cells["cells"], list) or not (text or kind.kind in "biuf"):
        raise ValueError(f"a column of {kind}")
    return column_of(np.array(cells["cells"], kind))


def _own_store(file: _File, table: pd.DataFrame) -> FeatureSet:
    said = file.metadata["crossmodal store"]
    names, pooled_names = tuple(map(str, said["feature_names"])), tuple(map(str, said["pooled_names"]))
    if said["modality"] not in MODALITIES or not file.numeric or (file.intervals and len(names) != file.width):
        raise ValueError(f"{file.path.name} has another modality or width than it says")
    statuses, patches = said["status"], said["times"]
    utterances = [str(name) for name in table["utterance"]]
    fine = [name for name in utterances if statuses.get(name, ["ok"])[0] == "ok"]
    raw = base64.b64decode(said["pooled"], validate=True)
    pooled = np.frombuffer(raw, "<f4").astype(np.float32).reshape(len(fine), len(pooled_names))
    row_of = {name: i for i, name in enumerate(fine)}
    starts = dict(zip(utterances, _starts(table), strict=True))
    items = []
    for name in utterances:
        status, note = statuses.get(name, ["ok", ""])
        if status != "ok":
            if status not in STATUSES:
                raise ValueError(f"{name} has the status {status}")
            items.append(item_of(name, Entry(status, str(note))))
            continue
        intervals = file.intervals.get(_data_id(name), np.zeros((0, 2)))
        times = _patched(intervals - starts[name], patches.get(name, []))
        load = partial(_own_entry, file, name, str(note), len(names), times, pooled[row_of[name]])
        items.append(Item(name, "", len(intervals), load))
    return FeatureSet(str(said["name"]), said["modality"], names, pooled_names, items, dict(said["details"]))


def _own_entry(file: _File, name: str, note: str, width: int, times: Floats, pooled: NDArray[np.float32]) -> Entry:
    there = _data_id(name) in file.intervals
    values = _read_rows(file, _data_id(name)) if there else np.zeros((0, width), np.float32)
    return Entry("ok", note, {"values": values, "times": times}, {"pooled": pooled})


def _own_words(file: _File, utterances: Sequence[str]) -> pd.DataFrame:
    rows: list[tuple[str, str, float, float]] = []
    said = file.metadata["crossmodal words"]
    if file.numeric:
        raise ValueError(f"{file.path.name} holds numbers")
    for name in [*utterances, *said["others"]]:
        if (key := _data_id(str(name))) in file.intervals:
            times = _patched(file.intervals[key].copy(), said["times"].get(name, []))
            rows += [(str(name), text, *pair) for text, pair in zip(_read_rows(file, key), times.tolist(), strict=True)]
    table = pd.DataFrame([rows[i] for i in said["order"]] if said["order"] else rows, columns=list(WORD_COLUMNS))
    return table.astype({"utterance": "str", "word": "str", "start": np.float64, "end": np.float64})


def _patched(times: Floats, patches: Any) -> Floats:
    """Put back the times that are not known: of all rows, or ``[row, start, end]`` each."""
    if patches == "all":
        return np.full_like(times, np.nan)
    for row, start, end in patches:
        times[int(row)] = (start, end)
    return times


# ---- our own files: writing


def write(bundle: Bundle, path: Path) -> None:
    """Write a bundle as a folder of ``.csd`` files, all under temporary names until the last one is complete.

    The ids are the utterances' names, the intervals seconds of the recording. The same bundle gives the same bytes.

    Parameters
    ----------
    bundle
        What to write.
    path
        The folder; it is made.

    Raises
    ------
    UserError
        If there is nothing to write, two files would have one name, or the folder holds other ``.csd`` files.
    """
    plans = _plans(bundle)
    if not plans:
        raise UserError(f"{path}: no features, no words and no labels, so there is nothing to write")
    if path.exists() and not path.is_dir():
        raise UserError(f"{path} is a file: give a folder")
    if old := [p.name for p in sorted(path.glob("*.csd")) if p.stem not in plans]:
        raise UserError(f"{path} holds {old[0]} already, which would be taken for a part of this: give an empty folder")
    path.mkdir(parents=True, exist_ok=True)
    temporary = {name: path / f".{name}.csd.partial" for name in plans}
    try:
        for name, fill in plans.items():
            fill(temporary[name])
        for name, made in temporary.items():
            made.replace(path / f"{name}.csd")
    finally:
        for made in temporary.values():
            made.unlink(missing_ok=True)


def _plans(bundle: Bundle) -> dict[str, Callable[[Path], None]]:
    """Return how to write each file, by its name without ``.csd``."""
    utterances = [[str(name), _cells(bundle.utterances[name])] for name in bundle.utterances.columns]
    mark = {"version": _VERSION, "id": str(uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(utterances, sort_keys=True)))}

    def own(kind: str, index: int = 0) -> dict[str, Any]:
        return {_OWN: mark | {"kind": kind, "index": index}, "crossmodal utterances": utterances}

    plans: dict[str, Callable[[Path], None]] = {}
    if len(bundle.words):
        plans["words"] = partial(_write_words, bundle, own("words"))
    labels = [str(name) for name in bundle.utterances.columns if name not in COLUMNS]
    scores = [name for name in labels if pd.api.types.is_numeric_dtype(bundle.utterances[name])]
    if scores:
        plans["labels"] = partial(_write_labels, bundle, own("labels"), "labels", scores)
    for name in (name for name in labels if name not in scores):
        root = f"labels_{store_name(name)}"
        plans[root] = partial(_write_labels, bundle, own("labels"), root, [name])
    for i, store in enumerate(distinct(bundle.features, Path("export"))):
        if store_name(store.name) in plans:
            raise UserError(f"a store named {store.name!r} would be written over another file: rename it")
        plans[store_name(store.name)] = partial(_write_store, bundle, store, own("store", i))
    return plans


def _cells(column: pd.Series) -> dict[str, Any]:
    cells = array_of(column)
    return {"dtype": "text" if cells.dtype.kind == "U" else cells.dtype.str, "cells": cells.tolist()}


def _data_id(name: str) -> str:
    """Return a name that HDF5 can hold: no slash, no lone points."""
    name = name.replace("%", "%25").replace("/", "%2F").replace("\0", "%00")
    return name.replace(".", "%2E") if set(name) == {"."} else name


def _starts(table: pd.DataFrame) -> list[float]:
    """Return where the utterances start in their recordings, in seconds; 0 where it is not known."""
    if "start" not in table:
        return [0.0] * len(table)
    return [float(start) if np.isfinite(start) else 0.0 for start in table["start"].astype(np.float64)]


def _ends(table: pd.DataFrame) -> list[float]:
    starts = _starts(table)
    ends = table["end"].astype(np.float64).tolist() if "end" in table else [float("nan")] * len(table)
    return [end if np.isfinite(end) and end >= start else start for start, end in zip(starts, ends, strict=True)]


class _Writer:
    """One file being written; its md5 is of the data alone."""

    def __init__(self, h5: Any, root: str) -> None:
        self.root = h5.create_group(root)
        self.data = self.root.create_group("data")
        self.name = root
        self.md5 = hashlib.md5(usedforsecurity=False)

    def add(self, name: str, features: NDArray[Any], intervals: Floats) -> None:
        """Write one id."""
        group = self.data.create_group(_data_id(name))
        for key, values in (("features", features), ("intervals", intervals)):
            group.create_dataset(key, data=values, compression="gzip", track_times=False)
            self.md5.update(f"{name}\0{key}\0{values.dtype.str}{values.shape}".encode())
            self.md5.update(np.ascontiguousarray(values).tobytes())

    def finish(self, description: str, dimensions: Sequence[str], extra: Mapping[str, Any]) -> None:
        """Write the metadata."""
        import h5py

        digest = self.md5.hexdigest()
        metadata = _TEMPLATE | {"root name": self.name, "computational sequence description": description}
        metadata |= {"dimension names": list(dimensions), "computational sequence version": "1.0", "md5": digest}
        metadata |= {"uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"crossmodal {self.name} {digest}"))} | dict(extra)
        group = self.root.create_group("metadata")
        for key, value in metadata.items():
            cell = group.create_dataset(key, (1,), h5py.string_dtype(), track_times=False)
            cell[0] = json.dumps(value, sort_keys=True)


@contextmanager
def _writing(path: Path, root: str) -> Iterator[_Writer]:
    import h5py

    with h5py.File(path, "w") as h5:
        yield _Writer(h5, root)


def _write_store(bundle: Bundle, store: FeatureSet, extra: Mapping[str, Any], path: Path) -> None:
    status: dict[str, list[str]] = {}
    unknown: dict[str, Any] = {}
    pooled: list[bytes] = []
    starts, ends = _starts(bundle.utterances), _ends(bundle.utterances)
    with _writing(path, store_name(store.name)) as file:
        for item, start, end in zip(store.items, starts, ends, strict=True):
            entry = item.load()
            if entry.status != "ok" or entry.note:
                status[item.utterance] = [entry.status, entry.note]
            if entry.status != "ok":
                continue
            pooled.append(np.asarray(entry.clips["pooled"], "<f4").tobytes())
            times = np.asarray(entry.rows["times"], np.float64)
            if patches := _patches(times):
                unknown[item.utterance] = patches
            intervals = np.where(np.isfinite(times).all(axis=1, keepdims=True), times + start, [start, end])
            if entry.length:
                file.add(item.utterance, np.asarray(entry.rows["values"], np.float32), intervals)
        said: dict[str, Any] = {
            "name": store.name,
            "modality": store.modality,
            "feature_names": list(store.feature_names),
        }
        said |= {"pooled_names": list(store.pooled_names), "details": dict(store.details)}
        held = {"status": status, "times": unknown, "pooled": base64.b64encode(b"".join(pooled)).decode()}
        description = f"{store.modality} features {store.name}"
        file.finish(description, store.feature_names, {**extra, "crossmodal store": said | held})


def _patches(times: Floats) -> Any:
    """Return what an interval cannot say: ``all`` if no time is known, else ``[row, start, end]`` of those rows."""
    odd = np.flatnonzero(~np.isfinite(times).all(axis=1))
    if len(times) and np.isnan(times).all():
        return "all"
    return [[int(row), *times[row].tolist()] for row in odd]


def _write_words(bundle: Bundle, extra: Mapping[str, Any], path: Path) -> None:
    words = bundle.words.reset_index(drop=True)
    texts, names = array_of(words["word"]), array_of(words["utterance"]).tolist()
    known = [str(name) for name in bundle.utterances["utterance"]]
    others = sorted(set(names) - set(known))
    rank = {name: i for i, name in enumerate([*known, *others])}
    by_rank = np.argsort([rank[name] for name in names], kind="stable")  # as they lie in the file
    rows_of: dict[str, list[int]] = {}
    for i in by_rank.tolist():
        rows_of.setdefault(names[i], []).append(i)
    order = np.argsort(by_rank, kind="stable").tolist()
    unknown: dict[str, Any] = {}
    with _writing(path, "words") as file:
        for name, rows in rows_of.items():
            times = words.loc[rows, ["start", "end"]].to_numpy(np.float64)
            if patches := _patches(times):
                unknown[name] = patches
            cells = np.array([[text.encode()] for text in texts[rows].tolist()])
            file.add(name, cells.astype(f"S{max(1, cells.dtype.itemsize)}"), np.where(np.isfinite(times), times, 0.0))
        said = {"times": unknown, "others": others, "order": [] if order == sorted(order) else order}
        file.finish("words", ["word"], {**extra, "crossmodal words": said})


def _write_labels(bundle: Bundle, extra: Mapping[str, Any], root: str, columns: Sequence[str], path: Path) -> None:
    table = bundle.utterances
    cells = [array_of(table[name]) for name in columns]
    with _writing(path, root) as file:
        for i, (start, end) in enumerate(zip(_starts(table), _ends(table), strict=True)):
            if cells[0].dtype.kind == "U":
                text = str(cells[0][i]).encode()
                features = np.array([[text]], f"S{max(1, len(text))}")
            else:
                features = np.array([[column[i] for column in cells]], np.float64)
            file.add(str(table["utterance"].iloc[i]), features, np.array([[start, end]]))
        file.finish("labels", columns, extra)
