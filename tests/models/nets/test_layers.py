"""Layers by hand: masked means and weights, recurrence and convolution that ignore padding, times as periods."""

import math

import numpy as np
import pytest
import torch

from models.errors import ModelError
from models.nets.layers import (
    ENCODERS,
    AttentionPooling,
    Encoder,
    Recurrent,
    StepDropout,
    TimeEmbedding,
    Tokens,
    TransformerLayer,
    masked_mean,
    masked_softmax,
)

MASK = torch.tensor([[True, True, False], [True, False, False], [False, False, False]])


@pytest.fixture(autouse=True)
def seeded():
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def test_masked_weights_are_a_softmax_over_the_unmasked_items():
    scores = torch.tensor([[0.0, math.log(3), 50.0]] * 3)
    weights = masked_softmax(scores, MASK)
    np.testing.assert_allclose(weights, [[0.25, 0.75, 0], [1, 0, 0], [0, 0, 0]], atol=1e-6)


def test_masked_means_by_hand():
    steps = torch.tensor([[[1.0, 4.0], [3.0, 0.0], [9.0, 9.0]]] * 3)
    np.testing.assert_allclose(masked_mean(steps, MASK), [[2, 2], [1, 4], [0, 0]])


def test_attention_pooling_is_the_weighted_mean_of_its_items():
    pooling, items = AttentionPooling(4), torch.randn(3, 3, 4)
    pooled, weights = pooling(items, MASK)
    np.testing.assert_allclose(weights.sum(dim=1).detach(), [1, 1, 0], atol=1e-6)
    np.testing.assert_allclose(pooled.detach(), torch.einsum("ns,nsh->nh", weights, items).detach(), atol=1e-6)
    np.testing.assert_allclose(pooled[1].detach(), items[1, 0], atol=1e-6)


def test_the_same_units_are_dropped_at_all_steps():
    dropout = StepDropout(0.5).train()
    found = dropout(torch.ones(20, 7, 16))
    assert (found == found[:, :1]).all()
    assert set(found.unique().tolist()) == {0.0, 2.0}
    assert (dropout.eval()(torch.ones(2, 3, 4)) == 1).all()


def test_a_transformer_layer_does_not_see_masked_keys():
    layer = TransformerLayer(4, 0.0).eval()
    queries, keys = torch.randn(2, 1, 4), torch.randn(2, 3, 4)
    mask = MASK[:2]
    other = torch.where(mask.unsqueeze(-1), keys, 1e3)
    assert torch.equal(layer(queries, keys, mask), layer(queries, other, mask))
    assert not torch.allclose(layer(queries, keys, mask), layer(queries, keys.flip(1), mask))


def test_times_are_embedded_with_periods_from_a_quarter_of_a_second():
    embedding = TimeEmbedding(8)
    np.testing.assert_allclose(2 * math.pi / embedding.speeds[[0, -1]], [0.25, 100], rtol=1e-5)
    first = embedding(torch.zeros(1, 1))
    np.testing.assert_allclose(first[0, 0].detach(), embedding.linear.weight[:, 4:].sum(dim=1).detach(), rtol=1e-5)


@pytest.mark.parametrize("kind", ENCODERS)
def test_padding_changes_no_encoded_sequence(kind):
    encoder, steps = ENCODERS[kind](3, 4), torch.randn(1, 2, 3)
    padded = torch.cat([steps, torch.zeros(1, 5, 3)], dim=1)
    mask = torch.arange(7).unsqueeze(0) < 2
    np.testing.assert_allclose(encoder(padded, mask).detach(), encoder(steps, mask[:, :2]).detach(), atol=1e-6)


def test_the_last_state_of_an_lstm_is_that_of_the_last_step():
    recurrent, steps = Recurrent(3, 4, "last"), torch.randn(1, 3, 3)
    states = recurrent.lstm(steps)[0]
    mask = torch.tensor([[True, True, False]])
    np.testing.assert_allclose(recurrent(steps, mask).detach(), states[:, 1].detach())
    np.testing.assert_allclose(Recurrent(3, 4)(steps, ~mask & False).detach(), np.zeros((1, 4)))


def test_an_encoder_reads_summary_and_steps():
    mask, steps = torch.ones(2, 3, dtype=torch.bool), torch.randn(2, 3, 5)
    assert Encoder(7, 5, 4, 0.0, "lstm")(torch.randn(2, 7), steps, mask).shape == (2, 4)
    assert Encoder(7, 0, 4, 0.0, "cnn").steps is None
    assert Encoder(0, 5, 4, 0.0, "cnn").summary is None
    with pytest.raises(ModelError, match="the encoder 'gru' is unknown: choose from lstm, cnn"):
        Encoder(0, 5, 4, 0.0, "gru")


def test_tokens_are_the_summary_and_then_the_steps():
    tokens = Tokens([[2, 3], [2, 0]], 4)
    available = torch.tensor([[True, False]])
    masks = [torch.tensor([[True, False]])] * 2
    (both, both_mask), (summary, summary_mask) = tokens(
        available, [torch.randn(1, 2)] * 2, [torch.randn(1, 2, 3)] * 2, masks, [torch.zeros(1, 2)] * 2
    )
    assert both.shape == (1, 3, 4)
    assert both_mask.tolist() == [[True, True, False]]
    assert summary.shape == (1, 1, 4)
    assert summary_mask.tolist() == [[False]]
