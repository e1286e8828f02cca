"""Draw forest plots: each row is a point with its interval, and all rows share one axis."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from models.evaluation.intervals import Interval
from pipeline.reporting.charts.chart import KINDS, ROW, data_of, specification


@dataclass(frozen=True)
class Row:
    """One row of a forest plot: a label of one or more lines, a value, its interval, and a kind.

    The kind, a key of `chart.KINDS`, determines the colour.
    """

    label: str
    value: float
    low: float
    high: float
    kind: str

    @classmethod
    def of(cls, label: str, found: Interval, kind: str, factor: float = 1.0) -> "Row":
        """Return the row of an interval, with all numbers multiplied by `factor`."""
        return cls(label, factor * found.value, factor * found.low, factor * found.high, kind)


def forest(
    rows: Sequence[Row], title: str, *, line: float | None = None, line_label: str = "", span: Sequence[float] = ()
) -> dict[str, Any]:
    """Return a forest plot as a Vega-Lite specification.

    Parameters
    ----------
    rows
        The rows from top to bottom. A row without a finite value has only its label, and a row without an interval has
        only its point.
    title
        The title of the axis, with the unit.
    line, line_label
        The value at which a dashed line crosses all rows, and what the line stands for.
    span
        The ends of the axis; by default, they are derived from the values.
    """
    import altair as alt

    kinds = [kind for kind in KINDS if any(row.kind == kind for row in rows)]
    scale = alt.Scale(domain=list(span), nice=False) if span else alt.Scale(zero=False, nice=True)
    axis = alt.Axis(labelExpr=r"split(datum.label, '\n')", title=None, labelPadding=8, ticks=False, domain=False)
    labels = [row.label for row in rows]
    base = alt.Chart(data_of([_finite(row) for row in rows])).encode(
        y=alt.Y("label:N", sort=labels, axis=axis, scale=alt.Scale(domain=labels)),
        color=alt.Color(
            "kind:N",
            title=None,
            scale=alt.Scale(domain=kinds, range=[KINDS[kind] for kind in kinds]),
            legend=None,  # the labels already name the modalities of the rows
        ),
        tooltip=[
            alt.Tooltip("label:N", title="row"),
            alt.Tooltip("value:Q", title=title, format=".4~g"),
            alt.Tooltip("low:Q", title="from", format=".4~g"),
            alt.Tooltip("high:Q", title="to", format=".4~g"),
        ],
    )
    x = alt.X("low:Q", title=title, scale=scale)
    intervals = base.mark_rule(strokeWidth=2).encode(x=x, x2="high:Q").transform_filter("isValid(datum.low)")
    points = base.mark_point(filled=True, size=80, opacity=1).encode(x=alt.X("value:Q", title=title, scale=scale))
    layers = [intervals, points] if any(math.isfinite(row.low) for row in rows) else [points]
    if line is not None:
        layers.insert(0, _line(line, line_label, scale))
    return specification(alt.layer(*layers), ROW * max(1, len(rows)))


def _finite(row: Row) -> dict[str, Any]:
    values = asdict(row)
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value for key, value in values.items()
    }


def _line(at: float, label: str, scale: Any) -> Any:
    import altair as alt

    return (
        alt.Chart(data_of([{"at": at, "line": label}]))
        .mark_rule(strokeDash=[5, 4], strokeWidth=1.5, color="var(--faint)")
        .encode(x=alt.X("at:Q", scale=scale), tooltip=[alt.Tooltip("line:N", title="dashed line")])
    )
