"""What configurations are called in sentences: every registered name has words, and no two rows share them."""

import pytest

from models.classical.classifiers import CLASSIFIERS, Classifier
from models.configuration import Configuration, split_fusion
from models.registry import STRATEGIES, configure, default_fusions, model_names, strategy_names
from models.wording import described, initials
from tests.models.toy_strategies import ENTRIES


def test_sets_of_modalities_are_written_by_their_initials() -> None:
    assert initials(("text", "audio", "video")) == "T+A+V"
    assert initials(("text", "gaze")) == "T+gaze"
    assert initials(("video",)) == "video"
    assert initials(()) == ""


def test_every_configuration_of_the_table_has_words_of_its_own() -> None:
    rows = [configure("unimodal", ("audio",), model) for model in model_names()]
    rows += [configure(name, ("text",)) for name in strategy_names("baseline")]
    rows += [configure("product", ("audio",), "svm"), configure("spectrogram_cnn", ("audio",))]
    for entry in default_fusions():
        name, model = split_fusion(entry)
        rows.append(configure(name, ("text", "audio"), model or "logistic"))
    words = [described(row) for row in rows]
    assert len(set(words)) == len(words) == len(rows)
    assert not [one for one in words if "_" in one or "  " in one or one != one.strip()]


def test_scores_are_predicted_by_ridge_regression() -> None:
    row = Configuration("concat", ("text", "audio"), "logistic").as_shown("regression")
    assert described(row) == "T+A by concatenation and ridge regression"


def test_what_has_no_words_of_its_own_is_called_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STRATEGIES._entries, "side_by_side", ENTRIES["mine"])
    monkeypatch.setitem(CLASSIFIERS._entries, "nearest_one", Classifier(lambda task, settings: None, {}))
    one = Configuration("side_by_side", ("text", "gaze"), "nearest_one")
    assert described(one) == "T+gaze by side by side and nearest one"
