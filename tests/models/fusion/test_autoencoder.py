"""A denoising autoencoder: reconstructs columns made of few factors, and its code contains these factors."""

import numpy as np
import pytest
from sklearn.cross_decomposition import CCA
from sklearn.decomposition import PCA

from models.errors import ModelError
from models.fusion.autoencoder import Autoencoder


def planted(n=400, seed=0):
    """Two blocks of columns made of the same three factors."""
    rng = np.random.default_rng(seed)
    factors = rng.normal(size=(n, 3))
    return factors, [factors @ rng.normal(size=(3, p)) + 0.3 * rng.normal(size=(n, p)) for p in (12, 6)]


@pytest.fixture(scope="module")
def fitted():
    factors, blocks = planted()
    model = Autoencoder(components=3, epochs=60, noise=0.1).fit([b[:300] for b in blocks])
    return model, factors[300:], [b[300:] for b in blocks]


def test_it_reconstructs_nearly_as_much_as_the_same_number_of_principal_components(fitted):
    model, _, test = fitted
    columns, rebuilt = model.rebuilt(test)
    error = np.square(columns - rebuilt).sum() / np.square(columns - columns.mean(axis=0)).sum()
    best = 1 - PCA(3).fit(columns).explained_variance_ratio_.sum()
    assert error < best + 0.1
    assert best < 0.15


def test_its_code_contains_the_planted_factors(fitted):
    model, factors, test = fitted
    codes = model.transform(test)
    assert codes.shape == (100, 3)
    a, b = CCA(3).fit_transform(codes, factors)
    assert min(np.corrcoef(a[:, i], b[:, i])[0, 1] for i in range(3)) > 0.9


def test_noise_in_training_makes_up_for_a_missing_block():
    """With the second block set to its mean, its reconstruction from the first one is far better than the mean."""
    _, blocks = planted()
    model = Autoencoder(components=6, epochs=80, noise=0.4).fit([b[:300] for b in blocks])
    columns, _ = model.rebuilt([b[300:] for b in blocks])
    _, rebuilt = model.rebuilt([blocks[0][300:], np.zeros((100, 6))])
    assert np.square(columns - rebuilt)[:, 12:].mean() < 0.6 * np.square(columns[:, 12:]).mean()


def test_sparse_and_dense_columns_give_the_same_twice():
    from scipy.sparse import csr_matrix

    _, blocks = planted(60)
    one, two = (Autoencoder(epochs=3).fit(b).transform(b) for b in (blocks, [csr_matrix(blocks[0]), blocks[1]]))
    np.testing.assert_allclose(one, two, atol=1e-5)
    assert Autoencoder(epochs=3).fit(blocks).transform(blocks).tobytes() == one.tobytes()


def test_impossible_settings_are_refused():
    with pytest.raises(ModelError, match="components is 0"):
        Autoencoder(components=0)
