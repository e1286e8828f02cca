"""Steps of sequences: scaled, averaged, padded, aligned; and modality dropout."""

import numpy as np
import pytest
import torch

from models.data.modalities import Ragged
from models.nets.steps import (
    MAX_STEPS,
    StepScaler,
    aligned,
    drop_modalities,
    middles_s,
    padded,
    parts_of,
    shortened,
    within,
)


def test_undefined_constant_and_extreme_entries_of_steps():
    values = np.array([[1, 5, np.nan], [3, 5, np.nan], [np.nan, 5, np.nan]], np.float32)
    scaler = StepScaler().fit(Ragged.of([values]))
    np.testing.assert_allclose(scaler.transform(values), [[-1, 0, 0], [1, 0, 0], [0, 0, 0]], atol=1e-6)
    assert scaler.transform(np.array([[1e9, 5, 1]], np.float32)).tolist() == [[10, 0, 0]]


def test_long_sequences_are_averaged():
    values, lengths = shortened(np.arange(200.0)[:, None], np.array([3, 2 * MAX_STEPS, 200 - 3 - 2 * MAX_STEPS]))
    assert lengths.tolist() == [3, MAX_STEPS, min(200 - 3 - 2 * MAX_STEPS, MAX_STEPS)]
    assert values[:5, 0].tolist() == [0, 1, 2, 3.5, 5.5]


def test_a_short_sequence_is_aligned_to_the_longest():
    (long, short), longest = aligned(np.array([[4], [2]]))
    assert (long.tolist(), short.tolist(), longest.tolist()) == ([0, 1, 2, 3], [0, 0, 1, 1], [4])
    _, three = aligned(np.array([[7], [3]]))[0]
    assert three.tolist() == [int((j + 0.5) * 3 / 7) for j in range(7)]
    reads, longest = aligned(np.array([[2, 0, 1], [0, 0, 3]]))
    assert longest.tolist() == [2, 0, 3]
    assert reads.tolist() == [[0, 1, 0, 0, 0], [0, 0, 0, 1, 2]]


def test_modality_dropout_keeps_at_least_one_and_adds_none():
    rng = np.random.default_rng(0)
    available = rng.random((4000, 3)) < 0.7
    torch.manual_seed(0)
    kept = drop_modalities(available, 0.6)
    assert not (kept & ~available).any()
    np.testing.assert_array_equal(kept.any(axis=1), available.any(axis=1))
    full = drop_modalities(np.ones((20000, 3), bool), 0.3)
    assert full.mean() == pytest.approx(0.7 + 0.3**3 / 3, abs=0.01)
    np.testing.assert_array_equal(drop_modalities(available, 0), available)


def test_steps_of_many_chunks_are_scaled_like_numpy_does(monkeypatch):
    monkeypatch.setattr("models.nets.steps.CHUNK", 7)
    values = np.random.default_rng(0).normal(4, 3, (50, 2)).astype(np.float32)
    scaler = StepScaler().fit(Ragged.of([values[:20], values[20:]]))
    np.testing.assert_allclose(scaler.mean_, values.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(scaler.scale_, 1 / values.std(axis=0), rtol=1e-5)


def test_positions_and_parts_by_hand():
    assert within(np.array([3, 0, 2])).tolist() == [0, 1, 2, 0, 1]
    assert parts_of(np.array([2])).tolist() == [0, 1]
    parts = parts_of(np.array([2 * MAX_STEPS]))
    assert parts.tolist() == [i // 2 for i in range(2 * MAX_STEPS)]


def test_padding_by_hand():
    steps, mask = padded(np.array([[1.0], [2.0], [3.0]]), np.array([2, 0, 1]))
    assert steps[:, :, 0].tolist() == [[1, 2], [0, 0], [3, 0]]
    assert mask.tolist() == [[True, True], [False, False], [True, False]]
    assert padded(np.zeros((0, 4)), np.array([0]))[0].shape == (1, 1, 4)


def test_a_step_without_times_has_its_position():
    times = [np.array([[0.0, 0.4], [0.4, 1.0]]), np.full((2, 2), np.nan)]
    sequence = Ragged.of([np.ones((2, 1), np.float32)] * 2, times)
    np.testing.assert_allclose(middles_s(sequence, sequence.rows()), [0.2, 0.7, 0, 1])
