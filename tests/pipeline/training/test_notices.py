"""Notices of training: ends of search spaces, and features that know the labels."""

import json
from dataclasses import replace

import numpy as np
import pytest
import yaml

from models.classical.domains import faults
from models.configuration import Configuration
from models.data.modalities import Modalities
from models.validation.folds import hold_out_groups, inner_folds
from models.validation.protocol import Fold
from pipeline.settings.blocks import CorpusParams, ProtocolParams
from pipeline.training.jobs import Fit
from pipeline.training.notices import end_notices, label_notices
from tests.conftest import run

FCNN = Configuration("unimodal", ("audio",), "fcnn")
AUDIO, BOTH = Configuration("unimodal", ("audio",), "logistic"), Configuration("concat", ("text", "audio"), "logistic")


def fits(row, *ends, combinations=1):
    none = np.zeros((1, 0))
    ends = [{name: {"tried": tried, "combinations": combinations} for name, tried in end.items()} for end in ends]
    return [
        Fit(row, f"fold-{i}", np.array([i]), np.array([0]), none, {}, none, 0.5, 1.0, 1.0, 1, "{}", json.dumps(end))
        for i, end in enumerate(ends)
    ]


def test_the_largest_in_every_fold_is_said_with_what_to_write():
    largest = {"C": [0.3, 1.5, 6.0]}
    others = [Configuration("cca", (m,), "logistic") for m in ("text", "video")]
    found = fits(AUDIO, largest, largest) + fits(BOTH, largest, largest)
    (sentence,) = end_notices(found + [fit for row in others for fit in fits(row, largest, largest)])
    assert sentence == (
        "logistic: C = 6, the largest of 0.3, 1.5, 6, was the best in every fold for unimodal audio logistic, concat"
        " text+audio logistic and 2 more rows: a larger value was not tried and may be better; to try it, write"
        " logistic: {C: [0.3, 1.5, 6, 24]} under train.settings and set train.budget to 4 or more"
    )


def test_the_smallest_is_said_too_and_whole_numbers_stay_whole():
    (sentence,) = end_notices(fits(Configuration("pca", ("audio",), "fcnn"), {"hidden": [128, 64, 32]}))
    assert "hidden = 32, the smallest of 32, 64, 128" in sentence
    assert "fcnn: {hidden: [16, 32, 64, 128]}" in sentence


@pytest.mark.parametrize(
    ("row", "setting", "tried", "advised"),
    [
        (FCNN, "dropout", [0.3, 0.5, 0.7], None),
        (FCNN, "dropout", [0.7, 0.5, 0], None),
        (FCNN, "dropout", [0.1, 0.3, 0.5], "[0.1, 0.3, 0.5, 0.83]"),
        (FCNN, "hidden", [4, 2, 1], None),
        (FCNN, "weight_decay", [1e-3, 1e-4], "[1.0e-05, 0.0001, 0.001]"),
        (FCNN, "learning_rate", [0.1, 0.5], None),
        (AUDIO, "C", [2.0, 1.0, 0.5], "[0.25, 0.5, 1, 2]"),
        (AUDIO, "C", [100, 1_000_000], "[100, 1000000, 10000000000]"),
        (AUDIO, "alpha", [1.0, 0.0], None),
        (Configuration("unimodal", ("audio",), "xgboost"), "max_depth", [4, 2], "[1, 2, 4]"),
        (Configuration("unimodal", ("audio",), "xgboost"), "max_depth", [2, 1], None),
        (Configuration("unimodal", ("audio",), "xgboost"), "subsample", [0.5, 1.0], None),
        (Configuration("unimodal", ("audio",), "random_forest"), "min_samples_leaf", [0.25, 0.5], None),
        (Configuration("transformer", ("text", "audio")), "hidden", [6, 10], "[6, 10, 16]"),
        (Configuration("unimodal", ("audio",), "elastic"), "l1_ratio", [0.5, 0.9], None),  # a plugin's
    ],
)
def test_only_a_value_that_is_possible_is_advised(row, setting, tried, advised):
    (sentence,) = end_notices(fits(row, {setting: tried}))
    assert f"{setting} = " in sentence
    assert "was the best in every fold for" in sentence
    assert (f"{{{setting}: {advised}}} under" in sentence) if advised else sentence.endswith(str(row))
    if advised:
        numbers = yaml.safe_load(advised)
        assert not list(faults(row.model or row.strategy, {setting: numbers}))


def test_a_seed_has_no_end():
    assert not list(
        end_notices(
            fits(FCNN, {"seed": [1, 2, 3]}) + fits(Configuration("unimodal", ("audio",), "toy"), {"seed": [1, 2]})
        )
    )


def test_what_stands_on_a_stack_is_named_as_it_is_written():
    stack = Configuration("stacking", ("text", "audio"), "logistic")
    (sentence,) = end_notices(fits(stack, {"C": [1.0, 2.0]}))
    assert "write stacking: {settings: {C: [1, 2, 4]}} under train.settings" in sentence


def test_the_budget_counts_the_combinations_of_other_settings():
    (sentence,) = end_notices(fits(AUDIO, {"C": [1.0, 2.0]}, combinations=2))
    assert sentence.endswith("set train.budget to 6 or more")


