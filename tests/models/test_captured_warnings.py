"""Warnings of libraries are kept off the terminal, and harmless ones never occur."""

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from models.captured_warnings import captured_warnings
from models.fusion.cca import Cca
from models.fusion.early import Pca
from models.registry import Recipe, build
from tests.models.test_registry import toy


def test_each_warning_is_listed_once_in_plain_words(recwarn):
    with captured_warnings() as found:
        for i in range(3):
            warnings.warn(f"lbfgs failed after {i}:\nmore", ConvergenceWarning, stacklevel=1)
            warnings.warn("odd\nthing", RuntimeWarning, stacklevel=1)
            warnings.warn("old name", FutureWarning, stacklevel=1)
    assert found == ["did not converge within the maximum number of iterations", "gave a RuntimeWarning (odd)"]
    assert not recwarn.list


def test_an_error_goes_through():
    with pytest.raises(ValueError, match="x"), captured_warnings():
        raise ValueError("x")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("reducer", [Pca, Cca])
@pytest.mark.parametrize("values", [0.0, 1.0, 1e-200])
def test_constant_columns_cause_no_warnings(reducer, values):
    blocks = [np.full((12, 5), values), np.full((12, 3), -values)]
    assert np.isfinite(reducer().fit(blocks).transform(blocks)).all()


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("model", ["logistic", "linear_svm", "svm", "random_forest", "xgboost"])
@pytest.mark.parametrize("strategy", ["unimodal", "concat", "pca", "cca"])
@pytest.mark.parametrize("columns", [2, 40])
def test_constant_features_give_predictions(model, strategy, columns):
    x, _ = toy(24)
    x.pooled["audio"] = np.ones((24, columns), np.float32)
    x.pooled["video"] = np.zeros((24, columns), np.float32)
    y = np.where(np.arange(24) % 3 == 0, "up", "down")
    recipe = Recipe("classification", ("audio",) if strategy == "unimodal" else ("audio", "video"), model)
    shares = build(strategy, recipe).fit(x, y).predict_proba(x)
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-6)
