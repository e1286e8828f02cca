"""Plots: scores with intervals, attention weights, robustness, reliability, and confusion matrices for DVC."""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from models.configuration import Configuration, split_modalities
from models.data.modalities import Task
from models.evaluation.calibration import reliability
from models.evaluation.metrics import metric
from pipeline.evaluation.answer.rows import headline
from pipeline.evaluation.formatting import number
from pipeline.evaluation.results import truth_and_outputs
from pipeline.evaluation.scoring import Scores
from pipeline.reporting import drawing
from pipeline.reporting.drawing import Bin, Diagram, Point, curves, forest

SCORE_COLUMNS = ["row", "metric", "value", "low", "high"]
CONFUSION_COLUMNS = ["utterance", "truth", "prediction"]
MIDDLE = (0.1, 0.9)  # quantiles of the weights at which a drawn interval ends


def scores_plot(scores: Scores) -> str:
    """Draw the leading metric of all rows as SVG text, with a line at the best single modality."""
    leading, best = scores.leading, scores.best_unimodal
    found = [(row.configuration.display, row.values[leading.name]) for row in scores.rows]
    ends = [x for _, value in found for x in (value.value, value.low, value.high) if math.isfinite(x)]
    span = (0.0, 1.0) if leading.share else (min([0.0, *ends]), max(ends, default=1.0))
    points = [Point(label, value.value, value.low, value.high) for label, value in found]
    return forest(points, f"{leading.name} by row", span, best.values[leading.name].value if best else None)


def attention_points(attention: pd.DataFrame, truth: pd.Series) -> list[Point]:
    """Return each modality's mean weight and the middle 80 % of its weights, over all utterances and by class.

    Parameters
    ----------
    attention
        Columns utterance, strategy, modalities, and one column of weights per modality. Only the rows with the most
        modalities are used.
    truth
        The true class or score of each utterance, indexed by utterance; for scores, there are no points by class.
    """
    sizes = attention["modalities"].map(lambda modalities: len(split_modalities(modalities)))
    widest = attention[sizes == sizes.max()]
    classes = widest["utterance"].map(truth)
    numbers = pd.api.types.is_numeric_dtype(truth)
    parts = {"": widest} | ({} if numbers else {str(c): widest[classes == c] for c in sorted(classes.unique())})
    points = []
    for (strategy, modalities), _ in widest.groupby(["strategy", "modalities"], sort=False):
        for modality in split_modalities(modalities):
            for name, part in parts.items():
                weights = part.loc[(part["strategy"] == strategy) & (part["modalities"] == modalities), modality]
                label = f"{strategy} on {modality}" + (f", {name}" if name else "")
                points.append(Point(label, weights.mean(), *weights.quantile(MIDDLE)))
    return points


def attention_plot(points: list[Point]) -> str:
    """Draw the points of `attention_points` as SVG text."""
    return forest(points, "attention: mean weight of each modality, and the middle 80 % of utterances", (0.0, 1.0))


def robustness_plot(table: pd.DataFrame) -> str:
    """Draw robustness.csv as SVG text: one panel per modality, one curve per fusion."""
    panels: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for line in table.itertuples(index=False):
        series = panels.setdefault(f"without {line.removed}", {})
        label = Configuration.parse(line.strategy, line.modalities, line.model).display
        series.setdefault(label, []).append((line.share, line.value))
    return curves(panels, f"{table['metric'].iloc[0]} as utterances lose a modality", "% of utterances that lose it")


def reliability_plot(scores: Scores, parts: Mapping[Configuration, pd.DataFrame]) -> str | None:
    """Draw reliability diagrams of the best single modality and of the best fusion as SVG text.

    Returns None if neither has probabilities.
    """
    ece, diagrams = metric("classification", "ece"), []
    top = scores.top
    for title, best in ((f"{top} single modality", scores.best_unimodal), (f"{top} fusion", scores.best_fusion)):
        if best is None:
            continue
        truth, probabilities = truth_and_outputs(ece, parts[best.configuration])
        if not np.isfinite(probabilities).all():
            continue
        found = reliability(truth, probabilities)
        bins = [Bin(*one) for one in zip(found.counts.tolist(), found.confidence, found.accuracy, strict=True)]
        value = f"ece {number(ece, ece(truth, probabilities))} %, {len(truth)} utterances"
        diagrams.append(Diagram([title, best.configuration.display, value], bins))
    title = "share of correct predictions by the probability of the predicted class"
    return drawing.reliability(diagrams, title) if diagrams else None


def for_dvc(scores: Scores, parts: Mapping[Configuration, pd.DataFrame], task: Task) -> dict[str, pd.DataFrame]:
    """Return the tables that DVC draws, keyed by the stem of their file; a table with nothing to draw has no rows.

    The table `scores` has the leading metric of the rows that are shown first. The tables `best_single` and
    `best_fusion` have the truths and predictions of the best single modality and of the best fusion.
    """
    leading = scores.leading.name
    found = [(row.configuration.display, row.values[leading]) for row in headline(scores)]
    lines = [(name, leading, value.value, value.low, value.high) for name, value in found if math.isfinite(value.value)]
    tables = {"scores": pd.DataFrame(lines, columns=SCORE_COLUMNS)}
    for stem, best in (("best_single", scores.best_unimodal), ("best_fusion", scores.best_fusion)):
        drawn = confusions({best.configuration: parts[best.configuration]}, task).values() if best else ()
        tables[stem] = next(iter(drawn), pd.DataFrame(columns=CONFUSION_COLUMNS))
    return tables


def confusions(parts: Mapping[Configuration, pd.DataFrame], task: Task) -> dict[str, pd.DataFrame]:
    """Return truths and predictions, keyed by the stem of their file; scores are rounded to whole numbers."""
    found = {}
    for one, part in parts.items():
        shown = part[CONFUSION_COLUMNS].copy()
        if task == "regression":
            shown[["truth", "prediction"]] = np.rint(shown[["truth", "prediction"]]).astype(int)
        found[one.stem] = shown
    return found