def test_settings_are_named_where_they_stand():
    sequences, floor = Configuration("intermediate", ("text", "audio")), Configuration("tfidf", ("text",), "logistic")
    largest = {"C": [1.0, 2.0, 4.0]}
    named = [sentence.partition(":")[0] for row in (sequences, floor) for sentence in end_notices(fits(row, largest))]
    assert named == ["intermediate", "tfidf"]


def test_nothing_is_said_where_one_fold_differs():
    largest, smallest = {"C": [0.3, 1.5, 6.0]}, {"C": [6.0, 1.5, 0.3]}
    assert not list(end_notices(fits(AUDIO, largest, {}) + fits(BOTH, largest, smallest)))
    assert not list(end_notices([]))


CORPUS = CorpusParams("manifest", "c", "classification", "label", ("text",), ProtocolParams("group-kfold", 2, "group"))
N = 60
LABELS = np.array(["calm", "lively"])[np.arange(N) % 2]


def notices(groups, train, test, inner=1.0, protocol=CORPUS.protocol):
    """Return what is said of features that are right on inner validation rows, and at chance on test rows."""
    groups = np.asarray(groups)
    pairs = inner_folds(groups[train], LABELS[train], "classification")
    said = (np.arange(N) // 2 % 2)[test]  # right every other time
    nothing = np.zeros((len(test), 0))
    fit = Fit(
        Configuration("unimodal", ("text",), "logistic"),
        "f",
        test,
        said,
        nothing,
        {},
        nothing,
        inner,
        0.0,
        0.0,
        1,
        "{}",
    )
    x = Modalities({}, {"text": np.ones(N, bool)}, np.full(N, "yes", object), groups)
    corpus = replace(CORPUS, protocol=protocol)
    return list(label_notices([fit], [Fold("f", train, test, pairs)], LABELS, corpus, x))


HALF, REST = np.arange(30), np.arange(30, N)
TESTED = [f"t{i // 5}" for i in range(30)]


def test_it_is_said_where_inner_folds_hold_groups_out():
    (said,) = notices([*(f"a{i // 6}" for i in range(30)), *TESTED], HALF, REST)
    assert "seem to contain the labels" in said
    assert "on held-out training groups" in said


def test_it_is_not_said_where_the_training_part_has_one_group():
    assert notices(["a"] * 30 + TESTED, HALF, REST) == []


def test_it_is_not_said_of_features_that_are_as_good_on_test_groups():
    assert notices([*(f"a{i // 6}" for i in range(30)), *TESTED], HALF, REST, inner=0.5) == []


@pytest.mark.parametrize(("kind", "group"), [("leave-one-corpus-out", "group"), ("leave-one-group-out", "corpus")])
def test_it_is_not_said_where_another_corpus_is_tested_than_trained_on(kind, group):
    groups = [*(f"a{i // 6}" for i in range(30)), *TESTED]
    assert notices(groups, HALF, REST, protocol=ProtocolParams("leave-one-group-out", group="group"))
    assert notices(groups, HALF, REST, protocol=ProtocolParams(kind, group=group)) == []


@pytest.mark.parametrize(
    ("groups", "pairs", "held"),
    [
        ("aabb", [((0, 1), (2, 3))], True),
        ("aabb", [((0, 1), (2, 3)), ((0, 2), (1, 3))], False),
        ("aaaa", [((0, 1), (2, 3))], False),
        ("aabb", [], False),
    ],
)
def test_groups_are_held_out_in_every_pair_or_not(groups, pairs, held):
    arrays = tuple((np.array(a), np.array(b)) for a, b in pairs)
    assert hold_out_groups(arrays, np.array(list(groups))) is held


@pytest.mark.parametrize(("who", "said"), [("actor", True), ("", False)])
def test_groups_are_spoken_of_only_where_somebody_names_them(tmp_path, who, said):
    n, rng = 80, np.random.default_rng(0)
    labels, trained = np.arange(n) % 2, np.arange(n) < 50
    known = np.where(trained, labels, rng.integers(0, 2, n)) + 0.1 * rng.normal(size=n)
    parts, people = np.where(trained, "train", "test"), np.arange(n) // 5
    np.savez(tmp_path / "f.npz", mood=np.where(labels, "up", "down"), part=parts, actor=people, voice=known[:, None])
    (tmp_path / "params.yaml").write_text("train: {classifiers: [logistic], fusions: []}\n")
    options = ["--split", "part", "--label", "mood", "--task", "classification", "--array", "audio=voice"]
    run("import", "npz", "f.npz", "--corpus", "c", *options, *(("--group", who) if who else ()), cwd=tmp_path)
    prepared = run("prepare", "--corpus", "c", cwd=tmp_path)
    assert ("16 groups" in prepared.stdout) is said
    assert ("no groups (each utterance by itself)" in prepared.stdout) is not said
    trained = run("train", "--corpus", "c", "--workers", "0", cwd=tmp_path)
    assert ("seem to contain the labels" in trained.stdout + trained.stderr) is said
    assert ("it is not known who speaks: the same person may be in both" in trained.stdout + trained.stderr) is not said
