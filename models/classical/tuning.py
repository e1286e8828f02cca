"""Choosing a classifier's settings on inner folds, for a matrix that is the same in all of them."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from models.classical.classifiers import classifier
from models.classical.search import Answer, search
from models.classical.target import Member, Target
from models.data.design import width
from models.data.modalities import FloatArray, IntArray, Pairs
from models.errors import ModelError

TIE = 1e-6  # losses that lie nearer to each other, as a share of them, are the same

CandidateT = TypeVar("CandidateT")


def thinned(candidates: Sequence[CandidateT], budget: int | None) -> list[CandidateT]:
    """Return at most `budget` of the candidates: evenly spread, the first and the last kept (one: the middle one).

    Parameters
    ----------
    candidates
        In the order of their grid.
    budget
        How many may be tried; None for all.

    Raises
    ------
    ModelError
        If the budget is below 1.

    Examples
    --------
    >>> thinned([1, 2, 3, 4, 5], 3), thinned([1, 2], 3), thinned([1, 2, 3], 1)
    ([1, 3, 5], [1, 2], [2])
    """
    if budget is None or len(candidates) <= budget:
        return list(candidates)
    if budget < 1:
        raise ModelError(f"the budget of a search is {budget}: at least one setting must be tried")
    places = np.linspace(0, len(candidates) - 1, budget) if budget > 1 else [(len(candidates) - 1) / 2]
    return [candidates[int(place)] for place in places]


def ends(
    grid: Sequence[Mapping[str, Any]],
    candidates: Sequence[Mapping[str, Any]],
    best: Mapping[str, Any],
    losses: Sequence[float],
) -> dict[str, Any]:
    """Return the settings whose best number is the largest or the smallest of those that were tried.

    It has to be better than the others: where these are as good, or gave no number, nothing speaks for an end.

    Parameters
    ----------
    grid
        All settings there are to choose among.
    candidates
        Those of them that were tried.
    best
        Those that won.
    losses
        Of the candidates.

    Returns
    -------
    Setting -> ``tried``, the numbers tried, the chosen one last, and ``beside``, how many choices the grid has of all
    other settings.

    Examples
    --------
    >>> tried = [{"C": 1.0}, {"C": 5.0}, {"C": 9.0}]
    >>> ends(tried, tried, tried[2], [0.5, 0.4, 0.3]), ends(tried, tried, tried[0], [0.5, 0.5, 0.5])
    ({'C': {'tried': [1.0, 5.0, 9.0], 'beside': 1}}, {})
    """
    found = {}
    for name, value in best.items():
        tried = {candidate[name] for candidate in candidates if _is_number(candidate[name])}
        if not _is_number(value) or len(tried) < 2 or value not in (min(tried), max(tried)):
            continue
        own, others = _least_losses(name, value, candidates, losses)
        if others - own > TIE * max(1.0, abs(others)) and np.isfinite(others):
            beside = len(grid) // len({candidate[name] for candidate in grid})
            found[name] = {"tried": sorted(tried, reverse=value == min(tried)), "beside": beside}
    return found


def _least_losses(
    name: str, value: float, candidates: Sequence[Mapping[str, Any]], losses: Sequence[float]
) -> tuple[float, float]:
    """Return the least finite loss of candidates with a value of a setting, and of those with another."""
    least = [np.inf, np.inf]
    for candidate, loss in zip(candidates, losses, strict=True):
        if np.isfinite(loss):
            other = int(candidate[name] != value)
            least[other] = min(loss, least[other])
    return least[0], least[1]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def chosen(
    name: str,
    settings: Mapping[str, Any] | None,
    matrix: FloatArray,
    target: Target,
    groups: Any,
    pairs: Pairs,
    budget: int | None = None,
) -> Member:
    """Return a classifier fitted on all rows, with the settings of the least loss on the pairs' validation rows.

    Parameters
    ----------
    name, settings
        Of the classifier, and what overrules its defaults.
    matrix
        ``(n, p)``, the same numbers in every inner fold.
    target, groups
        n labels and n groups.
    pairs
        Inner folds; without any the first settings are taken.
    budget
        At most so many settings are tried; all by default.

    Raises
    ------
    DivergedError
        If no settings give a number for every validation row.
    """
    kind = classifier(name)
    grid = kind.candidates(target.task, settings, width(matrix))
    candidates = thinned(grid, budget)

    def fitted(train: IntArray, valid: IntArray) -> Answer:
        return lambda settings: (
            Member(kind, settings).fit(matrix[train], target[train], groups[train]).outputs(matrix[valid])
        )

    pairs = pairs if len(candidates) > 1 else ()
    best, _, losses = search(candidates, target, pairs, fitted)
    member = Member(kind, best).fit(matrix, target, groups)
    member.ends_ = ends(grid, candidates, best, losses) if pairs else {}
    return member
