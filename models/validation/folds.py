"""Inner folds: divisions of the training rows on which all choices (of settings, epochs, weights) are made."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.data.modalities import IntArray, Labels, Pairs, Task

INNER_FOLDS = 3


def numbered(groups: Any) -> tuple[IntArray, int]:
    """Return the index of each utterance's group among the sorted names of groups, and the number of groups.

    >>> numbered(["b", "a", "b"])
    (array([1, 0, 1]), 2)
    """
    given = np.asarray(groups)
    names = np.array([str(g) for g in given], object) if given.dtype == object else given.astype(str)
    numbers, found = pd.factorize(names, sort=True)
    return numbers.astype(np.intp), len(found)


def inner_folds(groups: NDArray[Any], labels: Labels, task: Task, folds: int = INNER_FOLDS) -> Pairs:
    """Split training rows into inner folds without splitting a group.

    With at least two groups, scikit-learn's ``GroupKFold`` makes the folds; there are at most as many folds as groups.
    With a single group, ``StratifiedKFold`` makes them, or ``KFold`` if the labels are scores or a class has only one
    row. With fewer than two rows, or `folds` below 2, there are no folds; a model with several candidate settings
    then uses the first of them.

    Parameters
    ----------
    groups
        ``(n,)`` group of each training row.
    labels
        ``(n,)`` class or score of each training row.
    task
        Whether labels are classes or scores.
    folds
        Maximum number of folds.

    Returns
    -------
    tuple of (train, valid)
        Positions within the n rows.

    Examples
    --------
    >>> [valid.tolist() for _, valid in inner_folds(np.array([1, 1, 2, 3]), np.zeros(4), "regression", 2)]
    [[0, 1], [2, 3]]
    """
    from sklearn.model_selection import GroupKFold, KFold, StratifiedKFold

    rows, (numbers, count) = np.arange(len(groups)), numbered(groups)
    if folds < 2 or len(rows) < 2:
        return ()
    if count >= 2:
        return tuple(GroupKFold(min(folds, count)).split(rows, groups=numbers))
    if task == "regression":
        return tuple(KFold(min(folds, len(rows))).split(rows))
    rarest = int(np.unique(labels, return_counts=True)[1].min())
    splitter = StratifiedKFold(min(folds, rarest)) if rarest >= 2 else KFold(min(folds, len(rows)))
    return tuple(splitter.split(rows, labels))


def hold_out_groups(pairs: Pairs, groups: NDArray[Any]) -> bool:
    """Whether inner folds validate only on groups that are not in their training part; False without folds.

    >>> pairs = ((np.array([0, 1]), np.array([2])),)
    >>> hold_out_groups(pairs, np.array(["a", "a", "b"])), hold_out_groups(pairs, np.array(["a", "a", "a"]))
    (True, False)
    """
    numbers, _ = numbered(groups)
    return bool(pairs) and not any(np.isin(numbers[valid], numbers[train]).any() for train, valid in pairs)
