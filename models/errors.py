"""What a model cannot work with; each error carries one sentence for the user."""


class ModelError(ValueError):
    """Settings or data that no model can be trained with or scored on."""


class FitError(ModelError):
    """A model that could not be fitted, or did not answer as a model must; the others can go on without it."""


class DivergedError(FitError):
    """A fit that ended in no finite number: training diverged, or an algorithm did not get to its end."""


class LeakError(ModelError):
    """The test part of a fold holds something that its training part holds too."""


def reason_of(error: Exception) -> str:
    r"""Return what an error says in one line, without the trace that XGBoost's errors go on with.

    >>> reason_of(ValueError("[12:00:00] a.cc:1: Check failed\nStack trace:\n  [bt] (0) lib.so(+0x1)"))
    '[12:00:00] a.cc:1: Check failed'
    """
    return " ".join(str(error).partition("Stack trace")[0].split())
