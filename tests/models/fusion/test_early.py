"""Early fusion against scikit-learn on the joined columns."""

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from models.data.modalities import Modalities
from models.fusion.early import Concat, Early, Pca
from tests.models.fusion.toy import THREE, data, flat, theirs


def test_concat_is_scikit_learns_on_the_joined_columns():
    x, y = data()
    ours = Early(THREE, settings={"C": 2.0}).fit(x[:200], y[:200]).predict_proba(x[200:])
    other = theirs(1 / np.sqrt(15), C=2.0).fit(flat(x)[:200], y[:200])
    np.testing.assert_allclose(ours, other.predict_proba(flat(x)[200:]), atol=5e-3)


def test_pca_is_scikit_learns_and_keeps_95_percent_of_the_training_variance():
    x, y = data()
    model = Early(THREE, "pca", settings={"C": 2.0, "reducer": {"weighting": "column"}}).fit(x[:200], y[:200])
    other = make_pipeline(StandardScaler(), PCA(0.95)).fit(flat(x)[:200])
    mine = model.model_.design.transform(x[200:])
    wanted = other.transform(flat(x)[200:])
    assert mine.shape == wanted.shape
    np.testing.assert_allclose(np.abs(mine), np.abs(wanted), atol=1e-6)
    assert model.model_.design.how.pca_.explained_variance_ratio_.sum() >= 0.95


def test_pca_with_a_number_of_components():
    blocks = [np.random.default_rng(0).normal(size=(20, 4)), np.random.default_rng(1).normal(size=(20, 3))]
    assert Pca(components=3).fit(blocks).transform(blocks).shape == (20, 3)
    assert Pca(components=99).fit(blocks).transform(blocks).shape == (20, 7)


def test_block_weighting_gives_wide_and_narrow_modalities_the_same_weight():
    rng = np.random.default_rng(0)
    wide, narrow = rng.normal(size=(50, 100)), rng.normal(size=(50, 2))
    joined = Concat().fit([wide, narrow]).transform([wide, narrow])
    assert np.square(joined[:, :100]).sum() == pytest.approx(np.square(joined[:, 100:]).sum())
    plain = Concat("column").fit([wide, narrow]).transform([wide, narrow])
    np.testing.assert_array_equal(plain, np.hstack([wide, narrow]))


def test_a_missing_modality_is_the_training_mean_and_a_flag():
    x, y = data()
    mask = np.arange(300) % 3 > 0
    gone = Modalities(x.pooled, {**x.present, "audio": mask}, x.text, x.groups)
    design = Early(("audio", "video"), settings={"C": 1.0}).fit(gone, y).model_.design
    (block,) = [b for b in design.blocks if b.modality == "audio"]
    values, flag = block.transform(gone)
    assert np.abs(values[~mask]).max() == 0
    np.testing.assert_allclose(values[mask].mean(axis=0), 0, atol=1e-6)
    assert len(np.unique(flag[mask])) == len(np.unique(flag[~mask])) == 1
    assert flag.std() == pytest.approx(1)
