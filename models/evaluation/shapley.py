"""Exact Shapley values: how much each modality contributed to a prediction.

The value of a set of modalities is the model's prediction when only these are present; the value of the empty set is
the training prior. The share of a modality is its marginal contribution, averaged over all orders in which modalities
can be added. The shares of an utterance sum to its prediction minus the prior. A modality that an utterance lacks has
the share 0.
"""

from collections.abc import Callable, Sequence
from itertools import combinations
from math import comb

import numpy as np

from models.data.modalities import FloatArray


def shapley_values(value: Callable[[tuple[str, ...]], FloatArray], players: Sequence[str]) -> dict[str, FloatArray]:
    """Return the Shapley value of each player, called its share.

    Parameters
    ----------
    value
        Function that takes a set of players (a tuple in the order of `players`) and returns its ``(n,)`` values. It is
        called once for each of the 2^m sets.
    players
        Names of the m players.

    Returns
    -------
    dict
        The ``(n,)`` shares of each player, keyed by name.

    References
    ----------
    L. Shapley, A value for n-person games, 1953.

    Examples
    --------
    >>> worth = {(): 0.0, ("a",): 0.2, ("b",): 0.4, ("a", "b"): 1.0}
    >>> shares = shapley_values(lambda there: np.array([worth[there]]), ("a", "b"))
    >>> {name: round(float(share[0]), 3) for name, share in shares.items()}
    {'a': 0.4, 'b': 0.6}
    """
    names = tuple(players)
    worth = {s: value(s) for size in range(len(names) + 1) for s in combinations(names, size)}
    return {player: _share(player, worth, len(names)) for player in names}


def _share(player: str, worth: dict[tuple[str, ...], FloatArray], count: int) -> FloatArray:
    gains = []
    for with_it, total in worth.items():
        if player in with_it:
            without = tuple(name for name in with_it if name != player)
            gains.append((total - worth[without]) / (count * comb(count - 1, len(without))))
    share: FloatArray = np.sum(gains, axis=0)
    return share
