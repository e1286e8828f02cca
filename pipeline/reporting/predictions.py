"""What every configuration predicts for every utterance, as data that the scripts of the page read."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipeline.evaluation.formatting import with_interval
from pipeline.evaluation.results import PROBABILITY, by_configuration
from pipeline.evaluation.scoring import Scored, Scores
from pipeline.settings.blocks import CorpusParams

_DIGITS = 4  # significant digits of a score


def predictions_block(scores: Scores, predictions: pd.DataFrame, table: pd.DataFrame, corpus: CorpusParams) -> Any:
    """Return the predictions of all configurations, as JSON that the page's scripts read.

    Parameters
    ----------
    scores
        The scores in table.csv.
    predictions
        The rows of predictions.csv.
    table
        The utterances: utterance, text, speaker.
    corpus
        Its settings.

    Returns
    -------
    dict
        ``task``; ``classes``, empty for scores; the leading ``metric``; ``utterances``, ``texts`` and ``speakers`` of
        equal length; ``truth`` of each utterance, a place in ``classes`` or a score; and ``configurations``, in the
        order of the table. Each of these has its ``name``, ``strategy``, ``modalities``, ``model``, ``kind``, the
        leading metric as text (``value``), its ``prediction`` per utterance and, where it is one of `detailed` and
        has probabilities, ``shares``: the percentages of the classes, one utterance after the other.
    """
    parts, with_shares = by_configuration(predictions), detailed(scores)
    first = next(iter(parts.values()))
    names = first["utterance"].tolist()
    classes = _classes(predictions) if corpus.task == "classification" else []
    own = table.set_index("utterance").loc[names]
    rows = []
    for row in scores.rows:
        part = parts[row.configuration].set_index("utterance").loc[names]
        one = {**_named(row, scores), "prediction": _coded(part["prediction"], classes)}
        rows.append(one | ({"shares": _shares(part, classes)} if classes and row in with_shares else {}))
    return {
        "task": corpus.task,
        "classes": classes,
        "metric": scores.leading.name,
        "utterances": names,
        "texts": own["text"].tolist(),
        "speakers": own["speaker"].tolist(),
        "truth": _coded(first["truth"], classes),
        "configurations": rows,
    }


def no_predictions(table: pd.DataFrame, corpus: CorpusParams) -> Any:
    """Return the same of a corpus from which nothing was learnt: its utterances, without classes and configurations."""
    return {
        "task": corpus.task,
        "classes": [],
        "metric": "",
        "utterances": table["utterance"].tolist(),
        "texts": table["text"].tolist(),
        "speakers": table["speaker"].tolist(),
        "truth": [None] * len(table),
        "configurations": [],
    }


def detailed(scores: Scores) -> list[Scored]:
    """Return the best row of each set of modalities, whose shares of the classes are in the page."""
    sets = dict.fromkeys(row.configuration.modalities for row in scores.rows if not row.is_baseline)
    best = (
        scores.best(row for row in scores.rows if row.configuration.modalities == one and not row.is_baseline)
        for one in sets
    )
    return [row for row in best if row is not None]


def _named(row: Scored, scores: Scores) -> dict[str, Any]:
    strategy, _, model = row.configuration.names
    return {
        "name": row.configuration.display,
        "strategy": strategy,
        "modalities": list(row.configuration.modalities),
        "model": model,
        "kind": "baseline" if row.is_baseline else "fusion" if row.is_fusion else "unimodal",
        "value": with_interval(scores.leading, row.values[scores.leading.name]),
    }


def _classes(predictions: pd.DataFrame) -> list[str]:
    return sorted({*predictions["truth"], *predictions["prediction"]})


def _coded(column: pd.Series, classes: Sequence[str]) -> list[int] | list[float]:
    """Return classes as their places, or scores with four digits."""
    if classes:
        return list(map(int, pd.Index(classes).get_indexer(column)))
    return [float(f"{value:.{_DIGITS}g}") for value in column]


def _shares(part: pd.DataFrame, classes: Sequence[str]) -> list[int] | None:
    """Return the percentages of the classes; None where the model gave none."""
    columns = [PROBABILITY + one for one in classes]
    if not set(columns) <= set(part.columns):
        return None
    found = part[columns].to_numpy(np.float64)
    return np.rint(100 * found).astype(int).ravel().tolist() if np.isfinite(found).all() else None
