"""Decide what a column of a table or a field of a pattern is: a role such as speaker, the label, or neither."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from common.names import suggest
from pipeline.errors import UserError
from pipeline.ingest.folder.cells import MOSTLY
from pipeline.settings.blocks import Task
from pipeline.tables.column_cells import fits
from pipeline.tables.column_words import stands_for
from pipeline.tables.rules import folded, is_no_label, number_of

ROLES = ("speaker", "group", "utterance", "order", "split")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SPEAKERS = _set("actor actors actorid actress informant performer person reader singer sprecher sprecherin student")
_LABELS = _set(
    "activation affect annotation arousal category class dominance emotion emotions feeling gold label labels mood"
    " polarity rating score sentiment stress target valence"
)
_SCORES = _set("activation arousal dominance rating score sentimentscore valence")
_MOST_CLASSES = 20  # a guessed label has at most this many classes
_SHARE = 0.5  # a guessed label has at most this many classes per row
_WHOLE_SCORES = 10  # more than this many different whole numbers are scores rather than classes


@dataclass(frozen=True)
class Label:
    """The label column: its name (empty if there is none), and why it was chosen, or why there is none.

    The reason is phrased as the end of a sentence.
    """

    name: str
    why: str


def role_of(name: str, cells: Iterable[str] = ()) -> str:
    """Return the role in `ROLES` that a column's name stands for; ``""`` if it has none or the cells contradict it.

    >>> role_of("Speaker_ID"), role_of("actor"), role_of("emotion"), role_of("partition")
    ('speaker', 'speaker', '', 'split')
    """
    plain = folded(name).replace("_", "").replace(" ", "").replace("-", "")
    held = list(cells)
    for role in ROLES:
        named = plain == role or stands_for(name, role) or (role == "speaker" and plain in _SPEAKERS)
        if named and fits(role, held):
            return role
    return ""


def label_of(columns: Mapping[str, Sequence[str]], asked: str, taken: Iterable[str] = ()) -> Label:
    """Return the name of the label column and why it was chosen, or ``""`` and why there is no label column.

    The label is the column that the user names. If the user names none, it is the only column with a name such as
    ``emotion``, or else the only column with few values that repeat.

    Parameters
    ----------
    columns
        The cells of each column, keyed by its name.
    asked
        The name that the user gives; may be empty.
    taken
        Columns that already have a role; they are the label only if the user names them.

    Raises
    ------
    UserError
        If there is no column with the given name, if that column is empty, or if several columns could be the label.
    """
    if asked:
        return Label(_asked(columns, asked), "as --label or the settings say")
    free = [name for name in columns if name not in {*taken}]
    named = [name for name in free if _reads_like_label(name) and any(map(_filled, columns[name]))]
    likely = named or [name for name in free if repeats(columns[name])]
    if len(likely) > 1:
        shown = ", ".join(likely)
        raise UserError(f"several columns could be the label ({shown}): choose one, for example --label {likely[0]}")
    if not likely:
        return Label("", "since no column has few values that repeat" if free else "since there are no label columns")
    return Label(likely[0], "by its name" if named else "the only column with few values that repeat")


def _asked(columns: Mapping[str, Sequence[str]], asked: str) -> str:
    name = asked if asked in columns else next((c for c in columns if folded(c) == folded(asked)), "")
    if not name:
        raise UserError(f"--label {asked}: there is no such column; {suggest(asked, columns)}")
    if not any(map(_filled, columns[name])):
        raise UserError(f"--label {asked}: the column is empty for every recording: name another one")
    return name


def _reads_like_label(name: str) -> bool:
    plain = folded(name).replace("-", "_").replace(" ", "_")
    return plain.replace("_", "") in _LABELS or bool(_LABELS & {*plain.split("_")})


def repeats(cells: Sequence[str]) -> bool:
    """Whether cells look like classes: few values, each in several rows on average."""
    filled = Counter(filter(_filled, cells))
    return 1 < len(filled) <= min(_MOST_CLASSES, _SHARE * filled.total())


def _filled(cell: str) -> bool:
    return not is_no_label(cell)


def task_of(name: str, cells: Iterable[str]) -> tuple[Task, str]:
    """Return whether labels are classes or scores, and why; scores may include a few cells that are not numbers.

    >>> task_of("emotion", ["01", "02", "01"]), task_of("mood", ["1.5", "-2"])
    (('classification', '2 classes'), ('regression', 'numbers with decimals or signs'))
    >>> task_of("valence", ["1", "2", "5"])[0], task_of("stars", ["1", "2", "5"])[0]
    ('regression', 'classification')
    """
    held = {cell for cell in cells if _filled(cell)}
    numbers = {cell for cell in held if is_number(cell)}
    classes: Literal["classification"] = "classification"
    if not held or len(numbers) < MOSTLY * len(held):
        return classes, f"{len(held)} classes" if len(held) != 1 else "one class"
    if not all(cell.isdecimal() for cell in numbers):
        return "regression", "numbers with decimals or signs"
    if {*folded(name).replace("-", "_").split("_")} & _SCORES:
        return "regression", "numbers, in a column with the name of a score"
    if numbers == held and len(held) > _WHOLE_SCORES:
        return "regression", f"{len(held)} different numbers"
    return classes, f"{len(held)} classes"


def is_number(cell: str) -> bool:
    """Whether a cell is a number without a decimal comma.

    >>> is_number("-1.5"), is_number("1,5"), is_number("no answer")
    (True, False, False)
    """
    try:
        number_of(cell)
    except ValueError:
        return False
    return True
