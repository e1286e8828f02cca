"""Plots show what they are given: intervals, weights by class, curves and rounded scores."""

import math
import xml.etree.ElementTree as ElementTree

import pandas as pd
import pytest

from models.configuration import Configuration
from models.evaluation.intervals import Interval
from models.evaluation.metrics import metrics_of
from pipeline.evaluation.plots import (
    attention_plot,
    attention_points,
    confusions,
    for_dvc,
    reliability_plot,
    robustness_plot,
    scores_plot,
)
from pipeline.evaluation.scoring import Scored, Scores

SVG = "{http://www.w3.org/2000/svg}"


def weights(**columns):
    return pd.DataFrame({"utterance": list("abcd"), "strategy": "modality_attention", **columns})


def test_means_and_quantiles_by_class_over_the_most_modalities():
    two = weights(modalities="text+audio", text=[0.1, 0.3, 0.6, 0.8], audio=[0.9, 0.7, 0.4, 0.2])
    one = weights(modalities="text", text=1.0)
    truth = pd.Series(["sad", "sad", "glad", "glad"], index=list("abcd"))
    points = {point.label: point for point in attention_points(pd.concat([one, two]), truth)}
    assert list(points) == [
        f"modality_attention on {modality}{who}" for modality in ("text", "audio") for who in ("", ", glad", ", sad")
    ]
    assert points["modality_attention on text"].value == pytest.approx(0.45)
    glad = points["modality_attention on text, glad"]
    assert (glad.value, glad.low, glad.high) == pytest.approx((0.7, 0.62, 0.78))
    assert points["modality_attention on audio, sad"].value == pytest.approx(0.8)


def test_scores_are_not_divided_and_missing_weights_are_left_out():
    table = weights(modalities="text+audio", text=[0.5, 0.5, 1.0, math.nan], audio=[0.5, 0.5, 0.0, math.nan])
    points = attention_points(table, pd.Series([-1.0, 0.5, 2.0, 3.0], index=list("abcd")))
    assert [point.label for point in points] == ["modality_attention on text", "modality_attention on audio"]
    assert points[0].value == pytest.approx(2 / 3)
    assert attention_plot(points).count("<circle") == 2


def scored(strategy, modalities, value, low=math.nan, high=math.nan, name="accuracy"):
    return Scored(Configuration.parse(strategy, modalities), 10, {name: Interval(value, low, high)})


def drawn(svg):
    root = ElementTree.fromstring(svg)
    return root, [text.text for text in root.iter(f"{SVG}text")]


def test_scores_are_drawn_in_order_with_a_line_at_the_best_single_modality():
    rows = [scored("majority", "", 0.2), scored("unimodal", "text", 0.75, 0.5, 1.0), scored("vote", "text+audio", 0.25)]
    root, texts = drawn(scores_plot(Scores(rows, metrics_of("classification", ["accuracy"]))))
    assert [text for text in texts if text[0].isalpha()] == ["majority", "unimodal text", "vote text+audio"]
    assert texts[-3:] == ["0", "0.5", "1"]
    base, interval = root.findall(f"{SVG}line")
    assert base.attrib["stroke-dasharray"]
    left, width = (float(root.findall(f"{SVG}circle")[i].attrib["cx"]) for i in (0, 1))
    assert float(base.attrib["x1"]) == width
    assert float(interval.attrib["x2"]) - width == pytest.approx((width - left) * 0.25 / 0.55, abs=0.2)


def test_an_error_is_drawn_from_0_to_its_largest_bound():
    rows = [scored("unimodal", "text", 1.5, 1.0, 2.5, "mae"), scored("vote", "text+audio", math.nan, name="mae")]
    _, texts = drawn(scores_plot(Scores(rows, metrics_of("regression", ["mae"]))))
    assert texts[-3:] == ["0", "1.25", "2.5"]
    assert "nan" not in texts


