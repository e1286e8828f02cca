"""One modality alone, against scikit-learn on the same rows."""

import numpy as np
import pytest
from sklearn.model_selection import GroupKFold, cross_val_predict

from models.classical.unimodal import Unimodal
from models.data.modalities import Modalities
from models.errors import ModelError
from tests.models.fusion.toy import data, theirs


def test_unimodal_is_scikit_learns_scaler_and_logistic_regression():
    x, y = data()
    ours = Unimodal("audio", settings={"C": 2.0}).fit(x[:200], y[:200]).predict_proba(x[200:])
    other = theirs(1 / np.sqrt(5), C=2.0).fit(x.pooled["audio"][:200], y[:200])
    np.testing.assert_allclose(ours, other.predict_proba(x.pooled["audio"][200:]), atol=5e-3)


def test_out_of_fold_outputs_are_scikit_learns_cross_val_predict():
    x, y = data()
    folds = list(GroupKFold(3).split(y, groups=x.groups))
    ours = Unimodal("audio", settings={"C": 1.0}).fit(x, y, folds).out_of_fold_
    other = cross_val_predict(
        theirs(1 / np.sqrt(5)), x.pooled["audio"].astype(float), y, cv=folds, method="predict_proba"
    )
    np.testing.assert_allclose(ours, other, atol=5e-3)


def test_a_base_of_one_extractor_reads_its_columns_alone():
    x, y = data()
    joined = Modalities(
        {"audio": np.hstack([x.pooled["audio"], x.pooled["video"]])},
        {"audio": x.present["audio"]},
        x.text,
        x.groups,
        {"audio": (*(f"mfcc.{i}" for i in range(5)), *(f"prosody.{i}" for i in range(5)))},
    )
    one = Unimodal("audio", extractor="prosody").fit(joined, y).predict_proba(joined)
    np.testing.assert_array_equal(one, Unimodal("video").fit(x, y).predict_proba(x))
    with pytest.raises(ModelError, match="from 'pitch'"):
        Unimodal("audio", extractor="pitch").fit(joined, y)
