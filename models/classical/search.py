"""The one search for settings: the least loss on inner folds wins, and what gives no number never does."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from models.classical.target import Target
from models.data.modalities import BoolArray, FloatArray, IntArray, Pairs
from models.errors import DivergedError

Settings = Mapping[str, Any]
Answer = Callable[[Settings], FloatArray]  # settings -> (valid, k) outputs of a model fitted with them
DIVERGED = (DivergedError, np.linalg.LinAlgError, FloatingPointError)  # a fit that did not end in numbers


def search(
    candidates: Sequence[Settings],
    target: Target,
    pairs: Pairs,
    fitted: Callable[[IntArray, IntArray], Answer],
    scored: BoolArray | None = None,
) -> tuple[Any, FloatArray, list[float]]:
    """Return the settings of the least loss over the pairs' validation rows, the first of equals, and their outputs.

    Settings whose fit diverges, or that answer a single one of these rows with no number, cannot win.

    Parameters
    ----------
    candidates
        Settings to try, at least one.
    target
        n labels.
    pairs
        Inner folds; without any the first settings are taken.
    fitted
        ``(training rows, validation rows)`` of a pair -> what answers the validation rows for given settings.
    scored
        ``(n,)`` which rows count; all by default.

    Returns
    -------
    tuple
        The settings; ``(n, k)`` outputs for rows that were not trained on, NaN where no pair validates on a row; the
        loss of each candidate.

    Raises
    ------
    DivergedError
        If no settings give a number for every row.
    """
    trials = np.full((len(candidates), len(target), target.width), np.nan)
    asked = np.zeros(len(target), bool)
    for train, valid in pairs:
        answer = fitted(train, valid)
        for trial, candidate in zip(trials, candidates, strict=True):
            trial[valid] = _answers(answer, candidate)
        asked[valid] = True
    rows = asked if scored is None else asked & scored
    losses = [target[rows].loss(trial[rows]) for trial in trials]
    best = least(losses, candidates)
    return candidates[best], trials[best], losses


def _answers(answer: Answer, candidate: Settings) -> FloatArray | float:
    """Return the outputs; NaN, which no loss forgives, where the fit diverges."""
    try:
        return answer(candidate)
    except DIVERGED:
        return float("nan")


def least(losses: Sequence[float], candidates: Sequence[Any]) -> int:
    """Return the position of the least finite loss, the first of equals.

    Raises
    ------
    DivergedError
        If none is finite.

    Examples
    --------
    >>> least([float("nan"), 0.5, float("-inf"), 0.5], "abcd")
    1
    """
    found = np.asarray(losses, np.float64)
    finite = np.where(np.isfinite(found), found, np.inf)
    best = int(np.argmin(finite))
    if not np.isfinite(finite[best]):
        tried = f"the settings {candidates[0]} give" if len(found) == 1 else f"all {len(found)} settings tried give"
        raise DivergedError(f"{tried} no finite numbers on held-out training rows")
    return best
