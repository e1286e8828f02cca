"""Add rows and fill cells in a manifest.csv or words.csv that a person may have edited, and change nothing else."""

import csv
import io
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from common.atomic import write_bytes
from pipeline.errors import UserError
from pipeline.tables.csv_cells import MARKS, marked_row, restored_row
from pipeline.tables.csv_files import undecodable
from pipeline.tables.csv_layout import Layout, layout
from pipeline.tables.rules import folded, trimmed


class ManifestFile:
    """A CSV that keeps its encoding, delimiter, line endings, comments and cells when rows are added.

    Parameters
    ----------
    path
        The file, which need not exist yet.
    known
        Names of our columns, by which the header is recognised.
    anew
        Whether to start with an empty table instead of the content of the file.

    Attributes
    ----------
    rows
        The cells of each row after the header, as they are written in the file.

    Raises
    ------
    UserError
        If the file cannot be read as a CSV, has a column without a name, or has two columns with the same name.
    """

    def __init__(self, path: Path, known: Collection[str], *, anew: bool = False) -> None:
        self.path = path
        self.header: list[str] = []
        self.rows: list[list[str]] = []
        self._head, self._newline, self._encoding, self._how = "", "\n", "utf-8", Layout("utf-8")
        if path.exists() and not anew:
            self._read(known)
        self._known = known
        self._columns = {self._key(name): i for i, name in enumerate(map(trimmed, self.header))}
        if len(self._columns) < len(self.header) or "" in self._columns:
            raise UserError(
                f"{path}: a column has no name, or two have the same name: give each column its own name and run this "
                "again"
            )

    def _read(self, known: Collection[str]) -> None:
        self._how = layout(self.path, known)
        raw = self.path.read_bytes()
        marked = self._how.encoding != "utf-8-sig" or raw.startswith(b"\xef\xbb\xbf")
        self._encoding = self._how.encoding if marked else "utf-8"
        try:
            text = raw.decode(self._how.encoding)
        except UnicodeDecodeError:
            raise undecodable(self.path, self._how.encoding) from None
        self._newline = "\r\n" if "\r\n" in text else "\n"
        lines = list(io.StringIO(text, newline=""))
        self._head = "".join(lines[: self._how.skipped])
        try:
            found = list(csv.reader(lines[self._how.skipped :], strict=True, **self._format()))
        except csv.Error as error:
            raise UserError(f"{self.path} is not a readable CSV ({error}): save it as CSV again") from None
        self.header, self.rows = (found[0], found[1:]) if found else ([], [])

    def _format(self) -> dict[str, Any]:
        how = {"delimiter": self._how.delimiter, "skipinitialspace": self._how.spaced}
        return how if self._how.quoted else {**how, "quoting": csv.QUOTE_NONE, "quotechar": None}

    def values(self, row: list[str]) -> dict[str, str]:
        """Return the trimmed cells of a row; if it is marked, without the apostrophes that `csv_cells.mark` added.

        The keys are crossmodal's names of the columns that it knows, and the normalised names of all other columns.
        """
        cells = row + [""] * (len(self.header) - len(row))
        return restored_row({name: trimmed(cells[i]) for name, i in self._columns.items()})

    def insert(self, at: int, values: Mapping[str, str]) -> None:
        """Insert a row; columns that the file lacks are added if their cell is not empty."""
        row: list[str] = []
        self.set(row, values)
        self.rows.insert(at, row)

    def set(self, row: list[str], values: Mapping[str, str]) -> None:
        """Set cells of a row; columns that the file lacks are added if their cell is not empty."""
        own = {self._key(name): cell for name, cell in values.items()}
        made = marked_row({**self.values(row), **own})
        named = {self._key(name): name for name in values}
        for key, cell in made.items() if MARKS in made else ((key, made[key]) for key in own):
            if key not in self._columns and cell:
                self.add_column(named.get(key, key))
            if key in self._columns:
                row += [""] * (len(self.header) - len(row))
                row[self._columns[key]] = cell

    def add_column(self, name: str) -> None:
        """Add a column if the file does not have it."""
        if self._key(name) not in self._columns:
            self._columns[self._key(name)] = len(self.header)
            self.header.append(name)

    def _key(self, name: str) -> str:
        """Return the key of a column in `values`: our own name for it, or the normalised name of any other column."""
        return name if name in self._known or name == MARKS else folded(name)

    def save(self) -> None:
        """Write the file, whole or not at all.

        Raises
        ------
        UserError
            If a cell cannot be written in the file's encoding, or needs quotation marks in a file that has none.
        """
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer, lineterminator=self._newline, **self._format())
        try:
            for row in [self.header, *self.rows]:
                writer.writerow(row + [""] * (len(self.header) - len(row)) if row else row)
            content = (self._head + buffer.getvalue()).encode(self._encoding)
        except (csv.Error, UnicodeEncodeError) as error:
            raise UserError(
                f"{self.path}: a new row cannot be added ({error}): save the file as CSV in UTF-8"
            ) from None
        write_bytes(self.path, content)


def media_cell(recording: Path, manifest: Path) -> str:
    """Return the path of a recording for a manifest: relative if it is below the manifest's folder, else absolute."""
    root = manifest.parent.resolve()
    found = recording.parent.resolve() / recording.name
    return found.relative_to(root).as_posix() if found.is_relative_to(root) else found.as_posix()
