"""What libraries warn of while a model is fitted or asked: kept, to be said once with the model's name."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from models.errors import reason_of

_OF_CODE = (DeprecationWarning, PendingDeprecationWarning, FutureWarning, ImportWarning, ResourceWarning)  # of no data
_KNOWN = {"ConvergenceWarning": "did not converge in the iterations that it may take"}
_LONGEST = 200  # letters of a warning


@contextmanager
def heard() -> Iterator[list[str]]:
    """Keep warnings from the terminal; the list holds each of them once, as the end of a sentence, when it is over.

    >>> with heard() as said:
    ...     warnings.warn("odd")
    >>> said
    ['met a UserWarning (odd)']
    """
    said: list[str] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield said
    said += sorted({_sentence(one) for one in caught if not issubclass(one.category, _OF_CODE)})


def _sentence(warning: warnings.WarningMessage) -> str:
    name = warning.category.__name__
    what = reason_of(Exception(str(warning.message).partition("\n")[0]))
    return _KNOWN.get(name, f"met a {name} ({what[:_LONGEST]})")
