"""Find the known cells of each recording (label, speaker, ...) in its name, its folders and a table of labels."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from common.names import listed_names
from pipeline.corpora.manifest_columns import OURS
from pipeline.errors import UserError, counted
from pipeline.ingest.folder.cells import is_table
from pipeline.ingest.folder.columns import ROLES, Label, label_of, role_of
from pipeline.ingest.folder.folders import LABEL, folder_columns
from pipeline.ingest.folder.patterns import Pattern, pattern
from pipeline.ingest.folder.recordings import Found, Recording
from pipeline.ingest.folder.rows import ORDER, Cells, merged_rows
from pipeline.ingest.folder.sheets import LabelSheet, lost_notes, read_label_sheet
from pipeline.tables.rules import folded

_SHOWN = 5

ByPlace = dict[PurePosixPath, list[Cells]]


@dataclass(frozen=True)
class Sources:
    """The sources of cells: a pattern of file names, a table of labels, and folder names.

    If `labels` is None, a table is searched for in the folder, unless there is a pattern.
    """

    pattern: str = ""
    labels: Path | None = None
    folder_labels: bool = True  # whether names of folders may be labels, if there is neither pattern nor table
    not_tables: Collection[Path] = ()  # the project's own tables, which are not tables of labels


@dataclass(frozen=True)
class KnownCells:
    """The known cells of recordings, as rows keyed by the recording's path, and notes on where they come from."""

    cells: ByPlace
    notes: tuple[str, ...]


def known_cells(found: Found, sources: Sources) -> KnownCells:
    """Return the cells that pattern, table and folders give for the recordings.

    Raises
    ------
    UserError
        If the pattern is faulty or fits no name, if the table cannot be read or names no recording, or if several
        tables name recordings.
    """
    notes: list[str] = []
    cells: ByPlace = {}
    if sources.pattern:
        cells = _by_pattern(found, pattern(sources.pattern), notes)
    sheet = _sheet(found, sources, notes)
    if sheet:
        cells = _joined(cells, _by_sheet(sheet, found.recordings, notes))
    label = sources.folder_labels and not (sources.pattern or sheet)
    cells = _by_folders(found, cells, notes, label=label)
    return KnownCells(cells, tuple(notes))


def label_in(rows: Sequence[Cells], asked: str) -> Label:
    """Return the label column among the columns of some rows; see `label_of`."""
    names = dict.fromkeys(name for row in rows for name in row if name not in (*OURS, *ORDER) or name == asked)
    return label_of({name: [row.get(name, "") for row in rows] for name in names}, asked)


def _by_pattern(found: Found, names: Pattern, notes: list[str]) -> ByPlace:
    values = {recording.place: names.values(recording.place) for recording in found.recordings}
    fitting = {place: fields for place, fields in values.items() if fields is not None}
    if not fitting:
        raise UserError(f"--pattern {names.text!r} does not fit the names, such as {found.recordings[0].place}")
    columns = {name: _column(name, [fields[name] for fields in fitting.values()]) for name in names.fields}
    if len({*columns.values()}) < len(columns):
        raise UserError(
            f"--pattern {names.text!r} has two fields with the same meaning among {listed_names(names.fields)}"
        )
    shown = ", ".join(name if name == column else f"{name} as {column}" for name, column in columns.items())
    notes.append(f"pattern: {len(fitting)} of {counted(len(values), 'name')} fit; fields: {shown}")
    if others := [place for place in values if place not in fitting]:
        listed = ", ".join(map(str, others[:_SHOWN]))
        more = f" and {len(others) - _SHOWN} more" if len(others) > _SHOWN else ""
        notes.append(
            f"the pattern does not fit {listed}{more}: their cells are empty, and can be filled in manifest.csv"
        )
    return {place: [{columns[name]: cell for name, cell in fields.items()}] for place, fields in fitting.items()}


def _column(name: str, cells: Sequence[str]) -> str:
    """Return the name of the manifest column that a field becomes."""
    if role := role_of(name, cells):
        return role
    return f"{name}_given" if folded(name) in OURS and folded(name) != "text" else name


