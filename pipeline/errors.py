"""Errors that a user can mend: one clear sentence, no traceback."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path


class UserError(Exception):
    """A mistake of the user's or of their data; the message names the place, the value and the remedy."""


class TooManyFailures(UserError):
    """More clips failed than `run.max_failed` allows; everything computed is kept."""


class Changed(UserError):
    """What a run reads is not, or no longer, what it was planned from; nothing made of it was kept."""


def suggest(wrong: str, known: Iterable[str]) -> str:
    """Return ``"did you mean 'x'? there are x, y"`` for an unknown name.

    >>> suggest("opensmle", ["opensmile", "mfcc"])
    "did you mean 'opensmile'? There are: opensmile, mfcc"
    """
    names: Sequence[str] = [str(name) for name in known]
    close = get_close_matches(str(wrong), names, n=1)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"{hint}There are: {', '.join(names) or 'none'}"


def refuse_pipe(path: Path) -> None:
    """Raise `UserError` for what is there but no file: reading a named pipe or a device may never end."""
    if path.exists() and not path.is_file():
        what = "a folder" if path.is_dir() else "a named pipe, a device or a socket"
        raise UserError(f"{path} is {what}, no file: put the file itself there")
