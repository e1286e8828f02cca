"""How metrics are written: shares in percent, and words where a value or an interval is undefined."""

from models.evaluation.intervals import Interval
from models.evaluation.metrics import Metric, metric
from pipeline.evaluation.formatting import difference, lower_is_better, number, p_value, with_interval

NAN = float("nan")
UAR, MAE, R = metric("classification", "uar"), metric("regression", "mae"), metric("regression", "r")


def test_undefined_metrics_and_missing_intervals_are_words() -> None:
    assert with_interval(R, Interval(NAN, NAN, NAN)) == "undefined"
    assert with_interval(UAR, Interval(0.5, NAN, NAN)) == "50.0 [no interval: one group]"
    assert difference(MAE, Interval(-0.25, -0.5, 0.125)) == "-0.250 [-0.500, +0.125]"
    assert difference(UAR, Interval(0.1, -1e-17, 0.2)) == "+10.0 [+0.0, +20.0]"
    assert p_value(NAN) == ""


def test_no_p_value_is_written_as_1_000() -> None:
    assert [p_value(k / 10000) for k in (9994, 9995, 9996)] == [".999", "1", "1"]


def test_a_metric_is_in_percent_if_its_entry_calls_it_a_share() -> None:
    share = Metric("toy_share", "regression", max, share=True)
    plain = Metric("toy_error", "classification", max, higher_is_better=False)
    found = Interval(0.25, 0.125, 0.5)
    assert (number(share, 0.25), with_interval(share, found)) == ("25.0", "25.0 [12.5, 50.0]")
    assert (number(plain, 0.25), with_interval(plain, found)) == ("0.250", "0.250 [0.125, 0.500]")
    assert difference(share, found) == "+25.0 [+12.5, +50.0]"
    assert number(share, NAN) == "undefined"


def test_the_metrics_of_which_lower_is_better_are_named() -> None:
    error = Metric("toy_error", "regression", max, higher_is_better=False)
    assert lower_is_better([R, MAE, error]) == "Lower is better for mae and toy_error."
    assert lower_is_better([UAR, R]) == ""
