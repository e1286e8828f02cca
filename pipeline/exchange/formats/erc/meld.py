"""MELD in pickles: the order of its classes and parts there, and what its dialogues and utterances are called."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

MELD = ("neutral", "surprise", "fear", "sadness", "joy", "disgust", "anger")
SENTIMENTS = ("neutral", "positive", "negative")
# The published order: MELD's name of a part, the split, and its dialogues where they are numbered through.
_PARTS = (("train", "train", range(1039)), ("dev", "valid", range(1039, 1153)), ("test", "test", range(1153, 1433)))
RELEASE = {split: release for release, split, _ in _PARTS}


def dialogue_names(dialogues: Sequence[int], split_of: Mapping[int, str]) -> dict[int, tuple[str, str]]:
    """Return name and split of each dialogue: by the published order, if the parts in the file fit it.

    >>> dialogue_names([1040], {1040: "train"})  # the dev part is often joined to the training part
    {1040: ('dev_dia1', 'valid')}
    """
    named = {}
    for key in dialogues:
        held = split_of.get(key, "")
        part = next((part for part in _PARTS if key in part[2]), None)
        if part is None or held not in ("", part[1], "train" if part[1] == "valid" else part[1]):
            return {key: (f"dia{key}", split_of.get(key, "")) for key in dialogues}
        release, split, numbers = part
        named[key] = (f"{release}_dia{key - numbers.start}", split if held else "")
    return named


def utterance_numbers(ids: Sequence[Any], count: int) -> Sequence[int]:
    """Return the utterances' numbers in a dialogue: at the end of their ids if they rise, else their places.

    >>> utterance_numbers(["7_0", "7_2"], 2), utterance_numbers([], 2)
    ([0, 2], range(0, 2))
    """
    ends = [re.search(r"\d+$", str(name)) for name in ids]
    numbers = [int(end.group()) for end in ends if end]
    rise = all(a < b for a, b in pairwise(numbers))
    return numbers if len(numbers) == count and rise and numbers and numbers[-1] < 100 else range(count)
