"""Plots are well-formed, the same every time, and put each value where it belongs."""

import xml.etree.ElementTree as ElementTree

import pytest

from pipeline.reporting.drawing import Bin, Diagram, Point, curves, forest, reliability

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


def test_a_reliability_diagram_puts_bars_points_and_counts_in_their_bins() -> None:
    bins = [Bin(0, NAN, NAN), Bin(1, 0.4, 1.0), Bin(0, NAN, NAN), Bin(30, 0.8, 0.5)]
    text = reliability([Diagram(["best <&>", "ece"], bins), Diagram(["other"], [])], "reliability")
    assert "nan" not in text
    drawn = ElementTree.fromstring(text)
    (low, low_count, high, high_count) = (
        {name: float(value) for name, value in bar.attrib.items() if name in ("x", "y", "width", "height")}
        for bar in drawn.iter(f"{SVG}rect")
    )
    assert low["height"] == 2 * high["height"]
    assert low["y"] + low["height"] == high["y"] + high["height"]
    assert high["x"] - low["x"] == 2 * low["width"] == 2 * high["width"]
    assert high_count["height"] == pytest.approx(30 * low_count["height"])
    assert (low_count["x"], high_count["x"]) == (low["x"], high["x"])
    first, second = drawn.iter(f"{SVG}circle")
    side = 4 * low["width"]
    assert float(second.attrib["cx"]) - float(first.attrib["cx"]) == pytest.approx(0.4 * side, abs=0.2)
    assert float(second.attrib["cy"]) == high["y"]
    gaps = [line for line in drawn.iter(f"{SVG}line") if line.attrib["stroke"] == first.attrib["fill"]]
    lengths = [float(line.attrib["y2"]) - float(line.attrib["y1"]) for line in gaps]  # downwards: above the diagonal
    assert lengths == pytest.approx([0.6 * side, -0.3 * side], abs=0.2)
    texts = [one.text for one in drawn.iter(f"{SVG}text")]
    assert texts[:4] == ["best <&>", "ece", "1", "30"]
    assert "other" in texts


def test_equal_values_and_no_values_can_be_drawn() -> None:
    for drawn in (
        forest([Point("a", 0.5, 0.5, 0.5)], "x", (0.5, 0.5)),
        forest([], "x", (0, 1)),
        curves({"a": {"x": [(0, 1.0)]}}, "x", "y"),
        curves({}, "x", "y"),
        reliability([], "x"),
    ):
        ElementTree.fromstring(drawn)
        assert "nan" not in drawn
