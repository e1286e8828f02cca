"""Draw plots as SVG: forest plots, curves in panels and reliability diagrams. The same numbers give the same bytes."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape

_LEFT, _WIDTH, _STEP = 330, 520, 20  # of a forest plot, in pixels: width of labels and of the axis, height of a row
_PANEL, _HEIGHT, _GAP = 250, 240, 60  # of panels of curves, in pixels: width, height, and gap between them
_SIDE, _STRIP = 330, 60  # of a reliability diagram, in pixels: side, and height of the histogram
_INK, _GREY, _PALE = "#444466", "#999999", "#b9d3ee"
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#8c564b")  # Okabe and Ito
_DASHES = ("", "6 3", "2 3", "8 3 2 3")


@dataclass(frozen=True)
class Point:
    """One row of a forest plot: a label, a value and its interval, whose bounds are NaN if there is none."""

    label: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Bin:
    """One bin of a reliability diagram: its count of utterances, mean probability, and share of correct predictions."""

    count: int
    probability: float
    correct: float


@dataclass(frozen=True)
class Diagram:
    """A reliability diagram: the lines of its title, and its bins of equal width from 0 to 1."""

    lines: Sequence[str]
    bins: Sequence[Bin]


def forest(points: Sequence[Point], title: str, span: tuple[float, float], base: float | None = None) -> str:
    """Draw a forest plot, whose rows have a point, its interval and its value as text.

    Parameters
    ----------
    points
        Points from top to bottom; if a value is undefined, only the label is drawn.
    title
        What is measured.
    span
        The ends of the axis.
    base
        The value at which a dashed line crosses all rows; None for no line.
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
    """Draw panels side by side on one scale, each with one curve per series; a legend is below them.

    Parameters
    ----------
    panels
        For each panel and series, the points ``(x, y)``; points with y = NaN are left out.
    title
        The title of the y axis.
    below
        The title of the x axis.
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


def reliability(diagrams: Sequence[Diagram], title: str) -> str:
    """Draw reliability diagrams side by side, each above a histogram of its utterances.

    The height of a bar is the share of correct predictions in a bin. A point marks the bin's mean probability (x) and
    this share (y); a line joins the point to the diagonal, where the two are equal. Histogram bars show their counts.

    Parameters
    ----------
    diagrams
        The diagrams from left to right.
    title
        The description of the image.
    """
    above = 16 * max((len(one.lines) for one in diagrams), default=0)
    parts = [part for i, one in enumerate(diagrams) for part in _diagram(_GAP + i * (_SIDE + _GAP), above + 10, one)]
    height = above + 10 + _SIDE + _GAP + _STRIP + 30
    return _svg(_GAP + max(1, len(diagrams)) * (_SIDE + _GAP), height, parts, title)


def _diagram(left: float, top: float, diagram: Diagram) -> Iterator[str]:
    floor, strip, width = top + _SIDE, top + _SIDE + _GAP + _STRIP, _SIDE / max(1, len(diagram.bins))
    yield from (_text(left, 14 + 16 * i, line, "start") for i, line in enumerate(diagram.lines))
    most = max((one.count for one in diagram.bins), default=0)
    for i, one in enumerate(diagram.bins):
        if one.count:
            x, height = left + width * i, _STRIP * one.count / most
            yield _bar(x, floor - _SIDE * one.correct, width, _SIDE * one.correct)
            yield _bar(x, strip - height, width, height)
            yield _text(x + width / 2, strip - height - 4, str(one.count), "middle", 9)
    yield _line(left, left + _SIDE, floor, top, _GREY, "4 3")
    for one in (one for one in diagram.bins if one.count):
        x, y = left + _SIDE * one.probability, floor - _SIDE * one.correct
        yield _line(x, x, y, floor - _SIDE * one.probability, _COLOURS[1])
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{_COLOURS[1]}"/>'
    for bottom, height in ((floor, _SIDE), (strip, _STRIP)):
        yield _line(left, left, bottom - height, bottom, _GREY)
        yield _line(left, left + _SIDE, bottom, bottom, _GREY)
    for share in (0, 0.5, 1):
        yield _text(left - 6, floor - _SIDE * share + 4, f"{share:g}", "end")
        yield _text(left + _SIDE * share, floor + 16, f"{share:g}", "middle")
    x, y = left - 34, floor - _SIDE / 2
    yield f'<g transform="rotate(-90 {x:.1f} {y:.1f})">{_text(x, y, "share of correct predictions", "middle")}</g>'
    yield _text(left + _SIDE / 2, floor + 32, "probability of the predicted class", "middle")
    yield _text(left + _SIDE / 2, strip + 18, "utterances", "middle")


def _bar(x: float, y: float, width: float, height: float) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect {place} fill="{_PALE}" stroke="{_GREY}"/>'


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


def _text(x: float, y: float, text: str, anchor: str, size: int | None = None) -> str:
    small = "" if size is None else f' font-size="{size}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{small}>{escape(text)}</text>'


def _svg(width: float, height: float, parts: Sequence[str], title: str) -> str:
    opening = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" role="img"'
    font = 'font-family="system-ui, sans-serif" font-size="12"'
    return "\n".join([f'{opening} {font} aria-label="{escape(title)}">', *parts, "</svg>", ""])
