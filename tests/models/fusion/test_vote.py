"""The majority vote, by hand and against scikit-learn."""

import numpy as np
import pytest
from sklearn.ensemble import VotingClassifier
from sklearn.pipeline import make_pipeline

from models.classical.unimodal import Unimodal
from models.data.modalities import Modalities
from models.errors import ModelError
from models.fusion.vote import MajorityVote, fewest_errors
from tests.models.fusion.toy import THREE, bases, columns, data, flat, theirs


def test_the_vote_is_scikit_learns_hard_vote_except_for_ties():
    x, y = data(classes=2)  # three votes on two classes never tie
    ours = MajorityVote(bases(C=1.0), voting="all").fit(x[:200], y[:200]).predict(x[200:])
    members = [(m, make_pipeline(columns(i), theirs(1 / np.sqrt(5)))) for i, m in enumerate(THREE)]
    other = VotingClassifier(members, voting="hard").fit(flat(x)[:200], y[:200]).predict(flat(x)[200:])
    assert (ours == other).mean() > 0.98  # the solvers stop at slightly different points


def test_a_tie_goes_to_the_larger_summed_probability_and_absent_modalities_do_not_vote():
    vote = MajorityVote(bases())
    vote.voting_ = np.ones(3, bool)
    outputs = np.array([[[0.9, 0.1], [0.6, 0.4]], [[0.4, 0.6], [0.2, 0.8]], [[0.45, 0.55], [0.4, 0.6]]])
    usable = np.array([[True, True], [True, True], [False, False]])
    assert vote._combine(outputs, usable).argmax(axis=1).tolist() == [0, 1]
    usable[2] = True
    assert vote._combine(outputs, usable).argmax(axis=1).tolist() == [1, 1]  # two votes beat one that is certain


def test_vote_on_a_score_is_the_median_of_those_present():
    vote = MajorityVote(bases("regression"))
    vote.voting_ = np.ones(3, bool)
    outputs = np.array([[[1.0], [1.0]], [[2.0], [2.0]], [[9.0], [9.0]]])
    usable = np.array([[True, True], [True, True], [True, False]])
    assert vote._combine(outputs, usable)[:, 0].tolist() == [2.0, 1.5]


def by_hand(outputs, task):
    if task == "regression":
        return np.median(outputs[:, :, 0], axis=0)
    counts = np.stack([(outputs.argmax(axis=2) == k).sum(axis=0) for k in range(outputs.shape[2])], axis=1)
    return (counts + outputs.sum(axis=0) / 100).argmax(axis=1)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_the_chosen_modalities_are_those_with_the_fewest_out_of_fold_errors(task):
    x, y = data(classes=2)
    noise = np.random.default_rng(1).normal(size=(2, 300, 5)).astype(np.float32)
    deaf = Modalities({**x.pooled, "audio": noise[0], "video": noise[1]}, x.present, x.text, x.groups)
    train, test = deaf[:200], deaf[200:]
    model = MajorityVote(bases(task), voting="chosen").fit(train, y[:200])
    unseen = np.stack([base.out_of_fold_ for base in model.bases_])
    errors = {}
    for voting in [[0, 1, 2], [0, 1], [0, 2], [1, 2], [0], [1], [2]]:
        errors[tuple(voting)] = np.abs(by_hand(unseen[voting], task) - y[:200]).mean()
    best = list(min(errors, key=errors.get))
    assert np.flatnonzero(model.voting_).tolist() == best
    assert best != [0, 1, 2]
    said = np.stack([model.bases_[i].outputs(test) for i in best])
    np.testing.assert_allclose(model.predict(test), by_hand(said, task))
    mute = test.without([THREE[i] for i in best])  # none of the chosen ones is present: all that are present vote
    others = MajorityVote(bases(task), voting="all").fit(train, y[:200])
    np.testing.assert_array_equal(model.predict(mute), others.predict(mute))


def test_of_equally_right_sets_the_largest_votes():
    x, y = data(classes=2)
    same = Modalities(dict.fromkeys(THREE, x.pooled["text"]), x.present, x.text, x.groups)
    assert MajorityVote(bases(), voting="chosen").fit(same, y).voting_.all()
    with pytest.raises(ModelError, match="all or chosen"):
        MajorityVote(bases(), voting="some").fit(x, y)


def test_votes_need_no_more_memory_than_the_outputs():
    """Votes for a thousand classes are a thousand numbers per row, not a table of a million."""
    outputs = np.random.default_rng(0).dirichlet(np.ones(30), size=(3, 5))
    vote = MajorityVote([Unimodal("audio")])
    found = vote._counted(outputs, np.ones((3, 5), bool), np.ones(3, bool))
    votes = np.eye(30)[outputs.argmax(axis=2)] + outputs / 4
    np.testing.assert_array_equal(found, votes.sum(axis=0) / votes.sum(axis=0).sum(axis=1, keepdims=True))


def test_probabilities_are_the_shares_of_votes_and_a_part_for_the_probabilities():
    vote = MajorityVote(bases())
    vote.voting_ = np.array([True, True, False])
    outputs = np.array([[[0.9, 0.1]], [[0.4, 0.6]], [[0.0, 1.0]]])
    usable = np.ones((3, 1), bool)
    # one vote each, and a quarter of (0.9 + 0.4, 0.1 + 0.6): 1.325 against 1.175 of 2.5
    np.testing.assert_allclose(vote._combine(outputs, usable), [[0.53, 0.47]])
    usable[:2] = False  # none of the voting modalities is present: the third one votes
    np.testing.assert_allclose(vote._combine(outputs, usable), [[0.0, 1.0]])


def test_of_many_bases_those_that_harm_are_taken_out_one_after_another():
    harm = np.array([0.3, -0.2, 0.1, -0.4, 0.0, 0.2, -0.1, 0.5, -0.3, 0.4, -0.5, 0.6, -0.6, 0.7])
    calls = []

    def error(voting):
        calls.append(voting)
        return float(voting @ harm)

    assert fewest_errors(14, error).tolist() == (harm <= 0).tolist()  # of equals the larger set
    assert len(calls) < 14 * 15
    assert fewest_errors(14, lambda voting: 0.0).all()
