"""The chart of attention has the means of the weights, for all utterances and for each class."""

import pandas as pd

from pipeline.reporting.charts.attention import attention_chart
from tests.pipeline.reporting.charts.reading import values


def test_means_of_all_and_of_each_class() -> None:
    weights = pd.DataFrame(
        {"utterance": ["u", "v"], "strategy": "modality_attention", "modalities": "text+audio",
         "text": [0.2, 0.4], "audio": [0.8, 0.6]}
    )  # fmt: skip
    chart = attention_chart(weights, pd.Series({"u": "joy", "v": "anger"}))
    assert [line[:2] for line in chart.table.lines] == [
        ["modality_attention on text", "0.300"],
        ["modality_attention on text, anger", "0.400"],
        ["modality_attention on text, joy", "0.200"],
        ["modality_attention on audio", "0.700"],
        ["modality_attention on audio, anger", "0.600"],
        ["modality_attention on audio, joy", "0.800"],
    ]
    assert {value["kind"] for value in values(chart.spec, 0)} == {"text", "audio"}
