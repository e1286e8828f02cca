"""Measure how often intervals contain the true value, and how often tests raise false alarms, by the number of groups.

Predictions are simulated: each group has ten utterances and its own probability of a correct prediction, from a beta
distribution with mean 0.7 and standard deviation 0.14. Two equally good models share these probabilities.

In the second table there are three classes, and the model overstates the log-odds by a factor. The table shows how
often the intervals of the calibration error and of the Brier score contain the value from a corpus of 400,000
utterances.

Example: python -m benchmarks.coverage
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import softmax

from models.data.modalities import FloatArray, IntArray
from models.evaluation.intervals import group_bootstrap, paired_difference, resample
from models.evaluation.metrics import metrics_of
from models.evaluation.paired_tests import randomisation_test, swaps

TRUTH = 0.7
UTTERANCES = 10  # per group
ACCURACY, BRIER, ECE = metrics_of("classification", ("accuracy", "brier", "ece"))
OVERSTATED = (1.0, 1.3, 2.0)  # factors; with 1, the probabilities are the true ones
GROUPS = (3, 5, 8, 12, 20, 40, 100)


@dataclass(frozen=True)
class Measured:
    """How often intervals contain the true value, and how often tests raise false alarms, on simulated corpora.

    Attributes
    ----------
    covered
        The share of corpora in which the interval contains the true accuracy.
    paired
        The share of corpora in which the interval of the difference between two equally good models contains 0.
    alarms
        The share of corpora in which the test at 5 % finds a difference between two equally good models.
    """

    covered: float
    paired: float
    alarms: float


def measure(groups: int, runs: int, seed: int = 0) -> Measured:
    """Return the results on `runs` simulated corpora of `groups` groups; each corpus is resampled 1000 times."""
    rng = np.random.default_rng(seed)
    member = np.repeat(np.arange(groups), UTTERANCES)
    truth, resamples, swapped = np.ones(len(member), int), resample(member), swaps(member)
    covered = paired = alarms = 0
    for _ in range(runs):
        chance = rng.beta(10 * TRUTH, 10 * (1 - TRUTH), groups)[member]
        first, second = ((rng.random(len(member)) < chance).astype(int) for _ in range(2))
        alone = group_bootstrap(ACCURACY, truth, first, resamples)
        pair = paired_difference(ACCURACY, truth, first, second, resamples)
        covered += alone.low <= TRUTH <= alone.high
        paired += pair.low <= 0 <= pair.high
        alarms += randomisation_test(ACCURACY, truth, first, second, swapped) <= 0.05
    return Measured(covered / runs, paired / runs, alarms / runs)


@dataclass(frozen=True)
class Calibrated:
    """The shares of simulated corpora in which intervals contain the true value.

    `ece` is the share for the usual interval of the calibration error, which is reflected (the basic bootstrap).
    `percentile` is the share for the plain percentile interval of the same error. `brier` is the share for the interval
    of the Brier score.
    """

    ece: float
    percentile: float
    brier: float


def measure_calibration(groups: int, overstated: float, runs: int, seed: int = 0) -> Calibrated:
    """Return the results on `runs` simulated corpora of `groups` groups; each corpus is resampled 1000 times.

    `overstated` is the factor by which the model overstates the log-odds.
    """
    rng = np.random.default_rng(seed)
    whole = _simulated(rng, 400_000, overstated)
    true = {one.name: one(*whole) for one in (ECE, BRIER)}
    resamples, covered = resample(np.repeat(np.arange(groups), UTTERANCES)), np.zeros(3)
    for _ in range(runs):
        corpus = _simulated(rng, groups * UTTERANCES, overstated)
        for i, one in enumerate((ECE, replace(ECE, reflected=False), BRIER)):
            found = group_bootstrap(one, *corpus, resamples)
            covered[i] += found.low <= true[one.name] <= found.high
    return Calibrated(*(covered / runs))


def _simulated(rng: np.random.Generator, count: int, overstated: float) -> tuple[IntArray, FloatArray]:
    """Return the true classes ``(count,)``, and the probabilities ``(count, 3)`` that a simulated model gives.

    The model's log-odds are the true ones times `overstated`.
    """
    odds = rng.normal(0, 1.2, (count, 3))
    true, stated = (softmax(factor * odds, axis=1) for factor in (1, overstated))
    return (rng.random((count, 1)) > true.cumsum(axis=1)[:, :2]).sum(axis=1), stated


def main() -> None:
    """Print two Markdown tables: one on accuracy and tests, one on the calibration error and the Brier score."""
    columns = "95 % interval contains the accuracy", "... contains a difference of 0", "test finds a difference at 5 %"
    print(f"| groups | {' | '.join(columns)} |")
    print("|---|---|---|---|")
    for groups in GROUPS:
        found = measure(groups, runs=2000)
        print(f"| {groups} | {found.covered:.1%} | {found.paired:.1%} | {found.alarms:.1%} |")
    columns = "95 % interval contains ece", "... if it were not reflected", "... contains brier"
    print(f"\n| groups | log-odds overstated by the factor | {' | '.join(columns)} |")
    print("|---|---|---|---|---|")
    for groups in (12, 24, 100):
        for factor in OVERSTATED:
            calibrated = measure_calibration(groups, factor, runs=500)
            shares = calibrated.ece, calibrated.percentile, calibrated.brier
            print(f"| {groups} | {factor} | {' | '.join(f'{share:.1%}' for share in shares)} |")


if __name__ == "__main__":
    main()
