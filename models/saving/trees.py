"""Convert scikit-learn's decision trees to plain values and back, and check that trees are safe to use.

Compiled code follows the indices of a tree without checking them, so that a wrong index can crash the process or cause
an endless loop.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from models.errors import ModelError

LEAF = -1  # value of both children of a leaf in the trees of scikit-learn and XGBoost


def check_tree(left: Any, right: Any, split: Any, columns: int) -> None:
    """Check that the nodes form one tree in which parents precede children, and that splits read existing columns.

    Parameters
    ----------
    left, right
        ``(n,)`` children of each node; `LEAF` for both children of a leaf.
    split
        ``(n,)`` column that each inner node reads.
    columns
        The number of columns.

    Raises
    ------
    ModelError
        If the nodes do not form one tree, or a split reads a column that does not exist.
    """
    left, right, split = (np.asarray(values) for values in (left, right, split))
    if not all(values.ndim == 1 and values.dtype.kind == "i" for values in (left, right, split)):
        raise ModelError("a tree in the model has children or columns that are not whole numbers")
    if not len(left) == len(right) == len(split) > 0:
        raise ModelError("a tree in the model has no nodes, or different numbers of children and columns")
    leaves = (left == LEAF) & (right == LEAF)
    inner = np.flatnonzero(~leaves)
    children = np.concatenate([left[inner], right[inner]])
    if not np.array_equal(np.sort(children), np.arange(1, len(left))):
        raise ModelError("a tree in the model has a child that does not exist or that has two parents")
    if not (np.minimum(left[inner], right[inner]) > inner).all():
        raise ModelError("a tree in the model has a node that comes before its parent")
    if not ((split[inner] >= 0) & (split[inner] < columns)).all():
        raise ModelError(f"a tree in the model reads a column that is not one of its {columns}")


def tree_state(tree: Any) -> dict[str, Any]:
    """Return scikit-learn's compiled tree as plain values and arrays."""
    _, (columns, classes, outputs), state = tree.__reduce__()
    nodes = {name: np.ascontiguousarray(state["nodes"][name]) for name in state["nodes"].dtype.names}
    return {"columns": columns, "classes": classes, "outputs": outputs, "max_depth": state["max_depth"],
            "nodes": nodes, "values": state["values"]}  # fmt: skip


def build_tree(state: Mapping[str, Any]) -> Any:
    """Return the tree that `tree_state` converted to plain values; raise `ModelError` if it is damaged."""
    from sklearn.tree._tree import NODE_DTYPE, Tree

    columns, classes, outputs = state["columns"], state["classes"], state["outputs"]
    nodes, values, depth = state["nodes"], state["values"], state["max_depth"]
    if not all(type(number) is int and number >= 0 for number in (columns, outputs, depth)):
        raise ModelError("a tree in the model has counts that are not whole numbers")
    check_tree(nodes["left_child"], nodes["right_child"], nodes["feature"], columns)
    if classes.dtype.kind != "i" or classes.shape != (outputs,) or not outputs or (classes < 1).any():
        raise ModelError("a tree in the model does not have one number of classes for each output")
    if values.dtype != np.float64 or values.shape != (len(nodes["left_child"]), outputs, classes.max()):
        raise ModelError(
            f"a tree in the model has {values.dtype} values of shape {values.shape}, but must have float64 values of "
            "shape (nodes, outputs, classes)"
        )
    if depth > len(values):
        raise ModelError(f"a tree in the model claims a depth of {depth}, but has {len(values)} nodes")
    packed = np.zeros(len(values), NODE_DTYPE)
    for name in NODE_DTYPE.names:
        if nodes[name].shape != (len(values),):
            raise ModelError(f"a tree in the model does not have one {name} for each node")
        packed[name] = nodes[name]
    tree = Tree(columns, classes.astype(np.intp), outputs)
    tree.__setstate__({"max_depth": depth, "node_count": len(values), "nodes": packed, "values": np.array(values)})
    return tree
