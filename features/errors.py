"""Exceptions for streams and features that cannot be computed; each has one sentence for the user."""

from collections.abc import Iterator
from contextlib import contextmanager


class NoStream(Exception):
    """The utterance lacks a whole stream (no audio track, no picture, no transcript): status ``absent``."""


class EmptyInput(Exception):
    """The stream exists but contains nothing to measure (silence, no face, no words): status ``empty``."""


class ExtractorError(ValueError):
    """An extractor cannot work with a setting or a weights file."""


class StoreError(ValueError):
    """A store of streams or features cannot be read or written."""


@contextmanager
def names_setting(instance: str) -> Iterator[None]:
    """Put the name of a settings block before the message of an `ExtractorError`, and make the message one line.

    The name is not repeated if the message already begins with it.

    >>> with names_setting("mfcc"), names_setting("mfcc"):
    ...     raise ExtractorError("there is no layer 9")
    Traceback (most recent call last):
    features.errors.ExtractorError: features.mfcc: there is no layer 9
    """
    try:
        yield
    except ExtractorError as error:
        place, message = f"features.{instance}: ", " ".join(str(error).split())
        raise ExtractorError(place + message.removeprefix(place)) from error
