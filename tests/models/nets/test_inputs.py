"""The inputs of networks: scaled by training rows, padded within a batch, never read where a modality is absent."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from models.data.modalities import Modalities, Ragged
from models.errors import ModelError
from models.fusion.attention import FusedInputs
from models.nets.inputs import SINGULAR, Inputs


def corpus(lengths=(3, 0, 5, 2), seed=0, n=4):
    rng = np.random.default_rng(seed)
    sequence = Ragged.of([rng.normal(4, 3, (k, 2)).astype(np.float32) for k in lengths])
    present = {"audio": np.array([True, True, True, False]), "text": np.array([True, False, True, True])}
    return Modalities(
        {"text": rng.normal(size=(n, 3)).astype(np.float32)},
        present,
        np.full(n, None),
        np.arange(n),
        {},
        {"audio": sequence},
    )


def test_steps_are_scaled_by_the_present_training_steps():
    x = corpus()
    (audio,) = Inputs(("audio",), None, "standard").fit(x).channels_
    seen = np.concatenate([x.sequences["audio"].values(i) for i in (0, 2)]).astype(np.float64)
    np.testing.assert_allclose(audio.scaler_.mean_, seen.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(audio.scaler_.scale_, 1 / seen.std(axis=0), rtol=1e-6)


def test_a_batch_is_padded_to_its_own_longest_and_absent_steps_are_not_read():
    x = corpus()
    reader = Inputs(("text", "audio"), None, "standard").fit(x).reader(x, {})
    batch = reader.batch(np.array([0, 1, 3]))
    assert batch["available"].tolist() == [[True, True], [False, False], [True, False]]
    assert batch["steps"][1].shape == (3, 3, 2)
    assert batch["masks"][1].sum(axis=1).tolist() == [3, 0, 0]
    assert not batch["steps"][1][~batch["masks"][1]].any()
    assert not batch["summaries"][0][1].any()
    assert batch["times"][1][0].tolist() == [0, 1, 2]
    assert reader.batch(np.array([1]))["steps"][1].shape == (1, 1, 2)


def test_a_modality_of_steps_alone_is_absent_where_it_has_none():
    x = corpus()
    inputs = Inputs(("audio",), None, "standard").fit(x)
    assert inputs.usable(x).tolist() == [True, False, True, False]


def test_times_are_the_middles_of_steps_in_seconds():
    times = np.array([[0.0, 0.4], [0.4, 1.0]])
    sequence = Ragged.of([np.ones((2, 1), np.float32)], [times])
    x = Modalities({}, {"audio": np.array([True])}, np.full(1, None), np.zeros(1), {}, {"audio": sequence})
    batch = Inputs(("audio",), None, "standard").fit(replaced(x)).reader(x, {}).batch(np.array([0]))
    np.testing.assert_allclose(batch["times"][0], [[0.2, 0.7]])


def replaced(x):
    """The same with a sequence that varies, so that there is something to fit."""
    varied = Ragged.of([np.array([[1.0], [2.0]], np.float32)])
    return Modalities({}, x.present, x.text, x.groups, {}, {"audio": varied})


def test_wide_word_counts_become_standardised_singular_vectors():
    texts = np.array([" ".join(f"w{(7 * i + j * j) % 400}" for j in range(12)) for i in range(90)], object)
    x = Modalities({}, {"text": np.ones(90, bool)}, texts, np.arange(90))
    inputs = Inputs(("text",), {"text": [("counts", CountVectorizer())]}, "standard").fit(x[:80])
    summary = inputs.channels_[0].summary_
    assert inputs.widths == [[SINGULAR, 0]]
    numbers = summary.transform(x[:80])
    np.testing.assert_allclose(numbers.mean(axis=0), 0, atol=1e-5)
    assert numbers.std(axis=0).max() == pytest.approx(1, abs=1e-4)


def test_steps_side_by_side_are_zero_where_a_modality_is_absent():
    values = [[np.full((k, 2), 10 * i + k, np.float32) for k in lengths] for i, lengths in enumerate([(3, 1), (2, 4)])]
    x = Modalities(
        {},
        {"audio": np.ones(2, bool), "video": np.ones(2, bool)},
        np.array([None, None], object),
        np.arange(2),
        sequences={m: Ragged.of(v) for m, v in zip(("audio", "video"), values, strict=True)},
    )
    reader = FusedInputs(("audio", "video"), None, "standard").fit(x).reader(x, {})
    (audio, video), has, lengths = reader.side_by_side(np.array([1, 0]), np.array([[True, False], [True, True]]))
    assert lengths.tolist() == [1, 3]
    assert has.tolist() == [[True, True, True, True], [False, True, True, True]]
    assert not video[0].any()
    assert len(np.unique(audio[1:, 0])) == len(np.unique(video[1:, 0])) == 1
    assert audio[0, 0] < 0 < audio[1, 0]  # one step of 1s, then three of 3s


def test_a_fused_batch_has_a_step_even_if_no_modality_has_one():
    x = corpus()
    batch = FusedInputs(("text", "audio"), None, "standard").fit(x).reader(x, {}).batch(np.arange(4))
    assert batch["mask"].sum(axis=1).tolist() == [3, 1, 5, 1]
    assert {steps.shape[1] for steps in batch["steps"]} == {5}


def test_input_that_the_network_cannot_read_is_refused():
    x = corpus()
    bare = Modalities({}, x.present, x.text, x.groups)
    with pytest.raises(ModelError, match="'audio' has neither pooled features, nor a fitted transformer, nor a seq"):
        Inputs(("audio",), None, "standard").fit(bare)
    inputs = Inputs(("audio",), None, "standard").fit(x)
    with pytest.raises(ModelError, match="steps of 'audio' with 2 numbers each, but there are none"):
        inputs.usable(bare)
    wide = Ragged.of([np.zeros((2, 3), np.float32)] * 4)
    with pytest.raises(ModelError, match="but these have 3"):
        inputs.usable(Modalities({}, x.present, x.text, x.groups, {}, {"audio": wide}))
