"""Normalisation per speaker, which removes what is usual for a voice or a face."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.data.modalities import BoolArray, Modalities, Ragged
from models.data.scaling import Standardise
from models.errors import ModelError
from models.validation.folds import numbered


def per_speaker(x: Modalities, speakers: NDArray[Any]) -> Modalities:
    """Scale every column to mean 0 and standard deviation 1 over all utterances of each speaker.

    This needs several utterances of each speaker, but no labels. The utterances to be predicted are scaled together
    with the others. A column that is constant for a speaker becomes 0. Transcripts are not changed.

    Parameters
    ----------
    x
        n utterances.
    speakers
        ``(n,)`` speaker of each utterance; must not be empty for any utterance.

    Raises
    ------
    ModelError
        If an utterance has no speaker.

    References
    ----------
    C. Busso et al., Iterative feature normalization scheme for automatic emotion detection from speech, 2013.
    """
    names = np.array([str(speaker) for speaker in speakers], object)
    unknown = np.flatnonzero([not name.strip() for name in names])
    if len(unknown):
        raise ModelError(
            f"normalising per speaker needs the speaker of every utterance; it is missing for {len(unknown)} of "
            f"{len(names)}: fill in the column 'speaker', or set normalise to standard or quantile"
        )
    numbers, count = numbered(names)
    groups = [np.flatnonzero(numbers == number) for number in range(count)]
    pooled = {m: _scaled(matrix, x.present[m], groups) for m, matrix in x.pooled.items()}
    steps = {m: _steps(s, _mask(x.present, m), groups) for m, s in x.sequences.items()}
    return replace(x, pooled=pooled, sequences=steps)


def _mask(present: Mapping[str, BoolArray], name: str) -> BoolArray:
    return present.get(name, present.get("audio", np.zeros(0, bool)))  # the spectrogram has the mask of audio


def _scaled(matrix: NDArray[np.float32], present: BoolArray, groups: list[NDArray[np.intp]]) -> NDArray[np.float32]:
    scaled = np.full_like(matrix, np.nan)
    for rows in groups:
        there = rows[present[rows]]
        if len(there):
            values = Standardise().fit(matrix[there]).transform(matrix[there])
            scaled[there] = np.where(np.isfinite(matrix[there]), values, np.nan)
    return scaled


def _steps(sequence: Ragged, present: BoolArray, groups: list[NDArray[np.intp]]) -> Ragged:
    values = np.full_like(sequence.steps.values, np.nan)
    for rows in groups:
        at = sequence[rows[present[rows]]].rows()
        if len(at):
            own = sequence.steps.values[at]
            values[at] = np.where(np.isfinite(own), Standardise().fit(own).transform(own), np.nan)
    return sequence.with_values(values)
