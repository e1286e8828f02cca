"""What libraries keep outside Python's reach: decision trees, boosters, sparse matrices; as plain values, and back.

Their code follows indices without looking, so that a wrong one crashes the process or never ends. Every index is
therefore checked before such a thing is built.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.errors import ModelError
from models.saving import boosters
from models.saving.walkable import check_tree


@dataclass(frozen=True)
class Part:
    """How one kind is taken apart into plain values, and built of them again."""

    state: Callable[[Any], Any]
    build: Callable[[Any], Any]


def _tree_state(tree: Any) -> dict[str, Any]:
    _, (columns, classes, outputs), state = tree.__reduce__()
    nodes = {name: np.ascontiguousarray(state["nodes"][name]) for name in state["nodes"].dtype.names}
    return {"columns": columns, "classes": classes, "outputs": outputs, "max_depth": state["max_depth"],
            "nodes": nodes, "values": state["values"]}  # fmt: skip


def _tree(state: Mapping[str, Any]) -> Any:
    from sklearn.tree._tree import NODE_DTYPE, Tree

    columns, classes, outputs = state["columns"], state["classes"], state["outputs"]
    nodes, values, depth = state["nodes"], state["values"], state["max_depth"]
    if not all(type(number) is int and number >= 0 for number in (columns, outputs, depth)):
        raise ModelError("a tree in it has counts that are no whole numbers")
    check_tree(nodes["left_child"], nodes["right_child"], nodes["feature"], columns)
    if classes.dtype.kind != "i" or classes.shape != (outputs,) or not outputs or (classes < 1).any():
        raise ModelError("a tree in it says how many classes it has in another way than one number for each output")
    if values.dtype != np.float64 or values.shape != (len(nodes["left_child"]), outputs, classes.max()):
        raise ModelError(f"a tree in it has values of the shape {values.shape}, not one for each node and class")
    if depth > len(values):
        raise ModelError(f"a tree in it is {depth} deep, with {len(values)} nodes")
    packed = np.zeros(len(values), NODE_DTYPE)
    for name in NODE_DTYPE.names:
        if nodes[name].shape != (len(values),):
            raise ModelError(f"a tree in it has another number of {name} than of nodes")
        packed[name] = nodes[name]
    tree = Tree(columns, classes.astype(np.intp), outputs)
    tree.__setstate__({"max_depth": depth, "node_count": len(values), "nodes": packed, "values": np.array(values)})
    return tree


def _sparse_state(matrix: Any) -> dict[str, Any]:
    return {"data": matrix.data, "indices": matrix.indices, "indptr": matrix.indptr, "shape": matrix.shape}


def _sparse(kind: str) -> Callable[[Any], Any]:
    def build(state: Mapping[str, Any]) -> Any:
        from scipy import sparse

        try:
            parts = (state["data"], state["indices"], state["indptr"])
            matrix = getattr(sparse, kind)(parts, shape=state["shape"])
            matrix.check_format(full_check=True)
        except (ValueError, TypeError) as error:
            raise ModelError(f"a sparse matrix in it is damaged: {error}") from error
        return matrix

    return build


# module.Class -> how it is kept
PARTS: dict[str, Part] = {
    "sklearn.tree._tree.Tree": Part(_tree_state, _tree),
    "scipy.sparse._csr.csr_array": Part(_sparse_state, _sparse("csr_array")),
    "scipy.sparse._csr.csr_matrix": Part(_sparse_state, _sparse("csr_matrix")),
    "xgboost.core.Booster": Part(boosters.state, boosters.build),
}
