"""Draw the attention that each modality gets: mean weights, and the range of the middle 80 % of utterances."""

import pandas as pd

from pipeline.evaluation.plots import attention_points
from pipeline.reporting.charts.chart import KINDS, Chart
from pipeline.reporting.charts.intervals import Row, forest
from pipeline.reporting.tables import Table


def attention_chart(weights: pd.DataFrame, truth: pd.Series) -> Chart:
    """Return the chart of attention weights for all utterances and, if classes are predicted, for each class.

    Parameters
    ----------
    weights
        The rows of attention.csv.
    truth
        The true class or score, indexed by utterance.
    """
    points = attention_points(weights, truth)
    rows = [
        Row(point.label.replace(", ", "\n", 1), point.value, point.low, point.high, _kind(point.label))
        for point in points
    ]
    lines = [[point.label, f"{point.value:.3f}", f"{point.low:.3f}", f"{point.high:.3f}"] for point in points]
    table = Table(["attention", "mean weight", "from", "to"], lines)
    spec = forest(rows, "mean weight", span=(0, 1))
    caption = "Point: the mean weight. Line: the middle 80 % of the utterances."
    return Chart("attention", "What attention looks at", spec, table, caption)


def _kind(label: str) -> str:
    return next((kind for kind in KINDS if f" on {kind}" in label), "fusion")
