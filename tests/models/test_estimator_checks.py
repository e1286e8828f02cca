"""scikit-learn's own checks of every estimator here that takes plain matrices.

Not checked: random forests and boosting, which are the libraries' own; reducers of `models.fusion`, which take a list
of matrices; strategies, which take `Modalities` (`tests/models/test_registry.py` holds them to the same rules).
"""

import pytest
from sklearn.pipeline import Pipeline
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import parametrize_with_checks

from models.classical.calibration import GroupCalibrated
from models.classical.classifiers import classifier
from models.data.modalities import TASKS
from models.data.scaling import Quantile, RowSpace, Standardise, UnitVariance
from models.nets.fcnn import FullyConnected, NetSettings

NET = NetSettings(hidden=16, epochs=12, patience=12, learning_rate=0.02, dropout=0.0)
ESTIMATORS = [
    Standardise(),
    Quantile(),
    UnitVariance(),
    UnitVariance(columns=True),
    RowSpace(),
    GroupCalibrated(LinearSVC()),
    *(FullyConnected(task, NET) for task in TASKS),
    *(
        classifier(name).build(task, classifier(name).candidates(task)[0])
        for name in ("logistic", "linear_svm", "svm")
        for task in TASKS
    ),
]


def expected_failed_checks(estimator):
    """Return the checks that an estimator need not pass -> why."""
    if isinstance(estimator, Standardise | Quantile | UnitVariance):
        reason = "a modality in no training row, or a reducer that keeps no column, must not stop a fit"
        return {"check_estimators_empty_data_messages": reason}
    if isinstance(estimator, Pipeline):
        reason = "scikit-learn's Pipeline fits its steps in place; its own tests expect this failure too"
        return dict.fromkeys(("check_dont_overwrite_parameters", "check_estimators_overwrite_params"), reason)
    return {}


@pytest.mark.filterwarnings("ignore")
@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failed_checks)
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)
