"""Read ``.csd`` files that crossmodal did not write: utterances from labels or ids, and their rows and words."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.base import Modality
from features.store import Entry, Item
from models.data.align import TOUCH_S, align_to_words
from pipeline.corpora.utterances import COLUMNS, WORD_COLUMNS
from pipeline.errors import UserError, counted
from pipeline.exchange.bundle import (
    Bundle,
    FeatureSet,
    ImportOptions,
    entry_of,
    item_of,
    masked_notices,
    pooled_names_of,
)
from pipeline.exchange.columns import distinct, unique_ids
from pipeline.exchange.formats.csd.files import Floats, SequenceFile, describe, read_rows, read_texts
from pipeline.exchange.safety import slug
from pipeline.foreign import one_line
from pipeline.tables.intervals import intervals_of
from pipeline.tables.near_ids import refuse_nearly_equal

_PAUSE = "sp"


@dataclass(frozen=True)
class _Span:
    """An utterance: its name, its recording, its position k in the recording (from 0), and its times in seconds."""

    utterance: str
    recording: str
    k: int
    start: float
    end: float
    id: str = ""  # its id in feature files; if empty, the segment, the utterance or the recording is looked up

    @property
    def origin(self) -> float:
        """The start of the utterance in its recording, in seconds, or 0 if it is not known.

        The times of its rows and words are counted from here.
        """
        return self.start if np.isfinite(self.start) else 0.0


def read_foreign(path: Path, chosen: Sequence[tuple[Modality, SequenceFile]], options: ImportOptions) -> Bundle:
    """Return the bundle of the chosen files.

    Parameters
    ----------
    path
        The file or folder, for messages.
    chosen
        Feature files, each with its modality.
    options
        ``labels`` defines the utterances; without it, each id is an utterance. ``words`` and ``align`` are as in
        `csd.read`.

    Raises
    ------
    UserError
        If a file holds text where numbers are expected, or numbers where text is expected; if there are no utterances;
        if two utterances have the same id; or if ids of the files differ only in spelling.
    """
    for _, file in chosen:
        if not file.numeric:
            raise UserError(f"{file.path} holds text instead of features: give it as the file of words (--words)")
    labels = describe(options.labels) if options.labels else None
    spans = _labelled(labels) if labels else _by_id([file for _, file in chosen])
    if not spans:
        raise UserError(f"{labels.path if labels else path} holds no utterances: check that it is the right file")
    unique_ids([span.utterance for span in spans], labels.path if labels else path, lambda i: f"utterance {i + 1}")
    spans, notices = _corrected(spans)
    table = pd.DataFrame([_row(span) for span in spans])
    words = pd.DataFrame(columns=list(WORD_COLUMNS))
    if options.words:
        words, more = _words(describe(options.words), spans)
        notices += more
        texts = words.groupby("utterance", sort=False)["word"].agg(" ".join)
        table["text"] = table["utterance"].map(texts).fillna("").astype("str")
    if labels:
        table = pd.concat([table, _scores(labels)], axis=1)
    stores = []
    for modality, file in chosen:
        store, more = _store(modality, file, spans, words if options.align else None)
        stores.append(store)
        notices += more
    return Bundle(table, words, distinct(stores, path), tuple(notices))


def _corrected(spans: Sequence[_Span]) -> tuple[list[_Span], list[str]]:
    """Return the utterances with impossible starts and ends corrected, and notices of what was corrected."""
    given = np.array([(span.start, span.end) for span in spans], np.float64)
    starts, ends, notices = intervals_of(given[:, 0], given[:, 1], [s.utterance for s in spans], reversed_too=True)
    changed = zip(spans, starts.tolist(), ends.tolist(), strict=True)
    return [replace(span, start=start, end=end) for span, start, end in changed], notices


def _row(span: _Span) -> dict[str, Any]:
    cells = {"utterance": span.utterance, "recording": span.recording, "group": span.recording}
    return cells | {"order": float(span.k), "start": span.start, "end": span.end}


def _segment(name: str) -> tuple[str, int | None]:
    """Return the video and the number (from 0) of a segment: ``("v", 2)`` for ``v[2]``, ``("v", None)`` for ``v``."""
    found = re.fullmatch(r"(.+)\[(\d{1,9})\]", name)
    return (found[1], int(found[2])) if found else (name, None)


def _labelled(labels: SequenceFile) -> list[_Span]:
    """Return one utterance for each row of a label file; raise `UserError` if the file holds no scores."""
    if not labels.numeric:
        raise UserError(f"{labels.path} holds text where scores are expected: give the file of opinion labels")
    spans = []
    for name, intervals in labels.intervals.items():
        video, k = _segment(name)
        if k is not None and len(intervals) != 1:
            raise UserError(
                f"{labels.path}: the segment {one_line(name, 60)} has {len(intervals)} labels instead of one"
            )
        for i, (start, end) in enumerate(intervals.tolist(), k or 0):
            spans.append(_Span(f"{video}_{i + 1}", video, i, start, end))
    return spans


def _by_id(files: Sequence[SequenceFile]) -> list[_Span]:
    """Return one utterance for each id of the files, from the start of its first interval to its latest end."""
    spans: dict[str, _Span] = {}
    for file in files:
        refuse_nearly_equal(
            (n for n in spans if n not in file.intervals),
            (n for n in file.intervals if n not in spans),
            len(spans.keys() & file.intervals.keys()),
            file.path,
        )
        for name, intervals in file.intervals.items():
            if name not in spans:
                video, k = _segment(name)
                start = float(intervals[0, 0]) if len(intervals) else float("nan")
                end = float(np.fmax.reduce(intervals[:, 1])) if len(intervals) else float("nan")
                spans[name] = _Span(name if k is None else f"{video}_{k + 1}", video, k or 0, start, end, name)
    return list(spans.values())


def _scores(labels: SequenceFile) -> pd.DataFrame:
    """Return the label columns ``(n, columns)``: named as in the metadata, or ``sentiment, label_2, label_3, ...``."""
    values = [read_rows(labels, name) for name in labels.intervals]
    names = labels.metadata.get("dimension names")
    given = [slug(str(n)) for n in names] if isinstance(names, list) and len(names) == labels.width else []
    if len(set(given)) < labels.width or set(given) & set(COLUMNS):
        given = ["sentiment", *(f"label_{i}" for i in range(2, labels.width + 1))]
    columns = ["sentiment"] if labels.width == 1 else given
    return pd.DataFrame(np.concatenate(values).astype(np.float64).round(6), columns=columns)


def _words(file: SequenceFile, spans: Sequence[_Span]) -> tuple[pd.DataFrame, list[str]]:
    """Return the words of each utterance, without pauses, and notices about words that were left out.

    If an id of the file is one utterance, words outside the utterance's times are left out. If the id is a whole video,
    a word belongs to the utterance that contains the middle of the word.
    """
    if file.numeric:
        raise UserError(f"{file.path} holds numbers where words are expected: give the file of words")
    rows: list[tuple[str, str, float, float]] = []
    cache: dict[str, tuple[list[str], Floats]] = {}  # words of the most recent id only
    used: set[str] = set()
    odd = outside = 0
    for span in spans:
        name, whole = _held(file, span)
        if name not in file.intervals:
            continue
        used.add(name)
        if name not in cache:
            cache = {name: _good_words(file, name)}
            odd += len(file.intervals[name]) - len(cache[name][0])
        texts, times = cache[name]
        if whole:
            here = ~((times[:, 1] < span.origin) | (times[:, 0] > span.end))  # NaN as the end means no limit
            outside += int((~here).sum())
        else:
            middle = times.mean(axis=1)
            here = (middle >= span.start) & (middle < span.end)
        times = np.maximum(times, 0.0)
        rows += [(span.utterance, texts[i], *times[i].tolist()) for i in np.flatnonzero(here) if texts[i] != _PAUSE]
    table = pd.DataFrame(rows, columns=list(WORD_COLUMNS))
    _check_lost(file, spans, used)
    notices = [f"{file.path.name}: left out {counted(odd, 'word')} without a valid interval"] if odd else []
    notices += [f"{file.path.name}: left out {counted(outside, 'word')} outside an utterance"] if outside else []
    return table, notices


def _good_words(file: SequenceFile, name: str) -> tuple[list[str], Floats]:
    """Return the words of an id that have a valid interval, and their intervals."""
    times = file.intervals[name]
    good = np.isfinite(times).all(axis=1) & (times[:, 1] >= times[:, 0])
    texts = read_texts(file, name)
    return [texts[i] for i in np.flatnonzero(good)], times[good]


def _held(file: SequenceFile, span: _Span) -> tuple[str, bool]:
    """Return the id under which to look for an utterance in the file, and whether this id holds no other utterance."""
    if span.id:
        return span.id, True
    own = (f"{span.recording}[{span.k}]", span.utterance)
    return next(((name, True) for name in own if name in file.intervals), (span.recording, False))


@dataclass(frozen=True)
class _Rows:
    """What is needed to read the rows of one utterance from a file.

    `words` are the times of its w words, ``(w, 2)`` seconds from its start, or None if rows are not averaged over
    words.
    """

    file: SequenceFile
    name: str
    span: _Span
    whole: bool
    words: Floats | None

    def load(self) -> Entry:
        """Read the rows, and return the entry of the utterance."""
        return self.measure()[0]

    def measure(self) -> tuple[Entry, int]:
        """Read the rows; return the entry of the utterance, and how many of its values are not finite."""
        intervals = self.file.intervals[self.name]
        if not self.whole and not self.span.end > self.span.start:
            return Entry("empty", "the utterance has no length"), 0
        index = np.arange(len(intervals)) if self.whole else np.flatnonzero(_over(intervals, self.span))
        if not len(index):
            return Entry("empty", "no row within the utterance"), 0
        first, last = int(index[0]), int(index[-1]) + 1
        values = read_rows(self.file, self.name, slice(first, last))[index - first]
        times = intervals[index] - self.span.origin
        if self.words is None:
            return entry_of(values, times)
        if not len(self.words):
            return Entry("empty", "no words"), 0
        bad = int(values.size - np.isfinite(values).sum())
        values = np.where(np.isfinite(values), values, np.float32("nan"))
        aligned, _ = align_to_words(values, times, self.words)
        return entry_of(aligned, self.words)[0], bad


def _over(intervals: Floats, span: _Span) -> NDArray[np.bool_]:
    """Return a mask of the rows that overlap an utterance in time; a row without duration must begin within it."""
    start, end = intervals.T
    with np.errstate(invalid="ignore"):
        shared = np.minimum(end, span.end) - np.maximum(start, span.start) > TOUCH_S
        point = (end - start <= TOUCH_S) & (end >= start) & (span.start <= start) & (start < span.end)
    return np.asarray(shared | point)


def _store(
    modality: Modality, file: SequenceFile, spans: Sequence[_Span], words: pd.DataFrame | None
) -> tuple[FeatureSet, list[str]]:
    """Return the store of one file, and notices about it.

    The items of the store read their rows from the file only when they are loaded. Here, each is read once for its
    length.
    """
    words_of = None if words is None else dict(_word_times(words, spans))
    items: list[Item] = []
    masked = touched = 0
    used: set[str] = set()
    for span in spans:
        name, whole = _held(file, span)
        if name not in file.intervals:
            items.append(item_of(span.utterance, Entry("absent", "not in the file")))
            continue
        used.add(name)
        times = None if words_of is None else words_of.get(span.utterance, np.zeros((0, 2)))
        rows = _Rows(file, name, span, whole, times)
        entry, count = rows.measure()
        masked, touched = masked + count, touched + bool(count)
        items.append(Item(span.utterance, "", entry.length, rows.load))
    _check_lost(file, spans, used)
    notices = masked_notices(file.store, masked, touched)
    if unused := len(file.intervals) - len(used):
        notices.append(f"{file.path.name}: left out {counted(unused, 'id')} without an utterance")
    if odd := sum(int((~(rows[:, 1] >= rows[:, 0])).sum()) for rows in file.intervals.values()):
        notices.append(f"{file.path.name}: the intervals of {counted(odd, 'row')} are not valid")
    names = _feature_names(file)
    details = {"source": file.path.name, "root_name": one_line(file.metadata["root name"])}
    return FeatureSet(file.store, modality, names, pooled_names_of(names), items, details), notices


def _check_lost(file: SequenceFile, spans: Sequence[_Span], used: Collection[str]) -> None:
    """Raise `UserError` if the utterances that the file lacks are clearly in it under ids with another spelling."""
    lost = [span for span in spans if _held(file, span)[0] not in file.intervals]
    wanted = dict.fromkeys(name for span in lost for name in (span.utterance, span.recording))
    spare = (_segment(name)[0] for name in file.intervals if name not in used)
    refuse_nearly_equal(wanted, spare, len(spans) - len(lost), file.path)


def _word_times(words: pd.DataFrame, spans: Sequence[_Span]) -> Iterator[tuple[str, Floats]]:
    """Yield each utterance and the times of its words, ``(w, 2)`` seconds from its start."""
    origins = {span.utterance: span.origin for span in spans}
    for utterance, rows in words.groupby("utterance", sort=False):
        yield str(utterance), rows[["start", "end"]].to_numpy(np.float64) - origins[str(utterance)]


def _feature_names(file: SequenceFile) -> tuple[str, ...]:
    """Return one name per column: from the metadata if it has valid ones, otherwise ``<store>_0, <store>_1, ...``."""
    given = file.metadata.get("dimension names")
    if isinstance(given, list) and len(given) == file.width and all(isinstance(n, str) for n in given):
        names = tuple(one_line(n, 80) for n in given)
        if len(set(names)) == file.width and all(names):
            return names
    return tuple(f"{file.store}_{i}" for i in range(file.width))
