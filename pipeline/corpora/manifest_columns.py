"""Correct the columns of a manifest before it is read: leave some out, translate splits, report misused names."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from models.validation.protocol import PROTOCOLS
from pipeline.corpora.problems import Problem
from pipeline.corpora.utterances import COLUMNS
from pipeline.errors import UserError
from pipeline.settings.blocks import ProtocolParams
from pipeline.tables.column_cells import HOLDS, misused
from pipeline.tables.csv_files import Sheet
from pipeline.tables.splits import SPLITS, meanings

MADE = ("recording", "media_sha256", "sound_sha256", "duration", "line")  # made by prepare, not by the manifest
OURS = tuple(name for name in COLUMNS if name not in MADE)


def check_named_columns(path: Path, label: str, group: str) -> None:
    """Raise `UserError` if the settings' label or group column has a name that manifests use for something else."""
    if label in (*COLUMNS, *MADE):
        raise UserError(
            f"{path}: the column {label!r} has a fixed meaning in a manifest: copy the labels to another column"
        )
    if group in MADE:
        raise UserError(f"{path}: the column {group!r} is filled in by `crossmodal prepare`: rename yours")


def corrected_columns(path: Path, sheet: Sheet, protocol: ProtocolParams) -> tuple[Sheet, list[Problem]]:
    """Return the corrected sheet, and problems.

    Columns that `prepare` makes are left out. A column with a fixed meaning, such as `start`, is emptied and reported
    as an error if no cell suits that meaning. Synonyms of train, valid and test are replaced by these words. Unknown
    split names are emptied if the protocol does not use splits.
    """
    problems = [Problem("warning", path, None, notice) for notice in sheet.notices]
    sheet = replace(sheet, notices=())
    for step in (_without_made, _without_misused):
        sheet, found = step(path, sheet)
        problems += found
    if "split" in sheet.header:
        sheet, found = _split(path, sheet, protocol)
        problems += found
    return sheet, problems


def _without_made(path: Path, sheet: Sheet) -> tuple[Sheet, list[Problem]]:
    made = [name for name in sheet.header if name in MADE]
    kept = tuple(name for name in sheet.header if name not in made)
    rows = tuple((line, {name: row[name] for name in kept}) for line, row in sheet.rows) if made else sheet.rows
    message = "the column {!r} is left out, since `crossmodal prepare` fills it in: rename it to keep it"
    unended = "start" in sheet.header and "end" not in sheet.header
    advice = ". If it says how long utterances last, write their ends in a column end: now they end with the recording"
    found = [
        Problem("warning", path, None, message.format(name) + advice * (unended and name == "duration"))
        for name in made
    ]
    return replace(sheet, header=kept, rows=rows), found


def _without_misused(path: Path, sheet: Sheet) -> tuple[Sheet, list[Problem]]:
    problems = []
    for name in (name for name in sheet.header if name in OURS):
        if cell := misused(name, [row[name] for _, row in sheet.rows], path.parent):
            message = f"the column {name!r} should hold {HOLDS[name]}, but holds {cell!r}: rename it if it"
            problems.append(Problem("error", path, None, f"{message} means something else"))
            sheet = _changed(sheet, name, lambda _: "")
    return sheet, problems


def _split(path: Path, sheet: Sheet, protocol: ProtocolParams) -> tuple[Sheet, list[Problem]]:
    names = list(dict.fromkeys(row["split"] for _, row in sheet.rows if row["split"]))
    meant, notices = meanings(names, {})
    unknown = [name for name in names if name not in meant]
    if unknown and not PROTOCOLS[protocol.kind].needs_splits:
        notices.append(
            f"{unknown[0]!r} is not one of {', '.join(SPLITS)} and is ignored: the protocol {protocol.kind} does "
            "not need splits"
        )
        meant |= dict.fromkeys(unknown, "")
    found = [Problem("warning", path, None, f"split: {notice}") for notice in notices]
    return _changed(sheet, "split", lambda cell: meant.get(cell, cell)), found


def _changed(sheet: Sheet, name: str, change: Callable[[str], str]) -> Sheet:
    return replace(sheet, rows=tuple((line, {**row, name: change(row[name])}) for line, row in sheet.rows))
