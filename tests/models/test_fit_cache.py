"""Strategies share fitted models only if nothing differs."""

import pickle
import warnings
from copy import deepcopy

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone

from models.fit_cache import FitCache
from models.registry import Recipe, build
from tests.models.test_registry import THREE, labels, made, toy


def test_a_cache_saves_fits_and_changes_nothing():
    x, score = toy()
    y, fit_cache = labels(score, "classification"), FitCache()
    inner = [(np.arange(30), np.arange(30, 60)), (np.arange(30, 60), np.arange(30))]
    for name in ("unimodal", "vote", "weighted", "stacking"):
        for few in (("audio",),) if name == "unimodal" else (("text", "audio"), THREE):
            recipe = Recipe("classification", few)
            shared = fit_cache.fit(build(name, recipe, fit_cache=fit_cache), x, y, inner)
            alone = build(name, recipe).fit(x, y, inner)
            assert shared.predict_proba(x).tobytes() == alone.predict_proba(x).tobytes()
    assert len(fit_cache) == 3 + 6  # each modality once, and six fused rows
    assert clone(build("vote", Recipe("regression", THREE), fit_cache=fit_cache)).fit_cache is fit_cache
    assert len(pickle.loads(pickle.dumps(fit_cache))) == 0  # noqa: S301 - our own bytes


def test_a_cache_is_never_stale():
    x, score = toy()
    fit_cache, model = FitCache(), build("unimodal", Recipe("regression", ("audio",)))
    first = fit_cache.fit(model, x, score)
    assert fit_cache.fit(clone(model), x, score) is first
    assert fit_cache.fit(model, x, score + 1) is not first
    assert fit_cache.fit(model, x[::-1], score[::-1]) is not first
    assert (
        fit_cache.fit(build("unimodal", Recipe("regression", ("audio",), classifier_settings={"alpha": 3})), x, score)
        is not first
    )
    assert fit_cache.fit(model, x, score, [(np.arange(30), np.arange(30, 60))]) is not first


class Warns(BaseEstimator):
    """Counts its fits, and warns in each."""

    fits = 0

    def fit(self, x, y, inner=None):
        type(self).fits += 1
        warnings.warn("odd numbers", UserWarning, stacklevel=1)
        return self


def test_the_warnings_of_a_fit_are_repeated_whenever_it_is_used(monkeypatch):
    monkeypatch.setattr(Warns, "fits", 0)
    x, score = toy()
    cache = FitCache()
    for _ in range(3):
        with pytest.warns(UserWarning, match="odd numbers"):
            cache.fit(Warns(), x, score)
    assert (Warns.fits, len(cache)) == (1, 1)


def test_a_clone_is_the_same_cache_and_a_pickled_one_is_empty():
    x, score = toy()
    cache = FitCache()
    cache.fit(made("majority", "regression"), x, score)
    assert clone(cache, safe=False) is cache
    assert deepcopy(cache) is cache
    assert cache.__getstate__() == {"_fitted": {}}  # the state that a copy in another process starts with
