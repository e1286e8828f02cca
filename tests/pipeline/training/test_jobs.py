"""Fits go into the cache and come out of it unchanged; ablations are all sets of modalities."""

from dataclasses import fields
from itertools import product

import numpy as np
import pytest

from models.configuration import Configuration
from pipeline.run.cache import ClipCache
from pipeline.training.jobs import Fit, ablations

THREE = ("text", "audio", "video")


AUDIO, TWO = Configuration("unimodal", ("audio",), "svm"), Configuration("concat", ("text", "audio"), "logistic")


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4])
def test_ablations_are_all_sets_that_a_fusion_can_lose(n):
    names = (*THREE, "touch")[:n]
    found = ablations(names)
    masks = [mask for mask in product((False, True), repeat=n) if any(mask)] if n > 1 else []
    wanted = [tuple(m for m, taken in zip(names, mask, strict=True) if taken) for mask in masks]
    assert sorted(found) == sorted(wanted)
    assert [len(d) for d in found] == sorted(len(d) for d in found)


CODED = np.array([0, 2, 1])


SCORES = np.array([0.1, -np.pi, 1e-300])


FITS = {
    "classes": {
        "predictions": CODED,
        "probabilities": np.random.default_rng(0).dirichlet(np.ones(3), 3),
        "ablated": {"text": CODED[::-1], "audio": CODED, "text+audio": np.zeros(3, np.intp)},
        "weights": np.random.default_rng(1).random((3, 2)),
        "inner": 1 / 3,
        "settings": '{"C": 1.5, "class_weight": null, "über": "\\u65e5本"}',
    },
    "scores": {
        "predictions": SCORES,
        "probabilities": np.zeros((3, 0)),
        "ablated": {"text": SCORES[::-1]},
        "weights": np.zeros((3, 0)),
        "inner": np.nan,
        "settings": "{}",
    },
    "nobody tested": {
        "predictions": CODED[:0],
        "probabilities": np.zeros((0, 3)),
        "ablated": {},
        "weights": np.zeros((0, 0)),
        "inner": 0.0,
        "settings": "",
    },
}


@pytest.mark.parametrize("name", FITS)
def test_a_fit_comes_out_of_the_cache_bit_by_bit(name, tmp_path):
    test = np.arange(7, 7 + len(FITS[name]["predictions"]), dtype=np.intp)
    costs = {"fit_s": 0.1 + 0.2, "predict_s": np.nan, "parameters": 109_482_240}
    fit = Fit(TWO, "fold-1", test, **FITS[name], **costs)
    cache = ClipCache(tmp_path, "fits")
    cache.put("ab" * 32, fit.entry())
    found = Fit.of(TWO, "fold-1", cache.get("ab" * 32))
    for one in fields(Fit):
        before, after = getattr(fit, one.name), getattr(found, one.name)
        if one.name == "ablated":
            assert set(after) == set(before)
        pairs = [(before[d], after[d]) for d in before] if one.name == "ablated" else [(before, after)]
        for given, got in pairs:
            assert type(got) is type(given), one.name
            np.testing.assert_array_equal(got, given, strict=isinstance(given, np.ndarray))
