"""Read a user's own folder: `manifest.csv` next to the recordings, and `words.csv` if there are timed words.

manifest.csv has one row per utterance, with the columns `media` (path, absolute or relative to the manifest's folder),
the label and, optionally, `start` and `end` (s), `utterance`, `text`, `speaker`, `group`, `order`, `split` and
`region`. If the voice is in a different file, `sound` (path) and `sound_start` (s) say where. `audio_track` and
`video_track` name one of several tracks by its number from 1, its language or its title. `audio_channel` names one
channel of the sound: left, right, mix or a number. Further columns are kept, and any of them can be the protocol's
group. words.csv has the columns `utterance, word, start, end`. All times are in seconds from the start of the
recording.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from common.names import suggest
from models.validation.protocol import PROTOCOLS
from pipeline.corpora.manifest_columns import OURS, check_named_columns, corrected_columns
from pipeline.corpora.places import recordings_of, repeated, same_parts
from pipeline.corpora.problems import Problem, Severity
from pipeline.corpora.utterances import COLUMNS, Corpus
from pipeline.corpora.words import check_columns, read_words
from pipeline.errors import UserError
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.streams import check_channel, check_track
from pipeline.streams.spans import Region
from pipeline.tables.csv_files import Sheet, read_sheet
from pipeline.tables.headers import TIMES, near_notices, nearly_ours
from pipeline.tables.intervals import interval_of
from pipeline.tables.near_paths import Neighbours
from pipeline.tables.rules import (
    alike_notices,
    code_notices,
    date_notices,
    fault_of_label,
    fault_of_name,
    fault_of_text,
    folded,
    is_no_label,
    missing_notices,
    number_of,
    reads_like_no_label,
)
from pipeline.tables.splits import split_of
from pipeline.tables.times import clock_notices, seconds_of

_SUGGESTED = 20  # the largest number of labels that occur once for which another label is suggested
NAMES = ("utterance", "speaker", "group", "split")
SECONDS = ("start", "end", "sound_start")

Note = Callable[[Severity, str], None]  # function that reports what is wrong with a row


def read(root: Path, corpus: CorpusParams) -> Corpus:
    """Read `root`/manifest.csv and, if it exists, `root`/words.csv.

    A label column is needed only if the settings name one.

    Raises
    ------
    UserError
        If there is no manifest; if it is not a CSV, has no rows or lacks a needed column; or if the name of a column
        cannot be used.
    """
    path = root / "manifest.csv"
    if not path.exists():
        found = "does not exist" if not root.exists() else "holds no manifest.csv"
        meant = Neighbours().meant(path) if root.exists() else None
        hint = f" (did you mean {meant.name!r}? The name must be exactly manifest.csv)" if meant else ""
        raise UserError(
            f"{root} {found}{hint}: a manifest corpus needs {path} with the column media"
            f"{f' and {corpus.label}' if corpus.label else ''}; `crossmodal init {root} --name NAME --force` "
            "writes a manifest of the recordings found there into the current folder, and makes corpus NAME read it"
        )
    named = _named_columns(corpus)
    check_named_columns(path, corpus.label, corpus.protocol.group)
    sheet, problems = corrected_columns(path, read_sheet(path, OURS, named), corpus.protocol)
    _check_header(path, sheet.header, corpus)
    if not sheet.rows:
        raise UserError(f"{path} has a header but no rows: write one row per utterance")
    table = pd.DataFrame([_utterance(row, line, root, corpus, path, problems) for line, row in sheet.rows])
    files, table["recording"] = recordings_of(table["recording"].tolist(), root)
    table["group"] = table["group"].where(table["group"] != "", table["recording"])
    table["utterance"] = _names(table["utterance"], files)
    checked = [name for name in sheet.header if folded(name) in OURS]  # their cells were checked by `misused`
    features_only = (
        bool(corpus.label and corpus.features) and "media" not in sheet.header
    )  # `import` reported similar names already
    near = {} if features_only else nearly_ours(sheet.header, OURS, [*named, *checked])
    times = {name: [row[name] for _, row in sheet.rows] for name in SECONDS if name in sheet.header}
    problems += [Problem("warning", path, None, notice) for notice in (*clock_notices(times), *near_notices(near))]
    problems += _duplicates(path, table) + (_label_problems(path, table, corpus) if corpus.label else [])
    problems += _spellings(path, table, corpus) + _same_places(path, table, sheet, near)
    spans = {u: (s, e) for u, s, e in zip(table["utterance"], table["start"], table["end"], strict=True)}
    return Corpus(table, read_words(root / "words.csv", spans, problems), problems)


def _named_columns(corpus: CorpusParams) -> list[str]:
    """Return the label and group columns that the settings name, except columns with a fixed meaning in a manifest."""
    return [name for name in (corpus.label, corpus.protocol.group) if name and name not in OURS]


def _check_header(path: Path, header: tuple[str, ...], corpus: CorpusParams) -> None:
    for name in header:
        if fault := fault_of_text(name):
            raise UserError(f"{path}: the name of a column {fault}")
    only_text = corpus.modalities == ("text",) or ("text" in corpus.modalities and _holds_only_text(header))
    needed = [] if only_text or corpus.features else ["media"]
    needed += [corpus.label] if corpus.label else []
    group = corpus.protocol.group
    if PROTOCOLS[corpus.protocol.kind].needs_groups and group != "group":
        needed.append(group)
    remedies = {
        corpus.label: "To go without labels, leave label empty in the settings",
        group: "The protocol groups by it: add the column; or, if the values are unknown, set protocol.group to "
        "'group', which groups by recording" + (", and speakers_unknown to true" if group == "speaker" else ""),
    }
    check_columns(path, header, needed, remedies)


def _holds_only_text(header: Sequence[str]) -> bool:
    """Return whether there is a column `text`, but no column named exactly or nearly `media` or `sound`."""
    near = nearly_ours(header, ["media", "sound"])
    return "text" in header and not {"media", "sound"} & {*header, *near.values()}


def _utterance(
    row: Mapping[str, str], line: int, root: Path, corpus: CorpusParams, path: Path, problems: list[Problem]
) -> dict[str, Any]:
    def note(severity: Severity, message: str) -> None:
        problems.append(Problem(severity, path, line, message))

    cells: dict[str, Any] = {name: row.get(name, "") for name in COLUMNS} | dict(row)
    cells |= _ours_too(corpus.protocol.group, row)
    cells["line"] = line
    _check_characters(row, corpus, note)
    for name in ("start", "end", "order", "sound_start"):
        cells[name] = _number(row.get(name, ""), name, note)
    cells |= _interval(cells, note)
    try:
        cells["split"] = split_of(cells["split"])
    except ValueError as error:
        note("error", f"split is {cells['split']!r}; {error}")
    if not (cells["media"] or cells["text"] or corpus.features):
        note("error", "neither media nor text is given")
    if cells["region"]:
        _check_region(cells["region"], note)
    _check_choices(cells, note)
    cell = row[corpus.label] if corpus.label else ""
    if not is_no_label(cell) and (fault := fault_of_label(cell, corpus.label, corpus.task)):
        note("error", fault)
    group = corpus.protocol.group
    if PROTOCOLS[corpus.protocol.kind].needs_groups and group != "group" and not row.get(group):
        note(
            "error",
            f"the cell of the column {group} is empty, but the protocol groups by it: fill in the cell, or set "
            "protocol.group to 'group'; a recording without a group then forms its own",
        )
    media = Path(cells["media"])
    cells["recording"] = cells["media"] or f"row {line}"
    cells["media"] = (root / media).as_posix() if cells["media"] else ""
    cells["sound"] = (root / cells["sound"]).as_posix() if cells["sound"] else ""
    return cells


def _ours_too(group: str, row: Mapping[str, str]) -> dict[str, str]:
    """Return the row's cell in the group column, keyed by the manifest's spelling of that column.

    For example, return ``{"speaker": cell}`` if the protocol groups by ``Speaker``. Return an empty dict if the row
    has a cell with the manifest's spelling, too, or if the group column is not a spelling of one of the `NAMES`, such
    as ``speaker``.
    """
    ours = folded(group)
    return {ours: row.get(group, "")} if ours in NAMES and ours not in row else {}


def _check_characters(row: Mapping[str, str], corpus: CorpusParams, note: Note) -> None:
    names = {*NAMES, *_named_columns(corpus)}
    for name, cell in row.items():
        fault = fault_of_name(cell) if name in names else fault_of_text(cell)
        if fault:
            note("error", f"{name} {fault}")


def _number(cell: str, name: str, note: Note) -> float:
    try:
        return number_of(cell) if name == "order" else seconds_of(cell)
    except ValueError as error:
        note("error", f"{name} is {cell!r}, but {error}")
        return math.nan


def _interval(cells: Mapping[str, Any], note: Note) -> dict[str, float]:
    try:
        interval = interval_of(cells["start"], cells["end"])
    except ValueError as error:
        note("error", str(error))
        return {"start": cells["start"]}
    if interval.notice:
        note("warning", interval.notice)
    return {"start": interval.start, "end": interval.end}


def _check_choices(cells: Mapping[str, Any], note: Note) -> None:
    checks = {"audio_track": check_track, "video_track": check_track, "audio_channel": check_channel}
    for name, check in checks.items():
        try:
            check(cells[name] or "1")
        except ValueError as error:
            note("error", f"{name}: {error}")


def _check_region(cell: str, note: Note) -> None:
    try:
        Region.parse(cell)
    except ValueError as error:
        note("error", f"region: {error}")


def _names(given: Iterable[str], files: Sequence[str]) -> list[str]:
    """Return the names of utterances.

    A missing name is made from the file's name; it gets a number if the file has several utterances.
    """
    many = Counter(files)
    seen: Counter[str] = Counter()
    names = []
    for name, file in zip(given, files, strict=True):
        seen[file] += 1
        made = file.replace("/", "_") + (f"_{seen[file]}" if many[file] > 1 else "")
        names.append(name or made)
    return names


def _duplicates(path: Path, table: pd.DataFrame) -> list[Problem]:
    first: dict[str, int] = {}
    found = []
    for name, line in zip(table["utterance"], table["line"], strict=True):
        if name in first:
            found.append(
                Problem("error", path, line, f"utterance {name!r} is also in line {first[name]}: names must be unique")
            )
        first.setdefault(name, line)
    return found


def _label_problems(path: Path, table: pd.DataFrame, corpus: CorpusParams) -> list[Problem]:
    labels = Counter(label for label in table[corpus.label] if not is_no_label(label))
    problems = _unlabelled(path, table, corpus)
    if len(labels) == 1:
        message = f"every {corpus.label} is {next(iter(labels))!r}: nothing can be learnt from a single class or score"
        return [*problems, Problem("warning", path, None, message, alone=True)]
    if corpus.task == "regression":
        return problems + [Problem("warning", path, None, n) for n in code_notices(corpus.label, table[corpus.label])]
    problems += [
        Problem(
            "warning",
            path,
            None,
            f"{corpus.label}: {label!r} counts as a class; if it means that the label is missing, empty the cells",
        )
        for label in labels
        if reads_like_no_label(label)
    ]
    lines = dict(zip(table[corpus.label], table["line"], strict=True))
    for i, label in enumerate(label for label, count in labels.items() if count == 1):
        message = f"{corpus.label} {label!r} occurs only once, so it cannot be both in training and in testing"
        if i < _SUGGESTED:  # comparing all with all is slow
            message += f"; {suggest(label, (other for other in labels if other != label))}"
        problems.append(Problem("warning", path, int(lines[label]), message, alone=True))
    return problems


def _unlabelled(path: Path, table: pd.DataFrame, corpus: CorpusParams) -> list[Problem]:
    """Return a warning that counts the rows without a label."""
    lines = table["line"][table[corpus.label].map(is_no_label).astype(bool)]
    if lines.empty:
        return []
    rows = "no row has" if len(lines) == len(table) else f"{len(lines)} of {len(table)} rows have no"
    label = "a label" if len(lines) == len(table) else "label"
    such = "" if len(lines) == len(table) else f" (such as line {lines.iloc[0]})"
    message = f"{rows} {label} in the column {corpus.label!r}{such}: features are made, but nothing is learnt from them"
    return [Problem("warning", path, None, message)]


def _spellings(path: Path, table: pd.DataFrame, corpus: CorpusParams) -> list[Problem]:
    """Return warnings about names that differ only in spelling, are dates, or read ``nan``.

    Speakers and groups are checked for all three, labels only for spelling and dates, and only if they are classes.
    """
    group = corpus.protocol.group
    given = {"speaker": table["speaker"], group: table[group] if group in table else table["group"]}
    notices: list[str] = []
    if corpus.label and corpus.task == "classification":
        notices += alike_notices(corpus.label, (label for label in table[corpus.label] if not is_no_label(label)))
        notices += date_notices(corpus.label, table[corpus.label])
    for name, cells in given.items():
        notices += alike_notices(name, cells, scores=False) + missing_notices(name, cells) + date_notices(name, cells)
    return [Problem("warning", path, None, notice) for notice in notices]


def _same_places(path: Path, table: pd.DataFrame, sheet: Sheet, near: Mapping[str, str]) -> list[Problem]:
    """Return a warning if rows cover the same part of a recording.

    It is an error instead if the manifest has a column whose name resembles that of a time, such as ``start_time``:
    that column is not read, but may hold the times of the rows. `near` maps columns to the names that they resemble.
    """
    message = same_parts(table, repeated(table))
    if not message:
        return []
    times = [name for name, ours in near.items() if ours in TIMES and len({cells[name] for _, cells in sheet.rows}) > 1]
    if times:
        meant = near[times[0]]
        return [Problem("error", path, None, f"{message}: rename the column {times[0]!r} to {meant!r}, in seconds")]
    return [Problem("warning", path, None, message)]
