"""Choose the rows of the table that are shown first, and convert all rows to JSON."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from models.configuration import Configuration
from models.evaluation.intervals import Interval
from pipeline.evaluation.scoring import Scored, Scores


def headline(scores: Scores, most: int = 12) -> list[Scored]:
    """Return the rows that a reader looks for first, in the order of the table.

    The best baseline and the best row of each set of modalities are chosen first, then the best of the other fusions,
    and then any further rows, until there are `most` of them.

    Parameters
    ----------
    scores
        All rows.
    most
        The maximum number of rows.
    """
    ordered = scores.sorted().rows  # the best row of each set of modalities comes before the others
    first = {(row.is_baseline or row.configuration.modalities): row for row in reversed(ordered)}
    firsts = [row for row in ordered if any(row is one for one in first.values())]
    others = [row for row in ordered if not any(row is one for one in firsts)]

    def place(row: Scored) -> tuple[bool, float]:
        goodness = scores.goodness(row)
        return not row.is_fusion, -goodness if math.isfinite(goodness) else math.inf

    chosen = [*firsts, *sorted(others, key=place)][:most]
    return [row for row in ordered if any(row is one for one in chosen)]


def rows_json(scores: Scores, seconds: Mapping[Configuration, tuple[float, float]]) -> list[dict[str, Any]]:
    """Return all rows as plain data: the names of each row, and its metrics with intervals.

    A row also has its comparison with the best single modality, its number of parameters and its seconds. Each of these
    three is left out if it is not known.

    Parameters
    ----------
    scores
        The rows.
    seconds
        Mean seconds of fitting and of predicting a fold, for the rows for which they are known.
    """
    return [_row(row, seconds.get(row.configuration)) for row in scores.rows]


def _row(row: Scored, seconds: Sequence[float] | None) -> dict[str, Any]:
    strategy, modalities, model = row.configuration.names
    found: dict[str, Any] = {"strategy": strategy, "modalities": modalities, "model": model, "n": row.n}
    found["metrics"] = {name: _interval(value) for name, value in row.values.items()}
    if (compared := row.comparison) is not None:
        tests = {"p": compared.p, "p_holm": compared.p_holm, "verdict": compared.verdict}
        found["against_best_single"] = {**_interval(compared.difference), **tests}
    if row.parameters is not None:
        found["parameters"] = row.parameters
    return found | (dict(zip(("fit_s", "predict_s"), seconds, strict=True)) if seconds else {})


def _interval(found: Interval) -> dict[str, float]:
    return {"value": found.value, "low": found.low, "high": found.high}
