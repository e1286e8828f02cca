"""The Brier score and the calibration error equal values by hand, scikit-learn's, and a second computation in loops."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss

from models.errors import ModelError
from models.evaluation.calibration import BINS, brier, ece, reliability
from models.evaluation.intervals import group_bootstrap, paired_difference, resample
from models.evaluation.metrics import metrics_of
from models.evaluation.paired_tests import randomisation_test, swaps

BRIER, ECE = metrics_of("classification", ("brier", "ece"))


def drawn(seed: int, n: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, classes, n), rng.dirichlet(np.ones(classes), n)


def in_loops(truth: np.ndarray, probabilities: np.ndarray) -> float:
    """Guo et al.'s equation 3, over bins that are closed above."""
    total = 0.0
    for b in range(15):
        chosen = [
            (float(p.max()), float(p.argmax() == t))
            for t, p in zip(truth, probabilities, strict=True)
            if b / 15 < p.max() <= (b + 1) / 15
        ]
        if chosen:
            confidence, correct = (sum(column) / len(chosen) for column in zip(*chosen, strict=True))
            total += len(chosen) / len(truth) * abs(correct - confidence)
    return total


def test_brier_of_three_classes_is_the_sum_over_them_and_of_two_half_of_it() -> None:
    assert brier([0], [[0.7, 0.2, 0.1]]) == pytest.approx(0.3**2 + 0.2**2 + 0.1**2)
    assert brier([1], [[1.0, 0.0, 0.0]]) == 2
    assert brier([1, 0], [[0.4, 0.6], [1.0, 0.0]]) == pytest.approx(0.4**2 / 2)
    assert brier([0, 1], [[0.0, 1.0], [1.0, 0.0]]) == 1


@given(st.integers(0, 1000), st.integers(1, 40), st.integers(2, 6))
def test_brier_equals_scikit_learns(seed: int, n: int, classes: int) -> None:
    truth, probabilities = drawn(seed, n, classes)
    theirs = brier_score_loss(truth, probabilities, labels=np.arange(classes))
    assert brier(truth, probabilities) == pytest.approx(theirs, abs=1e-12)


def test_ece_by_hand_and_as_torchmetrics_documents_it() -> None:
    # .55, .55 and .6 share a bin, wrong, wrong and right: |1/3 - 1.7/3| * 3/4; .9 is right: .1 * 1/4.
    probabilities = [[0.25, 0.2, 0.55], [0.55, 0.05, 0.4], [0.1, 0.3, 0.6], [0.9, 0.05, 0.05]]
    assert ece([0, 1, 2, 0], probabilities) == pytest.approx(0.2)  # torchmetrics' example, whose 3 bins group alike
    assert ece([0, 1], [[1.0, 0.0], [0.0, 1.0]]) == 0
    assert ece([1, 0], [[1.0, 0.0], [0.0, 1.0]]) == 1
    assert ece([0, 1, 0, 1], [[0.5, 0.5]] * 4) == 0  # half of them are right, with a confidence of a half


@given(st.integers(0, 1000), st.integers(1, 60), st.integers(2, 6))
def test_ece_equals_a_computation_in_loops(seed: int, n: int, classes: int) -> None:
    truth, probabilities = drawn(seed, n, classes)
    assert ece(truth, probabilities) == pytest.approx(in_loops(truth, probabilities), abs=1e-12)


def test_a_confidence_on_an_edge_belongs_to_the_bin_below_it() -> None:
    counts = reliability([0, 0, 0, 0], [[0.6, 0.4], [0.6000001, 0.3999999], [1.0, 0.0], [0.59, 0.41]]).counts
    assert (BINS, counts[8], counts[9], counts[14], counts.sum()) == (15, 2, 1, 1, 4)


def test_the_gaps_of_the_diagram_sum_to_the_error() -> None:
    truth, probabilities = drawn(3, 300, 3)
    found = reliability(truth, probabilities)
    gaps = np.nan_to_num(np.abs(found.accuracy - found.confidence)) * found.counts
    assert gaps.sum() / 300 == pytest.approx(ece(truth, probabilities))
    assert (np.isnan(found.accuracy) == (found.counts == 0)).all()
    assert (found.counts[:4] == 0).all()  # with three classes the largest probability is at least a third
    with pytest.raises(ValueError, match="have no probabilities"):
        reliability([0], [[np.nan, np.nan]])


@pytest.mark.parametrize("entry", [BRIER, ECE], ids=["brier", "ece"])
def test_resamples_and_swaps_from_sums_equal_those_from_utterances(entry) -> None:
    truth, first = drawn(4, 90, 3)
    second = np.eye(3)[truth] * 0.4 + first * 0.6
    groups = np.arange(90) % 9
    generic, resamples, swapped = replace(entry, statistics=None), resample(groups, draws=100), swaps(groups)
    for one in (first, np.stack([first, second])):
        by_sums = group_bootstrap(entry, truth, one, resamples)
        by_rows = group_bootstrap(generic, truth, one, resamples)
        assert (by_sums.value, by_sums.low, by_sums.high) == pytest.approx((by_rows.value, by_rows.low, by_rows.high))
    lead = paired_difference(entry, truth, second, first, resamples)
    assert lead.value < 0 or entry is ECE  # half-way to the truth: a smaller error
    p = randomisation_test(entry, truth, first, second, swapped)
    assert p == pytest.approx(randomisation_test(generic, truth, first, second, swapped))
    assert p == pytest.approx(by_hand(entry, truth, first, second, groups))


def by_hand(entry, truth: np.ndarray, first: np.ndarray, second: np.ndarray, groups: np.ndarray) -> float:
    """All 512 ways to swap, one after the other."""
    found = []
    for way in range(2**9):
        other = np.array([bool(way >> g & 1) for g in groups])[:, None]
        found.append(entry(truth, np.where(other, second, first)) - entry(truth, np.where(other, first, second)))
    return float(np.mean(np.abs(found) >= abs(found[0]) - 1e-12))


@pytest.mark.parametrize("entry", [BRIER, ECE], ids=["brier", "ece"])
def test_unknown_probabilities_make_it_undefined_and_not_zero(entry) -> None:
    truth, probabilities = drawn(5, 20, 3)
    resamples = resample(np.arange(20) % 5, draws=50)
    unknown = np.full_like(probabilities, np.nan)
    found = group_bootstrap(entry, truth, unknown, resamples)
    assert np.isnan([found.value, found.low, found.high]).all()
    assert np.isnan(paired_difference(entry, truth, probabilities, unknown, resamples).value)
    assert np.isnan(randomisation_test(entry, truth, probabilities, unknown, swaps(np.arange(20) % 5)))
    with pytest.raises(ModelError, match="cannot be paired"):
        paired_difference(entry, truth, probabilities, probabilities[:, :2], resamples)
