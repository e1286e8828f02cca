"""What all late strategies share."""

import numpy as np
import pytest

from models.data.modalities import Modalities
from models.errors import ModelError
from models.fit_cache import FitCache
from models.fusion.early import Early
from models.fusion.late import row_weights
from models.fusion.stacking import Stacking
from models.fusion.vote import MajorityVote
from models.fusion.weighted import WeightedAverage
from tests.models.fusion.toy import THREE, bases, data


def test_values_in_absent_rows_are_never_read():
    x, y = data()
    mask = np.arange(300) % 3 > 0
    present = {**x.present, "audio": mask}
    wild = {**x.pooled, "audio": np.where(mask[:, None], x.pooled["audio"], 1e6).astype(np.float32)}
    for model in (Early(THREE), MajorityVote(bases()), Stacking(bases()), WeightedAverage(bases())):
        one = model.fit(Modalities(x.pooled, present, x.text, x.groups), y).predict_proba(x)
        two = model.fit(Modalities(wild, present, x.text, x.groups), y).predict_proba(x)
        np.testing.assert_array_equal(one, two)


def test_equal_weights_without_inner_folds():
    x, y = data()
    model = WeightedAverage(bases(C=1.0)).fit(x, y, [])
    np.testing.assert_allclose(model.weights_, 1 / 3)
    assert Stacking(bases(C=1.0)).fit(x, y, []).meta_ is None


def test_late_fusion_needs_a_base():
    x, y = data(n=30)
    with pytest.raises(ModelError, match="at least one base"):
        MajorityVote(()).fit(x, y)


def test_weights_of_a_row_are_those_of_its_usable_bases_scaled_to_one():
    usable = np.array([[True, True, False, True], [True, False, True, False], [True, True, True, False]])
    found = row_weights(np.array([0.5, 0.3, 0.2]), usable)
    np.testing.assert_allclose(found.T, [[0.5, 0.3, 0.2], [5 / 7, 0, 2 / 7], [0, 0.6, 0.4], [1, 0, 0]])
    np.testing.assert_allclose(row_weights(np.array([1.0, 0.0, 0.0]), usable)[:, 2], [0, 0.5, 0.5])


def test_a_row_without_any_modality_gets_the_prior():
    x, y = data(n=90)
    nothing = x[:5].without(THREE)
    for model in (MajorityVote(bases(C=1.0)), WeightedAverage(bases(C=1.0))):
        prior = np.bincount(y) / len(y)
        np.testing.assert_allclose(model.fit(x, y).predict_proba(nothing), np.tile(prior, (5, 1)))


def test_bases_of_one_cache_are_fitted_once_and_other_strategies_report_the_seconds_saved():
    x, y = data(n=90)
    cache = FitCache()
    first = MajorityVote(bases(C=1.0), fit_cache=cache).fit(x, y)
    second = WeightedAverage(bases(C=1.0), fit_cache=cache).fit(x, y)
    assert len(cache) == 3
    assert all(a is b for a, b in zip(first.bases_, second.bases_, strict=True))
    assert second.shared_seconds_ > first.shared_seconds_
