"""Errors of models; the message of each is one sentence for the user."""


class ModelError(ValueError):
    """Settings or data that no model can be trained with or scored on."""


class TooFewError(ModelError):
    """Too few labels, classes or groups: features can be made, but nothing can be trained and tested."""


class FitError(ModelError):
    """A model that could not be fitted, or whose outputs are invalid; the other models can go on without it."""


class DivergedError(FitError):
    """A fit that diverged or did not finish, so that it gave no finite numbers."""


class LeakError(ModelError):
    """The training and the test part of a fold share data."""


def reason_of(error: Exception) -> str:
    r"""Return an error's message in one line, without the stack trace that XGBoost appends.

    >>> reason_of(ValueError("[12:00:00] a.cc:1: Check failed\nStack trace:\n  [bt] (0) lib.so(+0x1)"))
    '[12:00:00] a.cc:1: Check failed'
    """
    return " ".join(str(error).partition("Stack trace")[0].split())
