"""Canonical correlation: planted factors are found, and two views give another library's correlations."""

import numpy as np
import pytest
from sklearn.cross_decomposition import CCA

from models.fusion.cca import Cca


def planted(views=3, n=500, seed=0):
    """Views of 8 columns that share one factor; the rest of each is independent noise."""
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=n)
    found = []
    for _ in range(views):
        view = rng.normal(size=(n, 8))
        view[:, 0] = 2 * factor + 0.5 * rng.normal(size=n)
        found.append(view @ np.linalg.qr(rng.normal(size=(8, 8)))[0])
    return factor, found


@pytest.mark.parametrize("views", [2, 3])
def test_the_shared_factor_is_recovered(views):
    factor, blocks = planted(views)
    projected = Cca(components=2, shrinkage=0.1).fit(blocks).transform(blocks)
    assert projected.shape == (500, 2 * views)
    for view in range(views):
        assert abs(np.corrcoef(projected[:, 2 * view], factor)[0, 1]) > 0.95


def test_two_views_without_shrinkage_equal_scikit_learns_correlations():
    _, (a, b) = planted(2)
    own = Cca(components=3, shrinkage=0.0).fit([a, b]).correlations_
    u, v = CCA(3, scale=False, max_iter=10000, tol=1e-12).fit(a, b).transform(a, b)
    theirs = [np.corrcoef(u[:, i], v[:, i])[0, 1] for i in range(3)]
    np.testing.assert_allclose(own, theirs, atol=2e-3)


def test_noise_has_no_correlation_on_new_rows():
    rng = np.random.default_rng(1)
    blocks = [rng.normal(size=(400, 6)) for _ in range(2)]
    fitted = Cca(components=1).fit([b[:200] for b in blocks])
    z = fitted.transform([b[200:] for b in blocks])
    assert abs(np.corrcoef(z[:, 0], z[:, 1])[0, 1]) < 0.25


def test_a_missing_view_is_zero_and_not_learnt_from():
    _, blocks = planted()
    present = np.ones((3, 500), bool)
    present[1, :100] = False
    broken = [b.copy() for b in blocks]
    broken[1][:100] = 1e6
    fitted = Cca(components=2).fit(broken, present)
    assert not fitted.transform(broken, present)[:100, 2:4].any()
    clean = Cca(components=2).fit([b[100:] for b in blocks])
    np.testing.assert_allclose(fitted.correlations_, clean.correlations_)


@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("components", [1, 20])
@pytest.mark.filterwarnings("ignore")
def test_canonical_correlations_of_a_few_rows(n, components):
    blocks = [np.random.default_rng(i).normal(size=(n, 4)) for i in range(3)]
    reduced = Cca(components).fit(blocks).transform(blocks)
    assert len(reduced) == n
    assert np.isfinite(reduced).all()
