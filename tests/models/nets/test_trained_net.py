"""A network as plain values: rebuilt from arrays it gives the same bits, and no output depends on its batch."""

import pickle

import numpy as np

from models.nets.trained_net import TrainedNet
from tests.models.nets.test_training import outputs_of, problem, trained


def test_a_net_is_arrays_and_plain_settings():
    x, _ = problem()
    net = trained()
    first = outputs_of(net, x)
    assert "_module" not in net.__getstate__()
    assert {array.dtype for array in net.weights.values()} == {np.dtype(np.float32)}
    copy = pickle.loads(pickle.dumps(net))  # noqa: S301 - our own bytes
    assert outputs_of(copy, x).tobytes() == first.tobytes()
    state, fresh = net.__getstate__(), TrainedNet.__new__(TrainedNet)
    fresh.__setstate__({**state, "weights": {name: array.copy() for name, array in net.weights.items()}})
    assert outputs_of(fresh, x).tobytes() == first.tobytes()


def test_an_output_does_not_depend_on_its_batch():
    x, _ = problem()
    net = trained()
    np.testing.assert_allclose(outputs_of(net, x[:1])[0], outputs_of(net, x)[0], rtol=1e-12)