def test_robustness_has_one_panel_per_modality_and_one_curve_per_fusion():
    lines = [
        (strategy, "text+audio", "svm", removed, share, "uar", 1 - share / 100, 0, 1)
        for strategy in ("vote", "pca")
        for removed in ("text", "audio")
        for share in (0, 50)
    ]
    columns = ["strategy", "modalities", "model", "removed", "share", "metric", "value", "low", "high"]
    root, texts = drawn(robustness_plot(pd.DataFrame(lines, columns=columns)))
    assert len(root.findall(f"{SVG}polyline")) == 4
    assert {"without text", "without audio", "vote text+audio svm", "pca text+audio svm"} <= set(texts)
    assert root.attrib["aria-label"] == "uar as utterances lose a modality"


def test_confusions_of_scores_are_of_rounded_ones():
    part = pd.DataFrame({"utterance": ["u", "v"], "truth": [1.4, -0.6], "prediction": [2.5, 0.2], "fold": "1"})
    one = Configuration("vote", ("text", "audio"), "ridge")
    found = confusions({one: part}, "regression")
    assert list(found) == ["vote-text_audio-ridge"]
    assert found["vote-text_audio-ridge"].to_numpy().tolist() == [["u", 1, 2], ["v", -1, 0]]
    assert confusions({one: part}, "classification")["vote-text_audio-ridge"]["truth"].tolist() == [1.4, -0.6]


def test_what_dvc_draws_is_of_the_best_rows_and_has_columns_without_them():
    rows = [scored("unimodal", "text", 0.5), scored("vote", "text+audio", 0.75), scored("pca", "text+audio", math.nan)]
    part = pd.DataFrame({"utterance": ["u"], "truth": ["a"], "prediction": ["b"], "fold": "1"})
    parts = {rows[0].configuration: part, rows[1].configuration: part.assign(prediction="a")}
    found = for_dvc(Scores(rows, metrics_of("classification", ["accuracy"])), parts, "classification")
    assert found["scores"]["row"].tolist() == ["unimodal text", "vote text+audio"]
    assert found["best_single"]["prediction"].tolist() == ["b"]
    assert found["best_fusion"]["prediction"].tolist() == ["a"]
    alone = for_dvc(Scores(rows[:1], metrics_of("classification", ["accuracy"])), parts, "classification")
    assert list(alone["best_fusion"].columns) == ["utterance", "truth", "prediction"]
    assert alone["best_fusion"].empty


def test_reliability_is_drawn_of_the_best_single_modality_and_the_best_fusion():
    rows = [
        scored("unimodal", "text", 0.5),
        scored("unimodal", "audio", 0.25),
        scored("vote", "text+audio", 0.75),
        scored("majority", "", 1.0),
    ]
    part = pd.DataFrame({"truth": list("aabb"), "p_a": [0.9, 0.9, 0.9, 0.3], "p_b": [0.1, 0.1, 0.1, 0.7]})
    parts = {row.configuration: part for row in rows}
    scores = Scores(rows, metrics_of("classification", ["accuracy"]))
    root, texts = drawn(reliability_plot(scores, parts))
    assert [text for text in texts if text.startswith("best")] == ["best single modality", "best fusion"]
    assert [text for text in texts if text.startswith(("uni", "vote"))] == ["unimodal text", "vote text+audio"]
    # three of them with .9, of which two are right, and one with .7, which is right: (3 |2/3 - .9| + .3) / 4
    assert texts.count("ece 25.0 %, 4 utterances") == 2
    assert sorted(text for text in texts if text in ("3", "1"))[-2:] == ["3", "3"]
    assert len(list(root.iter(f"{SVG}circle"))) == 4


def test_without_probabilities_or_rows_there_is_no_reliability():
    part = pd.DataFrame({"truth": ["a", "b"], "prediction": ["a", "b"]})
    one = scored("unimodal", "text", 0.5)
    leading = metrics_of("classification", ["accuracy"])
    assert reliability_plot(Scores([one], leading), {one.configuration: part}) is None
    baseline = scored("majority", "", 0.5)
    assert (
        reliability_plot(Scores([baseline], leading), {baseline.configuration: part.assign(p_a=1.0, p_b=0.0)}) is None
    )
