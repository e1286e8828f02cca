"""One trainer: the same bits for the same seed, the best epoch kept, torch's own random state not changed."""

from functools import partial

import numpy as np
import pytest
import torch
from skorch.callbacks import regularization

from models.errors import DivergedError
from models.nets.fcnn import Rows
from models.nets.trained_net import TrainedNet
from models.nets.training import Training, held_out, train

QUICK = Training(epochs=15, patience=3, learning_rate=1e-2)


def problem(n=120, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 5)).astype(np.float32)
    return x, (x[:, :1] + 0.5 * rng.normal(size=(n, 1))).astype(np.float32)


def trained(how=QUICK, split=True, precision="float64"):
    x, y = problem()
    net = TrainedNet(
        "models.nets.modules:FeedForward",
        {"width": 5, "outputs": 1, "hidden": 8, "layers": 1, "dropout": 0.1},
        precision,
    )
    rows = (np.arange(90), np.arange(90, 120)) if split else None
    return train(net, Rows(x), y, how, criterion=torch.nn.MSELoss(), split=rows)


def outputs_of(net, x):
    return np.concatenate(list(net.outputs(Rows(x))))


def test_the_best_epoch_is_kept():
    x, y = problem()
    net = trained(Training(epochs=40, patience=3, learning_rate=5e-2))
    assert len(net.losses) < 40
    assert np.mean((outputs_of(net, x[90:]) - y[90:]) ** 2) == pytest.approx(min(net.losses), rel=1e-4)


def test_without_held_out_rows_all_epochs_are_run():
    assert trained(split=False).losses == []


def test_the_seed_decides_and_torchs_state_does_not():
    x, _ = problem()
    torch.manual_seed(3)
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    first = outputs_of(trained(), x)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads
    torch.manual_seed(4)
    assert outputs_of(trained(), x).tobytes() == first.tobytes()
    assert outputs_of(trained(Training(epochs=15, learning_rate=1e-2, seed=1)), x).tobytes() != first.tobytes()


def _noted(seen, original, parameters, max_norm, **more):
    seen.append(max_norm)
    return original(parameters, max_norm=max_norm, **more)


def test_gradients_are_clipped():
    wild = Training(epochs=1, batch=120, learning_rate=1.0, weight_decay=0.0)
    x, y = problem()
    norms = []

    class Watching(torch.nn.MSELoss):
        def forward(self, out, target):
            return 1e6 * super().forward(out, target)

    original = regularization.clip_grad_norm_
    for clip in (1.0, None):
        net = TrainedNet(
            "models.nets.modules:FeedForward", {"width": 5, "outputs": 1, "hidden": 8, "layers": 0, "dropout": 0}
        )
        seen = []
        try:
            regularization.clip_grad_norm_ = partial(_noted, seen, original)
            how = Training(**{**wild.__dict__, "clip": clip})
            train(net, Rows(x), y, how, criterion=Watching(), split=None)
        finally:
            regularization.clip_grad_norm_ = original
        norms.append(seen)
    assert norms[0] == [1.0]
    assert norms[1] == []


@pytest.mark.parametrize("at", [0, 5, 11])  # batches of training: the first epoch, between two, the last batch of all
def test_ctrl_c_ends_training(at):
    class Interrupted(Rows):
        made = 0

        def batch(self, rows, *, training=False):
            if self.made == at:
                raise KeyboardInterrupt
            self.made += training
            return super().batch(rows, training=training)

    x, y = problem()
    net = TrainedNet(
        "models.nets.modules:FeedForward", {"width": 5, "outputs": 1, "hidden": 8, "layers": 0, "dropout": 0}
    )
    how = Training(epochs=3, batch=30, learning_rate=1e-2)
    for split in (None, (np.arange(120), np.arange(20))):
        with pytest.raises(KeyboardInterrupt):
            train(net, Interrupted(x), y, how, criterion=torch.nn.MSELoss(), split=split)
    assert train(net, Rows(x), y, how, criterion=torch.nn.MSELoss(), split=None) is net


def test_rows_held_out_share_no_group_with_the_others():
    groups = np.arange(60) % 9
    rows, valid = held_out(groups, np.zeros(60), "classification")
    assert not set(groups[rows]) & set(groups[valid])
    assert len(rows) + len(valid) == 60
    assert held_out(np.zeros(1), np.zeros(1), "regression") is None


@pytest.mark.parametrize("split", [None, (np.arange(8), np.arange(8, 12))], ids=["all rows", "held out"])
@pytest.mark.parametrize("where", [slice(0, 8), slice(8, 12)], ids=["training", "held-out"])
def test_weights_and_held_out_losses_must_be_numbers(split, where):
    values = np.ones((12, 2), np.float32)
    values[where] = np.nan
    net = TrainedNet(
        "models.nets.modules:FeedForward", {"width": 2, "outputs": 1, "hidden": 2, "layers": 1, "dropout": 0.0}
    )
    with pytest.raises(DivergedError, match=r"the network's (weights|held-out loss) became infinite or undefined"):
        train(
            net,
            Rows(values),
            np.zeros((12, 1), np.float32),
            Training(epochs=2),
            criterion=torch.nn.MSELoss(),
            split=split,
        )
    assert net.weights is None
