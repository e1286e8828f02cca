"""Draw reliability diagrams, which show whether the probabilities of the best models can be trusted."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from models.configuration import Configuration
from models.evaluation.calibration import BINS, reliability
from models.evaluation.metrics import metric
from pipeline.evaluation.formatting import number
from pipeline.evaluation.results import truth_and_outputs
from pipeline.evaluation.scoring import Scores
from pipeline.reporting.charts.chart import Chart, data_of, kind_of, specification
from pipeline.reporting.tables import Table

HEIGHT = 300


def calibration_charts(scores: Scores, parts: Mapping[Configuration, pd.DataFrame]) -> Iterator[Chart]:
    """Yield reliability diagrams of the best single modality and the best fusion, if they have probabilities."""
    ece, top = metric("classification", "ece"), scores.top
    for name, what, best in (
        ("calibration-single", f"{top} single modality", scores.best_unimodal),
        ("calibration-fusion", f"{top} fusion", scores.best_fusion),
    ):
        if best is None:
            continue
        truth, probabilities = truth_and_outputs(ece, parts[best.configuration])
        if np.isfinite(probabilities).all():
            title = f"{what.capitalize()}: {best.configuration}"
            error = number(ece, ece(truth, probabilities))
            caption = f"Expected calibration error {error} %, {len(truth)} utterances."
            yield _chart(name, title, caption, _bins(truth, probabilities), f"var(--{kind_of(best)})")


def _bins(truth: Any, probabilities: Any) -> list[dict[str, Any]]:
    """Return the bins of a reliability diagram that contain utterances; numbers other than counts are in percent."""
    found, width = reliability(truth, probabilities), 100 / BINS
    return [
        {
            "from": width * i,
            "to": width * (i + 1),
            "utterances": int(found.counts[i]),
            "probability": 100 * float(found.confidence[i]),
            "correct": 100 * float(found.accuracy[i]),
        }
        for i in range(BINS)
        if found.counts[i]
    ]


def _chart(name: str, title: str, caption: str, bins: list[dict[str, Any]], colour: str) -> Chart:
    import altair as alt

    whole = alt.Scale(domain=[0, 100], nice=False)
    across, up = "probability of the predicted class (%)", "share of correct predictions (%)"
    base = alt.Chart(data_of(bins)).encode(
        tooltip=[
            alt.Tooltip("utterances:Q"),
            alt.Tooltip("probability:Q", title="mean probability (%)", format=".1f"),
            alt.Tooltip("correct:Q", title="correct (%)", format=".1f"),
        ]
    )
    y = alt.Y("correct:Q", title=up, scale=whole)
    bars = base.mark_bar(color=colour, opacity=0.3, stroke=colour).encode(
        x=alt.X("from:Q", title=across, scale=whole), x2="to:Q", y=y, y2=alt.datum(0)
    )
    points = base.mark_point(filled=True, color=colour, size=60, opacity=1).encode(
        x=alt.X("probability:Q", title=across, scale=whole), y=y
    )
    counts = base.mark_text(dy=-10, fontSize=11).encode(
        x=alt.X("probability:Q", title=across, scale=whole), y=y, text="utterances:Q"
    )
    equal = alt.Chart(data_of([{"at": 0}, {"at": 100}])).mark_line(strokeDash=[5, 4], color="var(--faint)")
    equal = equal.encode(x=alt.X("at:Q", title=across, scale=whole), y=alt.Y("at:Q", title=up, scale=whole))
    lines = [
        [
            f"{one['from']:.0f} to {one['to']:.0f}",
            str(one["utterances"]),
            f"{one['probability']:.1f}",
            f"{one['correct']:.1f}",
        ]
        for one in bins
    ]
    table = Table(["probability (%)", "utterances", "mean probability (%)", "correct (%)"], lines)
    return Chart(name, title, specification(alt.layer(bars, equal, points, counts), HEIGHT), table, caption)
