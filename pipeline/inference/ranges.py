"""The range of each feature in training, and a warning about new clips whose features lie far outside it.

Far outside its training range a model extrapolates, and its probabilities do not show how unsure it is. The bounds of a
feature are Tukey's outer fences, three interquartile ranges below the first and above the third quartile (J. W. Tukey,
Exploratory Data Analysis, 1977, section 2C, calls values beyond them "far out"). They are widened to the smallest and
largest value in training, since a feature with heavy tails has values beyond the fences in training, too. If a new clip
and n training clips are exchangeable, a given feature of the new clip lies outside the range of the n clips with a
probability of at most 2 / (n + 1). So with at least `FEWEST` training clips, it is unlikely that a tenth of a
modality's features lie outside by chance.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.data.modalities import Modalities
from models.errors import ModelError
from pipeline.errors import counted

FENCE = 3.0  # interquartile ranges beyond a quartile: Tukey's outer fence
SHARE = 0.1  # a larger share of a modality's features outside their range causes a warning
FEWEST = 20  # the least number of training clips with the modality from which ranges are computed
NAMED = 3  # the largest number of clips that a warning names
_ANY = float(np.finfo(np.float32).max)  # the bound of a feature that was never defined in training

Ranges = Mapping[str, Mapping[str, Sequence[float]]]  # modality -> low, high -> one number per feature


def ranges_of(data: Modalities, modalities: Sequence[str]) -> dict[str, dict[str, list[float]]]:
    """Return for each modality the ``low`` and the ``high`` bounds of its features, one number per feature.

    Modalities with fewer than `FEWEST` training clips are left out.

    Parameters
    ----------
    data
        The training clips.
    modalities
        The modalities whose features the model reads.
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
        Features ``(n, p)``; NaN is ignored. A column without numbers has the bounds of float32.

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
    """Return for each modality an array ``(n,)``: the share of each clip's features that lie outside their range.

    Only defined features count. The share is 0 for a clip without defined features.

    Raises
    ------
    ModelError
        If the number of ranges is not the number of features.
    """
    shares = {}
    for modality, bounds in ranges.items():
        rows = data.pooled[modality].astype(np.float64)
        low, high = (np.asarray(bounds[side], np.float64) for side in ("low", "high"))
        if not len(low) == len(high) == rows.shape[1]:
            raise ModelError(
                f"{folder}: the model has ranges for {counted(len(low), 'feature')} of {modality}, but there are "
                f"{rows.shape[1]}: fit it again"
            )
        slack = 1e-6 * np.maximum(np.abs(low), np.abs(high))  # for rounding: the range of a constant has no width
        with np.errstate(invalid="ignore"):
            outside = (rows < low - slack) | (rows > high + slack)
        defined = ~np.isnan(rows).all(axis=1) & data.present[modality]
        counts = np.maximum((~np.isnan(rows)).sum(axis=1), 1)
        shares[modality] = np.where(defined, outside.sum(axis=1) / counts, 0.0)
    return shares


def notices_of_unchecked(ranges: Ranges | None, modalities: Sequence[str], folder: str) -> list[str]:
    """Return a sentence if features of new clips cannot be compared with their range in training.

    Parameters
    ----------
    ranges
        The ranges of the model; None if an earlier version saved the model, without ranges.
    modalities
        The modalities whose features the model reads.
    folder
        The model.

    Examples
    --------
    >>> notices_of_unchecked({"text": {"low": [0.0], "high": [1.0]}}, ["text"], "m")
    []
    """
    if not (unchecked := [modality for modality in modalities if modality not in (ranges or {})]):
        return []
    why = (
        "an earlier version fitted it"
        if ranges is None
        else f"it was fitted on fewer than {FEWEST} clips that have such features"
    )
    return [f"{folder} cannot warn about features of {' and '.join(unchecked)} outside the range of training: {why}"]


def notices_of_ranges(ranges: Ranges, data: Modalities, clips: Sequence[str], folder: str) -> list[str]:
    """Return a sentence for each modality in which clips lie far outside the range of training.

    Parameters
    ----------
    ranges
        The ranges of the model.
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
            "no such features, so its prediction is a guess: check the recording, or fit on similar recordings"
        )
    return notices
