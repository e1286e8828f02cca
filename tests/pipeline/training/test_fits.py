"""How fits are shared out to jobs, and what is left when some fail."""

import numpy as np
import pytest

from models.configuration import Configuration
from models.validation.protocol import Fold
from pipeline.errors import UserError
from pipeline.settings.blocks import CorpusParams, ProtocolParams, TrainParams
from pipeline.training.fits import _expected_s, _parts, over_time, seconds_before, without_failed
from pipeline.training.jobs import Failed, Fit, Job

BOTH = ("text", "audio")
BASELINE, TEXT = Configuration("majority"), Configuration("unimodal", ("text",), "logistic")
SVM, VOTE = Configuration("unimodal", ("text",), "svm"), Configuration("vote", BOTH, "logistic")
STACK, CONCAT = Configuration("stacking", BOTH, "logistic"), Configuration("concat", BOTH, "lstm")


def fit(configuration, fold="fold-1"):
    none = np.zeros((1, 0))
    return Fit(configuration, fold, np.array([0]), np.array([0]), none, {}, none, 0.5, 1.0, 1.0, 1, "{}")


def test_late_fusions_are_fitted_together_with_their_unimodal_models_and_others_alone():
    found = _parts([BASELINE, TEXT, SVM, VOTE, CONCAT, STACK], TrainParams())
    assert found == [(BASELINE,), (SVM,), (CONCAT,), (TEXT, VOTE, STACK)]


def test_the_unimodal_models_of_late_fusions_are_those_of_the_fusion_classifier():
    found = _parts([TEXT, SVM, VOTE], TrainParams(fusion_classifier="svm"))
    assert found == [(TEXT,), (SVM, VOTE)]


def test_without_late_fusions_every_configuration_is_a_job():
    assert _parts([BASELINE, TEXT, CONCAT], TrainParams()) == [(BASELINE,), (TEXT,), (CONCAT,)]


@pytest.fixture
def costs(tmp_path):
    path = tmp_path / "fits.csv"
    path.write_text(
        "strategy,modalities,model,fold,fit_s,predict_s\n"
        "unimodal,text,ridge,fold-1,2.0,0.5\n"
        "vote,text+audio,ridge,fold-1,1.0,0.25\n"
    )
    return path


def job(*configurations, fold="fold-1"):
    corpus = CorpusParams("manifest", "c", "regression", "label", BOTH, ProtocolParams("crossfit"))
    rows = np.arange(2)
    return Job("c", ".", corpus, TrainParams(), (), Fold(fold, rows, rows, ()), configurations)


def test_fits_are_expected_to_take_what_they_took_in_the_run_before(costs):
    before = seconds_before(costs)
    assert _expected_s([job(TEXT), job(VOTE)], before) == _expected_s([job(TEXT, VOTE)], before) == 3.75
    assert _expected_s([job(TEXT, STACK)], before) == _expected_s([job(TEXT, fold="fold-2")], before) == np.inf


@pytest.mark.parametrize("content", ["", "strategy,fold\n", "nothing\nbut\nlines\n", "\udcff"])
def test_a_damaged_file_of_seconds_says_nothing(costs, content):
    costs.write_bytes(content.encode(errors="surrogateescape"))
    assert seconds_before(costs) == {}
    assert seconds_before(costs.parent / "missing.csv") == {}


def test_a_configuration_that_fails_on_one_fold_is_left_out_on_all():
    fits = [fit(TEXT), fit(VOTE), fit(TEXT, "fold-2")]
    left = without_failed(fits, [Failed(VOTE, "fold-2", "its model failed (x)")], [TEXT, VOTE], "c")
    assert [one.configuration for one in left] == [TEXT, TEXT]
    assert without_failed(fits, [], [TEXT, VOTE], "c") == fits


def test_nothing_but_baselines_is_refused_with_the_reason():
    with pytest.raises(UserError, match=r"train c: no configuration could be fitted\. unimodal text logistic failed"):
        without_failed([fit(BASELINE)], [Failed(TEXT, "fold-1", "its model failed (x)")], [BASELINE, TEXT], "c")


def test_configurations_over_time_are_those_that_read_sequences():
    assert not over_time([BASELINE, TEXT, VOTE])
    assert over_time([TEXT, CONCAT])
    assert over_time([Configuration("transformer", BOTH)])
