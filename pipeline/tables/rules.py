"""Rules for what counts as a name, a label or a number in a manifest, an import or a published corpus.

All are pure functions of cells. The rules for column names are in `pipeline.tables.headers`; the rules for times are
in `times` and `intervals`.
"""

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from pipeline.errors import counted

# Cells that mean "no label", in upper or lower case. "none" is not among them, as it may be a class; "None" may not.
_NO_LABEL = frozenset(
    ("", "nan", "-nan", "na", "n/a", "n.a.", "n.a", "<na>", "#n/a", "#na", "#n/a n/a", "null", "nat", "1.#qnan",
     "-1.#qnan", "1.#ind", "-1.#ind", "nan(ind)", "-nan(ind)", "#value!", "#div/0!", "#ref!", "#num!", "#name?",
     "#null!")
)  # fmt: skip
# Cells that may be a class, but read like a missing label. IEMOCAP has xxx where its raters did not agree.
_LIKE_NO_LABEL = frozenset(
    ("none", "nil", "missing", "?", "??", "???", "-", "--", "---", ".", "unknown", "unk", "<unk>", "undefined",
     "unlabeled", "unlabelled", "unannotated", "no label", "not available", "xxx", "tbd")
)  # fmt: skip
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # HDF5 strings cannot hold NUL, and UTF-8 cannot encode surrogates
INVISIBLE = "\u200b\u2060\ufeff"  # zero-width space, word joiner, byte order mark: ignored when spellings are compared
_SPACES = "".join(c for c in map(chr, range(0x3001)) if c.isspace()) + INVISIBLE


def trimmed(cell: str) -> str:
    """Return a cell without the spaces around it, including invisible ones.

    >>> trimmed(chr(0xFEFF) + " s1" + chr(0xA0))
    's1'
    """
    return cell.strip(_SPACES)


