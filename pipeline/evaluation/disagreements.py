"""What one system gets right and another does not: the utterances, with what was said and what both answered."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.data.modalities import Task

NEAR = 0.5  # a score is right when it is this near to the truth
COLUMNS = ["utterance", "text", "media", "speaker", "truth", "fusion", "single"]


def right(truth: Any, prediction: Any, task: Task) -> NDArray[np.bool_]:
    """Return ``(n,)`` which answers are right: the class itself, or a score within 0.5 of the truth.

    >>> right([1.0, 1.0], [1.5, 1.6], "regression").tolist()
    [True, False]
    """
    first, second = np.asarray(truth), np.asarray(prediction)
    return np.asarray(np.abs(first - second) <= NEAR if task == "regression" else first == second, bool)


def only_right(
    fusion: pd.DataFrame, single: pd.DataFrame, table: pd.DataFrame, task: Task
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return what only the fusion gets right, and what only the single modality does.

    Parameters
    ----------
    fusion, single
        The predictions of two systems for the same utterances: utterance, truth, prediction.
    table
        The corpus's utterances: utterance, text, media, speaker.
    task
        Classes or a score.

    Returns
    -------
    tuple of DataFrame
        Of the columns utterance, text, media, speaker, truth, fusion, single; in the order of `fusion`.
    """
    both = fusion[["utterance", "truth", "prediction"]].rename(columns={"prediction": "fusion"})
    both = both.merge(single[["utterance", "prediction"]].rename(columns={"prediction": "single"}), on="utterance")
    both = both.merge(table[["utterance", "text", "media", "speaker"]], on="utterance", how="left")[COLUMNS]
    first = right(both["truth"].to_numpy(), both["fusion"].to_numpy(), task)
    second = right(both["truth"].to_numpy(), both["single"].to_numpy(), task)
    return both[first & ~second], both[second & ~first]
