"""What libraries keep outside Python's reach: decision trees, boosters, sparse matrices; as plain values, and back.

Their code follows indices without looking, so that a wrong one crashes the process or never ends. Every index is
therefore checked before such a thing is built.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from models.errors import ModelError

LEAF = -1  # what trees of both libraries have in place of a leaf's children


@dataclass(frozen=True)
class Part:
    """How one kind is taken apart into plain values, and built of them again."""

    state: Callable[[Any], Any]
    build: Callable[[Any], Any]


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


def _booster_state(booster: Any) -> str:
    return bytes(booster.save_raw("json")).decode()


PROBABILITIES = ("binary:logistic", "multi:softprob")  # objectives of boosters that answer these


def _booster(text: Any) -> Any:
    from xgboost import Booster

    model = json.loads(text)["learner"]
    trees, counts = model["gradient_booster"]["model"], model["learner_model_param"]
    if model["gradient_booster"]["name"] != "gbtree":
        raise ModelError(f"a booster in it is {model['gradient_booster']['name']!r:.60}, not one of trees")
    objective = model["objective"]["name"]
    if objective not in PROBABILITIES and not objective.startswith(("reg:", "count:")):
        raise ModelError(f"a booster in it has the objective {objective!r:.60}: it answers neither shares nor scores")
    columns, classes = int(counts["num_feature"]), int(counts["num_class"])
    rounds, groups = trees["iteration_indptr"], trees["tree_info"]
    count = len(trees["trees"])
    named = sorted(set(groups))
    if int(counts["num_target"]) != 1 or len(groups) != count or (named[0], named[-1]) != (0, max(classes, 1) - 1):
        raise ModelError("a booster in it has trees of other classes than it names")
    if int(trees["gbtree_model_param"]["num_trees"]) != count or rounds != sorted({*rounds, 0, count}):
        raise ModelError("a booster in it has another number of trees than it names")
    if not 0 <= int(model["attributes"].get("best_iteration", 0)) < max(len(rounds) - 1, 1):
        raise ModelError("a booster in it names a best round that it does not have")
    for tree in trees["trees"]:
        _check_boosted(tree, columns)
    return Booster({"nthread": 1}, model_file=bytearray(text.encode()))


_NO_PARENT = 2**31 - 1  # of the root
_A_NODE = ("base_weights", "default_left", "loss_changes", "parents", "split_conditions", "split_type", "sum_hessian")


def _check_boosted(tree: Mapping[str, Any], columns: int) -> None:
    check_tree(tree["left_children"], tree["right_children"], tree["split_indices"], columns)
    own, nodes = tree["tree_param"], len(tree["left_children"])
    if (int(own["num_nodes"]), int(own["num_feature"]), int(own["size_leaf_vector"])) != (nodes, columns, 1):
        raise ModelError("a tree of a booster in it has another size than it names")
    if any(len(tree[name]) != nodes for name in _A_NODE) or any(tree["split_type"]) or tree["categories"]:
        raise ModelError("a tree of a booster in it has another number of values than of nodes, or splits by category")
    parents = [_NO_PARENT] * nodes
    for node, children in enumerate(zip(tree["left_children"], tree["right_children"], strict=True)):
        for child in children:
            if child >= 0:
                parents[child] = node
    if tree["parents"] != parents:
        raise ModelError("a tree of a booster in it names other parents than its nodes have")


# module.Class -> how it is kept
PARTS: dict[str, Part] = {
    "sklearn.tree._tree.Tree": Part(_tree_state, _tree),
    "scipy.sparse._csr.csr_array": Part(_sparse_state, _sparse("csr_array")),
    "scipy.sparse._csr.csr_matrix": Part(_sparse_state, _sparse("csr_matrix")),
    "xgboost.core.Booster": Part(_booster_state, _booster),
}
