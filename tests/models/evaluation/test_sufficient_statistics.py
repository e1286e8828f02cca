"""Metrics from sufficient statistics equal the metrics themselves, on resamples and on swaps."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.evaluation.intervals import group_bootstrap, paired_difference, resample
from models.evaluation.metrics import Metric, metric, metrics_of
from models.evaluation.paired_tests import randomisation_test, swaps

BUILT_IN = [entry for task in ("classification", "regression") for entry in metrics_of(task) if entry.statistics]  # type: ignore[arg-type]
each_metric = pytest.mark.parametrize("entry", BUILT_IN, ids=lambda entry: entry.name)


def corpus(entry: Metric, seed: int, n: int = 160) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    if entry.reads == "probabilities":
        truth, first, second = rng.integers(0, 4, n), *rng.dirichlet(np.ones(4), (2, n))
        first[np.arange(n), truth] += 0.5
        first /= first.sum(axis=1, keepdims=True)
    elif entry.task == "classification":
        truth, first, second = rng.integers(0, 5, (3, n))
    else:
        truth, first, second = np.round(rng.normal(0, 1.5, (3, n)), 1)
        first += 0.7 * truth
    return rng.integers(0, 25, n), truth, first, second


def test_every_built_in_metric_has_sufficient_statistics() -> None:
    assert len(BUILT_IN) == 16


@each_metric
def test_sums_equal_the_metric_itself(entry: Metric) -> None:
    generic = replace(entry, statistics=None)
    groups, truth, first, second = corpus(entry, 1)
    drawn, swapped = resample(groups, draws=200), swaps(groups, draws=200)
    for by_sums, by_rows in (
        (group_bootstrap(entry, truth, first, drawn), group_bootstrap(generic, truth, first, drawn)),
        (
            paired_difference(entry, truth, first, second, drawn),
            paired_difference(generic, truth, first, second, drawn),
        ),
    ):
        assert (by_sums.value, by_sums.low, by_sums.high) == pytest.approx(
            (by_rows.value, by_rows.low, by_rows.high), abs=1e-12, rel=0
        )
    assert randomisation_test(entry, truth, first, second, swapped) == randomisation_test(
        generic, truth, first, second, swapped
    )


@each_metric
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_small_corpus_gives_the_same_draw_by_draw(entry: Metric, data: st.DataObject) -> None:
    n = data.draw(st.integers(2, 9))
    values = st.integers(0, 3) if entry.task == "classification" else st.sampled_from([-3.0, -0.5, 0.0, 0.1, 2.5, 1e6])
    columns = [np.array(data.draw(st.lists(values, min_size=n, max_size=n))) for _ in range(2)]
    truth, prediction = columns
    if entry.reads == "probabilities":
        prediction = np.array([[0.2, 0.0, 1.0, 0.4], [0.8, 1.0, 0.0, 0.6]]).T[prediction]
        truth = truth % 2
    drawn = resample(data.draw(st.lists(st.integers(0, 4), min_size=n, max_size=n)), draws=15)
    statistics = entry.statistics
    assert statistics is not None
    for rows in drawn.draws:
        by_sums = statistics.metric(statistics.per_utterance(truth[rows], prediction[rows][None]).sum(axis=1))[0]
        by_rows = entry(truth[rows], prediction[rows])
        if np.isnan(by_sums):  # then resampling calls the metric itself
            continue
        assert by_sums == pytest.approx(by_rows, abs=1e-12, rel=1e-12)


@pytest.mark.parametrize("name", ["r", "ccc"])
@pytest.mark.parametrize("prediction", [np.zeros(40), np.full(40, 1e9), 1e9 + np.arange(40) % 3])
def test_where_sums_lose_digits_of_a_correlation_the_metric_itself_is_called(name: str, prediction: np.ndarray) -> None:
    correlation = metric("regression", name)
    truth, drawn = np.sin(np.arange(40.0)), resample(np.arange(40) // 4, draws=50)
    found = group_bootstrap(correlation, truth, prediction, drawn)
    by_rows = group_bootstrap(replace(correlation, statistics=None), truth, prediction, drawn)
    assert (found.low, found.high) == pytest.approx((by_rows.low, by_rows.high), abs=1e-12, nan_ok=True)
