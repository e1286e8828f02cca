"""One trainer: the same bits for the same seed, the best epoch kept, torch's own random state not changed."""

import numpy as np
import pytest
import torch

from models.errors import DivergedError
from models.nets.fcnn import Rows
from models.nets.trained_net import TrainedNet
from models.nets.training import Best, Training, held_out, train

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


def test_gradients_are_clipped(monkeypatch):
    norms = []
    original = torch.nn.utils.clip_grad_norm_

    def noted(parameters, max_norm):
        norms.append((float(original(parameters, max_norm)), max_norm))

    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", noted)
    trained(Training(epochs=1, batch=120, clip=0.01), split=False)
    assert [limit for _, limit in norms] == [0.01]
    assert norms[0][0] > 0.01  # the limit was needed
    trained(Training(epochs=1, batch=120, clip=None), split=False)
    assert len(norms) == 1


def test_training_gives_what_skorch_gave():
    """Outputs and losses of the same network and rows, by skorch 1.4 with its EarlyStopping and gradient clipping."""
    net = trained(Training(epochs=15, patience=3, learning_rate=1e-2, batch=32))
    assert outputs_of(net, problem()[0])[:4, 0] == pytest.approx([-0.025351, 0.380550, -0.500148, -0.502305], abs=1e-4)
    assert net.losses[::7] == pytest.approx([0.991533, 0.687300, 0.387913], abs=1e-4)


@pytest.mark.parametrize(
    ("losses", "stopped", "kept"),
    [
        ([3.0, 2.0, 2.5, 2.4, 1.0], [False, False, False, True], 1),  # two in a row without a better loss
        ([2.0, 1.9999, 1.9998], [False, False, True], 0),  # lower, but by less than a ten-thousandth
        ([float("nan"), 1.0, float("nan"), float("nan")], [False, False, False, True], 1),
    ],
)
def test_early_stopping_waits_for_a_better_loss_and_keeps_the_best_weights(losses, stopped, kept):
    module = torch.nn.Linear(1, 1)
    best = Best(patience=2)
    for epoch, loss in enumerate(losses[: len(stopped)]):
        torch.nn.init.constant_(module.weight, epoch)
        assert best.stops(loss, module) == stopped[epoch]
    best.restore(module)
    assert module.weight.item() == kept
    assert len(best.losses) == len(stopped)


def test_ctrl_c_ends_training():
    class Interrupted(Rows):
        def batch(self, rows, *, training=False):
            raise KeyboardInterrupt

    x, y = problem()
    net = TrainedNet(
        "models.nets.modules:FeedForward", {"width": 5, "outputs": 1, "hidden": 8, "layers": 0, "dropout": 0}
    )
    with pytest.raises(KeyboardInterrupt):
        train(net, Interrupted(x), y, QUICK, criterion=torch.nn.MSELoss(), split=None)


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
