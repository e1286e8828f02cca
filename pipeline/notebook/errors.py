"""The exception that the Python interface raises for a user's mistake: one sentence, without a long traceback."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from features.errors import ExtractorError, StoreError
from models.errors import ModelError
from pipeline.errors import UserError

P = ParamSpec("P")
R = TypeVar("R")


class CrossmodalError(UserError):
    """A mistake that the user can correct; the message says what is wrong, where, and what to do."""

    __module__ = "crossmodal"  # where users import it from, and what a traceback shows

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows instead of a traceback (a hook of IPython)."""
        return [f"{type(self).__name__}: {self}"]


def in_one_sentence(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function raise `CrossmodalError` for every mistake that a user can correct.

    >>> @in_one_sentence
    ... def read():
    ...     raise UserError("a.csv does not exist")
    >>> read()
    Traceback (most recent call last):
    crossmodal.CrossmodalError: a.csv does not exist
    """

    @wraps(function)
    def call(*args: P.args, **options: P.kwargs) -> R:
        try:
            return function(*args, **options)
        except CrossmodalError:
            raise
        except (UserError, StoreError, ExtractorError, ModelError) as error:
            raise CrossmodalError(str(error)) from None
        except OSError as error:
            raise CrossmodalError(f"{error.filename or 'a file'}: {error.strerror or error}") from None

    return call
