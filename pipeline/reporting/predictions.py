"""The predictions of all configurations for all utterances, as data for the scripts of the page."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from pipeline.evaluation.formatting import with_interval
from pipeline.evaluation.results import PROBABILITY, by_configuration
from pipeline.evaluation.scoring import Scored, Scores
from pipeline.reporting.alone import alone_of
from pipeline.settings.blocks import CorpusParams

_DIGITS = 4  # significant digits of a score


def predictions_block(scores: Scores, predictions: pd.DataFrame, table: pd.DataFrame, corpus: CorpusParams) -> Any:
    """Return the predictions of all configurations as plain data, which becomes JSON in the page.

    Parameters
    ----------
    scores
        The scores in table.csv.
    predictions
        The rows of predictions.csv.
    table
        The utterances, with the columns utterance, text and speaker.
    corpus
        The settings of the corpus.

    Returns
    -------
    dict
        ``task``; ``classes`` (empty for scores); the leading ``metric``; ``top``, which is what sentences call the best
        rows; ``utterances``, ``texts`` and ``speakers``, which have equal lengths; ``truth``, which has an index into
        ``classes`` or a score for each utterance; and ``configurations`` in the order of the table. Each configuration
        has ``name``, ``strategy``, ``modalities``, ``model``, ``kind``, ``value`` (the leading metric as text) and a
        ``prediction`` per utterance. ``base`` says whether a late fusion among the rows of `detailed` combines it.
        ``alone`` (indices into ``configurations``) and ``combined`` hold what `alone_of` returns. If classes are
        predicted, the rows of `detailed` and of `bases` also have ``shares``, as `_shares` returns them.
    """
    parts, combined = by_configuration(predictions), bases(scores)
    with_shares = [*detailed(scores), *combined]
    first = next(iter(parts.values()))
    names = first["utterance"].tolist()
    classes = _classes(predictions) if corpus.task == "classification" else []
    own = table.set_index("utterance").loc[names]
    rows, places = [], {row.configuration: place for place, row in enumerate(scores.rows)}
    for row in scores.rows:
        part = parts[row.configuration].set_index("utterance").loc[names]
        coded = _coded(part["prediction"], classes)
        one = {**_named(row, scores), "prediction": coded, "base": row in combined}
        beside = alone_of(row, scores)
        one |= {"alone": [places[other.configuration] for other in beside.rows], "combined": beside.combined}
        rows.append(one | ({"shares": _shares(part, classes)} if classes and row in with_shares else {}))
    return {
        "task": corpus.task,
        "classes": classes,
        "metric": scores.leading.name,
        "top": scores.top,
        "utterances": names,
        "texts": own["text"].tolist(),
        "speakers": own["speaker"].tolist(),
        "truth": _coded(first["truth"], classes),
        "configurations": rows,
    }


def no_predictions(table: pd.DataFrame, corpus: CorpusParams) -> Any:
    """Return the `predictions_block` of a corpus without results: it has no classes, truth or configurations."""
    return {
        "task": corpus.task,
        "classes": [],
        "metric": "",
        "top": "",
        "utterances": table["utterance"].tolist(),
        "texts": table["text"].tolist(),
        "speakers": table["speaker"].tolist(),
        "truth": [None] * len(table),
        "configurations": [],
    }


def detailed(scores: Scores) -> list[Scored]:
    """Return the best row of each set of modalities, without baselines; the page shows probabilities of these rows."""
    sets = dict.fromkeys(row.configuration.modalities for row in scores.rows if not row.is_baseline)
    best = (
        scores.best(row for row in scores.rows if row.configuration.modalities == one and not row.is_baseline)
        for one in sets
    )
    return [row for row in best if row is not None]


def bases(scores: Scores) -> list[Scored]:
    """Return the rows of the unimodal models that are combined by the late fusions which `detailed` returns."""
    found = [alone_of(row, scores) for row in detailed(scores)]
    wanted = {row.configuration for one in found if one.combined for row in one.rows}
    return [row for row in scores.rows if row.configuration in wanted]


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
    """Return classes as indices into `classes`, or scores with four significant digits."""
    if classes:
        return list(map(int, pd.Index(classes).get_indexer(column)))
    return [float(f"{value:.{_DIGITS}g}") for value in column]


def _shares(part: pd.DataFrame, classes: Sequence[str]) -> list[int] | None:
    """Return class probabilities in percent, one utterance after the other; None if the model gives none."""
    columns = [PROBABILITY + one for one in classes]
    if not set(columns) <= set(part.columns):
        return None
    found = part[columns].to_numpy(np.float64)
    return np.rint(100 * found).astype(int).ravel().tolist() if np.isfinite(found).all() else None
