"""The utterances that stand for a corpus: proportions, classes, groups, and the same choice whatever the order."""

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipeline.selections.spreading import LEAST, spread, strata_of


def corpus(task: str = "classification", label: str = "label", group: str = "speaker") -> Any:
    return SimpleNamespace(task=task, label=label, protocol=SimpleNamespace(group=group))


def table(rows: int, classes: dict[str, int], speakers: int = 24) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    labels = rng.choice(list(classes), rows, p=np.array([*classes.values()]) / sum(classes.values()))
    who = rng.integers(0, speakers, rows)
    return pd.DataFrame(
        {
            "utterance": [f"u{i}" for i in range(rows)],
            "split": np.where(rng.random(rows) < 0.25, "test", "train"),
            "label": labels,
            "speaker": [f"s{w}" for w in who],
        }
    )


def test_shares_are_those_of_the_corpus_and_all_groups_are_there() -> None:
    whole = table(4000, {"neutral": 60, "joy": 30, "anger": 10})
    few = whole.iloc[spread(whole, corpus(), 400)]
    assert len(few) == 400
    for column in ("label", "split"):
        there, here = (frame[column].value_counts(normalize=True) for frame in (whole, few))
        assert (there - here[there.index]).abs().max() < 0.01
    assert few["speaker"].nunique() == 24
    assert few["speaker"].value_counts().max() <= 2 * few["speaker"].value_counts().min()


def test_a_rare_class_has_enough_for_five_folds() -> None:
    whole = table(4000, {"neutral": 985, "joy": 15})
    few = whole.iloc[spread(whole, corpus(), 60)]
    assert few.groupby(["split", "label"]).size().min() == LEAST
    rare = whole[whole["label"] == "joy"].iloc[:3]
    mostly = pd.concat([whole[whole["label"] == "neutral"], rare])
    assert {*rare["utterance"]} <= {*mostly.iloc[spread(mostly, corpus(), 60)]["utterance"]}


def test_the_order_of_the_table_does_not_matter_and_a_smaller_choice_is_part_of_a_larger_one() -> None:
    whole = table(600, {"neutral": 60, "joy": 30, "anger": 10})
    shuffled = whole.sample(frac=1, random_state=1)
    found = [set(whole.iloc[spread(whole, corpus(), n)]["utterance"]) for n in (1, 7, 50, 200, 600, 9999)]
    assert [len(names) for names in found] == [1, 7, 50, 200, 600, 600]
    assert all(few <= more for few, more in pairwise(found))
    assert set(shuffled.iloc[spread(shuffled, corpus(), 50)]["utterance"]) == found[2]
    assert (np.diff(spread(whole, corpus(), 50)) > 0).all()


def test_scores_are_chosen_from_every_quarter() -> None:
    whole = table(2000, {"x": 1})
    whole["label"] = np.random.default_rng(1).normal(size=len(whole)).round(2).astype(str)
    whole.loc[:9, "label"] = ""
    few = whole.iloc[spread(whole, corpus("regression"), 80)]
    quartiles = np.quantile(pd.to_numeric(whole["label"]).dropna(), [0, 0.25, 0.5, 0.75, 1])
    counts, _ = np.histogram(pd.to_numeric(few["label"]).dropna(), quartiles)
    assert counts.min() >= 15


@pytest.mark.parametrize(
    ("task", "label"), [("classification", ""), ("regression", "label"), ("classification", "label")]
)
def test_tables_without_labels_splits_or_groups_are_chosen_from_too(task: str, label: str) -> None:
    bare = pd.DataFrame({"utterance": ["a", "b", "c"], "split": "", "label": ""})
    assert len(spread(bare, corpus(task, label, "nobody"), 2)) == 2
    assert len(spread(bare.iloc[:0], corpus(task, label), 2)) == 0


def test_the_corpora_of_a_union_are_strata() -> None:
    whole = table(1000, {"a": 1, "b": 1})
    whole["corpus"] = np.where(np.arange(1000) < 30, "small", "large")
    assert strata_of(whole, corpus()).nunique() == 8
    few = whole.iloc[spread(whole, corpus(), 60)]
    assert set(few["corpus"]) == {"small", "large"}