def folded(name: str) -> str:
    """Return a name normalised for comparison: trimmed, case-folded, and in Unicode's NFC form.

    >>> folded(" Start ") == folded("start")
    True
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", trimmed(name)).casefold())


def name_of(cell: Any) -> str:
    """Return the text of a cell that holds an id, a group, a speaker or a split; ``""`` for None and NaN.

    Text is only trimmed; a float that is a whole number loses its decimal point.

    >>> name_of("1.10 "), name_of("2e1"), name_of(7.0), name_of(float("nan")), name_of(b"a")
    ('1.10', '2e1', '7', '', 'a')
    """
    if isinstance(cell, bytes):
        return trimmed(cell.decode("utf-8", errors="backslashreplace"))
    if isinstance(cell, str):
        return trimmed(cell)
    if cell is None or str(cell) in ("<NA>", "NaT") or cell != cell:
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else trimmed(str(cell))


def fault_of_text(cell: str) -> str:
    """Return the end of a sentence that says what is wrong with some text; ``""`` if nothing is.

    >>> fault_of_text("no" + chr(0) + "never")
    "holds a NUL character after 'no': remove it"
    """
    found = _UNSTORABLE.search(cell)
    if not found:
        return ""
    what = "a NUL character" if found[0] == "\0" else f"half a character (\\u{ord(found[0]):04x})"
    return f"holds {what} {_after(cell, found.start())}: remove it"


def fault_of_name(cell: str) -> str:
    """Return the end of a sentence that says what is wrong with a name (id, group, speaker, split, label), or ``""``.

    >>> fault_of_name("s1"), fault_of_name("s" + chr(27))
    ('', "holds the control character U+001B after 's': remove it")
    """
    fault = fault_of_text(cell)
    if fault or cell.isprintable():
        return fault
    for place, char in enumerate(cell):
        if unicodedata.category(char) in ("Cc", "Zl", "Zp"):
            return f"holds the control character U+{ord(char):04X} {_after(cell, place)}: remove it"
    return ""


def _after(cell: str, place: int) -> str:
    return f"after {cell[max(place - 20, 0) : place]!r}" if place else "at its beginning"


def is_no_label(cell: str) -> bool:
    """Whether a cell means "no label": it is empty, NaN, NA, N/A, null, a spreadsheet's error or Python's None.

    >>> [c for c in ("joy", "NaN", "n/a", "None", "none", "nancy") if is_no_label(c)]
    ['NaN', 'n/a', 'None']
    """
    cell = trimmed(cell)
    return cell == "None" or cell.casefold() in _NO_LABEL


def fault_of_label(cell: str, column: str, task: str) -> str:
    """Return a sentence that says what is wrong with a label; ``""`` if nothing is.

    >>> fault_of_label("2.5", "mood", "regression"), fault_of_label("NA", "mood", "classification")
    ('', "the label column 'mood' is 'NA', which is not a label: give a label or remove the row")
    """
    if is_no_label(cell):
        what = f"is {cell!r}, which is not a label" if cell else "is empty"
        return f"the label column {column!r} {what}: give a label or remove the row"
    if task == "regression":
        try:
            number_of(cell)
        except ValueError as error:
            what = f", but a score {error}" if str(error).startswith("must") else f": {error}"
            return f"{column} is {cell!r}{what}"
    return ""


def reads_like_no_label(cell: str) -> bool:
    """Whether a cell may be a class but looks like a missing label (``none``, ``unknown``)."""
    return not is_no_label(cell) and trimmed(cell).casefold() in _LIKE_NO_LABEL


def alike(cells: Iterable[str], *, scores: bool = True) -> list[dict[str, int]]:
    """Return groups of cells that are different spellings of the same thing; each group maps a spelling to its count.

    Two spellings are alike if they differ only in case, in their Unicode form or in spaces, or if they are the same
    number (``1``, ``1.0``, ``01``). For names (`scores` is false), only whole numbers are compared as numbers, so that
    ``1.1`` and ``1.10`` are different.

    >>> alike(["Happy", "happy", "sad", "1", "1.0", "happy"])
    [{'Happy': 1, 'happy': 2}, {'1': 1, '1.0': 1}]
    """
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for cell, count in Counter(cells).items():
        if cell:
            found[_key(cell, scores)][cell] = count
    return [spellings for spellings in found.values() if len(spellings) > 1]


def _key(cell: str, scores: bool) -> str:
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", cell).casefold())
    plain = "".join(char for char in plain if char not in _SPACES)
    if re.fullmatch(r"[+-]?\d+,\d+", plain):
        plain = plain.replace(",", ".")
    try:
        value = Decimal(plain)
    except InvalidOperation:
        return plain
    if not value.is_finite() or abs(value.adjusted()) > 300 or not (scores or re.fullmatch(r"\d+(\.0*)?", plain)):
        return plain
    return f"{value.normalize() + 0:f}"


def alike_notices(what: str, cells: Iterable[str], *, scores: bool = True) -> list[str]:
    """Return a sentence for each group that `alike` returns; `what` is the name of the column.

    >>> alike_notices("mood", ["Happy", "happy"])
    ["mood: 'Happy' (1 row) and 'happy' (1 row) differ only in spelling, but count as different: spell them the same"]
    """
    return [
        f"{what}: {' and '.join(f'{quoted(s)} ({_rows(n)})' for s, n in spellings.items())} differ only in "
        "spelling, but count as different: spell them the same"
        for spellings in alike(cells, scores=scores)
    ]


def quoted(spelling: str) -> str:
    r"""Return a spelling in quotes; if it is not in composed Unicode form, characters outside ASCII are escaped.

    >>> print(quoted("caf" + chr(0xE9)) == repr("caf" + chr(0xE9)), quoted("cafe" + chr(0x301)))
    True 'cafe\u0301'
    """
    return repr(spelling) if unicodedata.is_normalized("NFC", spelling) else ascii(spelling)


def _rows(count: int) -> str:
    return counted(count, "row")


def missing_notices(what: str, cells: Iterable[str]) -> list[str]:
    """Return a sentence for each name that looks like a missing value written as text (``nan``).

    >>> missing_notices("group", ["g1", "nan", "nan"])
    ["group: 'nan' (2 rows) counts as a name; if it means that nothing is known, leave the cell empty"]
    """
    return [
        f"{what}: {cell!r} ({_rows(count)}) counts as a name; if it means that nothing is known, leave the cell empty"
        for cell, count in Counter(cells).items()
        if cell and (is_no_label(cell) or cell.casefold() == "none")
    ]


_DATE = re.compile(r"\d{4}-\d\d-\d\d[ T]00:00(:00(\.0+)?)?")
_CODES = {float(f"{sign}{nines}") for sign in ("", "-") for nines in ("9", "99", "999", "9999", "99999")}


def date_notices(what: str, cells: Iterable[str]) -> list[str]:
    """Return a sentence for each cell that is a date at midnight; spreadsheets turn names such as ``1-2`` into these.

    >>> date_notices("speaker", ["s1", "2026-01-02 00:00:00"])[0][:44]
    "speaker: '2026-01-02 00:00:00' (1 row) is a "
    """
    return [
        f"{what}: {cell!r} ({_rows(count)}) is a date: if a spreadsheet made it of another name, such as 1-2 or 1/2, "
        "format the column as text there and write the names again"
        for cell, count in Counter(cells).items()
        if _DATE.fullmatch(cell)
    ]


def code_notices(what: str, cells: Iterable[str]) -> list[str]:
    """Return a sentence for each score that may be a code for a missing one: 99, -999, ..., far from all other scores.

    >>> code_notices("valence", ["1.5", "-2", "999", "999"])[0][:75]
    "valence: '999' (2 rows) counts as a score, but all others are from -2 to 1."
    >>> code_notices("percent", ["0", "50", "99"])
    []
    """
    scores = [(cell, value) for cell in cells if math.isfinite(value := _score(cell))]
    others = [value for _, value in scores if value not in _CODES]
    if not others or min(others) == max(others):
        return []
    low, high = min(others), max(others)
    return [
        f"{what}: {cell!r} ({_rows(count)}) counts as a score, but all others are from {low:g} to {high:g}; if it "
        "means that the label is missing, empty the cells"
        for (cell, value), count in Counter(scores).items()
        if value in _CODES and not 2 * low - high <= value <= 2 * high - low
    ]


def _score(cell: str) -> float:
    try:
        return number_of(cell)
    except ValueError:
        return math.nan


def number_of(cell: str) -> float:
    """Return a cell as a finite number; NaN if it is empty.

    Raises
    ------
    ValueError
        If the cell is anything else. The message is ``must be a number``, or says how to write the number.

    Examples
    --------
    >>> number_of(" 2.5"), number_of("")
    (2.5, nan)
    """
    cell = trimmed(cell)
    if not cell:
        return math.nan
    try:
        value = float(cell) if "_" not in cell else math.nan
    except ValueError:
        value = math.nan
    if math.isfinite(value):
        return value
    if re.fullmatch(r"[+-]?\d*,\d+", cell):
        raise ValueError(f"write it with a decimal point, {cell.replace(',', '.')}")
    raise ValueError("must be a number")
