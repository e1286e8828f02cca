"""What every chart of the page has: a title, a Vega-Lite specification, and the same numbers as a table.

Charts use the colours of the page (such as ``var(--audio)``), so they change with it between light and dark.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from models.configuration import Configuration
from models.evaluation.metrics import Metric
from pipeline.evaluation.formatting import spaced
from pipeline.evaluation.scoring import Scored
from pipeline.reporting.tables import Table

ROW = 34  # height in pixels of a row with a label of two lines
KINDS = {  # the colour of each kind of mark
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
        The id of the chart in the page.
    title
        What the chart shows; screen readers read it aloud.
    spec
        The specification in Vega-Lite.
    table
        The numbers of the chart.
    caption
        How to read the chart.
    """

    name: str
    title: str
    spec: dict[str, Any]
    table: Table
    caption: str = ""


def specification(chart: Any, height: int | None = None) -> dict[str, Any]:
    """Return an Altair chart as a Vega-Lite specification, which makes the chart as wide as its place in the page.

    The height is in pixels. The specification is validated, except within `unvalidated`.
    """
    from altair.utils import schemapi

    size = {"width": "container"} | ({} if height is None else {"height": height})
    found: dict[str, Any] = chart.properties(**size).to_dict(validate=schemapi.DEBUG_MODE)
    return found | {"config": _CONFIG, "autosize": {"type": "fit-x", "contains": "padding"}}


@contextmanager
def unvalidated() -> Iterator[None]:
    """Skip the validation of charts against Vega-Lite's schema, which takes a quarter of the time needed for a page.

    Whether a chart is valid depends on the code that makes it, not on its numbers, and the tests validate every chart.
    """
    from altair.utils import schemapi

    with schemapi.debug_mode(False):
        yield


def data_of(values: Sequence[dict[str, Any]]) -> Any:
    """Return rows as the data of a chart; the page later writes numbers that are not finite as null."""
    import altair

    return altair.InlineData(values=list(values))


def axis_title(metric: Metric) -> str:
    """Return the title of a metric's axis: its name, its unit, and a remark if lower is better."""
    unit = " (%)" if metric.share else ""
    return f"{metric.name}{unit}{'' if metric.higher_is_better else ', lower is better'}"


def scaled(metric: Metric, value: float) -> float:
    """Return a value as the axis of its metric shows it; shares are shown in percent."""
    return 100 * value if metric.share else value


def kind_of(row: Scored) -> str:
    """Return what determines the colour of a row: ``baseline``, the name of its only modality, or ``fusion``."""
    if row.is_baseline:
        return "baseline"
    modalities = row.configuration.modalities
    return modalities[0] if len(modalities) == 1 else "fusion"


def label_of(one: Configuration) -> str:
    r"""Return the name of a configuration in two lines: strategy and model, then the modalities.

    >>> label_of(Configuration("vote", ("text", "audio"), "svm")), label_of(Configuration("majority"))
    ('vote, svm\ntext + audio', 'majority\nno features')
    """
    strategy, modalities, model = one.names
    return f"{', '.join(filter(None, (strategy, model)))}\n{spaced(modalities) or 'no features'}"
