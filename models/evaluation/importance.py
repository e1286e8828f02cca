"""What a fitted model leans on: the same questions with one modality, or one group of features, dealt out anew."""

from dataclasses import replace

import numpy as np

from models.data.modalities import IntArray, Modalities
from models.errors import ModelError


def shuffled_modality(x: Modalities, modality: str, order: IntArray) -> Modalities:
    """Give every utterance another one's modality: features, steps, mask and (for text) transcript.

    Parameters
    ----------
    x
        n utterances.
    modality
        Which.
    order
        ``(n,)`` whose each one gets.

    References
    ----------
    L. Breiman, Random Forests, 2001 (permutation importance).
    """
    x.mask(modality)
    own = {modality, "spectrogram"} if modality == "audio" else {modality}
    return replace(
        x,
        pooled={m: a[order] if m == modality else a for m, a in x.pooled.items()},
        present={m: a[order] if m == modality else a for m, a in x.present.items()},
        sequences={m: s[order] if m in own else s for m, s in x.sequences.items()},
        text=x.text[order] if modality == "text" else x.text,
    )


def shuffled_features(x: Modalities, modality: str, extractor: str, order: IntArray) -> Modalities:
    """Give every utterance that has a modality another one's pooled features of one extractor.

    Only among utterances that have the modality, so that masks stay true. Steps over time stay as they are.

    Parameters
    ----------
    x, modality, order
        As for `shuffled_modality`.
    extractor
        Whose columns.

    Raises
    ------
    ModelError
        If there are none.
    """
    names = x.names.get(modality, ())
    columns = np.array([i for i, name in enumerate(names) if name.split(".")[0] == extractor], np.intp)
    if not len(columns):
        raise ModelError(f"there are no features of {extractor!r} in {modality}")
    receivers = np.flatnonzero(x.mask(modality))
    givers = order[x.mask(modality)[order]]
    matrix = x.pooled[modality].copy()
    matrix[np.ix_(receivers, columns)] = x.pooled[modality][np.ix_(givers, columns)]
    return replace(x, pooled={**x.pooled, modality: matrix})


def extractors_of(x: Modalities, modality: str) -> tuple[str, ...]:
    """Return the extractors whose features a modality's pooled columns are, in their order."""
    return tuple(dict.fromkeys(name.split(".")[0] for name in x.names.get(modality, ())))
