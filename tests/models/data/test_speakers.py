"""Normalisation per speaker, over the utterances that have the modality."""

import numpy as np
import pytest

from models.data.modalities import Modalities, Ragged
from models.data.speakers import per_speaker
from models.errors import ModelError


def corpus():
    rng = np.random.default_rng(0)
    who = np.repeat(["ann", "bob"], 20)
    values = rng.normal(size=(40, 3)).astype(np.float32)
    values[20:] = 5 * values[20:] + 100
    values[0, 0] = np.nan
    here = {"audio": np.arange(40) != 7}
    steps = Ragged.of([np.full((2, 1), v, np.float32) for v in values[:, 1]])
    return Modalities({"audio": values}, here, np.full(40, None), who, {}, {"audio": steps}), who


def test_each_speaker_has_mean_zero_and_deviation_one():
    x, who = corpus()
    done = per_speaker(x, who)
    for name in ("ann", "bob"):
        rows = np.flatnonzero((who == name) & x.present["audio"])
        np.testing.assert_allclose(np.nanmean(done.pooled["audio"][rows], axis=0), 0, atol=1e-5)
        np.testing.assert_allclose(np.nanstd(done.pooled["audio"][rows], axis=0), 1, atol=1e-5)
        steps = done.sequences["audio"].steps.values[done.sequences["audio"][rows].rows()]
        np.testing.assert_allclose([steps.mean(), steps.std()], [0, 1], atol=1e-4)


def test_undefined_and_absent_values_stay_so():
    x, who = corpus()
    done = per_speaker(x, who)
    assert np.isnan(done.pooled["audio"][0, 0])
    assert np.isnan(done.pooled["audio"][7]).all()


def test_an_utterance_without_a_speaker_is_refused():
    x, who = corpus()
    with pytest.raises(ModelError, match="missing for 1 of 40"):
        per_speaker(x, np.where(np.arange(40) == 3, "", who))
