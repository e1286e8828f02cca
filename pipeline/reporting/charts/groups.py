"""Draw the leading metric by group: the best fusion next to the best single modality."""

from collections.abc import Sequence
from typing import Any

import pandas as pd

from models.evaluation.metrics import Metric
from pipeline.evaluation.results import by_configuration
from pipeline.evaluation.scoring import Scores
from pipeline.reporting.charts.chart import ROW, Chart, axis_title, data_of, kind_of, scaled, specification
from pipeline.reporting.tables import Table

SHOWN = 40  # at most this many groups are in the chart; by_group.csv has all of them


def groups_chart(table: pd.DataFrame, scores: Scores, shown: Table) -> Chart:
    """Return the chart of the leading metric by group, for the first `SHOWN` groups.

    Parameters
    ----------
    table
        The rows of by_group.csv.
    scores
        The scores of the corpus.
    shown
        The table of the groups; its first column names them.
    """
    import altair as alt

    leading, groups = scores.leading, [line[0] for line in shown.lines[:SHOWN]]
    fusion, single = scores.best_fusion, scores.best_unimodal
    kinds = {f"fusion: {fusion.configuration}": fusion} if fusion else {}
    kinds |= {f"single modality: {single.configuration}": single} if single else {}
    parts = by_configuration(table[table["group"].isin(groups)])
    values = [
        value
        for kind, row in kinds.items()
        if row.configuration in parts
        for value in _values(parts[row.configuration], kind, leading)
    ]
    shown_kinds = list(dict.fromkeys(value["kind"] for value in values))
    colours = alt.Scale(domain=shown_kinds, range=[f"var(--{kind_of(kinds[kind])})" for kind in shown_kinds])
    legend = alt.Legend(columns=1, labelLimit=0)
    base = alt.Chart(data_of(values)).encode(
        y=alt.Y("group:N", sort=groups, title=None, scale=alt.Scale(domain=groups)),
        yOffset=alt.YOffset("kind:N", sort=shown_kinds),
        color=alt.Color("kind:N", title=None, scale=colours, legend=legend),
        tooltip=[alt.Tooltip(name) for name in ("group:N", "kind:N", "n:Q", "value:Q", "low:Q", "high:Q")],
    )
    title, scale = axis_title(leading), alt.Scale(zero=False)
    lines = (
        base.mark_rule(strokeWidth=2)
        .encode(x=alt.X("low:Q", title=title, scale=scale), x2="high:Q")
        .transform_filter("isValid(datum.low)")
    )
    shape = alt.Shape("kind:N", title=None, scale=alt.Scale(domain=shown_kinds), legend=legend)
    value = alt.X("value:Q", title=title, scale=scale)
    points = base.mark_point(filled=True, size=70, opacity=1).encode(x=value, shape=shape)
    layers = [lines, points] if any(value["low"] is not None for value in values) else [points]
    return Chart(
        "groups-chart",
        f"By {shown.header[0]}: {leading.name}{', percent' if leading.share else ''}",
        specification(alt.layer(*layers), ROW * max(1, len(groups))),
        shown,
    )


def _values(part: pd.DataFrame, kind: str, metric: Metric) -> Sequence[dict[str, Any]]:
    return [
        {
            "group": line.group,
            "kind": kind,
            "n": line.n,
            **{
                name: scaled(metric, value) if value == value else None
                for name, value in (("value", line.value), ("low", line.low), ("high", line.high))
            },
        }
        for line in part.itertuples(index=False)
    ]
