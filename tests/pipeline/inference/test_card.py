"""The model card says what a model was fitted on and how it did, from the files that say so."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from models.configuration import Configuration
from pipeline.inference.card import CARD, model_card
from pipeline.notebook.project import project

ROW = Configuration("concat", ("text", "audio"), "logistic")


def schema(**changed: Any) -> dict[str, Any]:
    return {
        "task": "classification",
        "label": "sentiment",
        "strategy": "concat",
        "modalities": ["text", "audio"],
        "classifier": "logistic",
        "utterances": 12,
        "groups": {"by": "speaker", "count": 4},
        "parameters": 1,
        "train": {"normalise": "standard", "budget": 3, "settings": {"logistic": {"C": [1.0]}}},
        "features": {
            "text": [{"name": "tfidf", "kind": "fitted"}],
            "audio": [{"name": "prosody", "kind": "extracted", "fingerprint": {"version": 7}}],
        },
        "frames": None,
    } | changed


def card(place: Path, one: Configuration = ROW, labels: Any = ("b",) * 8 + ("a|<b>",) * 4, **changed: Any) -> str:
    with project(place) as params:
        return model_card(params, "demo", one, schema(**changed), np.array(labels))


def test_it_says_what_the_model_was_fitted_on_and_how_its_kind_did(demo_project: Path) -> None:
    text = card(demo_project)
    assert "12 utterances of the corpus `demo`, from\n4 groups by `speaker`: 8 b, 4 a\\|\\<b\\>." in text
    assert "Twelve clips of a synthetic corpus." in text
    assert "It has 1 parameter." in text
    table = pd.read_csv(demo_project / "results" / "demo" / "table.csv", keep_default_na=False)
    row = table.query("strategy == 'concat' and modalities == 'text+audio' and metric == 'accuracy'").iloc[0]
    assert f"| accuracy (%) | {100 * float(row['value']):.1f} [" in text
    assert "| audio | `prosody` | 7 | " in text
    assert '- `train.settings.logistic`: `{"C": [1.0]}`' in text


def test_it_says_so_where_nothing_was_measured(demo_project: Path, tmp_path: Path) -> None:
    assert "Not known: the table of the corpus has no such row." in card(demo_project, Configuration("vote", ("text",)))
    shutil.copytree(demo_project, tmp_path / "copy", ignore=shutil.ignore_patterns("cache", "results", "streams"))
    assert "Not known: results/demo/predictions.csv does not exist" in card(tmp_path / "copy")


def test_a_score_is_described_by_its_range(demo_project: Path) -> None:
    text = card(demo_project, labels=[-3.0, 1.0], task="regression")
    assert "It predicts a score of `sentiment`" in text
    assert "scores from -3 to 1, mean -1." in text


@pytest.mark.parametrize("part", ["What it does", "Limits", "Features and licences"])
def test_its_sections(demo_project: Path, part: str) -> None:
    assert f"\n## {part}\n" in card(demo_project)
    assert CARD == "model-card.md"
