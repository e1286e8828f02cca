"""How often the intervals contain the true value, and how often the test raises a false alarm, by number of groups.

Predictions are simulated: each group has ten utterances and its own probability of a correct prediction, from a beta
distribution with mean 0.7 and standard deviation 0.14. Two equally good models share these probabilities.

Example: python -m benchmarks.coverage
"""

from dataclasses import dataclass

import numpy as np

from models.evaluation.intervals import group_bootstrap, paired_difference, resample
from models.evaluation.metrics import metric
from models.evaluation.paired_tests import randomisation_test, swaps

TRUTH = 0.7
UTTERANCES = 10  # per group
ACCURACY = metric("classification", "accuracy")
GROUPS = (3, 5, 8, 12, 20, 40, 100)


@dataclass(frozen=True)
class Measured:
    """Shares of the simulated corpora in which something holds.

    Attributes
    ----------
    covered
        The interval contains the true accuracy.
    paired
        The interval of the difference between two equally good models contains 0.
    alarms
        The test finds a difference between two equally good models, at 5 %.
    """

    covered: float
    paired: float
    alarms: float


def measure(groups: int, runs: int, seed: int = 0) -> Measured:
    """Simulate `runs` corpora with a number of groups, 1000 resamples each."""
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


def main() -> None:
    """Print a Markdown table."""
    columns = "95 % interval contains the accuracy", "... contains a difference of 0", "test finds a difference at 5 %"
    print(f"| groups | {' | '.join(columns)} |")
    print("|---|---|---|---|")
    for groups in GROUPS:
        found = measure(groups, runs=2000)
        print(f"| {groups} | {found.covered:.1%} | {found.paired:.1%} | {found.alarms:.1%} |")


if __name__ == "__main__":
    main()
