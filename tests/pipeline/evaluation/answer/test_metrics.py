"""About a dozen figures for DVC, and none that is undefined."""

import json
from dataclasses import replace

from models.evaluation.intervals import Interval
from pipeline.evaluation.answer.facts import Answer, Compared, Gain, Modality
from pipeline.evaluation.answer.metrics import headline_metrics
from tests.pipeline.evaluation.answer.test_sentences import AUDIO, BETTER, CHANCE, HELPS, NAN


def test_a_dozen_figures() -> None:
    modalities = tuple(
        Modality(name, AUDIO, Gain(CHANCE, Interval(0.05, 0.0, 0.1)), {}) for name in ("text", "audio", "video")
    )
    found = headline_metrics(replace(HELPS, modalities=modalities))
    assert found == {
        "accuracy": {"baseline": 0.333333, "text": 0.76667, "audio": 0.76667, "video": 0.76667, "fusion": 0.86667},
        "gain": {"value": 0.1, "low": 0.025, "high": 0.175, "p": 0.012},
        "adds": {"text": 0.05, "audio": 0.05, "video": 0.05},
    }
    assert sum(map(len, found.values())) == 12


def test_what_is_undefined_has_no_entry() -> None:
    undefined = Interval(NAN, NAN, NAN)
    fusion = Compared(replace(BETTER.row, found=undefined), undefined, NAN, NAN, "? not shown")
    one = Modality("text", None, Gain(AUDIO, undefined), {})
    found = headline_metrics(replace(HELPS, fusion=fusion, modalities=(one,)))
    assert json.loads(json.dumps(found, allow_nan=False)) == {"accuracy": {"baseline": 0.333333}}
    assert headline_metrics(Answer("c", "", unanswered="there are no labels")) == {}
