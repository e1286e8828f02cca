"""CSV files as people have them: any usual encoding and delimiter, lines before the header, an index without a name."""

import csv
import io
import math
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.csv_cells import MARKS, restored, restored_row
from pipeline.errors import UserError, refuse_pipe
from pipeline.headers import column_names, folded
from pipeline.rules import trimmed

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_SAMPLE = 1 << 20  # bytes by which a file's layout is judged
_SEARCHED = 10  # lines in which a header is looked for
_LONGEST = 1 << 28  # characters of one cell
# First bytes of what is no CSV, and what to do about it.
_OTHERS: dict[bytes, str] = {
    b"PK\x03\x04": "an Excel workbook or another ZIP file: save the sheet as 'CSV UTF-8'",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook: save the sheet as 'CSV UTF-8'",
    b"\x1f\x8b": "compressed by gzip: unpack it",
    b"%PDF": "a PDF: save the table as CSV",
    b"PAR1": "a parquet file: save the table as CSV",
    b"\x89HDF": "an HDF5 file: save the table as CSV",
    b"SQLite": "a database of SQLite: save the table as CSV",
    b"{\\rtf": "a document in rich text: save it as plain text",
    b"version https://git-lfs": "a pointer of Git LFS: run `git lfs pull`",
}
_BOMS = {b"\xff\xfe\0\0": "utf-32", b"\0\0\xfe\xff": "utf-32", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}

Record = tuple[int, list[str]]  # number of the line on which it ends, cells


@dataclass(frozen=True)
class Layout:
    """How a file is written: its encoding, its delimiter, lines before the header, spaces after delimiters."""

    encoding: str
    delimiter: str = ","
    skipped: int = 0
    spaced: bool = False


@dataclass(frozen=True)
class Sheet:
    """A table with a header: names of columns, rows with the numbers of their last lines, and what was odd."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, dict[str, str]], ...]
    notices: tuple[str, ...] = ()


def read_sheet(path: Path, ours: Collection[str], named: Collection[str]) -> Sheet:
    """Read a CSV with a header; rows without any content are passed over, missing cells are empty.

    Parameters
    ----------
    path
        The file.
    ours
        Names of columns that mean something to the reader.
    named
        Further names that are asked for.

    Raises
    ------
    UserError
        If it is no CSV, a row has more cells than there are columns, or a column that holds something has no name.
    """
    how = layout(path, {*ours, *named})
    found = _records(path, how)
    _, header = next(found, (0, []))
    rows = [(line, cells) for line, cells in found if any(cells)]
    _refuse_wide(path, len(header), rows, how.delimiter)
    if MARKS in header:
        header = [restored(name) for name in header]
    kept, notices = _named_columns(path, header, rows)
    names = column_names([header[j] for j in kept], ours, named, str(path))
    filled = [(line, cells + [""] * (len(header) - len(cells))) for line, cells in rows]
    found_rows = ((line, {name: cells[j] for name, j in zip(names, kept, strict=True)}) for line, cells in filled)
    return Sheet(
        tuple(name for name in names if name != MARKS),
        tuple((line, restored_row(row)) for line, row in found_rows),
        tuple(notices),
    )


def records(path: Path, known: Collection[str]) -> Iterator[Record]:
    """Yield a CSV's header and its rows, cells stripped; lines without any cell are passed over.

    Parameters
    ----------
    path
        The file, which is read as it is asked for.
    known
        Names of columns by which its header is recognised; may be empty.

    Raises
    ------
    UserError
        If it is no CSV, or not in the encoding that it seems to have.
    """
    yield from _records(path, layout(path, known))


def _records(path: Path, how: Layout) -> Iterator[Record]:
    csv.field_size_limit(_LONGEST)
    begun = how.skipped + 1
    with path.open(newline="", encoding=how.encoding) as file:
        for _ in range(how.skipped):
            file.readline()
        reader = csv.reader(file, delimiter=how.delimiter, skipinitialspace=how.spaced, strict=True)
        try:
            for row in reader:
                if row:
                    yield how.skipped + reader.line_num, [trimmed(cell) for cell in row]
                begun = how.skipped + reader.line_num + 1
        except csv.Error as error:
            raise UserError(_unreadable(path, begun, how.skipped + reader.line_num, str(error))) from None
        except UnicodeError:
            raise _undecodable(path, how.encoding) from None


def _unreadable(path: Path, begun: int, line: int, error: str) -> str:
    if "unexpected end of data" in error:
        return f"{path}:{begun}: a quotation mark in the row that begins here is never closed: close or double it"
    return f"{path}:{line}: no readable CSV ({error})"


def _undecodable(path: Path, encoding: str) -> UserError:
    """Return the error of a file that is not in its encoding, with the first line that is not."""
    raw = path.read_bytes()
    try:
        raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        name = encoding.removesuffix("-sig").upper()
        start = max(raw.rfind(b"\n", 0, error.start) + 1, error.start - 12)
        near = raw[start : error.start + 8].split(b"\n")[0].decode("cp1252", errors="replace").strip()
        hint = f" (as Windows-1252 it reads {near!r})" if name == "UTF-8" else ""
        return UserError(
            f"{path}:{line}: byte 0x{raw[error.start]:02x} is no {name}{hint}: save the file with the encoding UTF-8"
        )
    return UserError(f"{path} is not in the encoding {encoding}: save the file with the encoding UTF-8")


def layout(path: Path, known: Collection[str]) -> Layout:
    """Judge from a file's beginning how it is written; what is no CSV at all raises `UserError`."""
    refuse_pipe(path)
    with path.open("rb") as file:
        raw = file.read(_SAMPLE)
    for begin, what in _OTHERS.items():
        if raw.startswith(begin):
            raise UserError(f"{path} is no CSV, but {what}")
    encoding = _encoding(raw)
    text = raw.decode(encoding, errors="replace")
    whole = text if len(raw) < _SAMPLE else text[: text.rfind("\n") + 1]
    return _layout_of(path, whole, encoding, {folded(name) for name in known if name})


