"""Whether a decision tree can be walked: libraries follow its indices without looking."""

from typing import Any

import numpy as np

from models.errors import ModelError

LEAF = -1  # what trees of scikit-learn and XGBoost have in place of a leaf's children


def check_tree(left: Any, right: Any, split: Any, columns: int) -> None:
    """Check that children make one tree, each node after its parent, and that splits read columns that there are.

    Parameters
    ----------
    left, right
        ``(n,)`` each node's children, or `LEAF` twice.
    split
        ``(n,)`` the column that each inner node reads.
    columns
        How many there are.

    Raises
    ------
    ModelError
        If not.
    """
    left, right, split = (np.asarray(values) for values in (left, right, split))
    if not all(values.ndim == 1 and values.dtype.kind == "i" for values in (left, right, split)):
        raise ModelError("a tree in it has children or columns that are no whole numbers")
    if not len(left) == len(right) == len(split) > 0:
        raise ModelError("a tree in it has no nodes, or different numbers of children and columns")
    leaves = (left == LEAF) & (right == LEAF)
    inner = np.flatnonzero(~leaves)
    children = np.concatenate([left[inner], right[inner]])
    if not np.array_equal(np.sort(children), np.arange(1, len(left))):
        raise ModelError("a tree in it has children that are none of its nodes, or belong to two parents")
    if not (np.minimum(left[inner], right[inner]) > inner).all():
        raise ModelError("a tree in it has a node that comes before its parent")
    if not ((split[inner] >= 0) & (split[inner] < columns)).all():
        raise ModelError(f"a tree in it reads a column that is none of its {columns}")
