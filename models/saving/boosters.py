"""Convert XGBoost boosters to JSON text and, after checking the text, back to boosters.

XGBoost parses JSON itself, and may read repeated keys, or keys with escape sequences, differently from Python. Text
from a file is therefore parsed and checked here, and then rewritten for XGBoost.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from models.errors import ModelError
from models.saving.trees import check_tree

PROBABILITIES = ("binary:logistic", "multi:softprob")  # objectives of boosters that predict probabilities
MAX_COLUMNS = 1_000_000  # XGBoost reserves memory for all columns for each row that it predicts

_NO_PARENT = 2**31 - 1  # parent of the root
_A_NODE = ("base_weights", "default_left", "loss_changes", "parents", "split_conditions", "split_type", "sum_hessian")
_BY_CATEGORY = ("categories", "categories_nodes", "categories_segments", "categories_sizes")


def state(booster: Any) -> str:
    """Return a booster as JSON text."""
    return bytes(booster.save_raw("json")).decode()


def build(text: Any) -> Any:
    """Return the booster that `state` converted to text.

    Raises
    ------
    ModelError
        If the booster is of a kind that this project never trains, could crash XGBoost, or could make it allocate far
        more memory than the text needs.
    """
    from xgboost import Booster

    if not isinstance(text, str):
        raise ModelError("a booster in the model is not a string")
    model = json.loads(text)
    _check(model["learner"])
    return Booster({"nthread": 1}, model_file=bytearray(json.dumps(model).encode()))


def outputs_of(booster: Any) -> tuple[str, int]:
    """Return a booster's objective, and the number of classes it stores: 0 if it predicts scores or two classes."""
    learner = json.loads(booster.save_config())["learner"]
    return learner["objective"]["name"], int(learner["learner_model_param"]["num_class"])


def _check(learner: Mapping[str, Any]) -> None:
    counts, objective = learner["learner_model_param"], learner["objective"]
    name = learner["gradient_booster"]["name"]
    if name != "gbtree":
        raise ModelError(f"a booster in the model is of the kind {name!r:.60}; only gbtree is supported")
    if objective["name"] not in PROBABILITIES and not objective["name"].startswith(("reg:", "count:")):
        raise ModelError(
            f"a booster in the model has the objective {objective['name']!r:.60}, which is not supported (only "
            "binary:logistic, multi:softprob, reg:... and count:... are)"
        )
    columns, classes = _count(counts["num_feature"], MAX_COLUMNS), _count(counts["num_class"])
    named = [_count(own["num_class"]) for own in objective.values() if isinstance(own, dict) and "num_class" in own]
    if _count(counts["num_target"]) != 1 or any(other != classes for other in named):
        raise ModelError(
            "a booster in the model has several targets, or its objective has a different number of classes"
        )
    _check_start(counts["base_score"], max(classes, 1))
    _check_names(learner, columns)
    rounds = _check_rounds(learner["gradient_booster"]["model"], max(classes, 1), columns)
    if _count(learner["attributes"].get("best_iteration", "0")) >= max(rounds, 1):
        raise ModelError("a booster in the model names a best round that does not exist")


def _count(text: Any, most: int = 2**31 - 1) -> int:
    """Return a count that XGBoost wrote as text; refuse text that XGBoost could read differently from Python."""
    if not (isinstance(text, str) and len(text) <= len(str(most)) and text.isascii() and text.isdigit()):
        raise ModelError(f"a booster in the model has the count {text!r:.60}, which is not a whole number up to {most}")
    if str(int(text)) != text or int(text) > most:
        raise ModelError(f"a booster in the model has the count {text!r:.60}, which is not a whole number up to {most}")
    return int(text)


def _check_start(score: Any, outputs: int) -> None:
    """Check the base score, from which the sum over trees starts: one number, or one per output."""
    start = json.loads(score) if isinstance(score, str) else None
    numbers = start if isinstance(start, list) else [start]
    if len(numbers) not in (1, outputs) or not all(type(number) in (int, float) for number in numbers):
        raise ModelError(
            f"a booster in the model starts from {score!r:.60}, which is neither one number nor one per output"
        )


def _check_names(learner: Mapping[str, Any], columns: int) -> None:
    for key in ("feature_names", "feature_types"):
        names = learner.get(key, [])
        if not isinstance(names, list) or len(names) not in (0, columns):
            raise ModelError(f"a booster in the model does not have one entry of {key} for each column")


def _check_rounds(model: Mapping[str, Any], outputs: int, columns: int) -> int:
    """Check every tree, and that each round has the same number of trees per output; return the number of rounds."""
    sizes, trees, of_output = model["gbtree_model_param"], model["trees"], model["tree_info"]
    count, parallel = len(trees), _count(sizes["num_parallel_tree"])
    if _count(sizes["num_trees"]) != count or model["iteration_indptr"] != list(
        range(0, count + 1, outputs * max(parallel, 1))
    ):
        raise ModelError("a booster in the model has a number of trees that differs from its own count")
    if len(of_output) != count or sorted({*of_output}) != list(range(outputs)) or not _whole(of_output):
        raise ModelError("a booster in the model does not assign its trees to its classes")
    if any(model.get("cats", {}).values()):
        raise ModelError("a booster in the model has categories, but this project's features are numbers")
    for place, tree in enumerate(trees):
        if type(tree["id"]) is not int or tree["id"] != place:
            raise ModelError("a booster in the model has a tree with a wrong id")
        _check_tree(tree, columns)
    return len(model["iteration_indptr"]) - 1


def _whole(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) is int for value in values)


def _check_tree(tree: Mapping[str, Any], columns: int) -> None:
    left, right, split = tree["left_children"], tree["right_children"], tree["split_indices"]
    if not all(map(_whole, (left, right, split, tree["parents"], tree["split_type"]))):
        raise ModelError("a tree of a booster in the model has children or columns that are not whole numbers")
    check_tree(np.array(left, np.int64), np.array(right, np.int64), np.array(split, np.int64), columns)
    own, nodes = tree["tree_param"], len(left)
    named = [_count(own[name]) for name in ("num_nodes", "num_feature", "size_leaf_vector", "num_deleted")]
    if named != [nodes, columns, 1, 0]:
        raise ModelError("a tree of a booster in the model has a size that differs from its own count")
    lists = all(isinstance(tree[name], list) and len(tree[name]) == nodes for name in _A_NODE)
    if not lists or any(tree["split_type"]) or any(tree[name] for name in _BY_CATEGORY):
        raise ModelError(
            "a tree of a booster in the model does not have one value for each node, or splits by category"
        )
    parents = [_NO_PARENT] * nodes
    for node, children in enumerate(zip(left, right, strict=True)):
        for child in children:
            if child >= 0:
                parents[child] = node
    if tree["parents"] != parents:
        raise ModelError("a tree of a booster in the model has parents that do not match its children")
