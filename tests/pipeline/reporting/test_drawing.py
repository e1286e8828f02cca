"""Plots are well-formed, the same every time, and put each value where it belongs."""

import xml.etree.ElementTree as ElementTree

import pytest

from pipeline.reporting.drawing import Point, curves, forest

NAN = float("nan")
SVG = "{http://www.w3.org/2000/svg}"


def test_a_forest_puts_points_on_the_axis() -> None:
    points = [Point("low <&>", 0.0, 0.0, 0.5), Point("high", 1.0, NAN, NAN), Point("none", NAN, NAN, NAN)]
    drawn = ElementTree.fromstring(forest(points, "accuracy", (0.0, 1.0), base=0.5))
    first, second = drawn.findall(f"{SVG}circle")
    base, interval = drawn.findall(f"{SVG}line")
    middle = (float(first.attrib["cx"]) + float(second.attrib["cx"])) / 2
    assert float(base.attrib["x1"]) == float(base.attrib["x2"]) == middle
    assert (float(interval.attrib["x1"]), float(interval.attrib["x2"])) == (float(first.attrib["cx"]), middle)
    texts = [text.text for text in drawn.findall(f"{SVG}text")]
    assert texts[0] == "low <&>"
    assert "none" in texts
    assert "nan" not in str(texts)


def test_curves_share_one_scale_and_each_series_one_style() -> None:
    panels = {"a": {"x": [(0, 1.0), (10, 0.5)], "y": [(0, NAN), (10, 0.0)]}, "b": {"x": [(0, 1.0), (10, 0.0)]}}
    drawn = ElementTree.fromstring(curves(panels, "uar", "share"))
    lines = drawn.findall(f"{SVG}polyline")
    places = [[tuple(map(float, p.split(","))) for p in line.attrib["points"].split()] for line in lines]
    assert [len(p) for p in places] == [2, 1, 2]
    (_, top), (_, half) = places[0]
    assert places[1][0][1] - half == pytest.approx(half - top)
    assert lines[0].attrib["stroke"] == lines[2].attrib["stroke"] != lines[1].attrib["stroke"]


def test_thirty_series_all_look_different() -> None:
    panels = {"a": {f"s{i}": [(0, i), (1, i)] for i in range(30)}}
    lines = ElementTree.fromstring(curves(panels, "uar", "share")).findall(f"{SVG}polyline")
    assert len({(line.attrib["stroke"], line.attrib.get("stroke-dasharray")) for line in lines}) == 30


def test_equal_values_and_no_values_can_be_drawn() -> None:
    for drawn in (
        forest([Point("a", 0.5, 0.5, 0.5)], "x", (0.5, 0.5)),
        forest([], "x", (0, 1)),
        curves({"a": {"x": [(0, 1.0)]}}, "x", "y"),
        curves({}, "x", "y"),
    ):
        ElementTree.fromstring(drawn)
        assert "nan" not in drawn
