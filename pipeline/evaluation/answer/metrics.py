"""The dozen numbers that `dvc metrics show`, `dvc metrics diff` and `dvc exp show` print."""

import math

from pipeline.evaluation.answer.facts import Answer, Measured


def headline_metrics(answer: Answer) -> dict[str, dict[str, float]]:
    """Return the content of metrics.json; a value that is undefined or missing has no entry.

    The entry named after the leading metric holds its values for the best baseline, the best row of each modality and
    the best fusion. The entry ``gain`` is the difference between the best fusion and the best single modality, with its
    interval and its corrected p. The entry ``adds`` holds what each modality adds to the best row without it.
    """
    if answer.measure is None:
        return {}
    scores = {"baseline": _value(answer.baseline), **{one.name: _value(one.single) for one in answer.modalities}}
    gain = {}
    if (fusion := answer.fusion) is not None:
        scores["fusion"] = _value(fusion.row)
        apart = fusion.difference
        gain = {"value": apart.value, "low": apart.low, "high": apart.high, "p": fusion.p_holm}
    adds = {one.name: one.gain.difference.value for one in answer.modalities if one.gain is not None}
    found = {answer.measure.name: _defined(scores), "gain": _defined(gain), "adds": _defined(adds)}
    return {name: figures for name, figures in found.items() if figures}


def _value(row: Measured | None) -> float:
    return math.nan if row is None else row.found.value


def _defined(figures: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 6) for name, value in figures.items() if math.isfinite(value)}
