"""How trustworthy class probabilities are: the Brier score, the expected calibration error, and reliability diagrams.

`brier`, `ece` and `reliability` read ``truth (n,)``, the column of the true class of each utterance, and
``probabilities (n, classes)``, whose rows sum to 1. Unknown probabilities are NaN: they make the scores NaN, and
`reliability` refuses them. Without utterances, the scores are NaN too.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.data.modalities import FloatArray, IntArray
from models.evaluation.sufficient_statistics import Array, SufficientStatistics, mean_of_sums

BINS = 15  # bins of equal width, as in Guo et al. 2017
_EDGES = np.arange(1, BINS) / BINS  # a value on an edge belongs to the bin below it


@dataclass(frozen=True, eq=False)
class Reliability:
    """A reliability diagram: utterances are sorted into `BINS` bins by the probability of their predicted class.

    Attributes
    ----------
    counts
        ``(bins,)`` number of utterances in each bin.
    confidence, accuracy
        ``(bins,)`` mean probability of the predicted class, and share of correct predictions; NaN for empty bins.
    """

    counts: IntArray
    confidence: FloatArray
    accuracy: FloatArray


def brier(truth: Any, probabilities: Any) -> float:
    """Return the Brier score: the squared error of the probabilities, summed over classes and averaged over utterances.

    The score lies between 0 and 2. With two classes, whose errors are equal, only one class is counted, so that the
    score lies between 0 and 1. scikit-learn's ``brier_score_loss`` does the same.

    References
    ----------
    G. W. Brier, Verification of forecasts expressed in terms of probability, Monthly Weather Review 78, 1950.

    Examples
    --------
    >>> round(brier([0, 2], [[1.0, 0.0, 0.0], [0.5, 0.25, 0.25]]), 4)
    0.4375
    >>> brier([1], [[0.5, 0.5]])
    0.25
    """
    errors = _squared_errors(np.asarray(truth), np.asarray(probabilities, np.float64))
    return float(errors.mean()) if errors.size else float("nan")


def ece(truth: Any, probabilities: Any) -> float:
    """Return the expected calibration error of the predicted class, over 15 bins of equal width.

    This is the absolute difference between mean probability and accuracy in each bin, averaged over the bins with the
    numbers of utterances as weights. With few utterances it is biased upwards, because each bin has its own random
    error.

    References
    ----------
    M. P. Naeini, G. F. Cooper and M. Hauskrecht, Obtaining well calibrated probabilities using Bayesian binning, 2015.
    C. Guo, G. Pleiss, Y. Sun and K. Q. Weinberger, On calibration of modern neural networks, 2017, equations 2 to 5.

    Examples
    --------
    >>> round(ece([0, 1, 2, 0], [[0.25, 0.2, 0.55], [0.55, 0.05, 0.4], [0.1, 0.3, 0.6], [0.9, 0.05, 0.05]]), 6)
    0.2
    """
    confidence, correct = _top(np.asarray(truth), np.asarray(probabilities, np.float64))
    if not confidence.size:
        return float("nan")
    gaps = np.bincount(_bins(confidence), weights=confidence - correct, minlength=BINS)
    return float(np.abs(gaps).sum() / confidence.size)


def reliability(truth: Any, probabilities: Any) -> Reliability:
    """Return the reliability diagram: how often predictions are correct, by the probability of the predicted class.

    Probabilities that are NaN raise a `ValueError`.
    """
    confidence, correct = _top(np.asarray(truth), np.asarray(probabilities, np.float64))
    if not np.isfinite(confidence).all():
        raise ValueError("some utterances have no probabilities (NaN): leave them out")
    bins = _bins(confidence)
    counts = np.bincount(bins, minlength=BINS)
    sums = (np.bincount(bins, weights=values, minlength=BINS) for values in (confidence, correct))
    means = [np.divide(total, counts, out=np.full(BINS, np.nan), where=counts > 0) for total in sums]
    return Reliability(counts, *means)


def squared_errors() -> SufficientStatistics:
    """Define the Brier score by sums over utterances."""

    def per_utterance(truth: Array, probabilities: Array) -> FloatArray:
        errors = _squared_errors(truth, probabilities)
        return np.stack([errors, np.ones_like(errors)], axis=-1)

    return SufficientStatistics(per_utterance, mean_of_sums)


def calibration_gaps() -> SufficientStatistics:
    """Define the expected calibration error by sums over utterances.

    There is one statistic for each bin: the sum of the predicted classes' probabilities minus the number of correct
    predictions. The last statistic is the number of utterances.
    """

    def per_utterance(truth: Array, probabilities: Array) -> FloatArray:
        confidence, correct = _top(truth, probabilities)
        gaps = np.eye(BINS)[_bins(confidence)] * (confidence - correct)[..., None]
        return np.concatenate([gaps, np.ones((*confidence.shape, 1))], axis=-1)

    def from_gaps(sums: FloatArray) -> FloatArray:
        gaps = np.abs(sums[..., :-1]).sum(axis=-1)
        return mean_of_sums(np.stack([gaps, sums[..., -1]], axis=-1))

    return SufficientStatistics(per_utterance, from_gaps)


def _squared_errors(truth: Array, probabilities: Array) -> FloatArray:
    """Return the squared error of each utterance, ``(..., n)``, from probabilities ``(..., n, classes)``."""
    classes = probabilities.shape[-1]
    errors = ((probabilities - np.eye(classes)[truth]) ** 2).sum(axis=-1)
    return np.asarray(errors / 2 if classes == 2 else errors, np.float64)


def _top(truth: Array, probabilities: Array) -> tuple[FloatArray, FloatArray]:
    """Return the highest probability, and whether its class is the true one (1 or 0), ``(..., n)`` each."""
    correct: NDArray[Any] = probabilities.argmax(axis=-1) == truth
    return np.asarray(probabilities.max(axis=-1), np.float64), correct.astype(np.float64)


def _bins(confidence: FloatArray) -> IntArray:
    return np.searchsorted(_EDGES, confidence)  # NaN falls into the last bin and makes its sum NaN
