"""Draw the recorded ratios over time: `python -m benchmarks.recorded.plot` writes docs/images/ratios.svg."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.recorded.ratios import Record, read

PICTURE = Path(__file__).parents[2] / "docs" / "images" / "ratios.svg"
# For each benchmark: the heading of its panel, and a word in the names of the ratios to show (empty for all).
PANELS = {
    "parts": ("steps / plain library calls, processor time", "all steps"),
    "mmsa-fet": ("all streams, three extractors / MMSA-FET, processor time", ""),
    "opensmile": ("2 workers / audinterface with 2 processes, by the clock", ""),
    "workers": ("2 workers / 1 worker, by the clock", ""),
    "hosts": ("2 hosts / 1 host, by the clock", ""),
    "rows": ("time of a row in a large corpus / in a small one", ""),
}


def draw(records: Sequence[Record], path: Path) -> None:
    """Draw a panel for each benchmark that was recorded, with time from left to right; lower values are faster."""
    import altair as alt
    import pandas as pd

    rows = pd.DataFrame([row for record in records for row in _rows(record)])
    rows["date"] = pd.to_datetime(rows["date"])
    margin = pd.Timedelta(days=1)
    first, end = ((rows.date.min() - margin).isoformat(), (rows.date.max() + margin).isoformat())
    time = alt.X(
        "date:T",
        title=None,
        scale=alt.Scale(domain=[first, end], type="utc"),
        axis=alt.Axis(format="%-d %b %Y", tickCount=5),
    )
    shown = {part: rows[rows.part == part] for part in PANELS}
    panels = [_panel(alt, found, PANELS[part][0], time) for part, found in shown.items() if len(found)]
    chart = alt.vconcat(*panels).resolve_scale(color="independent").configure(background="white")
    path.parent.mkdir(parents=True, exist_ok=True)
    chart.save(str(path))


def _rows(record: Record) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for key, value in record.ratios.items():
        part, _, name = key.partition(": ")
        if part in PANELS and PANELS[part][1] in name:
            when = f"{record.date[:10]} {record.commit}"
            found.append({"part": part, "ratio": name, "value": value, "date": record.date, "commit": when})
    return found


def _panel(alt: Any, rows: Any, heading: str, time: Any) -> Any:
    return (
        alt.Chart(rows, title=alt.TitleParams(heading, anchor="start"), width=640, height=110)
        .mark_line(point=True)
        .encode(
            x=time,
            y=alt.Y("value:Q", title="lower is faster", scale=alt.Scale(zero=True)),
            color=alt.Color("ratio:N", title=None, legend=alt.Legend(orient="bottom", labelLimit=320, columns=1)),
            tooltip=["commit:N", "ratio:N", "value:Q"],
        )
    )


if __name__ == "__main__":
    draw(read(), PICTURE)
