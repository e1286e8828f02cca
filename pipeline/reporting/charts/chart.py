"""What all charts of the page share: a title, a Vega-Lite specification, and the same numbers as a table.

Colours are the page's own (``var(--audio)``), so that a chart follows it from light to dark.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.configuration import Configuration
from models.evaluation.metrics import Metric
from pipeline.evaluation.formatting import spaced
from pipeline.evaluation.scoring import Scored
from pipeline.reporting.tables import Table

ROW = 34  # height in pixels of a row that two lines of text name
KINDS = {  # what a mark stands for: its colour
    "baseline": "var(--faint)",
    "text": "var(--text)",
    "audio": "var(--audio)",
    "video": "var(--video)",
    "fusion": "var(--fusion)",
}
_CONFIG: dict[str, Any] = {
    "background": "transparent",
    "font": "system-ui, sans-serif",
    "view": {"stroke": "var(--line)"},
    "axis": {
        "labelColor": "var(--ink)",
        "titleColor": "var(--ink)",
        "gridColor": "var(--line)",
        "domainColor": "var(--faint)",
        "tickColor": "var(--faint)",
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelLimit": 190,
    },
    "axisX": {"tickCount": 6},
    "legend": {"labelColor": "var(--ink)", "titleColor": "var(--ink)", "labelFontSize": 12, "orient": "top"},
    "text": {"color": "var(--ink)"},
}


@dataclass(frozen=True)
class Chart:
    """A chart of the page.

    Attributes
    ----------
    name
        Its id in the page.
    title
        What it shows, also for a reader who hears the page.
    spec
        The specification in Vega-Lite.
    table
        Its numbers.
    caption
        How to read it.
    """

    name: str
    title: str
    spec: dict[str, Any]
    table: Table
    caption: str = ""


def specification(chart: Any, height: int | None = None) -> dict[str, Any]:
    """Return a chart of Altair, as wide as its place in the page, as Vega-Lite that follows the schema."""
    size = {"width": "container"} | ({} if height is None else {"height": height})
    found: dict[str, Any] = chart.properties(**size).to_dict()
    return found | {"config": _CONFIG, "autosize": {"type": "fit-x", "contains": "padding"}}


def data_of(values: Sequence[dict[str, Any]]) -> Any:
    """Return rows as data of a chart; numbers that are not finite are null in the page."""
    import altair

    return altair.InlineData(values=list(values))


def axis_title(metric: Metric) -> str:
    """Return the title of a metric's axis, with its unit and direction."""
    unit = " (%)" if metric.share else ""
    return f"{metric.name}{unit}{'' if metric.higher_is_better else ', lower is better'}"


def scaled(metric: Metric, value: float) -> float:
    """Return a metric as its axis shows it: a share in percent."""
    return 100 * value if metric.share else value


def kind_of(row: Scored) -> str:
    """Return what colours a row: a baseline, its only modality, or a fusion."""
    if row.is_baseline:
        return "baseline"
    modalities = row.configuration.modalities
    return modalities[0] if len(modalities) == 1 else "fusion"


def label_of(one: Configuration) -> str:
    r"""Return the name of a configuration in two lines: how, and from what.

    >>> label_of(Configuration("vote", ("text", "audio"), "svm")), label_of(Configuration("majority"))
    ('vote, svm\ntext + audio', 'majority\nno features')
    """
    strategy, modalities, model = one.names
    return f"{', '.join(filter(None, (strategy, model)))}\n{spaced(modalities) or 'no features'}"
