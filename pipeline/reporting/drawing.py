"""Plots as SVG text: points with intervals by row, and curves in panels. The same numbers give the same bytes."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

_LEFT, _WIDTH, _STEP = 330, 520, 20  # pixels of a forest plot: labels, axis, one row
_PANEL, _HEIGHT, _GAP = 250, 240, 60  # pixels of a panel of curves, and between panels
_INK, _GREY = "#444466", "#999999"
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#8c564b")  # Okabe and Ito
_DASHES = ("", "6 3", "2 3", "8 3 2 3")


@dataclass(frozen=True)
class Point:
    """One row of a forest plot: a label, a value and its interval; NaN bounds where there is no interval."""

    label: str
    value: float
    low: float
    high: float


def forest(points: Sequence[Point], title: str, span: tuple[float, float], base: float | None = None) -> str:
    """Draw a forest plot: in each row a point, its interval and its value.

    Parameters
    ----------
    points
        Points from top to bottom; if a value is undefined, only the label is drawn.
    title
        What is measured.
    span
        Ends of the axis.
    base
        The value at which a dashed line crosses all rows.
    """
    low, high = span

    def at(value: float) -> float:
        return _LEFT + _WIDTH * (value - low) / (high - low or 1)

    bottom = _STEP * (len(points) + 1)
    parts = [] if base is None else [_line(at(base), at(base), _STEP / 2, bottom - _STEP / 2, _GREY, "4 3")]
    for i, point in enumerate(points):
        parts += _forest_row(point, _STEP * (i + 1), at)
    parts += [_text(at(value), bottom + 8, f"{value:.4g}", "middle") for value in (low, (low + high) / 2, high)]
    return _svg(_LEFT + _WIDTH + 70, bottom + _STEP, parts, title)


def curves(panels: Mapping[str, Mapping[str, Sequence[tuple[float, float]]]], title: str, below: str) -> str:
    """Draw panels side by side on one scale, each with one curve per series; the series are listed underneath.

    Parameters
    ----------
    panels
        Panel -> series -> ``(x, y)`` points; those with y = NaN are left out.
    title
        What y is.
    below
        What x is.
    """
    points = [p for panel in panels.values() for series in panel.values() for p in series if math.isfinite(p[1])]
    names = list(dict.fromkeys(name for panel in panels.values() for name in panel))
    style = {n: (_COLOURS[i % len(_COLOURS)], _DASHES[i // len(_COLOURS) % len(_DASHES)]) for i, n in enumerate(names)}
    x_span, y_span = _span([x for x, _ in points]), _span([y for _, y in points])
    parts: list[str] = []
    for i, (panel, series) in enumerate(panels.items()):
        parts += _panel(_GAP + i * (_PANEL + _GAP), (panel, below), series, style, (x_span, y_span))
    top = _HEIGHT + 2 * _GAP
    for i, name in enumerate(names):
        y = top + _STEP * i
        parts += [_line(_GAP, _GAP + 40, y, y, *style[name]), _text(_GAP + 50, y + 4, name, "start")]
    width = _GAP + max(1, len(panels)) * (_PANEL + _GAP)
    return _svg(width, top + _STEP * len(names), parts, title)


def _forest_row(point: Point, y: float, at: Callable[[float], float]) -> Iterator[str]:
    yield _text(_LEFT - 10, y + 4, point.label, "end")
    if math.isfinite(point.low):
        yield _line(at(point.low), at(point.high), y, y, _INK)
    if math.isfinite(point.value):
        yield f'<circle cx="{at(point.value):.1f}" cy="{y:.1f}" r="4" fill="{_INK}"/>'
        yield _text(_LEFT + _WIDTH + 10, y + 4, f"{point.value:.3f}", "start")


def _panel(
    left: float,
    names: tuple[str, str],
    series: Mapping[str, Sequence[tuple[float, float]]],
    style: Mapping[str, tuple[str, str]],
    spans: tuple[tuple[float, float], tuple[float, float]],
) -> Iterator[str]:
    (x_low, x_high), (y_low, y_high) = spans
    floor = _GAP / 2 + _HEIGHT

    def place(x: float, y: float) -> tuple[float, float]:
        return left + _PANEL * (x - x_low) / (x_high - x_low), floor - _HEIGHT * (y - y_low) / (y_high - y_low)

    yield _text(left + _PANEL / 2, _GAP / 2 - 10, names[0], "middle")
    yield _line(left, left, floor - _HEIGHT, floor, _GREY)
    yield _line(left, left + _PANEL, floor, floor, _GREY)
    yield from (_text(left - 6, place(x_low, y)[1] + 4, f"{y:.3g}", "end") for y in (y_low, y_high))
    yield from (_text(place(x, y_low)[0], floor + 16, f"{x:.3g}", "middle") for x in (x_low, x_high))
    yield _text(left + _PANEL / 2, floor + 32, names[1], "middle")
    for name, points in series.items():
        path = " ".join("{:.1f},{:.1f}".format(*place(x, y)) for x, y in points if math.isfinite(y))
        colour, dash = style[name]
        yield f'<polyline points="{path}" fill="none" {_stroke(colour, dash)}/>'


def _span(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values, default=0.0), max(values, default=1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _line(x1: float, x2: float, y1: float, y2: float, colour: str, dash: str = "") -> str:
    ends = f'x1="{x1:.1f}" x2="{x2:.1f}" y1="{y1:.1f}" y2="{y2:.1f}"'
    return f"<line {ends} {_stroke(colour, dash)}/>"


def _stroke(colour: str, dash: str) -> str:
    return f'stroke="{colour}" stroke-width="2"' + (f' stroke-dasharray="{dash}"' if dash else "")


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(width: float, height: float, parts: Sequence[str], title: str) -> str:
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" role="img"'
    font = 'font-family="system-ui, sans-serif" font-size="12"'
    return "\n".join([f'{opening} {font} aria-label="{escape(title)}">', *parts, "</svg>", ""])
