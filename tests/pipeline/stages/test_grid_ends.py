"""What is said where the same end of a grid is the best in every fold."""

import json

import numpy as np

from pipeline.stages.fitting import Fit
from pipeline.stages.grid_ends import end_notices
from pipeline.stages.rows import Row

AUDIO, BOTH = Row("unimodal", ("audio",), "logistic"), Row("concat", ("text", "audio"), "logistic")


def fits(row, *ends):
    none = np.zeros((1, 0))
    return [
        Fit(row, f"fold-{i}", np.array([i]), np.array([0]), none, {}, none, 0.5, 1.0, 1.0, 1, "{}", json.dumps(end))
        for i, end in enumerate(ends)
    ]


def test_the_largest_in_every_fold_is_said_with_what_to_write():
    largest = {"C": [0.3, 1.5, 6.0]}
    others = [Row("vote", (m,), "logistic") for m in ("text", "video")]
    found = fits(AUDIO, largest, largest) + fits(BOTH, largest, largest)
    (sentence,) = end_notices(found + [fit for row in others for fit in fits(row, largest, largest)])
    assert sentence == (
        "logistic: C = 6, the largest of 0.3, 1.5, 6, was the best in every fold for unimodal audio logistic, concat"
        " text+audio logistic and 2 more rows: a larger one was not tried and may be better; to try it, write logistic:"
        " {C: [0.3, 1.5, 6, 24]} under train.settings and allow a train.budget of 4"
    )


def test_the_smallest_is_said_too_and_whole_numbers_stay_whole():
    (sentence,) = end_notices(fits(Row("pca", ("audio",), "fcnn"), {"hidden": [128, 64, 32]}))
    assert "hidden = 32, the smallest of 32, 64, 128" in sentence
    assert "fcnn: {hidden: [16, 32, 64, 128]}" in sentence
    (sentence,) = end_notices(fits(AUDIO, {"C": [2, 1, 0]}))
    assert "[-1, 0, 1, 2]" in sentence


def test_settings_are_named_where_they_stand():
    sequences, floor = Row("intermediate", ("text", "audio")), Row("tfidf", ("text",), "logistic")
    largest = {"C": [1.0, 2.0, 4.0]}
    named = [sentence.partition(":")[0] for row in (sequences, floor) for sentence in end_notices(fits(row, largest))]
    assert named == ["intermediate", "tfidf"]


def test_nothing_is_said_where_one_fold_differs():
    largest, smallest = {"C": [0.3, 1.5, 6.0]}, {"C": [6.0, 1.5, 0.3]}
    assert not list(end_notices(fits(AUDIO, largest, {}) + fits(BOTH, largest, smallest)))
    assert not list(end_notices([]))
