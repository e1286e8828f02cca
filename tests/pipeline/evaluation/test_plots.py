import math

import pandas as pd
import pytest

from pipeline.evaluation.plots import attention_plot, attention_points


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
