"""The small fully connected network: early stopping, seeds, and what it reads."""

import numpy as np
import pytest
import torch
from scipy.sparse import csr_matrix

from models.classical.unimodal import Unimodal
from models.nets.fcnn import FullyConnected, NetSettings
from models.nets.training import held_out
from tests.models.classical.planted import QUICK, data


def test_the_net_leaves_torchs_state_alone_and_ignores_it():
    x, score = data()
    model = Unimodal("audio", "fcnn", task="regression", settings=QUICK["fcnn"])
    torch.manual_seed(1)
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    first = model.fit(x, score).predict(x)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads
    torch.manual_seed(2)
    assert model.fit(x, score).predict(x).tobytes() == first.tobytes()
    other = Unimodal("audio", "fcnn", task="regression", settings={**QUICK["fcnn"], "seed": 3}).fit(x, score).predict(x)
    assert other.tobytes() != first.tobytes()


def test_the_net_stops_early_and_keeps_the_best_epoch():
    x, _ = data()
    noise = np.random.default_rng(0).normal(size=240)
    model = Unimodal("audio", "fcnn", task="regression", settings={"hidden": 64, "epochs": 60, "patience": 4}).fit(
        x, noise
    )
    net = model.model_.classifier.estimator_
    losses = net.net_.losses
    assert len(losses) < 60
    assert losses[-1] > min(losses)
    valid = held_out(x.groups, noise, "regression")[1]
    targets = (noise[valid] - noise.mean()) / noise.std()
    matrix = model.model_.design.transform(x)[valid]
    reached = np.mean((net._forward(matrix)[:, 0] - targets) ** 2)
    assert reached == pytest.approx(min(losses), rel=1e-4)


SMALL = NetSettings(hidden=8, epochs=4, dropout=0.0)


def test_sparse_and_dense_matrices_give_the_same_network():
    rng = np.random.default_rng(0)
    x, y = rng.poisson(0.5, size=(40, 6)).astype(float), np.arange(40) % 2
    dense, sparse = FullyConnected("classification", SMALL).fit(x, y), FullyConnected("classification", SMALL)
    sparse.fit(csr_matrix(x), y)
    np.testing.assert_allclose(sparse.predict_proba(csr_matrix(x)), dense.predict_proba(x), atol=1e-5)


def test_classes_keep_their_names_and_scores_their_scale():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(120, 2))
    names = np.where(x[:, 0] > 0, "high", "low")
    how = NetSettings(hidden=16, epochs=30, learning_rate=0.02, dropout=0.0)
    model = FullyConnected("classification", how).fit(x, names)
    assert model.classes_.tolist() == ["high", "low"]
    assert model.score(x, names) > 0.9
    scores = 1000 + 50 * x[:, 0]
    model = FullyConnected("regression", how).fit(x, scores)
    assert not hasattr(model, "predict_proba")
    assert model.score(x, scores) > 0.9
    assert model.predict(x).mean() == pytest.approx(1000, abs=10)
