"""Errors that a user can fix: one clear sentence, no traceback."""

from collections.abc import Callable
from pathlib import Path
from traceback import extract_tb


class UserError(Exception):
    """A mistake by the user or in their data; the message names the place, the value and the remedy."""


class TooManyFailures(UserError):
    """More clips failed than `run.max_failed` allows; everything computed is kept."""


class Untrainable(UserError):
    """A corpus from which nothing can be learnt as it is: it has no labels, only one class, or only one group."""


class OutOfDate(UserError):
    """Results, or features behind them, do not match the current files and settings; results may still be shown."""


class Changed(UserError):
    """A file has changed since the run was planned; nothing that was computed from it is kept."""


def unforeseen(error: Exception) -> str:
    """Return what a developer needs to diagnose an unexpected error: its type, its message, and where it arose."""
    code = extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} in {Path(code.filename).name}, line {code.lineno}: {' '.join(str(error).split())}"


def name_of(function: Callable[..., object]) -> str:
    """Return a function's name with its module.

    >>> name_of(counted)
    'pipeline.errors.counted'
    """
    return f"{getattr(function, '__module__', '?')}.{getattr(function, '__qualname__', type(function).__name__)}"


def is_plugins(function: Callable[..., object]) -> bool:
    """Return whether a registered function comes from a plugin and not from this program."""
    return name_of(function).split(".")[0] not in ("pipeline", "features", "models")


def failed(function: Callable[..., object], error: Exception) -> UserError:
    """Return the error for an exception in a registered function; it names the function and the exception.

    It also names the last line of the function's own file in the traceback, if there is one.
    """
    own = getattr(getattr(function, "__code__", None), "co_filename", None)
    lines = [call.lineno for call in extract_tb(error.__traceback__) if call.filename == own]
    place = f" in line {lines[-1]} of {Path(str(own)).name}" if lines else ""
    what = " ".join(str(error).split())
    return UserError(f"{name_of(function)} failed{place}: {type(error).__name__}{': ' * bool(what)}{what}")


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, in the singular or plural.

    >>> counted(1, "word"), counted(2, "word")
    ('1 word', '2 words')
    """
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def refuse_pipe(path: Path) -> None:
    """Raise `UserError` if a path exists but is not a regular file: reading a pipe or a device may never end."""
    if path.exists() and not path.is_file():
        what = "a folder" if path.is_dir() else "a named pipe, a device or a socket"
        raise UserError(f"{path} is {what}, not a file: put the file itself there")
