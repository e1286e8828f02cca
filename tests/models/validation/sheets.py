"""Tables of eight utterances in two halves, with which the leak guard is tried."""

import numpy as np
import pandas as pd

from models.validation.protocol import Fold

HALVES = (Fold("test", np.arange(4), np.arange(4, 8), ()),)


def sheet(**columns):
    base = {
        "utterance": [f"u{i}" for i in range(8)],
        "recording": [f"r{i}" for i in range(8)],
        "media": [f"{i}.mp4" for i in range(8)],
        "media_sha256": [f"{i:064x}" for i in range(8)],
        "group": [f"g{i // 2}" for i in range(8)],
        "speaker": [f"s{i // 2}" for i in range(8)],
        "start": [1.0] * 8,
        "end": [float(i + 2) for i in range(8)],
        "text": [f"line {i}" for i in range(8)],
    }
    return pd.DataFrame({**base, **columns})


def planted(column, value, rows=(1, 6), start=None):
    table = sheet() if start is None else sheet(start=start)
    table[column] = table[column].astype(object)
    table.loc[list(rows), column] = value
    return table
