"""Write metrics as text: shares in percent, intervals in brackets, and a word if there is no number."""

import math
from collections.abc import Iterable

from models.evaluation.intervals import Interval
from models.evaluation.metrics import Metric


def number(metric: Metric, value: float) -> str:
    """Return a metric as text, without its interval: a share in percent, any other metric with three decimals.

    A value that is not finite is written as ``undefined``.

    >>> from models.evaluation.metrics import metric
    >>> number(metric("classification", "accuracy"), 0.8125), number(metric("regression", "mae"), 0.8125)
    ('81.2', '0.812')
    """
    return _written(metric, value, "") if math.isfinite(value) else "undefined"


def with_interval(metric: Metric, found: Interval) -> str:
    """Return a metric as text, with its interval.

    >>> from models.evaluation.metrics import metric
    >>> with_interval(metric("classification", "accuracy"), Interval(0.8, 0.7, 0.9))
    '80.0 [70.0, 90.0]'
    >>> with_interval(metric("regression", "mae"), Interval(1.0, float("nan"), float("nan")))
    '1.000 [no interval: one group]'
    """
    return _with_bounds(metric, found, "")


def difference(metric: Metric, found: Interval) -> str:
    """Return the difference between two models in a metric as text, with its interval; all numbers have a sign.

    >>> from models.evaluation.metrics import metric
    >>> difference(metric("classification", "accuracy"), Interval(0.05, -0.01, 0.1))
    '+5.0 [-1.0, +10.0]'
    """
    return _with_bounds(metric, found, "+")


def p_value(p: float) -> str:
    """Return a p value as text without the zero before the decimal point, as papers write it; empty if undefined.

    >>> p_value(0.0123), p_value(0.0001), p_value(0.9995), p_value(float("nan"))
    ('.012', '< .001', '1', '')
    """
    if not math.isfinite(p):
        return ""
    return "1" if p >= 0.9995 else "< .001" if p < 0.001 else f"{p:.3f}".removeprefix("0")


def p_equals(p: float) -> str:
    """Return a p value for a sentence; empty if undefined.

    >>> p_equals(0.0123), p_equals(0.0001)
    ('p = .012', 'p < .001')
    """
    written = p_value(p)
    return written and (f"p {written}" if written.startswith("<") else f"p = {written}")


def spaced(modalities: str) -> str:
    """Return the name of a set of modalities with spaces around each plus sign.

    >>> spaced("text+audio")
    'text + audio'
    """
    return modalities.replace("+", " + ")


def _with_bounds(metric: Metric, found: Interval, sign: str) -> str:
    if not math.isfinite(found.value):
        return "undefined"
    value = _written(metric, found.value, sign)
    if not math.isfinite(found.low):
        return f"{value} [no interval: one group]"
    return f"{value} [{_written(metric, found.low, sign)}, {_written(metric, found.high, sign)}]"


def _written(metric: Metric, value: float, sign: str) -> str:
    return f"{100 * value:{sign}z.1f}" if metric.share else f"{value:{sign}z.3f}"  # z: no negative zero


def lower_is_better(metrics: Iterable[Metric]) -> str:
    """Return a sentence that lists the metrics for which lower is better; empty if there are none."""
    errors = [metric.name for metric in metrics if not metric.higher_is_better]
    return f"Lower is better for {' and '.join(errors)}." if errors else ""


def basic_intervals(metrics: Iterable[Metric]) -> str:
    """Return a sentence that lists the metrics whose intervals are basic ones; empty if there are none.

    >>> from models.evaluation.metrics import metric
    >>> basic_intervals([metric("classification", "accuracy"), metric("classification", "ece")])
    'Intervals of ece are basic (reflected) instead of percentile intervals, because chance moves it to one side.'
    """
    names = [metric.name for metric in metrics if metric.reflected]
    if not names:
        return ""
    why = f"because chance moves {'it' if len(names) == 1 else 'them'} to one side"
    return f"Intervals of {' and '.join(names)} are basic (reflected) instead of percentile intervals, {why}."
