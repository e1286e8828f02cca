"""Trees whose nodes would crash compiled code, or make it run in circles."""

import numpy as np
import pytest

from models.saving.saving import MODEL
from tests.models.saving.tampering import at, kept, rearranged, refused, replaced

TREES = {
    "a child beyond the nodes": ("left_child", at(0, 1 << 40)),
    "a child below zero": ("right_child", at(0, -7)),
    "a loop": ("left_child", at(0, 0)),
    "a child of two": ("left_child", at(1, 2)),
    "one child only": ("right_child", at(0, -1)),
    "a column beyond all": ("feature", at(0, 1 << 40)),
    "a column below zero": ("feature", at(0, -3)),
    "a child that is not a whole number": ("left_child", lambda a: a.astype(np.float64)),
    "fewer children": ("left_child", lambda a: a[:-1]),
    "no nodes": ("nodes.left_child", lambda a: a[:0]),
    "fewer values": ("values", lambda a: a[:-1]),
    "values of another width": ("values", lambda a: a[..., :-1]),
    "more classes": ("nodes.classes", None),
    "fewer thresholds": ("threshold", lambda a: a[:-1]),
}


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("name", [n for n in TREES if n != "more classes"])
def test_trees_that_would_crash_or_never_end_are_refused(tmp_path, name, task):
    folder, _ = kept(tmp_path, "random_forest", task)
    rearranged(folder, *TREES[name])
    refused(folder, "a tree in the model|invalid values")


def test_a_tree_of_other_classes_or_columns_is_refused(tmp_path):
    folder, _ = kept(tmp_path, "random_forest")
    original = (folder / MODEL).read_text()
    columns = original.split('["columns", ')[1].split("]")[0]
    for old, new in (
        (f'["columns", {columns}]', '["columns", 1000000]'),
        ('["outputs", 1]', '["outputs", 1000000000]'),
    ):
        (folder / MODEL).write_text(original)
        replaced(folder, old, new)
        refused(folder, "tree")
    (folder / MODEL).write_text(original)
    rearranged(folder, "tree_.classes", lambda a: a * 1000)
    refused(folder, "a tree in the model has float64 values")
