"""What training remarks on: rows that failed, warnings of libraries, features that seem to know the labels."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.data.modalities import Modalities
from models.validation.folds import hold_out_groups
from models.validation.probes import knows_labels
from models.validation.protocol import Fold
from pipeline.settings.blocks import CorpusParams
from pipeline.training.fitting import inner_figure
from pipeline.training.jobs import Failed, Fit

NAMED = 3  # rows that a sentence names


def failed_notices(failed: Sequence[Failed]) -> Iterator[str]:
    """Yield a sentence on each row that failed."""
    for row in dict.fromkeys(one.row for one in failed):
        mine = [one for one in failed if one.row == row]
        yield (f"{row} failed and is left out of the table: on {', '.join(one.fold for one in mine)} {mine[0].reason}")


def warned_notices(fits: Sequence[Fit]) -> Iterator[str]:
    """Yield a sentence on each thing that libraries warned of, with the rows and how many of their fits."""
    for said in dict.fromkeys(sentence for fit in fits for sentence in fit.warned):
        mine = [fit for fit in fits if said in fit.warned]
        rows = list(dict.fromkeys(fit.row for fit in mine))
        named = ", ".join(map(str, rows[:NAMED])) + (f" and {len(rows) - NAMED} more" if len(rows) > NAMED else "")
        total = sum(fit.row in rows for fit in fits)
        yield f"{named}: {len(mine)} of {total} fits {said}"


def label_notices(
    fits: Sequence[Fit], folds: Sequence[Fold], labels: NDArray[Any], corpus: CorpusParams, data: Modalities
) -> Iterator[str]:
    """Yield a sentence on each modality whose features seem to know the training part's labels.

    Only folds whose inner folds hold groups out can tell: without them, inner validation rows are of groups that were
    trained on, and are known better for that alone.
    """
    classes = np.unique(labels) if corpus.task == "classification" else None
    telling = {fold.name for fold in folds if hold_out_groups(fold.inner, data.groups[fold.train])}
    for modality in corpus.modalities:
        own = [f for f in fits if f.row.strategy == "unimodal" and f.row.modalities == (modality,)]
        mine = [f for f in own if f.fold in telling]
        for row in dict.fromkeys(f.row for f in mine):
            parts = [f for f in mine if f.row == row]
            test = np.concatenate([f.test for f in parts])
            said = np.concatenate([f.predictions for f in parts])
            said = said if classes is None else classes[said]
            inner = float(np.mean([f.inner for f in parts]))
            sentence = knows_labels(
                modality,
                row.model,
                inner,
                labels[test],
                said,
                data.groups[test],
                task=corpus.task,
                figure=inner_figure(corpus),
            )
            if sentence:
                yield sentence
                break
