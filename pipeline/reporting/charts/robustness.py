"""Draw the scores when more and more utterances lose a modality: one chart per modality, one line per fusion."""

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from models.configuration import Configuration
from models.evaluation.metrics import Metric
from pipeline.evaluation.formatting import number
from pipeline.evaluation.results import by_configuration
from pipeline.reporting.charts.chart import Chart, axis_title, data_of, scaled, specification
from pipeline.reporting.tables import Table

HEIGHT = 220
PICKED = "picked"  # the parameter of each chart that holds the name of the configuration chosen by the reader


def robustness_charts(table: pd.DataFrame, metric: Metric, best: Configuration) -> list[Chart]:
    """Return one chart per ablated modality; the page highlights `best` and the fusion that the reader chooses.

    Parameters
    ----------
    table
        The rows of robustness.csv.
    metric
        The metric of the table.
    best
        The configuration whose line is highlighted in every chart.
    """
    ends = [scaled(metric, value) for value in table["value"].dropna()]
    span = [min(ends, default=0.0), max(ends, default=1.0)]
    return [_chart(modality, part, metric, best, span) for modality, part in table.groupby("removed", sort=False)]


def _chart(modality: str, part: pd.DataFrame, metric: Metric, best: Configuration, span: Sequence[float]) -> Chart:
    import altair as alt

    values = list(_points(part, metric))
    lines = alt.Chart(data_of(values)).encode(
        x=alt.X("share:Q", title=f"Utterances without {modality} (%)", axis=alt.Axis(values=[0, 10, 20, 30, 40, 50])),
        y=alt.Y("value:Q", title=axis_title(metric), scale=alt.Scale(domain=span, nice=True, zero=False)),
        detail="name:N",
        tooltip=[alt.Tooltip("name:N"), alt.Tooltip("share:Q"), alt.Tooltip("value:Q", format=".4~g")],
    )
    chosen = alt.condition(
        f"datum.name === {PICKED}", alt.value(1), alt.value(0)
    )  # with a filter instead, there would be no line to style until the reader chooses one
    layered = alt.layer(
        lines.mark_line(color="var(--faint)", opacity=0.4, strokeWidth=1),
        lines.transform_filter(alt.datum.name == best.display).mark_line(color="var(--fusion)", strokeWidth=3),
        lines.mark_line(color="var(--audio)", strokeWidth=3, strokeDash=[6, 3]).encode(opacity=chosen),
    ).add_params(alt.param(name=PICKED, value=""))
    return Chart(
        f"robustness-{modality}",
        f"Without {modality}",
        specification(layered, HEIGHT),
        _table(part, metric),
    )


def _points(part: pd.DataFrame, metric: Metric) -> Iterator[dict[str, Any]]:
    for one, lines in by_configuration(part).items():
        for line in lines.itertuples(index=False):
            if line.value == line.value:  # undefined values are left out
                yield {"name": one.display, "share": int(line.share), "value": scaled(metric, line.value)}


def _table(part: pd.DataFrame, metric: Metric) -> Table:
    shares = list(dict.fromkeys(part["share"]))
    lines = [
        [one.display, *(number(metric, value) for value in own["value"])] for one, own in by_configuration(part).items()
    ]
    return Table(["configuration", *(f"{share} %" for share in shares)], lines)
