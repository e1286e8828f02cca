"""Figures from sums equal the metrics themselves, on resamples and on swaps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.evaluation import metrics
from models.evaluation.stats import group_bootstrap, paired_difference, randomisation_test, resample, swaps
from models.evaluation.tallies import tally_of

NAMES = [(task, name) for task in ("classification", "regression") for name in metrics.metric_names(task)]
BUILT_IN = [(task, name) for task, name in NAMES if tally_of(metrics.metric(task, name).function)]


def corpus(task: str, seed: int, n: int = 160) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    if task == "classification":
        truth, first, second = rng.integers(0, 5, (3, n))
    else:
        truth, first, second = np.round(rng.normal(0, 1.5, (3, n)), 1)
        first += 0.7 * truth
    return rng.integers(0, 25, n), truth, first, second


def test_every_built_in_metric_has_sums() -> None:
    assert len(BUILT_IN) == 12


@pytest.mark.parametrize(("task", "name"), BUILT_IN)
def test_sums_equal_the_metric_itself(task: str, name: str) -> None:
    function = metrics.metric(task, name).function  # type: ignore[arg-type]

    def generic(truth: np.ndarray, prediction: np.ndarray) -> float:
        return function(truth, prediction)

    assert tally_of(generic) is None
    groups, truth, first, second = corpus(task, 1)
    drawn, swapped = resample(groups, draws=200), swaps(groups, draws=200)
    for by_sums, by_rows in (
        (group_bootstrap(function, truth, first, drawn), group_bootstrap(generic, truth, first, drawn)),
        (
            paired_difference(function, truth, first, second, drawn),
            paired_difference(generic, truth, first, second, drawn),
        ),
    ):
        assert (by_sums.value, by_sums.low, by_sums.high) == pytest.approx(
            (by_rows.value, by_rows.low, by_rows.high), abs=1e-12, rel=0
        )
    assert randomisation_test(function, truth, first, second, swapped) == randomisation_test(
        generic, truth, first, second, swapped
    )


@pytest.mark.parametrize(("task", "name"), BUILT_IN)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_small_corpus_gives_the_same_draw_by_draw(task: str, name: str, data: st.DataObject) -> None:
    n = data.draw(st.integers(2, 9))
    values = st.integers(0, 3) if task == "classification" else st.sampled_from([-3.0, -0.5, 0.0, 0.1, 2.5, 1e6])
    columns = [np.array(data.draw(st.lists(values, min_size=n, max_size=n))) for _ in range(2)]
    truth, prediction = columns
    drawn = resample(data.draw(st.lists(st.integers(0, 4), min_size=n, max_size=n)), draws=15)
    function, tally = metrics.metric(task, name).function, tally_of(metrics.metric(task, name).function)  # type: ignore[arg-type]
    assert tally is not None
    for rows in drawn.draws:
        by_sums = tally.figure(tally.rows(truth[rows], prediction[rows][None]).sum(axis=1))[0]
        by_rows = function(truth[rows], prediction[rows])
        if np.isnan(by_sums):  # then the metric itself is asked
            continue
        assert by_sums == pytest.approx(by_rows, abs=1e-12, rel=1e-12)


@pytest.mark.parametrize("prediction", [np.zeros(40), np.full(40, 1e9), 1e9 + np.arange(40) % 3])
def test_where_sums_are_too_blunt_for_a_correlation_the_metric_is_asked(prediction: np.ndarray) -> None:
    truth, drawn = np.sin(np.arange(40.0)), resample(np.arange(40) // 4, draws=50)
    found = group_bootstrap(metrics.r, truth, prediction, drawn)
    by_rows = group_bootstrap(lambda t, p: metrics.r(t, p), truth, prediction, drawn)
    assert (found.low, found.high) == pytest.approx((by_rows.low, by_rows.high), abs=1e-12, nan_ok=True)
