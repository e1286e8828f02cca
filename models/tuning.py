"""Choosing a classifier's settings on inner folds, for a matrix that is the same in all of them."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from models.classifiers import classifier
from models.data import FloatArray, IntArray, Pairs
from models.design import width
from models.errors import ModelError
from models.search import Answer, search
from models.target import Member, Target

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


def ends(candidates: Sequence[Mapping[str, Any]], best: Mapping[str, Any]) -> dict[str, list[float]]:
    """Return the settings whose best number is the largest or the smallest of three or more that were tried.

    Parameters
    ----------
    candidates
        All settings that were tried.
    best
        Those that won.

    Returns
    -------
    Setting -> the numbers tried, ascending where the largest won, descending where the smallest did.

    Examples
    --------
    >>> ends([{"C": 1.0}, {"C": 5.0}, {"C": 9.0}], {"C": 9.0}), ends([{"C": 1.0}, {"C": 5.0}, {"C": 9.0}], {"C": 5.0})
    ({'C': [1.0, 5.0, 9.0]}, {})
    """
    found = {}
    for name, value in best.items():
        tried = {candidate[name] for candidate in candidates if _is_number(candidate[name])}
        if _is_number(value) and len(tried) >= 3 and value in (min(tried), max(tried)):
            found[name] = sorted(tried, reverse=value == min(tried))
    return found


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
    candidates = thinned(kind.candidates(target.task, settings, width(matrix)), budget)

    def fitted(train: IntArray, valid: IntArray) -> Answer:
        return lambda settings: (
            Member(kind, settings).fit(matrix[train], target[train], groups[train]).outputs(matrix[valid])
        )

    pairs = pairs if len(candidates) > 1 else ()
    best, _ = search(candidates, target, pairs, fitted)
    member = Member(kind, best).fit(matrix, target, groups)
    member.ends_ = ends(candidates, best) if pairs else {}
    return member
