"""The utterances that only the best fusion or modality gets right, and fusions that only repeat one modality."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.configuration import Configuration
from models.data.modalities import Task
from pipeline.errors import counted
from pipeline.evaluation.scoring import Scored, Scores

NEAR = 0.5  # a predicted score is right if it is at most this far from the truth
NAMED = 6  # a sentence names at most this many fusions
SHOWN = 10  # number of utterances of each list that are printed; the files hold all
COLUMNS = ["utterance", "text", "media", "speaker", "truth", "fusion", "single"]


def right(truth: Any, prediction: Any, task: Task) -> NDArray[np.bool_]:
    """Return a mask ``(n,)`` of the right predictions: those of the true class, or within 0.5 of the true score.

    >>> right([1.0, 1.0], [1.5, 1.6], "regression").tolist()
    [True, False]
    """
    first, second = np.asarray(truth), np.asarray(prediction)
    return np.asarray(np.abs(first - second) <= NEAR if task == "regression" else first == second, bool)


def only_right(
    fusion: pd.DataFrame, unimodal: pd.DataFrame, table: pd.DataFrame, task: Task
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the utterances that only the fusion gets right, and those that only the single modality gets right.

    Parameters
    ----------
    fusion, unimodal
        The predictions of two configurations for the same utterances: utterance, truth, prediction.
    table
        The corpus's utterances: utterance, text, media, speaker.
    task
        Classification or regression.

    Returns
    -------
    tuple of DataFrame
        Each has the columns utterance, text, media, speaker, truth, fusion, single, and rows in the order of `fusion`.
    """
    both = fusion[["utterance", "truth", "prediction"]].rename(columns={"prediction": "fusion"})
    both = both.merge(unimodal[["utterance", "prediction"]].rename(columns={"prediction": "single"}), on="utterance")
    both = both.merge(table[["utterance", "text", "media", "speaker"]], on="utterance", how="left")[COLUMNS]
    first = right(both["truth"].to_numpy(), both["fusion"].to_numpy(), task)
    second = right(both["truth"].to_numpy(), both["single"].to_numpy(), task)
    return both[first & ~second], both[second & ~first]


def of_the_best(
    scores: Scores, parts: Mapping[Configuration, pd.DataFrame], table: pd.DataFrame, task: Task
) -> dict[str, pd.DataFrame]:
    """Return the utterances that only the best fusion gets right, and those that only the best single modality does.

    The two tables are keyed by file name. Both are empty if there is no fusion or no single modality.
    """
    lists = (pd.DataFrame(columns=COLUMNS), pd.DataFrame(columns=COLUMNS))
    if (fusion := scores.best_fusion) and (unimodal := scores.best_unimodal):
        lists = only_right(parts[fusion.configuration], parts[unimodal.configuration], table, task)
    return dict(zip(("only_fusion.csv", "only_single.csv"), lists, strict=True))


def listed(title: str, utterances: pd.DataFrame) -> Iterator[str]:
    """Yield lines about the first utterances of a list; `title` says which of the two models gets them right."""
    yield f"\n{counted(len(utterances), 'utterance')} that only {title} gets right" + (
        f", the first {SHOWN}:" if len(utterances) > SHOWN else ":"
    )
    for line in utterances.head(SHOWN).itertuples():
        words = f" “{line.text}”" if line.text else ""
        predicted = f"{line.truth}, fusion {line.fusion}, single {line.single}"
        yield f"  {line.utterance}: {predicted};{words} {line.media}".rstrip()


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
        yield f"Fusions that predict every utterance as {single_name} does: {', '.join(fusions[:NAMED])}{more}."


def _repeats(fusion: Scored, single: Scored, parts: Mapping[Configuration, pd.DataFrame]) -> bool:
    if not set(single.configuration.modalities) <= set(fusion.configuration.modalities):
        return False
    own, other = (parts[one.configuration].set_index("utterance")["prediction"] for one in (fusion, single))
    return bool(np.array_equal(own.to_numpy(), other.loc[own.index].to_numpy()))
