"""A reliability diagram has the bins of the metric that sums its gaps, counted by hand."""

import pandas as pd
import pytest

from models.configuration import Configuration
from models.evaluation.intervals import Interval
from models.evaluation.metrics import metrics_of
from pipeline.evaluation.scoring import Scored, Scores
from pipeline.reporting.charts.calibration import calibration_charts
from tests.pipeline.reporting.charts.reading import values

ONE, TWO = Configuration("unimodal", ("text",), "svm"), Configuration("vote", ("text", "audio"), "svm")
ROWS = [Scored(one, 4, {"accuracy": Interval(0.5, 0, 1)}) for one in (ONE, TWO)]
SCORES = Scores(ROWS, metrics_of("classification"))
SURE = pd.DataFrame({"truth": ["a", "a", "b", "b"], "p_a": [0.9, 0.92, 0.91, 0.3], "p_b": [0.1, 0.08, 0.09, 0.7]})


def test_bins_hold_their_utterances_mean_probability_and_share_of_correct_predictions() -> None:
    unknown = SURE.assign(p_a=float("nan"))
    (chart,) = calibration_charts(SCORES, {ONE: SURE, TWO: unknown})
    assert chart.title == "Best single modality: unimodal text svm"
    low, high = values(chart.spec, 0)
    assert (low["utterances"], low["correct"], high["utterances"]) == (1, 100.0, 3)
    assert (low["probability"], high["probability"]) == pytest.approx((70.0, 91.0))
    assert high["correct"] == pytest.approx(200 / 3)
    assert (high["from"], high["to"]) == pytest.approx((100 * 13 / 15, 100 * 14 / 15))
    assert chart.table.lines[1][1:] == ["3", "91.0", "66.7"]
    # 1/4 * (1 - 0.7) + 3/4 * (0.91 - 2/3)
    assert "error 25.8 %, 4 utterances" in chart.caption


def test_charts_have_the_colours_of_their_rows() -> None:
    single, fusion = (str(chart.spec) for chart in calibration_charts(SCORES, {ONE: SURE, TWO: SURE}))
    assert ("var(--text)" in single, "var(--fusion)" in single) == (True, False)
    assert ("var(--text)" in fusion, "var(--fusion)" in fusion) == (False, True)
