"""Configurations: to the cells of a table and back, to file names, in order."""

from itertools import permutations

import pytest

from features.base import MODALITIES
from models.configuration import (
    _ORDER,
    Configuration,
    join_modalities,
    split_bases,
    split_fusion,
    split_modalities,
)

CONFIGURATIONS = [
    Configuration("majority"),
    Configuration("tfidf", ("text",), "logistic"),
    Configuration("unimodal", ("audio",), "svm"),
    Configuration("transformer", ("text", "audio", "video")),
    Configuration("concat", ("text", "video"), "lstm"),
    Configuration("vote@extractor", ("text", "video"), "lstm"),
    Configuration("vote", ("text", "video"), "lstm"),
]


@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=str)
def test_the_cells_of_a_table_name_the_same_configuration_again(configuration):
    assert Configuration.parse(*configuration.names) == configuration
    assert all(isinstance(cell, str) for cell in configuration.names)


def test_cells_display_and_stem_are_written_as_in_the_public_files():
    one = Configuration("concat", ("text", "audio", "video"), "logistic")
    assert one.names == ("concat", "text+audio+video", "logistic")
    assert one.display == str(one) == f"{one}" == "concat text+audio+video logistic"
    assert one.stem == "concat-text_audio_video-logistic"
    assert (Configuration("majority").stem, str(Configuration("majority"))) == ("majority", "majority")
    assert Configuration("vote", ("text", "audio")).stem == "vote-text_audio"


def test_stems_of_different_configurations_differ():
    assert len({c.stem for c in CONFIGURATIONS}) == len(CONFIGURATIONS)


def test_two_modalities_are_a_fusion_and_one_is_not():
    assert [c.is_fusion for c in CONFIGURATIONS] == [False, False, False, True, True, True, True]


def test_logistic_regression_is_ridge_regression_in_tables_of_scores_alone():
    one, other = Configuration("concat", ("text", "audio"), "logistic"), Configuration("concat", ("text",), "svm")
    assert one.as_shown("classification") == one
    assert one.as_shown("regression").names == ("concat", "text+audio", "ridge")
    assert one.as_shown("regression").as_registered("regression") == one
    assert other.as_shown("regression") == other.as_registered("regression") == other
    plugin = Configuration("unimodal", ("text",), "ridge")  # a user's own classifier for classes
    assert plugin.as_registered("classification") == plugin


def test_fewer_modalities_come_first_and_text_before_audio_before_video():
    sets = [("text",), ("audio",), ("video",), ("text", "audio"), ("text", "video"), ("audio", "video")]
    expected = [Configuration("a"), *(Configuration("a", s) for s in sets), Configuration("a", ("text", "audio", "x"))]
    for order in list(permutations(expected))[::997]:
        assert sorted(order) == expected
    assert sorted(
        [Configuration("b", ("text",)), Configuration("a", ("text",), "z"), Configuration("a", ("text",))]
    ) == [
        Configuration("a", ("text",)),
        Configuration("a", ("text",), "z"),
        Configuration("b", ("text",)),
    ]


def test_the_order_of_modalities_is_that_of_the_features():
    assert _ORDER == MODALITIES


@pytest.mark.parametrize("modalities", [(), ("text",), ("text", "audio"), ("audio", "video", "gaze")])
def test_joined_modalities_are_split_again(modalities):
    assert split_modalities(join_modalities(modalities)) == modalities


def test_an_entry_of_fusions_names_a_strategy_and_perhaps_a_model():
    assert [split_fusion(entry) for entry in ("stacking", "cca/fcnn", "mine/svm")] == [
        ("stacking", ""),
        ("cca", "fcnn"),
        ("mine", "svm"),
    ]


def test_what_a_late_fusion_has_one_base_of_stands_behind_its_name():
    assert [split_bases(name) for name in ("stacking", "vote@extractor")] == [("stacking", ""), ("vote", "extractor")]
    one = Configuration("vote@extractor", ("text", "audio"), "svm")
    assert one.names == ("vote@extractor", "text+audio", "svm")
    assert (one.stem, one.registered_strategy) == ("vote@extractor-text_audio-svm", "vote")
