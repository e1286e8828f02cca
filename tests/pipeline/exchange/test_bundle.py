"""Entries of a bundle: what is masked, pooled and empty."""

import numpy as np
import pytest

from pipeline.exchange.bundle import entry_of, item_of, pooled_names_of, pooled_of

NAN, INF = float("nan"), float("inf")


def test_pooled_numbers_are_mean_and_deviation_of_the_defined_values() -> None:
    rows = np.array([[1.0, NAN, 5.0], [3.0, NAN, NAN], [5.0, 2.0, NAN]], np.float32)
    expected = [np.nanmean(rows, axis=0), np.nanstd(rows, axis=0)]
    np.testing.assert_allclose(pooled_of(rows), np.concatenate(expected), rtol=1e-6)
    assert pooled_names_of(["x", "y"]) == ("x_mean", "y_mean", "x_std", "y_std")


def test_a_single_row_is_its_own_mean_with_all_digits() -> None:
    row = np.array([[0.1, 1e30, -7.25]], np.float32)
    np.testing.assert_array_equal(pooled_of(row), [*row[0], 0, 0, 0])


def test_a_column_without_numbers_is_undefined() -> None:
    pooled = pooled_of(np.array([[1.0, NAN], [2.0, NAN]], np.float32))
    assert np.isnan(pooled[[1, 3]]).all()
    np.testing.assert_allclose(pooled[[0, 2]], [1.5, 0.5])


def test_numbers_that_are_not_finite_are_masked_and_counted() -> None:
    entry, masked = entry_of(np.array([[1.0, INF], [NAN, -2.0]]))
    assert (entry.status, masked) == ("ok", 2)
    np.testing.assert_array_equal(entry.rows["values"], [[1, NAN], [NAN, -2]])
    assert np.isnan(entry.rows["times"]).all()
    assert entry.rows["times"].shape == (2, 2)


@pytest.mark.parametrize(("values", "note"), [(np.zeros((0, 3)), "no rows"), (np.full((2, 2), NAN), "no number in it")])
def test_an_utterance_without_any_number_is_empty(values: np.ndarray, note: str) -> None:
    entry, masked = entry_of(values)
    assert (entry.status, entry.note, masked) == ("empty", note, values.size)


def test_given_times_and_pooled_numbers_are_kept() -> None:
    entry, _ = entry_of(np.ones((1, 2)), np.array([[0.25, 0.5]]), np.array([INF, 3.0]))
    np.testing.assert_array_equal(entry.rows["times"], [[0.25, 0.5]])
    np.testing.assert_array_equal(entry.clips["pooled"], [NAN, 3])
    item = item_of("u", entry, "key")
    assert (item.utterance, item.key, item.length) == ("u", "key", 1)
    assert item.load() is entry
