"""Choose utterances that represent a corpus: all classes, all parts of its split and as many groups as possible."""

import hashlib
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.validation.protocol import CORPUS, groups_of
from pipeline.settings.blocks import CorpusParams

LEAST = 5  # utterances that every class has, if it has as many: enough for five folds
_BINS = 4  # scores are divided at their quartiles


def spread(table: pd.DataFrame, corpus: CorpusParams, count: int) -> NDArray[np.intp]:
    """Return the positions, in ascending order, of `count` utterances that represent a table.

    Each class (for scores: each quarter of the scores) within each part of the split is a stratum. In a union, the
    corpora have separate strata. Every stratum first gets `LEAST` utterances, or all that it has if they are fewer. The
    rest are allotted in proportion to the sizes of the strata, by the method of Sainte-Laguë. Within a stratum, groups
    take turns. The choice does not depend on the order of the table, and a smaller choice is a subset of every larger
    one.

    Parameters
    ----------
    table
        The utterances, as `pipeline.corpora.utterances.read_utterances` returns them.
    corpus
        The settings of the corpus, which name its label, its task and the column of its groups.
    count
        Number of utterances to choose; all are chosen if the table has fewer.
    """
    strata = strata_of(table, corpus)
    groups = pd.Series(groups_of(table, corpus.protocol.group))
    names = pd.Series([_drawn(name) for name in table["utterance"]])
    turns = _place(names, [strata, groups])
    of_group = pd.Series([_drawn(stratum, group) for stratum, group in zip(strata, groups, strict=True)])
    seats = _place(pd.Series(list(zip(turns, of_group, strict=True))), [strata])
    sizes = strata.map(strata.value_counts()).to_numpy()
    quotient = np.where(seats < LEAST, np.inf, sizes / (2 * seats + 1))
    order = np.lexsort((names, np.minimum(seats, LEAST), -quotient))
    return np.sort(order[:count])


def strata_of(table: pd.DataFrame, corpus: CorpusParams) -> pd.Series:
    """Return each utterance's stratum: its part of the split together with its class or its quarter of the scores.

    In a union, utterances of different corpora are in different strata.
    """
    split = table["split"].fillna("").astype(str)
    if CORPUS in table:
        split = table[CORPUS] + "\n" + split
    if not corpus.label:
        return split.reset_index(drop=True)
    label = table[corpus.label]
    if corpus.task == "regression":
        scores = pd.to_numeric(label.replace("", None), errors="coerce")
        label = pd.qcut(scores.rank(method="first"), _BINS, labels=False) if scores.notna().any() else scores
    return (split + "\n" + label.fillna("").astype(str)).reset_index(drop=True)


def _place(order: "pd.Series[object]", by: Sequence["pd.Series[object]"]) -> NDArray[np.intp]:
    """Rank each row by `order` among the rows with the same values in all of `by`, and return the ranks from 0."""
    frame = pd.DataFrame({f"by{i}": column for i, column in enumerate(by)} | {"order": order})
    ranked = frame.sort_values("order", kind="stable").groupby([f"by{i}" for i in range(len(by))], sort=False)
    places: NDArray[np.intp] = ranked.cumcount().sort_index().to_numpy()
    return places


def _drawn(*names: str) -> int:
    """Return a hash of names as a number; it is the same on every machine, and sorting by it is like shuffling."""
    return int.from_bytes(hashlib.blake2b("\n".join(names).encode(), digest_size=6).digest())
