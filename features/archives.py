"""Zip archives of arrays, as NumPy saves them."""

from collections import Counter
from collections.abc import Iterable


def doubled(members: Iterable[str]) -> str | None:
    """Return an array that an archive holds twice: which of the two is read is anybody's guess.

    >>> doubled(["x.npy", "y.npy", "x"]), doubled(["x.npy", "X.npy"])
    ('x', None)
    """
    count = Counter(name.removesuffix(".npy") for name in members)
    return next((name for name, times in count.items() if times > 1), None)
