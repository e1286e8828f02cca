"""The search for settings: the candidate with the lowest loss on inner folds wins."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from models.classical.classifiers import classifier
from models.classical.search_space import edges, within_budget
from models.classical.target import FittedClassifier, Target
from models.data.design import width
from models.data.modalities import BoolArray, FloatArray, IntArray, Pairs
from models.errors import DivergedError

Settings = Mapping[str, Any]
ValidationOutputs = Callable[
    [Settings], FloatArray
]  # from settings to the (validation rows, k) outputs of a model that is fitted with them
DIVERGED = (DivergedError, np.linalg.LinAlgError, FloatingPointError)  # raised by a fit without a finite result


def search(
    candidates: Sequence[Settings],
    target: Target,
    pairs: Pairs,
    fit_fold: Callable[[IntArray, IntArray], ValidationOutputs],
    scored: BoolArray | None = None,
) -> tuple[Any, FloatArray, list[float]]:
    """Return the candidate with the lowest loss over all validation rows, its outputs, and all candidates' losses.

    If several candidates tie, the first of them wins. A candidate cannot win if its fit diverges or one of its outputs
    is not finite.

    Parameters
    ----------
    candidates
        Settings to try, at least one.
    target
        The n labels.
    pairs
        Inner folds; without any, the first candidate is used.
    fit_fold
        Function of the training rows and validation rows of an inner fold. It returns a function from settings to the
        outputs for the validation rows.
    scored
        ``(n,)`` mask of the rows that count; all by default.

    Returns
    -------
    tuple
        The winning settings; their ``(n, k)`` out-of-fold outputs, NaN in rows that are in no validation part; and the
        loss of each candidate.

    Raises
    ------
    DivergedError
        If no candidate has finite outputs for all validation rows that count.
    """
    trials = np.full((len(candidates), len(target), target.width), np.nan)
    validated = np.zeros(len(target), bool)
    for train, valid in pairs:
        outputs = fit_fold(train, valid)
        for trial, candidate in zip(trials, candidates, strict=True):
            trial[valid] = _outputs_or_nan(outputs, candidate)
        validated[valid] = True
    rows = validated if scored is None else validated & scored
    losses = [target[rows].loss(trial[rows]) for trial in trials]
    best = least(losses, candidates)
    return candidates[best], trials[best], losses


def _outputs_or_nan(outputs: ValidationOutputs, candidate: Settings) -> FloatArray | float:
    """Return the outputs, or NaN if the fit diverges; NaN gives a loss of NaN, which never wins."""
    try:
        return outputs(candidate)
    except DIVERGED:
        return float("nan")


def least(losses: Sequence[float], candidates: Sequence[Any]) -> int:
    """Return the position of the lowest finite loss; if several tie, return the first of their positions.

    Raises
    ------
    DivergedError
        If no loss is finite.

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


def tuned_classifier(
    name: str,
    settings: Mapping[str, Any] | None,
    matrix: FloatArray,
    target: Target,
    groups: Any,
    pairs: Pairs,
    budget: int | None = None,
) -> FittedClassifier:
    """Return a classifier fitted on all rows, with the settings that have the lowest loss on the inner folds.

    Parameters
    ----------
    name, settings
        Name of the classifier, and settings that replace its defaults.
    matrix
        ``(n, p)`` columns, from which each inner fold takes its rows.
    target, groups
        The n labels and n groups.
    pairs
        Inner folds; without any, the first candidate is used.
    budget
        Maximum number of candidates to try; all by default.

    Raises
    ------
    DivergedError
        If no candidate has finite outputs for all validation rows.
    """
    kind = classifier(name)
    space = kind.candidates(target.task, settings, width(matrix))
    candidates = within_budget(space, budget)

    def fit_fold(train: IntArray, valid: IntArray) -> ValidationOutputs:
        return lambda settings: (
            FittedClassifier(kind, settings).fit(matrix[train], target[train], groups[train]).outputs(matrix[valid])
        )

    pairs = pairs if len(candidates) > 1 else ()
    best, _, losses = search(candidates, target, pairs, fit_fold)
    fitted = FittedClassifier(kind, best).fit(matrix, target, groups)
    fitted.edges_ = edges(space, candidates, best, losses) if pairs else {}
    return fitted
