"""Errors that a user can mend: one clear sentence, no traceback."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from traceback import extract_tb


class UserError(Exception):
    """A mistake of the user's or of their data; the message names the place, the value and the remedy."""


class TooManyFailures(UserError):
    """More clips failed than `run.max_failed` allows; everything computed is kept."""


class Changed(UserError):
    """What a run reads is not, or no longer, what it was planned from; nothing made of it was kept."""


LISTED = 40  # names that a message lists
_LONGEST = 80  # characters of a name in a list


def unforeseen(error: Exception) -> str:
    """Return what a programmer must know of an error that nobody foresaw: its kind, its message, and where it arose."""
    code = extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(code.filename).name}, line {code.lineno}: {' '.join(str(error).split())}"


def listed_names(names: Sequence[str]) -> str:
    """Return names by commas, of many the first ones and how many more there are.

    >>> listed_names([str(i) for i in range(100)])[-18:]
    '38, 39 and 60 more'
    """
    shown = ", ".join(name if len(name) <= _LONGEST else f"{name[: _LONGEST - 3]}..." for name in names[:LISTED])
    return shown + (f" and {len(names) - LISTED} more" if len(names) > LISTED else "")


def suggest(wrong: str, known: Iterable[str]) -> str:
    """Return ``"did you mean 'x'? there are x, y"`` for an unknown name.

    >>> suggest("opensmle", ["opensmile", "mfcc"])
    "did you mean 'opensmile'? There are: opensmile, mfcc"
    """
    names: Sequence[str] = [str(name) for name in known]
    short = [name for name in names if len(name) <= _LONGEST] if len(str(wrong)) <= _LONGEST else []
    close = get_close_matches(str(wrong), short, n=1)  # of long texts it takes its time
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}There are: {listed_names(names) or 'none'}"


def refuse_pipe(path: Path) -> None:
    """Raise `UserError` for what is there but no file: reading a named pipe or a device may never end."""
    if path.exists() and not path.is_file():
        what = "a folder" if path.is_dir() else "a named pipe, a device or a socket"
        raise UserError(f"{path} is {what}, no file: put the file itself there")