def _sheet(found: Found, sources: Sources, notes: list[str]) -> LabelSheet | None:
    """Return the table of labels, if any: the one that the user names or, without a pattern, the one in the folder."""
    if sources.labels is not None:
        return _said(read_label_sheet(sources.labels, found.recordings), notes)
    if sources.pattern:
        return None
    own = {path.resolve() for path in sources.not_tables}
    read = []
    for place in (place for place in found.others if is_table(place) and (found.folder / place).resolve() not in own):
        try:
            read.append(read_label_sheet(found.folder / place, found.recordings))
        except UserError as error:
            notes.append(f"not read as a table of labels: {error}")
    if len(read) > 1:
        raise UserError(
            f"several tables name recordings ({listed_names([sheet.path.name for sheet in read])}): choose one with "
            "--labels"
        )
    return _said(read[0], notes) if read else None


def _said(sheet: LabelSheet, notes: list[str]) -> LabelSheet:
    columns = f"columns: {', '.join(sheet.columns)}" if sheet.columns else "no other column"
    named = len({recording.place for _, meant, _ in sheet.rows for recording in meant})
    notes.append(
        f"table: {sheet.path}, whose column {sheet.named_by} holds the names of {counted(named, 'recording')}; "
        f"{columns}"
    )
    notes += [*sheet.notes, *lost_notes(sheet)]
    return sheet


def _by_sheet(sheet: LabelSheet, recordings: Sequence[Recording], notes: list[str]) -> ByPlace:
    by_place: ByPlace = {}
    for _, meant, values in sheet.rows:
        for recording in meant:
            by_place.setdefault(recording.place, []).append(values)
    differing: list[str] = []
    made = {place: merged_rows(rows, str(place), differing) for place, rows in by_place.items()}
    if repeats := sum(map(len, by_place.values())) - sum(map(len, made.values())):
        notes.append(f"{sheet.path}: merged {counted(repeats, 'row')} with another row of the same recording and times")
    if differing:
        listed = "; ".join(differing[:_SHOWN])
        more = f" and {len(differing) - _SHOWN} more" if len(differing) > _SHOWN else ""
        notes.append(f"{sheet.path}: rows of one recording differ, so these cells are left empty: {listed}{more}")
    if absent := [recording.place for recording in recordings if recording.place not in made]:
        notes.append(f"{sheet.path} does not name {counted(len(absent), 'recording')}, such as {absent[0]}")
    return made


def _joined(one: ByPlace, other: ByPlace) -> ByPlace:
    """Join the cells that two sources give for each recording; where both give a cell, that of `other` is used.

    Only `other` may have several rows for a recording; each of them gets the further cells that `one` has.
    """
    places = dict.fromkeys([*one, *other])
    return {place: [{**one.get(place, [{}])[0], **row} for row in other.get(place, [{}])] for place in places}


def _by_folders(found: Found, cells: ByPlace, notes: list[str], *, label: bool) -> ByPlace:
    """Return the cells with further columns from folder names, unless another source gives these columns.

    Folder names give a label only if `label` is true.
    """
    places = [recording.place for recording in found.recordings]
    given = {name for rows in cells.values() for row in rows for name, cell in row.items() if cell}
    columns = folder_columns(places)
    wanted = {name: own for name, own in columns.items() if name not in given and (label or name in ROLES)}
    if wanted:
        notes.append(
            f"folders: their names are taken as {' and '.join(wanted)}; use --pattern to take them as something else, "
            f'as in "{{{LABEL}}}/*"'
        )
    elif label and not columns and len({place.parent for place in places}) > 1:
        notes.append(
            f'folders: their names are not used, since their meaning is unclear; --pattern "{{{LABEL}}}/*" makes them '
            "labels"
        )
    made: ByPlace = {}
    for i, place in enumerate(places):
        said = {name: own[i] for name, own in wanted.items()}
        if said or place in cells:
            made[place] = [{**said, **row} for row in cells.get(place, [{}])]
    return made
