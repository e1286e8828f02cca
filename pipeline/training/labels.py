"""Check the labels in the utterance table against the present settings, and return them as classes or scores."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.errors import Untrainable, UserError
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.params import Params
from pipeline.tables.rules import fault_of_label, is_no_label

SHUFFLED = "shuffled"  # folder of results on permuted labels, inside the corpus's results
SEED = 0  # seed of the permutation


def labels_of(table: pd.DataFrame, corpus: CorpusParams, shuffled: int | None = None) -> NDArray[Any]:
    """Return labels ``(n,)``: class names, or scores as float64; ``""`` or NaN for an utterance without a label.

    If `shuffled` is a seed, the labels are permuted among the utterances that have one.

    Raises
    ------
    UserError
        If a cell is not a score in regression, or no utterance has a label.
    """
    rows = labelled(table, corpus)
    scores = corpus.task == "regression"
    cells = table[corpus.label].astype(object).to_numpy(copy=True)
    cells[~np.isin(np.arange(len(table)), rows)] = np.nan if scores else ""
    labels: NDArray[Any] = cells.astype(float if scores else str)
    if shuffled is not None:
        labels[rows] = np.random.default_rng(shuffled).permutation(labels[rows])
    return labels


def classes_of(labels: NDArray[Any]) -> NDArray[Any]:
    """Return the sorted classes of a corpus's labels.

    >>> classes_of(np.array(["sad", "", "joy"])).tolist()
    ['joy', 'sad']
    """
    return np.unique(labels[labels != ""])


def labelled(table: pd.DataFrame, corpus: CorpusParams) -> NDArray[np.intp]:
    """Return the positions of the rows that have a label, by the same rules as in `prepare`.

    The rules are applied again because the column or task in the settings may have changed since `prepare` ran.

    Raises
    ------
    UserError
        If a cell is not a score in regression.
    Untrainable
        If no row has a label.
    """
    cells = table[corpus.label].astype(str)
    rows = np.flatnonzero(~cells.map(is_no_label).to_numpy(bool))
    for place in rows:
        if fault := fault_of_label(cells.iloc[place], corpus.label, corpus.task):
            raise UserError(
                f"utterance {table['utterance'].iloc[place]}: {fault}. `crossmodal prepare` lists all such rows"
            )
    if not len(rows):
        raise Untrainable(
            f"no utterance has a label in the column {corpus.label!r}: fill it in for the utterances to learn from"
        )
    return rows


def require_label(params: Params, name: str) -> None:
    """Raise `Untrainable` if a corpus's settings name no label column; the message says how to add one."""
    corpus = params.corpus(name)
    if corpus.label:
        return
    where = (
        f"--reader union --of {','.join(corpus.of)}" if corpus.of else f"--reader {corpus.reader} --root {corpus.root}"
    )
    raise Untrainable(
        f"there are no labels in {name}, so nothing can be learnt; its features can be made, shown and exported. To "
        f"add labels, write them into a column of its table and name it: `crossmodal add-corpus {name} --force {where} "
        f"--task classification --label COLUMN`, or set corpora.{name}.label in {params.path}"
    )
