"""A forest plot has each row's numbers, in the order given, and no NaN."""

import json
import math

from models.evaluation.intervals import Interval
from pipeline.reporting.charts.intervals import Row, forest
from tests.pipeline.reporting.charts.reading import values

NAN = math.nan


def test_rows_keep_their_order_and_numbers_and_unknown_ones_are_null() -> None:
    rows = [
        Row.of("z\ntext", Interval(0.5, 0.25, 0.75), "text", 100),
        Row("a </script>", 3.0, NAN, NAN, "fusion"),
        Row("none", NAN, NAN, NAN, "baseline"),
    ]
    spec = json.loads(json.dumps(forest(rows, "accuracy (%)", line=2.0, line_label="best"), allow_nan=False))
    _, intervals, points = spec["layer"]
    assert values(spec, 0) == [{"at": 2.0, "line": "best"}]
    drawn = values(spec, 2)
    assert [one["value"] for one in drawn] == [50.0, 3.0, None]
    assert (drawn[0]["low"], drawn[0]["high"], drawn[1]["low"]) == (25.0, 75.0, None)
    assert points["encoding"]["y"]["sort"] == ["z\ntext", "a </script>", "none"]
    assert points["encoding"]["x"]["title"] == "accuracy (%)"
    assert intervals["encoding"]["x2"]["field"] == "high"


def test_a_line_and_a_span_are_drawn_only_if_given() -> None:
    spec = forest([Row("a", 1.0, 0.0, 2.0, "fusion")], "x", span=(0, 1))
    assert len(spec["layer"]) == 2
    assert spec["layer"][1]["encoding"]["x"]["scale"]["domain"] == [0, 1]
