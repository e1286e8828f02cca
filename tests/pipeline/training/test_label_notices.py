"""Features seem to contain the labels only where groups were held out inside training."""

import numpy as np
import pytest

from models.configuration import Configuration
from models.data.modalities import Modalities
from models.validation.folds import hold_out_groups, inner_folds
from models.validation.protocol import Fold
from pipeline.settings.blocks import CorpusParams, ProtocolParams
from pipeline.training.jobs import Fit
from pipeline.training.notices import label_notices
from tests.conftest import run

CORPUS = CorpusParams("manifest", "c", "classification", "label", ("text",), ProtocolParams("group-kfold", 2, "group"))
N = 60
LABELS = np.array(["calm", "lively"])[np.arange(N) % 2]


def notices(groups, train, test, inner=1.0):
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
    return list(label_notices([fit], [Fold("f", train, test, pairs)], LABELS, CORPUS, x))


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
    assert ("it is not known which of the 80 utterances belong together" in trained.stdout + trained.stderr) is not said
