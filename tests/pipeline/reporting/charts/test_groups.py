"""The chart by group shows the best fusion and the best single modality of the groups that the table lists."""

import math

import pandas as pd

from models.configuration import Configuration
from models.evaluation.intervals import Interval
from models.evaluation.metrics import metrics_of
from pipeline.evaluation.groups import COLUMNS
from pipeline.evaluation.scoring import Scored, Scores
from pipeline.reporting.charts.groups import groups_chart
from pipeline.reporting.tables import Table
from tests.pipeline.reporting.charts.reading import values

BASE, ONE, TWO = (
    Configuration("majority"),
    Configuration("unimodal", ("text",), "svm"),
    Configuration("vote", ("text", "audio"), "svm"),
)
SCORES = Scores(
    [Scored(one, 9, {"accuracy": Interval(0.5, 0, 1)}) for one in (BASE, ONE, TWO)], metrics_of("classification")
)


def test_each_group_has_a_point_of_each_and_no_number_where_there_is_none() -> None:
    lines = [
        (*one.names, "speaker", group, 12, "accuracy", value, math.nan, math.nan, "")
        for one, value in ((TWO, 0.75), (ONE, 0.5), (BASE, 0.25))
        for group in ("</script>", "s1", "small")
    ]
    shown = Table(["speaker", "n"], [["s1", "12"], ["</script>", "12"]])
    chart = groups_chart(pd.DataFrame(lines, columns=COLUMNS), SCORES, shown)
    assert [(v["group"], v["kind"], v["value"], v["low"]) for v in values(chart.spec, 0)] == [
        ("</script>", "fusion: vote text+audio svm", 75.0, None),
        ("s1", "fusion: vote text+audio svm", 75.0, None),
        ("</script>", "single modality: unimodal text svm", 50.0, None),
        ("s1", "single modality: unimodal text svm", 50.0, None),
    ]
    assert chart.spec["layer"][0]["encoding"]["color"]["scale"]["range"] == ["var(--fusion)", "var(--text)"]
    colour, shape = (chart.spec["layer"][0]["encoding"][name] for name in ("color", "shape"))
    assert (colour["legend"], colour["scale"]["domain"]) == (shape["legend"], shape["scale"]["domain"])  # one legend
    assert chart.spec["layer"][0]["encoding"]["y"]["sort"] == ["s1", "</script>"]
    assert chart.table is shown
