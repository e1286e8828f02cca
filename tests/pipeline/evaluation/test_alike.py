"""Fusions that repeat one of their modalities are named, and no others."""

import numpy as np

from pipeline.evaluation.alike import alike
from pipeline.evaluation.results import by_configuration
from pipeline.evaluation.scoring import score
from pipeline.settings.blocks import EvaluateParams
from tests.pipeline.evaluation.test_scoring import corpus, predictions


def said(rows: dict[tuple[str, str, str], np.ndarray]) -> list[str]:
    table, groups = predictions(np.arange(24) % 3, rows)
    return list(alike(score(table, groups, corpus(), EvaluateParams(resamples=20)), by_configuration(table)))


def test_fusions_that_predict_as_one_of_their_modalities_are_named() -> None:
    text, other = np.arange(24) % 2, np.arange(24) % 3
    rows = {
        ("unimodal", "text", "svm"): text,
        ("unimodal", "audio", "svm"): text * 0,
        ("weighted", "text+audio", "svm"): text,
        ("weighted", "audio+video", "svm"): text,  # it does not read text
        ("vote", "text+audio", "svm"): other,
    }
    assert said(rows) == ["Predicts every utterance as unimodal text svm does: weighted text+audio svm."]
    assert said({**rows, ("weighted", "text+audio", "svm"): other}) == []


def test_only_a_few_of_many_are_named() -> None:
    names = ("concat", "pca", "cca", "vote", "weighted", "product", "stacking", "autoencoder")
    rows = {("unimodal", "text", "svm"): np.zeros(24, int)}
    rows |= {(name, "text+audio", "svm"): np.zeros(24, int) for name in names}
    (sentence,) = said(rows)
    assert sentence.endswith(" and 2 more.")
