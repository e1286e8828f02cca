"""Fusions that predict every utterance as one of their modalities alone does."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from models.configuration import Configuration
from pipeline.evaluation.scoring import Scored, Scores

NAMED = 6  # a sentence names at most this many fusions


def alike(scores: Scores, parts: Mapping[Configuration, pd.DataFrame]) -> Iterator[str]:
    """Yield a sentence for each row of a single modality that fusions merely repeat.

    Parameters
    ----------
    scores
        The rows of the table.
    parts
        The predictions of each configuration.
    """
    singles = [row for row in scores.rows if row.is_unimodal]
    found: dict[str, list[str]] = {}
    for fusion in (row for row in scores.rows if row.is_fusion):
        same = (one for one in singles if _repeats(fusion, one, parts))
        if (single := next(same, None)) is not None:
            found.setdefault(single.configuration.display, []).append(fusion.configuration.display)
    for single_name, fusions in found.items():
        more = f" and {len(fusions) - NAMED} more" if len(fusions) > NAMED else ""
        yield f"Predicts every utterance as {single_name} does: {', '.join(fusions[:NAMED])}{more}."


def _repeats(fusion: Scored, single: Scored, parts: Mapping[Configuration, pd.DataFrame]) -> bool:
    if not set(single.configuration.modalities) <= set(fusion.configuration.modalities):
        return False
    own, other = (parts[one.configuration].set_index("utterance")["prediction"] for one in (fusion, single))
    return bool(np.array_equal(own.to_numpy(), other.loc[own.index].to_numpy()))
