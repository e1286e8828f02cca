"""Networks whose modalities meet in a hidden layer or token by token, on planted data with one known answer."""

import numpy as np
import pytest

from models.data.modalities import Modalities, Ragged
from models.errors import ModelError
from models.fusion.hybrid import IntermediateFusion, MultimodalTransformer
from tests.models.nets.test_neural import ONE, TWO, exclusive_or


@pytest.mark.parametrize("encoder", ["lstm", "cnn"])
def test_encoders_learn_ten_utterances_by_heart(encoder):
    rng = np.random.default_rng(0)
    steps = Ragged.of([rng.normal(size=(rng.integers(3, 9), 4)).astype(np.float32) for _ in range(10)])
    x = Modalities({}, {"audio": np.ones(10, bool)}, np.full(10, None), np.zeros(10), {}, {"audio": steps})
    y = np.array([0, 1] * 5)
    own = {"encoder": encoder, "dropout": 0.0, "epochs": 150, "patience": 150, "weight_decay": 0.0}
    model = IntermediateFusion(("audio",), settings=own)
    twice = Modalities(
        {},
        {"audio": np.ones(20, bool)},
        np.full(20, None),
        np.repeat([0, 1], 10),
        {},
        {"audio": steps[np.tile(np.arange(10), 2)]},
    )
    assert model.fit(twice, np.tile(y, 2)).score(x, y) == 1


def test_each_modalitys_own_decision():
    rng = np.random.default_rng(1)
    x, _ = exclusive_or(200)
    y = (x.pooled["audio"][:, 0] > 0).astype(int)
    mask = {"text": np.ones(200, bool), "audio": rng.random(200) < 0.7}
    x = Modalities(x.pooled, mask, x.text, x.groups)
    model = IntermediateFusion(TWO, settings=ONE).fit(x, y)
    decisions = model.decisions(x)
    has = mask["audio"]
    assert (decisions["audio"][has].argmax(axis=1) == y[has]).mean() > 0.95
    assert (decisions["text"].argmax(axis=1) == y).mean() < 0.7
    np.testing.assert_allclose(decisions["audio"][~has], np.tile(model.prior_, ((~has).sum(), 1)))
    np.testing.assert_allclose(decisions["text"].sum(axis=1), 1)


def test_time_is_read():
    """Both classes have the same two steps; only their order differs."""
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 200)
    marks = [np.array([[1.0, 0], [0, 1.0]], np.float32)[:: 1 if label else -1] for label in y]
    steps = Ragged.of([m + 0.1 * rng.normal(size=m.shape).astype(np.float32) for m in marks])
    x = Modalities({}, {"video": np.ones(200, bool)}, np.full(200, None), np.arange(200) % 10, {}, {"video": steps})
    model = MultimodalTransformer(("video",), settings={**ONE, "epochs": 40}).fit(x[:150], y[:150])
    assert model.score(x[150:], y[150:]) > 0.9


def test_no_modality_is_refused():
    x, y = exclusive_or(20)
    with pytest.raises(ModelError, match="IntermediateFusion needs at least one modality"):
        IntermediateFusion(()).fit(x, y)
