"""Keys of fits, predictions, tables and pages: everything that they depend on changes them, in any process."""

import os
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from pipeline.run.keys.results import FitInputs, evaluation_inputs, page_key, training_inputs


def fit(**changes: Any) -> FitInputs:
    base = FitInputs(
        configuration=("concat", "text+audio", "svm"),
        stores=[("bert", "1"), ("mfcc", "2")],
        features={"text": ("bert",), "audio": ("mfcc",)},
        settings=[{}, {"C": [1.0]}],
        text_features=[{}, {}, ""],
        preparation=["standard", {"step_s": 0.5}, None],
        utterances="3",
        labels=["classification", "mood", "speaker", None],
        fold=["fold-1", "4", "5"],
        code=["6"],
    )
    return replace(base, **changes)


SCRIPT = """
import sys
from pipeline.run.keys.description import key_of
from pipeline.run.keys.utterance import audio_key
from tests.pipeline.run.keys.test_results import fit
from tests.pipeline.run.keys.test_utterance import PROGRAM
print(key_of({name: name for name in {"a", "b", "c", "d"}}))
print(audio_key(PROGRAM, "x", (0.5, 1.5), "2", "left", {"words": 3}))
print(fit().key)
"""


def test_keys_are_the_same_in_every_process_and_under_every_hash_seed() -> None:
    def printed(seed: str) -> str:
        root = str(Path(__file__).parents[4])
        own = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": root}
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], env=own, capture_output=True, text=True, check=True, cwd=root
        )
        return done.stdout

    first = printed("1")
    assert first == printed("2")
    assert first.split()[2] == fit().key


def test_every_input_of_a_fit_is_in_its_key() -> None:
    for field in fields(FitInputs):
        value = getattr(fit(), field.name)
        other = (
            {**value, "more": ()} if isinstance(value, dict) else "0" if isinstance(value, str) else [*value, "more"]
        )
        assert fit(**{field.name: other}).key != fit().key, field.name
    assert fit(settings=[{"C": [1.0]}, {}]).key != fit().key


def test_metrics_and_the_note_of_a_corpus_do_not_change_predictions() -> None:
    corpus = {"root": "r", "note": "n", "metrics": ("uar",), "label": "mood"}
    before = training_inputs("c", corpus, {"budget": 1}, ["p"], {"a.csv": "1"})
    assert list(before) == ["train", "corpora.c", "run.plugins", "a.csv"]
    assert training_inputs("c", corpus | {"note": "", "metrics": ()}, {"budget": 1}, ["p"], {"a.csv": "1"}) == before
    union = {"of": ["a"], "labels": {"x": "y"}, "parts": {"a": {"root": "z"}}}  # seen in the table of utterances
    assert training_inputs("c", corpus | union, {"budget": 1}, ["p"], {"a.csv": "1"}) == before
    changed = training_inputs("c", corpus | {"label": "x"}, {"budget": 2}, ["q"], {"a.csv": "2"})
    assert all(before[part] != changed[part] for part in before)


def test_tables_depend_on_metrics_note_plugins_and_each_setting() -> None:
    before = evaluation_inputs("c", ("uar",), "n", ["p"], {"seed": 0, "resamples": 10})
    changed = evaluation_inputs("c", ("mae",), "m", ["q"], {"seed": 1, "resamples": 10})
    assert {part for part in before if before[part] != changed[part]} == set(before) - {"evaluate.resamples"}


def test_a_page_depends_on_the_records_of_its_tables_and_on_its_settings() -> None:
    one = ([{"table.csv": "1"}, {"predictions.csv": "2"}], "folds", "classification", {"clips": "auto"})
    others: list[Any] = [
        ([{"table.csv": "2"}, one[0][1]], *one[1:]),
        ([one[0][0], {"predictions.csv": "3"}], *one[1:]),
        (one[0], "leave-one-out", *one[2:]),
        (*one[:2], "regression", one[3]),
        (*one[:3], {"clips": "none"}),
    ]
    assert len({page_key(*one), *(page_key(*other) for other in others)}) == 6
