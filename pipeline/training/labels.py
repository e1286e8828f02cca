"""The labels to learn: those of the column and task in the settings, which may have changed since `prepare`."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.errors import UserError
from pipeline.settings.blocks import CorpusParams
from pipeline.tables.rules import fault_of_label

SHUFFLED = "shuffled"  # folder of results on permuted labels, inside the corpus's results
SEED = 0  # seed of the permutation


def labels_of(table: pd.DataFrame, corpus: CorpusParams, shuffled: int | None = None) -> NDArray[Any]:
    """Return ``(n,)`` class names, or scores as float64; with a seed, permuted among the utterances.

    Raises
    ------
    UserError
        If a cell is not a label, or not a score in regression.
    """
    require_labels(table, corpus)
    kind = float if corpus.task == "regression" else str
    labels: NDArray[Any] = table[corpus.label].to_numpy(kind)
    return labels if shuffled is None else np.random.default_rng(shuffled).permutation(labels)


def require_labels(table: pd.DataFrame, corpus: CorpusParams) -> None:
    """Check the labels by the rules of `prepare`, which may have read another column or task.

    Raises
    ------
    UserError
        If a cell is not a label, or not a score in regression.
    """
    for place, cell in enumerate(table[corpus.label]):
        if fault := fault_of_label(str(cell), corpus.label, corpus.task):
            raise UserError(
                f"utterance {table['utterance'].iloc[place]}: {fault}. `crossmodal prepare` lists all such rows"
            )
