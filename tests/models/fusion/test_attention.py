"""Attention weights: a distribution over what is present, with the most weight on what is informative."""

import numpy as np
import pytest
import torch

from models.data.modalities import Modalities, Ragged
from models.fusion.attention import ModalityAttention, SelfAttention
from models.nets.layers import masked_softmax
from models.nets.steps import MAX_STEPS

TWO = ("text", "audio")
ONE = {"dropout": 0.1}


def marked(n=300, seed=0):
    """One step of each audio sequence carries a mark and the sign that decides; text is noise."""
    rng = np.random.default_rng(seed)
    y, lengths = rng.integers(0, 2, n), rng.integers(0, 9, n)
    place = np.array([rng.integers(max(k, 1)) for k in lengths])
    steps = []
    for label, k, where in zip(y, lengths, place, strict=True):
        values = rng.normal(size=(k, 3)).astype(np.float32) * [0.3, 1, 0.3]
        if k:
            values[where] = [3, 2 * (2 * label - 1), 0]
        steps.append(values.astype(np.float32))
    noise = Ragged.of([rng.normal(size=(rng.integers(1, 6), 3)).astype(np.float32) for _ in range(n)])
    present = {"text": rng.random(n) < 0.8, "audio": rng.random(n) < 0.9}
    x = Modalities({}, present, np.full(n, None), np.arange(n) % 20, {}, {"text": noise, "audio": Ragged.of(steps)})
    return x, y, place


def test_masked_softmax():
    scores = torch.tensor([[1.0, 2.0, 99.0], [5.0, 5.0, 5.0]])
    mask = torch.tensor([[True, True, False], [False, False, False]])
    got = masked_softmax(scores, mask)
    np.testing.assert_allclose(got[0], [1 / (1 + np.e), np.e / (1 + np.e), 0], rtol=1e-6)
    assert got[1].tolist() == [0, 0, 0]


@pytest.fixture(scope="module")
def attending():
    x, y, place = marked()
    return ModalityAttention(TWO, settings={**ONE, "epochs": 30}).fit(x, y), x, y, place


def there(x, m):
    return x.present[m] & (x.sequences[m].lengths > 0)


def test_modality_weights_sum_to_one_over_the_modalities_present(attending):
    model, x, _, _ = attending
    weights = model.weights(x)
    has = np.stack([there(x, m) for m in TWO], axis=1)
    assert (weights[~has] == 0).all()
    np.testing.assert_allclose(weights.sum(axis=1), has.any(axis=1))
    assert (~has.any(axis=1)).any()


def test_the_informative_modality_gets_the_weight(attending):
    model, x, y, _ = attending
    both = there(x, "text") & there(x, "audio")
    assert model.score(x[both], y[both]) > 0.9
    assert model.weights(x)[both, 1].mean() > 0.7


def test_the_informative_step_gets_the_weight(attending):
    model, x, _, place = attending
    weights = model.step_weights(x)["audio"]
    rows = np.flatnonzero(there(x, "audio"))
    assert np.mean([weights[i][place[i]] for i in rows]) > 0.5
    for i in range(len(x)):
        wanted = x.sequences["audio"].lengths[i] if x.present["audio"][i] else 0
        assert len(weights[i]) == wanted
        if wanted:
            assert weights[i].sum() == pytest.approx(1)


def test_weights_do_not_depend_on_padding(attending):
    model, x, _, _ = attending
    longest = int((x.sequences["audio"].lengths * x.present["audio"]).argmax())
    for i in range(10):
        pair = x[[longest, i]]
        np.testing.assert_allclose(model.weights(x[[i]])[0], model.weights(pair)[1], atol=1e-9)
        for alone, beside in zip(model.step_weights(x[[i]]).values(), model.step_weights(pair).values(), strict=True):
            np.testing.assert_allclose(alone[0], beside[1], atol=1e-9)


def test_self_attention_weighs_the_steps_of_the_fused_sequence():
    x, y, _ = marked(120)
    model = SelfAttention(TWO, settings={**ONE, "epochs": 3}).fit(x, y)
    lengths = np.max([x.sequences[m].lengths * x.present[m] for m in TWO], axis=0)
    for weights, length in zip(model.step_weights(x), lengths, strict=True):
        assert len(weights) == length
        if length:
            assert weights.sum() == pytest.approx(1)
            assert (weights > 0).all()


def test_averaged_steps_share_their_weight():
    rng = np.random.default_rng(0)
    long = 2 * MAX_STEPS
    steps = Ragged.of([rng.normal(size=(long if i == 0 else 5, 2)).astype(np.float32) for i in range(20)])
    x = Modalities({}, {"audio": np.ones(20, bool)}, np.full(20, None), np.arange(20) % 4, {}, {"audio": steps})
    model = ModalityAttention(("audio",), settings={**ONE, "epochs": 2}).fit(x, np.arange(20) % 2)
    weights = model.step_weights(x)["audio"][0]
    assert weights.shape == (long,)
    assert weights.sum() == pytest.approx(1)
    np.testing.assert_array_equal(weights[::2], weights[1::2])


def test_a_model_without_a_network_has_no_weights():
    x, _, _ = marked(30)
    model = ModalityAttention(TWO).fit(x, np.zeros(30))
    assert not model.weights(x).any()
    assert {len(w) for rows in model.step_weights(x).values() for w in rows} == {0}
