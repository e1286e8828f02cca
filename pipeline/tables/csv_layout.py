"""Infer the layout of a CSV: its encoding and delimiter, the lines before its header, the use of quotation marks."""

import csv
import io
import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import UserError, refuse_pipe
from pipeline.tables.encodings import encoding_of
from pipeline.tables.rules import folded

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_SAMPLE = 1 << 20  # number of bytes from which a file's layout is inferred
_SEARCHED = 10  # number of lines in which the header is searched for
# First bytes of other kinds of file, and what to do about them.
_SHEET, _PACKED = "save the sheet as 'CSV UTF-8'", "unpack it"
_OTHERS: dict[bytes, str] = {
    **dict.fromkeys((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"), f"an Excel workbook or another ZIP file: {_SHEET}"),
    b"\xd0\xcf\x11\xe0": f"an old Excel workbook: {_SHEET}",
    b"\x1f\x8b": f"compressed by gzip: {_PACKED}",
    b"\xfd7zXZ\0": f"compressed by xz: {_PACKED}",
    b"\x28\xb5\x2f\xfd": f"compressed by zstd: {_PACKED}",
    b"7z\xbc\xaf\x27\x1c": f"a 7z archive: {_PACKED}",
    b"Rar!\x1a\x07": f"a RAR archive: {_PACKED}",
    **{b"BZh%d1AY" % level: f"compressed by bzip2: {_PACKED}" for level in range(1, 10)},
    b"%PDF": "a PDF: save the table as CSV",
    b"PAR1": "a parquet file: save the table as CSV",
    b"ARROW1\0": "a feather file: save the table as CSV",
    b"\x89HDF": "an HDF5 file: save the table as CSV",
    b"\x93NUMPY": "a NumPy array: save the table as CSV",
    **{b"\x80" + bytes([version]): "a Python pickle: save the table as CSV" for version in range(2, 6)},
    b"MATLAB 5.0": "a MATLAB file: save the table as CSV",
    b"SQLite format 3": "an SQLite database: save the table as CSV",
    **dict.fromkeys(
        (b"RIFF", b"\x89PNG", b"\xff\xd8\xff", b"OggS", b"fLaC", b"ID3\2", b"ID3\3", b"ID3\4"),
        "a recording or a picture",
    ),
    b"{\\rtf": "a document in rich text: save it as plain text",
    b"version https://git-lfs": "a Git LFS pointer: run `git lfs pull`",
}

_DRAWN = r"\s*(?:[-=]{3,}|:-+:?|-+:)\s*"  # a cell of the line below a header, as in Markdown
_RULE = re.compile(rf"(?=.*[|+])[|+]?{_DRAWN}(?:[|+]{_DRAWN})*[|+]?")


@dataclass(frozen=True)
class Layout:
    """The layout of a file: encoding, delimiter, number of lines before the header, and use of spaces and quotes."""

    encoding: str
    delimiter: str = ","
    skipped: int = 0
    spaced: bool = False
    quoted: bool = True  # whether quotation marks enclose cells; if not, they are part of the text, and a line is a row
    begun_quoted: bool = False  # whether every line begins with a quotation mark, as with row names that R wrote
    ended: bool = False  # whether every line except the header ends with a delimiter


def layout(path: Path, known: Collection[str], encoding: str = "") -> Layout:
    """Infer the layout of a CSV from its beginning; raise `UserError` if the file is not a CSV.

    `known` are column names by which the header is recognised. The encoding is inferred only if `encoding` is empty.
    """
    refuse_pipe(path)
    with path.open("rb") as file:
        raw = file.read(_SAMPLE)
    for begin, what in _OTHERS.items():
        if raw.startswith(begin) and (raw[len(begin) :][:1] or b"\0") not in b",;\t|":  # a column may be named PAR1
            raise UserError(f"{path} is not a CSV, but {what}")
    if raw[4:8] == b"ftyp":
        raise UserError(f"{path} is not a CSV, but a recording or a picture")
    if raw and not raw.strip(b"\0"):
        raise UserError(f"{path} holds nothing but NUL characters, so it was not copied completely: copy it again")
    encoding = encoding or encoding_of(raw)
    text = raw.decode(encoding, errors="replace")
    whole = text if len(raw) < _SAMPLE else text[: text.rfind("\n") + 1]
    return _layout_of(path, whole, encoding, {folded(name) for name in known if name})


def _layout_of(path: Path, text: str, encoding: str, known: set[str]) -> Layout:
    lines = list(io.StringIO(text, newline=""))
    named = re.fullmatch(r'"?sep\s*=\s*(.)"?[,;\s]*', lines[0].strip("\r\n"), re.IGNORECASE) if lines else None
    skipped = 1 if named else _preamble(lines, known)
    rest = lines[skipped:]
    if any(_RULE.fullmatch(line.strip()) for line in rest[:3]):
        raise UserError(f"{path} is not a CSV, but a table drawn with lines, as in Markdown: save the table as CSV")
    delimiter = _delimiter(rest, known, named[1] if named else "")
    if known and not _score(rest, delimiter, known):
        _refuse_headless(path, lines, skipped, known)
    first = [line.rstrip("\r\n ") for line in rest[:_SEARCHED] if line.strip()]
    begun = all(line.startswith('"') for line in first)
    ended = all(line.endswith(delimiter) for line in first[1:])
    return Layout(encoding, delimiter, skipped, _spaced(rest, delimiter), _quoted(rest, delimiter), begun, ended)


def _preamble(lines: Sequence[str], known: set[str]) -> int:
    """Return how many empty lines and comments come before the header."""
    for place in range(len(lines)):
        empty = not lines[place].strip('\r\n\t ;,|"')
        comment = lines[place].lstrip().startswith("#") and not _best(lines[place:], known)
        if not (empty or comment):
            return place
    return 0


def _best(lines: Sequence[str], known: set[str]) -> int:
    """Return how many known names the first line holds when it is split at the delimiter that gives the most of them.

    If `known` is empty, return 1 if any delimiter splits the line into several cells, else 0.
    """
    if known:
        return max(_score(lines, delimiter, known) for delimiter in DELIMITERS)
    return int(max(len(_cells(lines, delimiter)) for delimiter in DELIMITERS) > 1)


def _delimiter(lines: Sequence[str], known: set[str], named: str) -> str:
    """Return the delimiter with which the header has the most known names.

    In a tie, a comma that separates cells wins, then the delimiter that gives the most cells. A delimiter that the file
    itself declares (`named`) wins over all others unless the header contradicts it.
    """
    scores = {d: (_score(lines, d, known), d == "," and len(_cells(lines, d)) > 1) for d in DELIMITERS}
    best = max(DELIMITERS, key=lambda d: (*scores[d], len(_cells(lines, d))))
    if named and _score(lines, named, known) >= scores[best][0] and len(_cells(lines, named)) > 1:
        return named
    return best if not named or len(_cells(lines, best)) > 1 else named


def _score(lines: Sequence[str], delimiter: str, known: set[str]) -> int:
    return sum(folded(cell) in known for cell in _cells(lines, delimiter))


def _cells(lines: Sequence[str], delimiter: str) -> list[str]:
    try:
        return next(csv.reader(lines, delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        return []


def _refuse_headless(path: Path, lines: Sequence[str], skipped: int, known: set[str]) -> None:
    """Raise `UserError` if the file is HTML, XML or JSON, or if the header cannot be split or is in a later line."""
    if lines[skipped : skipped + 1] and lines[skipped].lstrip()[:1] in ("<", "{", "["):
        raise UserError(f"{path} is not a CSV, but HTML, XML or JSON: save the table as CSV")
    first = next(iter(_cells(lines[skipped:], ",")), "")
    if len(_cells(lines[skipped:], ",")) == 1 and _best([first], known) > 1:
        raise UserError(
            f"{path}:{skipped + 1}: the whole line is one cell in quotation marks: "
            "save the table with quotation marks around single cells only"
        )
    words = [word for word in re.split(r"\W+", first) if folded(word) in known]
    if len(words) > 1 and len(_cells(lines[skipped:], ",")) == 1 and (mark := re.search(r"\W+", first)):
        raise UserError(f"{path}:{skipped + 1}: the cells are separated by {mark[0]!r}: save the table with commas")
    for place in range(skipped + 1, min(skipped + _SEARCHED, len(lines))):
        if _best(lines[place:], known) > 1:
            raise UserError(
                f"{path}:{skipped + 1}: the column names are in line {place + 1}: remove the lines before it"
            )


def _quoted(lines: Sequence[str], delimiter: str) -> bool:
    """Whether quotation marks enclose cells.

    In a tab-separated file, they are part of the text instead if every line has as many tabs as the header.
    """
    if delimiter != "\t":
        return True
    filled = [line.rstrip("\r\n") for line in lines if line.strip()]
    width = filled[0].count("\t") if filled else 0
    return not width or not any('"' in line for line in filled) or any(line.count("\t") != width for line in filled)


def _spaced(lines: Sequence[str], delimiter: str) -> bool:
    """Whether spaces after a delimiter stand in front of quoted cells and do not belong to the cells."""
    if delimiter == "\t" or not any(f"{delimiter} " in line and '"' in line for line in lines):
        return False
    plain, spaced = _ragged(lines, delimiter, spaced=False), _ragged(lines, delimiter, spaced=True)
    return spaced < plain or (spaced == plain == 0 and f"{delimiter} " in lines[0])


def _ragged(lines: Sequence[str], delimiter: str, *, spaced: bool) -> float:
    """Return how many rows are wider than the header; infinity if the lines cannot be parsed."""
    width, ragged = 0, 0
    try:
        for row in csv.reader(lines, delimiter=delimiter, skipinitialspace=spaced, strict=True):
            width = width or len(row)
            ragged += len(row) > width
    except csv.Error as error:
        return ragged + 1 if "unexpected end" in str(error) else math.inf  # the sample may end within a cell
    return ragged
