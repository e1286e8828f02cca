"""What all charts share: units on the axis, colours of the page, a specification that fits its place."""

import altair
import pytest

from models.configuration import Configuration
from models.evaluation.intervals import Interval
from models.evaluation.metrics import metric
from pipeline.evaluation.scoring import Scored
from pipeline.reporting.charts.chart import KINDS, axis_title, data_of, kind_of, scaled, specification, unvalidated
from tests.pipeline.reporting.charts.reading import values


def test_an_axis_says_the_unit_and_which_direction_is_better() -> None:
    accuracy, mae = metric("classification", "accuracy"), metric("regression", "mae")
    assert (axis_title(accuracy), scaled(accuracy, 0.25)) == ("accuracy (%)", 25)
    assert (axis_title(mae), scaled(mae, 0.25)) == ("mae, lower is better", 0.25)


@pytest.mark.parametrize(
    ("names", "kind"),
    [(("majority",), "baseline"), (("tfidf", "text", "logistic"), "baseline"), (("unimodal", "audio", "svm"), "audio"),
     (("vote", "text+audio", "svm"), "fusion")],
)  # fmt: skip
def test_a_row_has_the_colour_of_its_only_modality(names: tuple[str, ...], kind: str) -> None:
    row = Scored(Configuration.parse(*names), 1, {"accuracy": Interval(0, 0, 0)})
    assert kind_of(row) == kind
    assert kind in KINDS


def test_a_specification_is_as_wide_as_its_place_and_has_the_colours_of_the_page() -> None:
    spec = specification(altair.Chart(data_of([{"a": 1}])).mark_point().encode(x="a:Q"), 50)
    assert (spec["width"], spec["height"]) == ("container", 50)
    assert values(spec) == [{"a": 1}]
    assert spec["config"]["axis"]["labelColor"] == "var(--ink)"


def test_only_the_page_makes_charts_without_validating_them() -> None:
    """A mistake in a chart is found by its test; a page, which has many charts, is made quicker."""
    wrong = altair.Chart(data_of([{"a": 1}])).mark_point().encode(x="a:Q")
    wrong.height = "tall"
    with pytest.raises(altair.utils.schemapi.SchemaValidationError):
        specification(wrong)
    with unvalidated():
        assert specification(wrong)["height"] == "tall"
    with pytest.raises(altair.utils.schemapi.SchemaValidationError):
        specification(wrong)
