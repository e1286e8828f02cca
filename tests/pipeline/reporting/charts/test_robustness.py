"""One small chart per modality, all on one scale, with the best fusion in each and any other one on demand."""

import math

import pandas as pd

from models.configuration import Configuration
from models.evaluation.metrics import metric
from pipeline.reporting.charts.robustness import PICKED, robustness_charts
from tests.pipeline.reporting.charts.reading import values

BEST = Configuration("vote", ("text", "audio"), "svm")
LINES = [
    (*names, removed, share, "accuracy", value, 0.0, 1.0)
    for names, removed, values in (
        (BEST.names, "text", (0.8, 0.6)),
        (BEST.names, "audio", (0.8, 0.7)),
        (("concat", "text+audio", "svm"), "text", (0.5, math.nan)),
        (("concat", "text+audio", "svm"), "audio", (0.5, 0.4)),
    )
    for share, value in zip((0, 50), values, strict=True)
]
TABLE = pd.DataFrame(
    LINES, columns=["strategy", "modalities", "model", "removed", "share", "metric", "value", "low", "high"]
)


def test_each_modality_has_a_chart_with_all_fusions_and_the_best_apart() -> None:
    charts = robustness_charts(TABLE, metric("classification", "accuracy"), BEST)
    assert [chart.name for chart in charts] == ["robustness-text", "robustness-audio"]
    text = charts[0]
    assert [(v["name"], v["share"], v["value"]) for v in values(text.spec, 0)] == [
        ("vote text+audio svm", 0, 80.0),
        ("vote text+audio svm", 50, 60.0),
        ("concat text+audio svm", 0, 50.0),
    ]
    assert text.table.header == ["configuration", "0 %", "50 %"]
    assert text.table.lines == [
        ["vote text+audio svm", "80.0", "60.0"],
        ["concat text+audio svm", "50.0", "undefined"],
    ]
    domains = {tuple(layer["encoding"]["y"]["scale"]["domain"]) for chart in charts for layer in chart.spec["layer"]}
    assert domains == {(40.0, 80.0)}
    assert text.spec["layer"][1]["transform"] == [{"filter": "(datum.name === 'vote text+audio svm')"}]
    assert [one["name"] for one in text.spec["params"]] == [PICKED]
