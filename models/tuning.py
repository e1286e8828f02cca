"""Choosing a classifier's settings on inner folds, for a matrix that is the same in all of them."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from models.classifiers import classifier
from models.data import FloatArray, Pairs
from models.target import Member, Target


def chosen(
    name: str, settings: Mapping[str, Any] | None, matrix: FloatArray, target: Target, groups: Any, pairs: Pairs
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
    """
    kind = classifier(name)
    candidates = kind.candidates(target.task, settings)
    losses = []
    for candidate in candidates if len(candidates) > 1 else []:
        outputs = np.full((len(target), target.width), np.nan)
        for train, valid in pairs:
            member = Member(kind, candidate).fit(matrix[train], target[train], groups[train])
            outputs[valid] = member.outputs(matrix[valid])
        losses.append(target.loss(outputs))
    best = candidates[int(np.argmin(losses)) if losses else 0]
    return Member(kind, best).fit(matrix, target, groups)
