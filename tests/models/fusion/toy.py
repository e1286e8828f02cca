"""Rows of three modalities with classes, and scikit-learn's models on them."""

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from models.classical.unimodal import Unimodal
from models.data.modalities import Modalities

THREE = ("text", "audio", "video")


def data(n=300, seed=0, classes=3):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, classes, n)
    centres = {m: rng.normal(size=(classes, 5)) for m in THREE}
    parts = {m: (rng.normal(size=(n, 5)) * [1, 2, 0.5, 3, 1] + centres[m][truth]).astype(np.float32) for m in THREE}
    x = Modalities(parts, {m: np.ones(n, bool) for m in THREE}, np.full(n, None), np.arange(n) % 12)
    return x, truth


def bases(task="classification", **settings):
    return tuple(Unimodal(m, task=task, settings=settings or None) for m in THREE)


def columns(which):
    return FunctionTransformer(lambda z: z[:, 5 * which : 5 * which + 5])


def theirs(scale=1.0, C=1.0):
    shrink = FunctionTransformer(lambda z: z * scale)
    return make_pipeline(StandardScaler(), shrink, LogisticRegression(C=C, max_iter=300, tol=1e-6))


def flat(x):
    return np.hstack([x.pooled[m].astype(np.float64) for m in THREE])