def _encoding(raw: bytes) -> str:
    for mark, encoding in _BOMS.items():
        if raw.startswith(mark):
            return encoding
    even, odd = raw[: len(raw) & ~1 : 2].count(0), raw[1::2].count(0)
    if max(even, odd) * 2 > len(raw) * 0.6:  # every second byte is NUL: UTF-16 of a script like this without a mark
        return "utf-16-be" if even > odd else "utf-16-le"
    return "utf-8-sig"


def _layout_of(path: Path, text: str, encoding: str, known: set[str]) -> Layout:
    lines = list(io.StringIO(text, newline=""))
    named = re.fullmatch(r'"?sep=(.)"?[,;\s]*', lines[0].strip("\r\n"), re.IGNORECASE) if lines else None
    skipped = 1 if named else _preamble(lines, known)
    rest = lines[skipped:]
    delimiter = named[1] if named else _delimiter(rest, known)
    if known and not _score(rest, delimiter, known):
        _refuse_headless(path, lines, skipped, known)
    return Layout(encoding, delimiter, skipped, _spaced(rest, delimiter))


def _preamble(lines: Sequence[str], known: set[str]) -> int:
    """Return how many lines stand before the header: empty ones, and comments."""
    for place in range(len(lines)):
        empty = not lines[place].strip('\r\n\t ;,|"')
        comment = lines[place].lstrip().startswith("#") and not _best(lines[place:], known)
        if not (empty or comment):
            return place
    return 0


def _best(lines: Sequence[str], known: set[str]) -> int:
    """Return how many known names the first of the lines holds; where none is known, whether it has several cells."""
    if known:
        return max(_score(lines, delimiter, known) for delimiter in DELIMITERS)
    return int(max(len(_cells(lines, delimiter)) for delimiter in DELIMITERS) > 1)


def _delimiter(lines: Sequence[str], known: set[str]) -> str:
    """Return the delimiter that gives most known names; where none is known, a comma, or else what gives most cells."""
    scores = {d: (_score(lines, d, known), d == "," and len(_cells(lines, d)) > 1) for d in DELIMITERS}
    return max(DELIMITERS, key=lambda d: (*scores[d], len(_cells(lines, d))))


def _score(lines: Sequence[str], delimiter: str, known: set[str]) -> int:
    return sum(folded(cell) in known for cell in _cells(lines, delimiter))


def _cells(lines: Sequence[str], delimiter: str) -> list[str]:
    try:
        return next(csv.reader(lines, delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        return []


def _refuse_headless(path: Path, lines: Sequence[str], skipped: int, known: set[str]) -> None:
    """Say what is wrong, if the header stands further down, is one quoted cell, or the file is a page or JSON."""
    if lines[skipped : skipped + 1] and lines[skipped].lstrip()[:1] in ("<", "{", "["):
        raise UserError(f"{path} is no CSV, but HTML, XML or JSON: save the table as CSV")
    first = next(iter(_cells(lines[skipped:], ",")), "")
    if len(_cells(lines[skipped:], ",")) == 1 and _best([first], known) > 1:
        raise UserError(f"{path}:{skipped + 1}: the whole line is one cell in quotation marks: save the table again")
    for place in range(skipped + 1, min(skipped + _SEARCHED, len(lines))):
        if _best(lines[place:], known) > 1:
            raise UserError(f"{path}:{skipped + 1}: the names of the columns are in line {place + 1}: begin with that")


def _spaced(lines: Sequence[str], delimiter: str) -> bool:
    """Whether cells in quotation marks stand after a delimiter and spaces, so that the spaces are no part of them."""
    if delimiter == "\t" or not any(f"{delimiter} " in line and '"' in line for line in lines):
        return False
    plain, spaced = _ragged(lines, delimiter, spaced=False), _ragged(lines, delimiter, spaced=True)
    return spaced < plain or (spaced == plain == 0 and f"{delimiter} " in lines[0])


def _ragged(lines: Sequence[str], delimiter: str, *, spaced: bool) -> float:
    """Return how many rows are wider than the header; infinite where the lines cannot be read."""
    width, ragged = 0, 0
    try:
        for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=spaced, strict=True):
            width = width or len(row)
            ragged += len(row) > width
    except csv.Error as error:
        return ragged + 1 if "unexpected end" in str(error) else math.inf  # the sample may end within a cell
    return ragged


def _refuse_wide(path: Path, width: int, rows: Sequence[Record], delimiter: str) -> None:
    for line, cells in rows:
        if any(cells[width:]):
            raise UserError(
                f"{path}:{line}: more cells than the header has columns: quote cells that contain a "
                f"{DELIMITERS.get(delimiter, repr(delimiter))}"
            )


def _named_columns(path: Path, header: Sequence[str], rows: Sequence[Record]) -> tuple[list[int], list[str]]:
    """Return the places of the columns that have a name, and what is said of those that have none."""
    notices = []
    for j in (j for j, name in enumerate(header) if not name):
        filled = [cells[j] for _, cells in rows if j < len(cells) and cells[j]]
        if filled and not (j == 0 and all(re.fullmatch(r"\d+", cell) for cell in filled)):
            raise UserError(
                f"{path}: column {j + 1} has no name, but holds {filled[0]!r}: name it in the header, or remove it "
                "(pandas writes an index so, unless it is told index=False)"
            )
        if filled:
            notices.append("the first column has no name, it is taken for an index and not read")
    return [j for j, name in enumerate(header) if name], notices
