"""What the classes of a small corpus allow, counted by hand."""

import numpy as np
import pytest

from models.validation.classes import lone_classes, never_trained, nothing_to_learn

LABELS = np.array(["joy", "joy", "sad", "sad", "fear"])


@pytest.mark.parametrize(("train", "idle"), [([0, 1], True), ([2], True), ([0, 2], False), ([0, 1, 2, 3, 4], False)])
def test_a_fold_needs_two_classes_to_learn_from(train: list[int], idle: bool) -> None:
    assert bool(nothing_to_learn("f", LABELS, np.array(train))) == idle


def test_what_is_missing_depends_on_whether_there_are_other_classes() -> None:
    rows = np.array([0, 1])
    assert nothing_to_learn("f", LABELS, rows).startswith("every training utterance of the fold 'f' is 'joy': add")
    assert nothing_to_learn("f", LABELS[:2], rows).startswith("every utterance is 'joy': training needs")


def test_classes_that_are_tested_but_not_trained_on() -> None:
    assert never_trained("f", LABELS[:2], LABELS[2:]) == [
        "f: the class 'fear' is in the test part (1 of 3 utterances), but not in the training part",
        "f: the class 'sad' is in the test part (2 of 3 utterances), but not in the training part",
    ]
    assert never_trained("f", LABELS, LABELS) == []


def test_classes_of_one_group() -> None:
    groups, names = np.array(["a", "b", "c", "c", "d"], object), np.array(list("uvwxy"), object)
    assert lone_classes(LABELS, groups, names) == [
        "the class 'fear' occurs only once, in y: it is either trained on or tested, never both",
        "the class 'sad' occurs in only one group, c: it is either trained on or tested, never both",
    ]
