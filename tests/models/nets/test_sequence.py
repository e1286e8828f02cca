"""Early fusion before an LSTM: joined, reduced and read in order."""

import numpy as np
import pytest

from models.data.modalities import Modalities, Ragged
from models.nets.sequence import ReducedInputs, SequenceLSTM

TWO = ("text", "audio")
ONE = {"dropout": 0.1, "epochs": 30}


def ordered(n=160, seed=0, **pooled):
    """Both classes have the same steps; only their order differs."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    ramps = [np.linspace(-1, 1, rng.integers(4, 9))[:: 1 if label else -1, None] for label in y]
    steps = Ragged.of([np.hstack([r, 0.3 * rng.normal(size=(len(r), 2))]).astype(np.float32) for r in ramps])
    noise = Ragged.of([rng.normal(size=(rng.integers(0, 5), 2)).astype(np.float32) for _ in range(n)])
    present = {"text": rng.random(n) < 0.8, "audio": np.ones(n, bool)}
    return Modalities(pooled, present, np.full(n, None), np.arange(n) % 16, {}, {"audio": steps, "text": noise}), y


@pytest.mark.parametrize("reducer", ["concat", "pca", "cca", "autoencoder"])
@pytest.mark.parametrize("pooling", ["mean", "last"])
def test_order_is_read_through_every_reducer(reducer, pooling):
    x, y = ordered()
    model = SequenceLSTM(TWO, reducer, settings={**ONE, "pooling": pooling}).fit(x[:120], y[:120])
    assert model.score(x[120:], y[120:]) > 0.85


def test_one_modality_alone():
    x, y = ordered()
    assert SequenceLSTM(("audio",), settings=ONE).fit(x[:120], y[:120]).score(x[120:], y[120:]) > 0.85


def test_without_any_sequence_the_summary_is_the_only_step():
    x, y = ordered()
    numbers = np.random.default_rng(0).normal(size=(160, 3)).astype(np.float32)
    numbers[:, 0] += 2 * y
    flat = Modalities({"audio": numbers}, x.present, x.text, x.groups)
    model = SequenceLSTM(("audio",), settings=ONE).fit(flat[:120], y[:120])
    assert model.model_.inputs.steps_ is None
    batch = model.model_.inputs.reader(flat, {}).batch(np.arange(5))
    assert batch["steps"].shape == (5, 1, 3)
    assert batch["summary"].shape == (5, 0)
    assert model.score(flat[120:], y[120:]) > 0.7


def test_a_summary_is_read_in_addition_to_the_steps():
    numbers = np.random.default_rng(0).normal(size=(160, 3)).astype(np.float32)
    x, _ = ordered(audio=numbers)
    y = (numbers[:, 0] > 0).astype(int)
    assert SequenceLSTM(TWO, settings=ONE).fit(x[:120], y[:120]).score(x[120:], y[120:]) > 0.8


def test_reduced_steps_mark_where_a_modality_is_missing():
    x, _ = ordered()
    inputs = ReducedInputs(TWO, None, "standard", "concat", {"weighting": "column"}).fit(x)
    batch = inputs.reader(x, {}).batch(np.arange(len(x)))
    missing = ~x.present["text"] | (x.sequences["text"].lengths == 0)
    flags = batch["steps"][:, 0, 2]  # two columns of text, its flag, three of audio, which is never missing
    assert batch["steps"].shape[2] == 2 + 1 + 3
    assert flags[missing].max() < flags[~missing].min()
    assert not batch["steps"][missing][:, :, :2].any()
    np.testing.assert_array_equal(batch["mask"].sum(axis=1), x.sequences["audio"].lengths)
    first = x.sequences["audio"].values(0)[0]
    audio = inputs.channels_[1].scaler_.transform(first[None])[0] * inputs.steps_.scale_.scale_
    np.testing.assert_allclose(batch["steps"][0, 0, 3:], audio, rtol=1e-5)


def test_the_lstm_learns_ten_utterances_by_heart():
    rng = np.random.default_rng(0)
    steps = Ragged.of([rng.normal(size=(rng.integers(3, 9), 4)).astype(np.float32) for _ in range(10)])
    y = np.array([0, 1] * 5)
    rows = np.tile(np.arange(10), 2)
    here = {"audio": np.ones(20, bool)}
    twice = Modalities({}, here, np.full(20, None), np.repeat([0, 1], 10), {}, {"audio": steps[rows]})
    own = {"dropout": 0.0, "epochs": 150, "patience": 150, "weight_decay": 0.0}
    assert SequenceLSTM(("audio",), settings=own).fit(twice, y[rows]).score(twice, y[rows]) == 1


def test_padding_makes_no_difference():
    x, y = ordered(60)
    model = SequenceLSTM(TWO, settings={**ONE, "epochs": 3}).fit(x, y)
    order = np.argsort(x.sequences["audio"].lengths)
    pair = model.predict_proba(x[order[[-1, 0]]])
    np.testing.assert_allclose(model.predict_proba(x[order[[0]]])[0], pair[1], atol=1e-9)
