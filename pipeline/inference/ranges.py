"""The range of each feature in training, and new clips whose features lie far outside.

A model extrapolates there, and its probabilities say nothing about how sure it can be. The bounds of a feature are
Tukey's outer fences, three interquartile ranges below the first and above the third quartile (J. W. Tukey, Exploratory
Data Analysis, 1977, section 2C: what lies beyond is "far out"), widened to the smallest and largest value in training,
since features with heavy tails have such values in training too. A new clip like the n training clips exceeds the
largest or falls below the smallest of them in at most 2 of n + 1 cases for each feature (exchangeability), so a tenth
of the features of a modality is far more than chance makes of them, from `FEWEST` training clips on.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.data.modalities import Modalities
from models.errors import ModelError

FENCE = 3.0  # interquartile ranges beyond a quartile: Tukey's outer fence
SHARE = 0.1  # share of a modality's features; above it, a warning
FEWEST = 20  # training clips with the modality
NAMED = 3  # clips that a warning names
_ANY = float(np.finfo(np.float32).max)  # the bound of a feature that was never defined in training

Ranges = Mapping[str, Mapping[str, Sequence[float]]]  # modality -> low, high -> one number per feature


def ranges_of(data: Modalities, modalities: Sequence[str]) -> dict[str, dict[str, list[float]]]:
    """Return the bounds of each feature of the modalities that have at least `FEWEST` training clips.

    Parameters
    ----------
    data
        The training clips.
    modalities
        Those whose features the model reads.
    """
    found = {}
    for modality in modalities:
        rows = data.pooled[modality][data.present[modality]] if modality in data.pooled else np.zeros((0, 0))
        if len(rows) >= FEWEST:
            low, high = bounds_of(rows)
            found[modality] = {"low": low.tolist(), "high": high.tolist()}
    return found


def bounds_of(rows: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower and upper bound of each column.

    Parameters
    ----------
    rows
        ``(n, p)`` features; an undefined one is NaN and does not count.

    Examples
    --------
    >>> bounds_of(np.array([[0.0], [1.0], [2.0], [3.0], [np.nan]]))
    (array([-3.75]), array([6.75]))
    """
    low, high = np.full(rows.shape[1], -_ANY), np.full(rows.shape[1], _ANY)
    for i, column in enumerate(rows.T.astype(np.float64)):
        if len(own := column[~np.isnan(column)]):
            first, third = np.quantile(own, [0.25, 0.75])
            reach = FENCE * (third - first)
            low[i], high[i] = min(own.min(), first - reach), max(own.max(), third + reach)
    return low, high


def far_outside(ranges: Ranges, data: Modalities, folder: str) -> dict[str, NDArray[np.float64]]:
    """Return for each modality the share ``(n,)`` of a clip's defined features that lie outside; 0 without any.

    Raises
    ------
    ModelError
        If the ranges are not those of as many features as the clips have.
    """
    shares = {}
    for modality, bounds in ranges.items():
        rows = data.pooled[modality].astype(np.float64)
        low, high = (np.asarray(bounds[side], np.float64) for side in ("low", "high"))
        if not len(low) == len(high) == rows.shape[1]:
            raise ModelError(f"{folder}: its ranges of {modality} are not of {rows.shape[1]} features: fit it again")
        slack = 1e-6 * np.maximum(np.abs(low), np.abs(high))  # of single precision: a constant has no range at all
        with np.errstate(invalid="ignore"):
            outside = (rows < low - slack) | (rows > high + slack)
        defined = ~np.isnan(rows).all(axis=1) & data.present[modality]
        counts = np.maximum((~np.isnan(rows)).sum(axis=1), 1)
        shares[modality] = np.where(defined, outside.sum(axis=1) / counts, 0.0)
    return shares


def notices_of_ranges(ranges: Ranges, data: Modalities, clips: Sequence[str], folder: str) -> list[str]:
    """Return a sentence for each modality in which clips lie far outside the range of training.

    Parameters
    ----------
    ranges
        Those of the model; empty for a model of an earlier version.
    data, clips
        The clips and their names.
    folder
        The model, for messages.
    """
    notices = []
    for modality, shares in far_outside(ranges, data, folder).items():
        far = np.flatnonzero(shares > SHARE)
        if not len(far):
            continue
        far = far[np.argsort(-shares[far], kind="stable")]
        named = ", ".join(f"{clips[i]} ({100 * shares[i]:.0f} % of its features)" for i in far[:NAMED])
        more = f" and {len(far) - NAMED} more" if len(far) > NAMED else ""
        notices.append(
            f"the features of {modality} lie far outside the range of training: {named}{more}. The model has seen "
            "nothing like that, so its prediction is a guess: check the recording, or fit on recordings like it"
        )
    return notices
