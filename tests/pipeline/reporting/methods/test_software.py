"""Versions come from the stores where these record them; licences name the corpus, too."""

import numpy as np

from pipeline.corpora.registry import description
from pipeline.reporting.methods.features import Used
from pipeline.reporting.methods.software import commands, devices_sentence, licences, versions

USED = [
    Used("vader", "text", "", {"vaderSentiment": "1.2.3", "numpy": "0.0.1"}, "MIT", ()),
    Used("tfidf", "text", "", {}, "", ()),
]


def test_the_version_that_made_the_features_is_given() -> None:
    found = dict(versions(USED).lines)
    assert (found["vaderSentiment"], found["numpy"]) == ("1.2.3", "0.0.1")
    assert dict(versions([]).lines)["numpy"] == np.__version__


def test_licences_are_those_of_the_corpus_and_of_each_feature_that_has_one() -> None:
    emodb = description("emodb")
    assert emodb is not None
    assert licences(USED, {"talks": emodb}).lines == [
        ["crossmodal", "MIT"],
        [emodb.title, emodb.licence],
        ["vader (text)", "MIT"],
    ]


def test_devices_and_commands_name_what_they_are_of() -> None:
    assert devices_sentence({}) == ""
    assert devices_sentence({"bert": "cpu"}) == "Where encoders ran: bert on cpu."
    assert "evaluate@talks" in commands("talks")
