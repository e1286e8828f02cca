"""Neighbours, compared with those of scikit-learn."""

import numpy as np
from sklearn.neighbors import NearestNeighbors
from sklearn.preprocessing import StandardScaler

from pipeline.reporting.utterance import neighbours
from pipeline.reporting.utterance.neighbours import nearest


def test_they_are_those_of_scikit_learn(monkeypatch: object) -> None:
    monkeypatch.setattr(neighbours, "_AT_ONCE", 7)  # type: ignore[attr-defined]
    features = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)
    present = np.arange(40) % 4 != 3
    scaled = StandardScaler().fit_transform(features[present])
    distances, places = NearestNeighbors(n_neighbors=4, metric="cosine").fit(scaled).kneighbors(scaled)
    rows = np.flatnonzero(present)
    found = nearest(features, present)
    for i, row in enumerate(rows):
        assert [place for place, _ in found[row]] == rows[places[i][1:]].tolist()
        assert np.allclose([similar for _, similar in found[row]], 1 - distances[i][1:], atol=2e-3)
    assert found[3] == []


def test_undefined_numbers_constant_columns_and_lone_rows_do_no_harm() -> None:
    features = np.array([[1.0, np.nan, 5], [2, 1, 5], [3, 2, 5]])
    found = nearest(features, np.ones(3, bool))
    assert all(np.isfinite(similar) for near in found for _, similar in near)
    assert [len(near) for near in found] == [2, 2, 2]
    assert nearest(features, np.array([True, False, False])) == [[], [], []]
    assert nearest(np.zeros((2, 0)), np.ones(2, bool)) == [[], []]
