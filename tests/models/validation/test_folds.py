import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.evaluation.intervals import resample
from models.validation.folds import hold_out_groups, inner_folds, numbered
from models.validation.protocol import Protocol, groups_of, plan


@given(
    st.lists(st.integers(0, 6), min_size=2, max_size=40),
    st.integers(2, 5),
    st.sampled_from(["classification", "regression"]),
)
def test_folds_partition_the_rows_and_keep_groups_whole(groups, folds, task):
    groups = np.array(groups)
    pairs = inner_folds(groups, np.arange(len(groups)) % 2, task, folds)
    assert sorted(np.concatenate([valid for _, valid in pairs]).tolist()) == list(range(len(groups)))
    for train, valid in pairs:
        assert sorted([*train, *valid]) == list(range(len(groups)))
        if len(np.unique(groups)) > 1:
            assert not set(groups[train]) & set(groups[valid])


def test_fewer_groups_than_folds_make_fewer_folds():
    assert len(inner_folds(np.array([1, 1, 2, 2]), np.zeros(4), "regression", 5)) == 2


def test_a_single_group_keeps_the_classes_shares():
    labels = np.array(["a"] * 6 + ["b"] * 3)
    for train, _ in inner_folds(np.zeros(9), labels, "classification", 3):
        assert sorted(labels[train]) == ["a"] * 4 + ["b"] * 2


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_rows_make_no_folds(n):
    assert inner_folds(np.zeros(n), np.zeros(n), "regression") == ()


def test_a_long_group_name_needs_no_more_memory_than_itself():
    n = 2000
    table = pd.DataFrame({"utterance": [f"u{i}" for i in range(n)], "label": list("ab") * (n // 2), "recording": "r"})
    table["group"] = [f"g{i // 20}" for i in range(n)]
    table.loc[7, ["group", "utterance"]] = "g" * 20_000
    tracemalloc.start()
    planned = plan(Protocol("group-kfold"), table, label="label", task="classification")
    groups = groups_of(table, "group")
    held = [hold_out_groups(fold.inner, groups[fold.train]) for fold in planned.folds]
    resamples = resample(groups, draws=10)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert all(held)
    assert resamples.counts.shape == (10, 101)
    assert peak < 10e6


@given(st.lists(st.text(max_size=3), min_size=1, max_size=20))
def test_groups_are_numbered_by_their_sorted_names(names):
    numbers, count = numbered(np.array(names, object))
    wanted = sorted(set(names))
    assert [wanted[k] for k in numbers] == names
    assert count == len(wanted)
