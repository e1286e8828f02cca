"""Checks of the classes in folds: training parts with a single class, and classes that are not trained on."""

import numpy as np
from numpy.typing import NDArray

from models.data.modalities import IntArray

Names = NDArray[np.str_]
Texts = NDArray[np.object_]


def nothing_to_learn(name: str, labels: Names, train: IntArray) -> str:
    """Return a sentence about the training part of a fold if it has only one class; else ``""``.

    Leaving out such a fold would not help: all other classes are in its test part, so the remaining folds would test
    only a single class.

    >>> nothing_to_learn("fold-1", np.array(["joy", "joy", "sad"]), np.array([0, 1]))
    "every training utterance of the fold 'fold-1' is 'joy': add utterances, so that each class is in two folds or more"
    """
    seen = np.unique(labels[train])
    if len(seen) > 1:
        return ""
    if len(np.unique(labels)) == 1:
        return f"every utterance is {str(seen[0])!r}: training needs utterances of two classes or more"
    what = f"every training utterance of the fold '{name}' is {str(seen[0])!r}"
    return f"{what}: add utterances, so that each class is in two folds or more"


def never_trained(name: str, train: Names, test: Names) -> list[str]:
    """Return a sentence about each class that is in the test part of a fold but not in its training part."""
    return [
        f"{name}: the class {str(label)!r} is in the test part ({int((test == label).sum())} of {len(test)} "
        "utterances), but not in the training part"
        for label in np.setdiff1d(test, train)
    ]


def lone_classes(labels: Names, groups: Texts, utterances: Texts) -> list[str]:
    """Return a sentence about each class that occurs in only one group.

    Parameters
    ----------
    labels, groups, utterances
        ``(n,)`` class, group and name of each utterance.
    """
    found = []
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        if len(set(groups[rows])) == 1:
            where = (
                f"only once, in {utterances[rows[0]]}" if len(rows) == 1 else f"in only one group, {groups[rows[0]]}"
            )
            found.append(f"the class {str(label)!r} occurs {where}: it is either trained on or tested, never both")
    return found
