"""Models of one modality read that modality alone, and only the features of a named extractor if there is one."""

import numpy as np
import pytest

from models.classical.unimodal import Unimodal
from models.data.modalities import Modalities
from models.errors import ModelError

N = 40
SIGN = np.where(np.arange(N) % 2, 1.0, -1.0).astype(np.float32)


def corpus(audio, video):
    names = {"audio": ("pitch.0", "mfcc.0"), "video": ("face.0",)}
    present = {m: np.ones(N, bool) for m in ("audio", "video")}
    return Modalities({"audio": audio, "video": video}, present, np.full(N, None), np.arange(N) % 5, names)


def random(columns, seed):
    return np.random.default_rng(seed).normal(size=(N, columns)).astype(np.float32)


def test_other_modalities_are_not_read():
    audio = np.column_stack([SIGN, random(1, 0)[:, 0]])
    first, second = corpus(audio, random(1, 1)), corpus(audio, random(1, 2))
    model = Unimodal("audio", settings={"C": 1.0}).fit(first, SIGN > 0)
    assert model.modalities == ("audio",)
    assert (model.predict(first) == (SIGN > 0)).all()
    assert model.predict_proba(first).tobytes() == model.predict_proba(second).tobytes()


def test_only_the_named_extractor_is_read():
    x = corpus(np.column_stack([SIGN, random(1, 0)[:, 0]]), random(1, 1))
    pitch, mfcc = (Unimodal("audio", extractor=e, settings={"C": 1.0}).fit(x, SIGN > 0) for e in ("pitch", "mfcc"))
    assert (pitch.predict(x) == (SIGN > 0)).all()
    assert (mfcc.predict(x) == (SIGN > 0)).mean() < 0.8
    with pytest.raises(ModelError, match="'audio', of which only 'face' is read, has neither pooled features nor"):
        Unimodal("audio", extractor="face").fit(x, SIGN > 0)


def test_quantiles_are_scaled_by_name_and_a_wrong_name_is_refused():
    audio = np.column_stack([np.exp(5 * random(1, 3)[:, 0]), random(1, 0)[:, 0]])
    x, y = corpus(audio, random(1, 1)), audio[:, 0] > np.median(audio[:, 0])
    plain, ranked = (Unimodal("audio", normalise=n, settings={"C": 1.0}).fit(x, y) for n in ("standard", "quantile"))
    assert ranked.score(x, y) > plain.score(x, y)
    with pytest.raises(ModelError, match="no normalisation is named 'rank'"):
        Unimodal("audio", normalise="rank").fit(x, y)
