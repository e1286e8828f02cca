"""A corpus is loaded as training reads it, and its models are those of the table."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import Untrainable, UserError
from pipeline.notebook.loading import Loaded, estimator, load
from pipeline.notebook.project import project


def loaded(place: Path, **options: bool) -> Loaded:
    with project(place) as params:
        return load(params, "demo", **{"sequences": False, "unlabelled": False, **options})


@pytest.fixture
def changed(demo_project: Path, tmp_path: Path) -> Path:
    """A copy of the project without its results, for a test to change."""
    shutil.copytree(demo_project, tmp_path / "copy", ignore=shutil.ignore_patterns("cache", "results", "streams"))
    return tmp_path / "copy"


def test_rows_labels_and_groups_are_those_of_the_manifest(demo_project: Path) -> None:
    x, y, groups = found = loaded(demo_project)
    manifest = pd.read_csv(demo_project / "corpus" / "manifest.csv").set_index("utterance")
    assert y.equals(manifest["sentiment"].loc[y.index].astype(object))
    assert groups.tolist() == manifest["speaker"].loc[y.index].tolist()
    assert x.utterances.tolist() == y.index.tolist() == groups.index.tolist()
    assert repr(found).splitlines()[1:] == [
        "y: sentiment, 4 neutral, 4 positive, 4 negative",
        "groups: 4 (column speaker)",
    ] or ("4 positive" in repr(found))
    assert "<pre>X: &lt;12 utterances" in found._repr_html_()


def test_a_model_predicts_what_the_table_was_made_from(demo_project: Path) -> None:
    """Out-of-fold predictions by scikit-learn's own loop are those of `crossmodal train`."""
    x, y, _ = loaded(demo_project)
    with project(demo_project) as params:
        model = estimator(params, "demo", "concat", (), None)
    stored = pd.read_csv(demo_project / "results" / "demo" / "predictions.csv")
    rows = stored[(stored["strategy"] == "concat") & (stored["modalities"] == "text+audio+video")]
    for _, fold in rows.groupby("fold"):
        test = np.isin(x.utterances, fold["utterance"])
        predicted = model.fit(x[~test], y[~test]).predict_proba(x[test])
        expected = fold.set_index("utterance").loc[x.utterances[test], [f"p_{c}" for c in model.classes_]]
        np.testing.assert_allclose(predicted, expected, atol=1e-6)


def test_sequences_are_read_when_they_are_asked_for(demo_project: Path) -> None:
    assert not loaded(demo_project).X.sequences
    assert set(loaded(demo_project, sequences=True).X.sequences) >= {"text", "audio", "video"}


def test_utterances_without_a_label_are_left_out_or_asked_for(changed: Path) -> None:
    table = changed / "params.yaml"
    table.write_text(table.read_text().replace("label: sentiment, ", ""))
    with pytest.raises(Untrainable, match="there are no labels in demo"):
        loaded(changed)


def test_unknown_names_are_answered_by_those_that_exist(demo_project: Path) -> None:
    with project(demo_project) as params:
        with pytest.raises(UserError, match="no corpus is named 'dem'; did you mean 'demo'"):
            load(params, "dem", sequences=False, unlabelled=False)
        with pytest.raises(UserError, match="demo has no modality 'face'"):
            estimator(params, "demo", "concat", ("face",), None)


def test_a_missing_store_names_its_command(changed: Path) -> None:
    (changed / "data" / "work" / "demo" / "features" / "vader.h5").unlink()
    with pytest.raises(UserError, match="crossmodal extract --corpus demo --extractor vader"):
        loaded(changed)
