"""Shares are Shapley values of the model's outputs, and text, JSON and table agree."""

import json
from itertools import permutations

import numpy as np
import pytest

from models.data.modalities import Modalities
from models.errors import ModelError
from models.registry import Recipe, build
from pipeline.corpora.utterances import csv_text
from pipeline.inference.clip_predictions import ClipPrediction, ClipPredictions
from pipeline.inference.predict import predictions_of
from tests.models.test_registry import THREE, labels, toy


def test_what_a_model_calls_a_class_is_no_line_of_its_own() -> None:
    odd = "a\x1b[31mb\nError: fake"
    said = ClipPrediction("u\nError: id", odd, {odd: 0.9, "b": 0.1}, 0.5, {"audio": 0.4}, {"text": "no\nError: text"})
    found = ClipPredictions("m", (said,), {})
    assert all("\n" not in line and "\x1b" not in line for line in found.lines())
    assert len(list(found.lines())) == 3
    assert not any("\n" in str(cell) for row in (found.table().columns, *found.table().to_numpy()) for cell in row)


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("name", ["concat", "vote"])
def test_shares_are_gains_averaged_over_all_orders(name: str, task: str) -> None:
    x, score = toy()
    model = build(name, Recipe(task, THREE, classifier_settings={"C": 1.0, "alpha": 1.0})).fit(x, labels(score, task))
    outputs = model.outputs(x)
    chosen, rows = outputs.argmax(axis=1), np.arange(len(x))

    def worth(there: tuple[str, ...]) -> np.ndarray:
        return model.outputs(x.without(set(THREE) - set(there)))[rows, chosen]

    found = predictions_of(model, x, THREE)
    for player in THREE:
        gains = [worth(o[: o.index(player) + 1]) - worth(o[: o.index(player)]) for o in permutations(THREE)]
        np.testing.assert_allclose([a.shares[player] for a in found], np.mean(gains, axis=0), atol=1e-12)
        absent = ~x.present[player]
        assert all(found[i].shares[player] == pytest.approx(0, abs=1e-12) for i in np.flatnonzero(absent))
    for i, answer in enumerate(found):
        assert answer.value == outputs[i, chosen[i]]
        assert answer.prior + sum(answer.shares.values()) == pytest.approx(answer.value)
    told = [a.prediction for a in found]
    assert told == model.predict(x).tolist()


def test_the_shares_of_a_floor() -> None:
    x, score = toy()
    y = labels(score, "classification")
    (answer, *_) = predictions_of(build("majority", Recipe("classification")).fit(x, y), x, ())
    assert answer.shares == {}
    words = predictions_of(build("tfidf", Recipe("classification", ("text",))).fit(x, y), x, ("text",))
    for answer in words:
        assert answer.value == pytest.approx(answer.prior + answer.shares["text"])


def test_scores_have_no_probabilities() -> None:
    said = ClipPredictions("m", (ClipPrediction("a", 0.25, {}, 0.5, {"audio": -0.25}),), {"b": "broken"}, ("careful",))
    assert list(said.lines()) == ["a: 0.250", "  prior 0.500, audio -0.250"]
    assert said.table().to_dict("records") == [
        {"utterance": "a", "prediction": 0.25, "score": 0.25, "prior": 0.5, "share_audio": -0.25}
    ]
    assert json.loads(said.json())["failed"] == {"b": "broken"}


class Odd:
    """A model of two classes that answers as it is told to, and otherwise without one of its modalities."""

    task, classes_ = "classification", np.array(["a", "b"])

    def __init__(self, whole: list[float], part: list[float], prior: list[float]) -> None:
        self.whole, self.part, self.prior_ = whole, part, np.array(prior)

    def outputs(self, x: Modalities) -> np.ndarray:
        here = all(mask.all() for mask in x.present.values())
        return np.array([self.whole if here else self.part] * len(x))


@pytest.mark.parametrize("bad", [[1.5, -0.5], [0.2, 0.2], [np.nan, 1.0], [0.5, 0.3, 0.2]])
@pytest.mark.parametrize("where", [0, 1, 2])
def test_answers_that_are_no_probabilities_are_never_printed(where: int, bad: list[float]) -> None:
    pooled = {m: np.zeros((2, 1), np.float32) for m in ("text", "audio")}
    x = Modalities(pooled, {m: np.ones(2, bool) for m in pooled}, np.array([None, None]), np.array(["g", "h"]))
    good = [[0.25, 0.75]] * 3
    assert [a.prediction for a in predictions_of(Odd(*good), x, ("text", "audio"))] == ["b", "b"]
    told = [bad if place == where else one for place, one in enumerate(good)]
    with pytest.raises(ModelError, match=r"the outputs (are not|have the shape|for .* are not finite numbers)"):
        predictions_of(Odd(*told), x, ("text", "audio"))


def test_a_table_of_answers_commands_no_terminal() -> None:
    odd = "sad\x1b[2J\u202e"
    answer = ClipPrediction("u\x07", odd, {odd: 0.8, "glad": 0.2}, 0.5, {"text": 0.3})
    text = csv_text(ClipPredictions("m", (answer,), {}).table())
    assert text.replace("\n", "").isprintable()
    assert "sad\\u001b[2J\\u202e" in text
