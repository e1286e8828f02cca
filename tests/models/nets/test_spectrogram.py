"""A convolutional network over spectrograms: pooled over the frames present, fast enough on a CPU."""

from time import process_time

import numpy as np
import pytest

from models.data.modalities import Modalities, Ragged
from models.errors import ModelError
from models.nets.spectrogram import Frames, SpectrogramCNN


def corpus(frames, groups=None, times=None, present=None):
    n = len(frames)
    here = {"audio": np.ones(n, bool) if present is None else present}
    sequence = Ragged.of(frames, times)
    return Modalities(
        {}, here, np.full(n, None), np.zeros(n) if groups is None else groups, {}, {"spectrogram": sequence}
    )


def chirps(n=120, seed=0, bands=16):
    """A tone that rises or falls: each band is as loud in both classes."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, n)
    frames = []
    for label in y:
        length = int(rng.integers(60, 120))
        centre = np.linspace(2, bands - 3, length)[:: 1 if label else -1, None]
        frames.append(np.exp(-((np.arange(bands) - centre) ** 2) / 4) + 0.2 * rng.normal(size=(length, bands)))
    return corpus([f.astype(np.float32) for f in frames], np.arange(n) % 12), y


def test_it_learns_what_no_average_over_time_shows():
    x, y = chirps()
    model = SpectrogramCNN(settings={"dropout": 0.1, "epochs": 40}).fit(x[:90], y[:90])
    assert model.score(x[90:], y[90:]) > 0.85


def test_it_learns_ten_clips_by_heart():
    rng = np.random.default_rng(0)
    frames = [rng.normal(size=(rng.integers(40, 90), 12)).astype(np.float32) for _ in range(10)]
    y = np.array([0, 1] * 5)
    twice, labels = corpus(frames * 2, np.repeat([0, 1], 10)), np.tile(y, 2)
    own = {"dropout": 0.0, "epochs": 120, "patience": 120, "weight_decay": 0.0}
    assert SpectrogramCNN(settings=own).fit(twice, labels).score(twice, labels) == 1


def test_padding_and_absent_frames_make_no_difference():
    x, y = chirps(40)
    present = np.arange(40) % 4 > 0
    some = Modalities({}, {"audio": present}, x.text, x.groups, {}, x.sequences)
    model = SpectrogramCNN(settings={"dropout": 0.1, "epochs": 2}).fit(some, y)
    lengths = np.where(present, x.sequences["spectrogram"].lengths, 1000)
    short, long = int(lengths.argmin()), int(np.where(present, lengths, 0).argmax())
    np.testing.assert_allclose(model.predict_proba(x[[short]])[0], model.predict_proba(x[[long, short]])[1], atol=1e-9)
    np.testing.assert_allclose(model.predict_proba(some)[~present], np.tile(model.prior_, (10, 1)))


def test_frames_are_averaged_to_about_25_per_second():
    frames = np.arange(10, dtype=np.float32)[:, None] * [1, 2]
    for hop, join in ((0.01, 4), (0.02, 2), (0.1, 1)):
        starts = np.arange(10) * hop
        x = corpus([frames.astype(np.float32)], times=[np.stack([starts, starts + 2 * hop], axis=1)])
        inputs = Frames("audio").fit(x)
        assert inputs.join_ == join
        batch = inputs.reader(x, {"crop_s": 3.0}).batch(np.array([0]))
        assert batch["frames"].shape == (1, -(-10 // join), 2)
        first = inputs.scaler_.transform(frames[:join].mean(axis=0, keepdims=True).astype(np.float32))
        np.testing.assert_allclose(batch["frames"][0, :1], first, atol=1e-6)


def test_training_sees_a_piece_of_a_long_clip():
    x = corpus([np.random.default_rng(0).normal(size=(500, 2)).astype(np.float32), np.ones((30, 2), np.float32)])
    reader = Frames("audio").fit(x).reader(x, {"crop_s": 1.0})
    assert reader.batch(np.arange(2), training=True)["mask"].sum(axis=1).tolist() == [25, 8]
    assert reader.batch(np.arange(2))["mask"].sum(axis=1).tolist() == [125, 8]


def test_missing_spectrograms_are_refused_with_a_remedy():
    x, y = chirps(20)
    bare = Modalities({}, x.present, x.text, x.groups)
    with pytest.raises(ModelError, match="no spectrogram to read: add the extractor 'spectrogram'"):
        SpectrogramCNN().fit(bare, y)
    model = SpectrogramCNN(settings={"dropout": 0.1, "epochs": 1}).fit(x, y)
    narrow = corpus([np.ones((9, 5), np.float32)] * 20)
    with pytest.raises(ModelError, match="spectrograms of 16 bands, not of 5"):
        model.predict(narrow)


def test_a_pass_over_many_clips_is_quick():
    rng = np.random.default_rng(0)
    frames = [rng.normal(size=(350, 64)).astype(np.float32) for _ in range(300)]
    x = corpus(frames, np.arange(300) % 10)
    started = process_time()
    SpectrogramCNN(settings={"dropout": 0.1, "epochs": 2}).fit(x, np.arange(300) % 2)
    assert process_time() - started < 10
