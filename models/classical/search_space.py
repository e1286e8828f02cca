"""The search space of a model: combinations of settings, a selection within a budget, and winners at its edges."""

from collections.abc import Collection, Mapping, Sequence
from itertools import product
from typing import Any, TypeVar

import numpy as np

from common.names import suggest
from models.errors import ModelError

TIE = 1e-6  # losses with a smaller relative difference count as equal

CandidateT = TypeVar("CandidateT")


def search_space(
    defaults: Mapping[str, Any], overrides: Mapping[str, Any] | None, owner: str, ignored: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Return every combination of settings; the values of a list or a tuple are alternatives.

    The first setting varies slowest, as in `itertools.product`. The order matters: the first of several equally good
    candidates wins, and a budget selects candidates by their positions.

    Parameters
    ----------
    defaults
        The default of each setting: a value, or a tuple of alternatives.
    overrides
        The user's values, which replace defaults.
    owner
        What messages call the model that has these settings.
    ignored
        Further settings that the user may name but that have no effect here, such as those of the other task.

    Raises
    ------
    ModelError
        If a setting is unknown, if a list is empty, or if true or false is given for a number or a name.

    Examples
    --------
    >>> search_space({"hidden": 32, "dropout": (0.1, 0.5)}, {"hidden": 8}, "LSTM")
    [{'hidden': 8, 'dropout': 0.1}, {'hidden': 8, 'dropout': 0.5}]
    """
    overrides, known = overrides or {}, {*defaults, *ignored}
    for key in overrides:
        if key not in known:
            raise ModelError(f"{owner} has no setting {key!r}; {suggest(key, sorted(known))}")
    _refuse_booleans(overrides, defaults, owner)
    own = {key: overrides.get(key, default) for key, default in defaults.items()}
    choices = {key: list(v) if isinstance(v, list | tuple) else [v] for key, v in own.items()}
    empty = [key for key, values in choices.items() if not values]
    if empty:
        raise ModelError(f"the setting {empty[0]!r} of {owner} is an empty list: give one value or several")
    return [dict(zip(choices, values, strict=True)) for values in product(*choices.values())]


def _refuse_booleans(overrides: Mapping[str, Any], defaults: Mapping[str, Any], owner: str) -> None:
    """Raise `ModelError` if true or false, which Python treats as 1 or 0, is given for a number or a name."""
    for key, value in overrides.items():
        default = defaults.get(key)
        usual = default if isinstance(default, list | tuple) else [default]
        values = value if isinstance(value, list | tuple) else [value]
        if any(isinstance(v, bool) for v in values) and not any(isinstance(v, bool) for v in usual):
            raise ModelError(f"the setting {key!r} of {owner} is {value!r}: give a number or a name")


def within_budget(candidates: Sequence[CandidateT], budget: int | None) -> list[CandidateT]:
    """Return at most `budget` evenly spaced candidates, including the first and the last.

    With a budget of 1, return the middle candidate.

    Parameters
    ----------
    candidates
        All candidates, in the order of the search space.
    budget
        Maximum number of candidates; None keeps all.

    Raises
    ------
    ModelError
        If the budget is below 1.

    Examples
    --------
    >>> within_budget([1, 2, 3, 4, 5], 3), within_budget([1, 2], 3), within_budget([1, 2, 3], 1)
    ([1, 3, 5], [1, 2], [2])
    """
    if budget is None or len(candidates) <= budget:
        return list(candidates)
    if budget < 1:
        raise ModelError(f"the budget of a search is {budget}: at least one candidate must be tried")
    places = np.linspace(0, len(candidates) - 1, budget) if budget > 1 else [(len(candidates) - 1) / 2]
    return [candidates[int(place)] for place in places]


def edges(
    space: Sequence[Mapping[str, Any]],
    tried: Sequence[Mapping[str, Any]],
    best: Mapping[str, Any],
    losses: Sequence[float],
) -> dict[str, Any]:
    """Return the settings whose best value is the largest or the smallest number that was tried.

    A setting is returned only if its best value is better than the others. If other values are equally good, or all of
    them diverged, there is no reason to search beyond the edge.

    Parameters
    ----------
    space
        The whole search space.
    tried
        The candidates that were tried.
    best
        The candidate that won.
    losses
        The loss of each candidate that was tried.

    Returns
    -------
    dict
        For each returned setting, a dict with two keys: ``tried`` holds the numbers that were tried, the best one last;
        ``combinations`` holds the number of combinations of all other settings in the search space.

    Examples
    --------
    >>> tried = [{"C": 1.0}, {"C": 5.0}, {"C": 9.0}]
    >>> edges(tried, tried, tried[2], [0.5, 0.4, 0.3]), edges(tried, tried, tried[0], [0.5, 0.5, 0.5])
    ({'C': {'tried': [1.0, 5.0, 9.0], 'combinations': 1}}, {})
    """
    found = {}
    for name, value in best.items():
        numbers = {candidate[name] for candidate in tried if _is_number(candidate[name])}
        if not _is_number(value) or len(numbers) < 2 or value not in (min(numbers), max(numbers)):
            continue
        own, others = _least_losses(name, value, tried, losses)
        if others - own > TIE * max(1.0, abs(others)) and np.isfinite(others):
            combinations = len(space) // len({candidate[name] for candidate in space})
            found[name] = {"tried": sorted(numbers, reverse=value == min(numbers)), "combinations": combinations}
    return found


def _least_losses(
    name: str, value: float, tried: Sequence[Mapping[str, Any]], losses: Sequence[float]
) -> tuple[float, float]:
    """Return the lowest finite loss of candidates with this value of a setting, and of all other candidates.

    Either is infinite if no such candidate has a finite loss.
    """
    least = [np.inf, np.inf]
    for candidate, loss in zip(tried, losses, strict=True):
        if np.isfinite(loss):
            other = int(candidate[name] != value)
            least[other] = min(loss, least[other])
    return least[0], least[1]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
