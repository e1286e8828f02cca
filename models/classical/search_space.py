"""The search space of a model: the settings to try, those within a budget, and which winners lie at an edge."""

from collections.abc import Collection, Mapping, Sequence
from itertools import product
from typing import Any, TypeVar

import numpy as np

from common.names import suggest
from models.errors import ModelError

TIE = 1e-6  # losses that differ by less than this share count as equal

CandidateT = TypeVar("CandidateT")


def search_space(
    defaults: Mapping[str, Any], overrides: Mapping[str, Any] | None, owner: str, ignored: Collection[str] = ()
) -> list[dict[str, Any]]:
    """Return every combination of settings; a list or a tuple stands for a choice among its values.

    The first setting varies slowest, as in `itertools.product`. The order matters: of equally good candidates the
    first wins, and a budget keeps candidates by their places.

    Parameters
    ----------
    defaults
        Setting -> its value, or a tuple of values.
    overrides
        What the user sets instead.
    owner
        Whose settings they are, for messages.
    ignored
        Further settings that the user may name and that have no effect here, such as those of the other task.

    Raises
    ------
    ModelError
        If a setting is unknown, a list is empty, or a number is given as true or false.

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
    """Raise `ModelError` if a setting that is a number is given as true or false, which Python takes for 1 or 0."""
    for key, value in overrides.items():
        default = defaults.get(key)
        usual = default if isinstance(default, list | tuple) else [default]
        values = value if isinstance(value, list | tuple) else [value]
        if any(isinstance(v, bool) for v in values) and not any(isinstance(v, bool) for v in usual):
            raise ModelError(f"the setting {key!r} of {owner} is {value!r}: give a number or a name")


def within_budget(candidates: Sequence[CandidateT], budget: int | None) -> list[CandidateT]:
    """Return at most `budget` candidates, evenly spaced, with the first and the last (for a budget of 1: the middle).

    Parameters
    ----------
    candidates
        In the order of their search space.
    budget
        How many may be tried; None for all.

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
    """Return the settings whose best number is the largest or the smallest number that was tried.

    A number counts only if it is better than the others: if they are equally good, or diverged, there is no reason to
    search beyond the edge.

    Parameters
    ----------
    space
        The whole search space.
    tried
        The candidates that were tried.
    best
        The candidate that won.
    losses
        One for each candidate that was tried.

    Returns
    -------
    Setting -> ``tried``, the numbers tried with the best one last, and ``combinations``, the number of combinations of
    all other settings in the search space.

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
    """Return the lowest finite loss of the candidates with this value of a setting, and of those with another."""
    least = [np.inf, np.inf]
    for candidate, loss in zip(tried, losses, strict=True):
        if np.isfinite(loss):
            other = int(candidate[name] != value)
            least[other] = min(loss, least[other])
    return least[0], least[1]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
