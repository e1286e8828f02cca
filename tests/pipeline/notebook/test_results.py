"""Tables and fitted models, as a notebook gets them."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

import crossmodal as cm
from tests.demo_project import DEMO


def test_the_table_is_the_one_in_the_results(demo_project: Path) -> None:
    found = cm.table("demo", project=demo_project)
    stored = pd.read_csv(demo_project / "results" / "demo" / "table.csv", keep_default_na=False)
    assert found[["strategy", "modalities", "model", "metric"]].equals(
        stored[["strategy", "modalities", "model", "metric"]]
    )
    assert set(found["strategy"]) == {"majority", "tfidf", "unimodal", "concat", "product"}


def test_a_model_fitted_in_python_predicts_for_recordings(demo_copy: Path) -> None:
    model = cm.fit("demo", "product", modalities=["text", "audio"], project=demo_copy)
    assert model == demo_copy / "results" / "demo" / "models" / "product-text_audio-logistic"
    assert "## Limits" in (model / "model-card.md").read_text()
    clips = [DEMO / "clips" / "ana-01.mp4", str(DEMO / "clips" / "ben-02.mp4")]
    found = cm.predict(clips, model, project=demo_copy)
    assert found.index.tolist() == ["ana-01", "ben-02"]
    shares = found[["share_text", "share_audio"]].sum(axis=1) + found["prior"]
    classes = [c for c in found if c.startswith("p_")]
    assert found[classes].sum(axis=1).round(6).tolist() == [1, 1]
    assert shares.round(6).tolist() == found[classes].max(axis=1).round(6).tolist()
    assert found["remark"].str.startswith("text is absent").all()
    (given,) = cm.predict(str(clips[0]), str(model), text="It was really good.", project=str(demo_copy))["remark"]
    assert given == ""


def test_a_corpus_without_results_names_the_command(demo_project: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(demo_project, copy, ignore=shutil.ignore_patterns("cache", "results", "streams"))
    with pytest.raises(cm.CrossmodalError, match="run `crossmodal train --corpus demo` first"):
        cm.table("demo", project=copy)
    with pytest.raises(cm.CrossmodalError, match="name one with --strategy"):
        cm.fit("demo", project=copy)
    for given in ({"modalities": "text"}, {"model": "svm"}):  # never the best fusion of other modalities in silence
        with pytest.raises(cm.CrossmodalError, match="without a strategy"):
            cm.fit("demo", project=copy, **given)


def test_the_answer_reads_as_its_sentences(demo_project: Path) -> None:
    found = cm.answer("demo", project=demo_project)
    assert found.facts.utterances == 12
    assert found.facts.groups == 4
    assert repr(found).splitlines() == list(found.sentences)
    assert found.sentences[-1].endswith("Twelve clips of a synthetic corpus.") or "Twelve clips" in repr(found)
    assert found._repr_html_().count("<p>") == len(found.sentences)
