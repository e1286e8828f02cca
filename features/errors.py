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
    """A feature store is damaged, has another format version, or is not a store at all."""


@contextmanager
def names_setting(instance: str) -> Iterator[None]:
    """Make the message of an `ExtractorError` one line that names the settings block of an instance at its beginning.

    A message that begins with this name already gets no second one.

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
