"""Why a stream or a feature cannot be made; each error carries one sentence for the user."""

from collections.abc import Iterator
from contextlib import contextmanager


class NoStream(Exception):
    """The recording has no such stream (no audio track, no picture, no transcript): status ``absent``."""


class EmptyInput(Exception):
    """The stream is there but holds nothing to measure (silence, no face, no words): status ``empty``."""


class ExtractorError(ValueError):
    """A setting or a weights file that an extractor cannot work with."""


class StoreError(ValueError):
    """A feature store that is damaged, of another format version, or not a store at all."""


@contextmanager
def names_setting(instance: str) -> Iterator[None]:
    """Let the message of an `ExtractorError` begin with the settings block of an instance, once, and be one line.

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
