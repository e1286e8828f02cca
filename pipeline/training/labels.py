"""Labels as they are learnt: those of the column and the task that the settings name now, whatever prepare was told."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.errors import UserError
from pipeline.settings.blocks import CorpusParams
from pipeline.tables.rules import fault_of_label

SHUFFLED = "shuffled"  # folder, below a corpus's results, of what was learnt from shuffled labels
SEED = 0  # of the shuffling


def labels_of(table: pd.DataFrame, corpus: CorpusParams, shuffled: int | None = None) -> NDArray[Any]:
    """Return ``(n,)`` class names, or scores as float64; with a seed, dealt out to other utterances at random.

    Raises
    ------
    UserError
        If a cell holds no label, or no score.
    """
    require_labels(table, corpus)
    kind = float if corpus.task == "regression" else str
    labels: NDArray[Any] = table[corpus.label].to_numpy(kind)
    return labels if shuffled is None else np.random.default_rng(shuffled).permutation(labels)


def require_labels(table: pd.DataFrame, corpus: CorpusParams) -> None:
    """Check the labels by the rules of prepare, which may have been told to predict something else.

    Raises
    ------
    UserError
        If a cell holds no label, or no score.
    """
    for place, cell in enumerate(table[corpus.label]):
        if fault := fault_of_label(str(cell), corpus.label, corpus.task):
            raise UserError(
                f"utterance {table['utterance'].iloc[place]}: {fault}. `crossmodal prepare` names all such rows"
            )
