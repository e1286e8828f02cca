"""Inputs for permutation importance: shuffle one modality, or the features of one extractor, across utterances."""

from dataclasses import replace

import numpy as np

from models.data.modalities import IntArray, Modalities
from models.errors import ModelError


def permuted_modality(x: Modalities, modality: str, order: IntArray) -> Modalities:
    """Permute a modality across utterances: its features, sequences and mask, and the transcripts if it is text.

    The spectrogram belongs to audio. An unknown modality raises `ModelError`.

    Parameters
    ----------
    x
        n utterances.
    modality
        The modality to permute.
    order
        ``(n,)`` for each utterance, the position of the utterance whose modality it gets.

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


def permuted_features(x: Modalities, modality: str, extractor: str, order: IntArray) -> Modalities:
    """Permute the pooled features of one extractor across the utterances that have a modality.

    Utterances without the modality take no part, so that masks stay correct. Sequences are not changed.

    Parameters
    ----------
    x
        n utterances.
    modality
        The modality of the extractor.
    extractor
        The extractor whose columns are permuted.
    order
        ``(n,)`` positions of all utterances in a random order. Those that lack the modality are taken out. The i-th
        utterance that has the modality gets the features of the i-th position that is left.

    Raises
    ------
    ModelError
        If the modality has no features of this extractor.
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
    """Return the names of the extractors of a modality's pooled features, in the order of the columns."""
    return tuple(dict.fromkeys(name.split(".")[0] for name in x.names.get(modality, ())))
