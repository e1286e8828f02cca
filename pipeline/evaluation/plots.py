"""Which modality attention looks at: the weights that `train` wrote, drawn by class."""

import pandas as pd

from pipeline.reporting.drawing import Point, forest

MIDDLE = (0.1, 0.9)  # of the utterances' weights, as quantiles


def attention_points(attention: pd.DataFrame, truth: pd.Series) -> list[Point]:
    """Return each modality's mean weight, with the middle four fifths of the utterances, in all and by class.

    Parameters
    ----------
    attention
        Columns utterance, strategy, modalities, and a column of weights a modality. Only the rows over the most
        modalities count.
    truth
        Class by utterance; scores are not divided.
    """
    sizes = attention["modalities"].str.count(r"\+")
    widest = attention[sizes == sizes.max()]
    classes = widest["utterance"].map(truth)
    numbers = pd.api.types.is_numeric_dtype(truth)
    parts = {"": widest} | ({} if numbers else {str(c): widest[classes == c] for c in sorted(classes.unique())})
    points = []
    for (strategy, modalities), _ in widest.groupby(["strategy", "modalities"], sort=False):
        for modality in modalities.split("+"):
            for name, part in parts.items():
                weights = part.loc[(part["strategy"] == strategy) & (part["modalities"] == modalities), modality]
                label = f"{strategy} on {modality}" + (f", {name}" if name else "")
                points.append(Point(label, weights.mean(), *weights.quantile(MIDDLE)))
    return points


def drawn(points: list[Point]) -> str:
    """Draw the points of `attention_points` as SVG text."""
    return forest(points, "attention: mean weight of each modality, and the middle 80 % of utterances", (0.0, 1.0))
