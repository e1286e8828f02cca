"""Exceptions of models; each message is one sentence for the user."""


class ModelError(ValueError):
    """No model can be trained or scored with these settings or data."""


class TooFewError(ModelError):
    """There are too few labels, classes or groups to train and test anything; features can still be extracted."""


class FitError(ModelError):
    """A model could not be fitted, or its outputs are invalid; other models are not affected."""


class DivergedError(FitError):
    """A fit diverged or did not finish, so that its results are not finite numbers."""


class LeakError(ModelError):
    """The training and the test part of a fold share data."""


def reason_of(error: Exception) -> str:
    r"""Return an error's message as one line, without the stack trace that XGBoost appends.

    >>> reason_of(ValueError("[12:00:00] a.cc:1: Check failed\nStack trace:\n  [bt] (0) lib.so(+0x1)"))
    '[12:00:00] a.cc:1: Check failed'
    """
    return " ".join(str(error).partition("Stack trace")[0].split())
