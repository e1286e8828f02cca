"""Lists of utterances on which the best models differ: the fusion or a single modality is wrong, or alone is right."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.configuration import Configuration
from models.data.modalities import Task
from pipeline.evaluation.disagreements import right
from pipeline.evaluation.scoring import Scores
from pipeline.reporting.alone import best_of_each_modality


@dataclass(frozen=True)
class UtteranceList:
    """A list of utterances: a title, a sentence on what they have in common, and their ids."""

    title: str
    sentence: str
    utterances: tuple[str, ...]


def lists_of(scores: Scores, parts: Mapping[Configuration, pd.DataFrame], task: Task) -> list[UtteranceList]:
    """Return lists of utterances: about the best fusion if there is one, and about each modality if there are several.

    Parameters
    ----------
    scores
        The scores of the corpus.
    parts
        The predictions of each configuration.
    task
        Whether classes or scores are predicted; a score is right if it is within 0.5 of the truth.
    """
    singles = best_of_each_modality(scores)
    utterances = next(iter(parts.values()))["utterance"].to_numpy(object)
    correct = {modality: _right(parts[row.configuration], utterances, task) for modality, row in singles.items()}
    found = []
    if fusion := scores.best_fusion:
        fused = _right(parts[fusion.configuration], utterances, task)
        found += _of_fusion(scores, fused, correct, utterances)
    for modality, own in correct.items() if len(correct) > 1 else ():
        others = np.any([one for name, one in correct.items() if name != modality], axis=0)
        one = singles[modality].configuration
        sentence = (
            f"The {scores.top} model of {modality} ({one}) is right, and those of all other modalities are wrong."
        )
        found.append(
            UtteranceList(
                f"Of the single modalities, only {modality} is right", sentence, tuple(utterances[own & ~others])
            )
        )
    return found


def _of_fusion(
    scores: Scores,
    fused: NDArray[np.bool_],
    correct: Mapping[str, NDArray[np.bool_]],
    utterances: NDArray[np.object_],
) -> list[UtteranceList]:
    """Return lists that compare the best fusion with the best models of single modalities."""
    best, fusion = scores.best_unimodal, scores.best_fusion
    if best is None or fusion is None or not correct:
        return []
    any_single = np.any(list(correct.values()), axis=0)
    single = correct[best.configuration.modalities[0]]
    fused_by, one, top = fusion.configuration, best.configuration, scores.top
    return [
        UtteranceList(
            "The fusion is wrong",
            f"{fused_by} is wrong.",
            tuple(utterances[~fused]),
        ),
        UtteranceList(
            "Only the fusion is right",
            f"The fusion ({fused_by}) is right, and the {top} model of each single modality is wrong.",
            tuple(utterances[fused & ~any_single]),
        ),
        UtteranceList(
            f"The fusion is right, the {top} single modality is wrong",
            f"{fused_by} is right, and {one} is wrong.",
            tuple(utterances[fused & ~single]),
        ),
        UtteranceList(
            f"The {top} single modality is right, the fusion is wrong",
            f"{one} is right, and {fused_by} is wrong.",
            tuple(utterances[single & ~fused]),
        ),
        UtteranceList(
            "The fusion and all single modalities are wrong",
            f"{fused_by} is wrong, and so is the {top} model of each single modality.",
            tuple(utterances[~fused & ~any_single]),
        ),
    ]


def _right(part: pd.DataFrame, utterances: NDArray[np.object_], task: Task) -> NDArray[np.bool_]:
    own = part.set_index("utterance").loc[list(utterances)]
    return right(own["truth"].to_numpy(), own["prediction"].to_numpy(), task)
