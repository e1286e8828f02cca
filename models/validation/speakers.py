"""Whether a table says who speaks, so that no person is trained on and tested at once."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.data.modalities import BoolArray


def unknown_speakers(table: pd.DataFrame, by: str) -> BoolArray:
    """Return a mask ``(n,)`` of the utterances of which neither the speaker nor a group is given.

    A group that is only the recording's or the utterance's own name is not given: the same person may be in several.

    Parameters
    ----------
    table
        One row per utterance, with the column ``utterance`` and any of ``speaker``, ``group``, ``recording`` and `by`.
    by
        The column that the protocol divides by.

    Examples
    --------
    >>> table = pd.DataFrame({"utterance": ["a", "b"], "recording": ["1", "2"], "group": ["1", "ann"]})
    >>> unknown_speakers(table, "group").tolist(), unknown_speakers(table.assign(speaker="x"), "group").tolist()
    ([True, False], [False, False])
    """
    unknown = np.ones(len(table), bool)
    own = [_names(table, column) for column in ("utterance", "recording")]
    for column in {"speaker", "group", by} - {"utterance", "recording"}:
        names = _names(table, column)
        given = names != ""
        if column != "speaker":
            given &= ~np.any([names == one for one in own], axis=0)
        unknown &= ~given
    return unknown


def speakers_note(unknown: BoolArray) -> str:
    """Return a sentence if of some utterances nobody says who speaks.

    >>> speakers_note(np.array([True, True]))
    'nobody says who speaks: the same person may stand on both sides of a fold'
    >>> speakers_note(np.array([True, False])), speakers_note(np.array([False]))
    ('nobody says who speaks in 1 of 2 utterances: the same person may stand on both sides of a fold', '')
    """
    if not unknown.any():
        return ""
    where = "" if unknown.all() else f" in {unknown.sum()} of {len(unknown)} utterances"
    return f"nobody says who speaks{where}: the same person may stand on both sides of a fold"


def _names(table: pd.DataFrame, column: str) -> NDArray[np.object_]:
    cells = table[column].fillna("") if column in table else [""] * len(table)
    return np.array([str(cell) for cell in cells], object)
