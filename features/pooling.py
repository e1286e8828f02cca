"""Means and standard deviations over the rows of an utterance, and their names."""

import numpy as np

from features.types import FloatArray


def mean_and_std(values: FloatArray) -> FloatArray:
    """Return the d column means of ``(rows, d)``, followed by the d standard deviations: ``(2 d,)``."""
    wide = values.astype(np.float64)
    return np.concatenate([wide.mean(axis=0), wide.std(axis=0)]).astype(np.float32)


def mean_and_std_names(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the statistics that `mean_and_std` returns.

    >>> mean_and_std_names(("a", "b"))
    ('a_mean', 'b_mean', 'a_std', 'b_std')
    """
    return tuple(f"{name}_{what}" for what in ("mean", "std") for name in names)
