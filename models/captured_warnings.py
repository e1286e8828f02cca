"""Collect library warnings while a model is fitted or predicts, so that each is reported once per model."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from models.errors import reason_of

_OF_CODE = (
    DeprecationWarning,
    PendingDeprecationWarning,
    FutureWarning,
    ImportWarning,
    ResourceWarning,
)  # these warn about code, not about data
_KNOWN = {"ConvergenceWarning": "did not converge within the maximum number of iterations"}
_MAX_LENGTH = 200  # maximum length of a warning, in characters


@contextmanager
def captured_warnings() -> Iterator[list[str]]:
    """Yield a list; when the context ends, each warning is added to it once, worded as the end of a sentence.

    The warnings are not printed. Warnings about code, such as deprecations, are left out.

    >>> with captured_warnings() as found:
    ...     warnings.warn("odd")
    >>> found
    ['gave a UserWarning (odd)']
    """
    found: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield found
    found += sorted({_sentence(one) for one in caught if not issubclass(one.category, _OF_CODE)})


def _sentence(warning: warnings.WarningMessage) -> str:
    name = warning.category.__name__
    what = reason_of(Exception(str(warning.message).partition("\n")[0]))
    return _KNOWN.get(name, f"gave a {name} ({what[:_MAX_LENGTH]})")
