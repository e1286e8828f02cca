"""Properties that follow from the entry of a strategy."""

import pytest

from models.strategy import Strategy


@pytest.mark.parametrize(
    ("entry", "early"),
    [
        ({}, True),  # a classifier on joined features
        ({"classifier": False}, False),  # a network
        ({"shares_bases": True}, False),  # late fusion
        ({"kind": "unimodal"}, False),
        ({"kind": "baseline", "classifier": False}, False),
    ],
)
def test_early_fusion_is_one_classifier_on_joined_features(entry, early):
    assert Strategy(lambda recipe, fit_cache: None, **entry).early is early
