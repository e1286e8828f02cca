"""Training on real features: rows, folds, masks, determinism, and scores instead of classes."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.conftest import DATA, grid_corpus, needs_data, run, shell, write_csv

SETTINGS = """
features: {extract: [vader, mfcc, prosody, landmarks]}
train: {features: {text: [vader, tfidf], audio: [mfcc, prosody], video: [landmarks]}, classifiers: [logistic, svm],
  unimodal_models: [], fusions: [concat, pca, vote, weighted, stacking]}
"""


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve clips, two of them without a face and one without a voice."""
    folder = grid_corpus(tmp_path_factory.mktemp("train"), 10)
    manifest = folder / "grid" / "manifest.csv"
    rows = manifest.read_text().splitlines()
    edge = DATA / "edge"
    rows += [f"{edge / 'no_face.mp4'},no_face,it is so,calm,s0", f"{edge / 'no_audio.mp4'},no_audio,,lively,s1"]
    manifest.write_text("\n".join(rows) + "\n")
    params = folder / "params.yaml"
    params.write_text(params.read_text() + SETTINGS)
    for stage in ("prepare", "preprocess", "extract", "train"):
        run(stage, cwd=folder)
    return folder


@needs_data
def test_every_utterance_is_scored_by_every_strategy_once(trained: Path) -> None:
    found = pd.read_csv(trained / "results" / "grid" / "predictions.csv", keep_default_na=False)
    sizes = found.groupby(["strategy", "modalities", "model"])["utterance"].agg(["size", "nunique"])
    assert (sizes == 12).all(axis=None)
    assert len(sizes) == 2 + 3 * 2 + 4 * 5
    shares = found[["p_calm", "p_lively"]].astype(float)
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-5)
    assert set(found["prediction"]) <= {"calm", "lively"}


@needs_data
def test_a_missing_modality_is_answered_with_the_prior(trained: Path) -> None:
    found = pd.read_csv(trained / "results" / "grid" / "predictions.csv", keep_default_na=False)
    for utterance, modality in (("no_face", "video"), ("no_audio", "audio")):
        mine = found[
            (found["utterance"] == utterance) & (found["strategy"] == "unimodal") & (found["modalities"] == modality)
        ]
        fold = mine["fold"].iloc[0]
        learnt = found[(found["strategy"] == "majority") & (found["fold"] != fold)]["truth"]
        lively = (learnt == "lively").mean()
        np.testing.assert_allclose(mine["p_lively"].astype(float), lively, atol=0.25)
        assert mine["p_lively"].astype(float).nunique() == 1


@needs_data
def test_two_workers_give_the_same_predictions(trained: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(trained, tmp_path / "copy")
    shutil.rmtree(folder / "data/cache/fits")
    shutil.rmtree(folder / "results")
    params = folder / "params.yaml"
    params.write_text(params.read_text().replace("[logistic, svm]", "[svm]").replace("pca, vote, weighted, ", ""))
    shell("train", "--workers", "2", cwd=folder)
    path = Path("results/grid/predictions.csv")
    found, alone = ((root / path).read_text().splitlines() for root in (folder, trained))
    assert len({tuple(line.split(",")[1:4]) for line in found[1:]}) == 2 + 3 + 2 * 4
    assert set(found) <= set(alone)


@needs_data
def test_a_score_is_learnt_too(tmp_path: Path) -> None:
    folder = grid_corpus(tmp_path, 9, task="regression")
    rows = [line.split(",") for line in (folder / "grid" / "manifest.csv").read_text().splitlines()[1:]]
    scored = [(*row[:3], round(-2 + 0.5 * i, 2), row[4]) for i, row in enumerate(rows)]
    write_csv(folder / "grid" / "manifest.csv", ("media", "utterance", "text", "label", "speaker"), scored)
    params = folder / "params.yaml"
    params.write_text(params.read_text().replace("[text, audio, video]", "[text, audio]") + SETTINGS)
    for stage in ("prepare", "preprocess", "extract", "train"):
        run(stage, cwd=folder)
    said = run("evaluate", "--csv", cwd=folder).stdout
    for metric in ("mae", "has0_acc", "non0_acc", "acc5", "acc7"):
        assert metric in said
    found = pd.read_csv(folder / "results" / "grid" / "predictions.csv", keep_default_na=False)
    assert found["score"].astype(float).notna().all()


@needs_data
def test_a_second_run_fits_nothing_and_one_more_row_fits_that_alone(
    trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(trained)
    before = Path("results/grid/predictions.csv").read_bytes()
    kept = {path: path.stat().st_mtime_ns for path in Path("data/cache/fits").rglob("*.clip")}
    assert kept
    run("train", cwd=trained)
    assert {path: path.stat().st_mtime_ns for path in kept} == kept
    assert Path("results/grid/predictions.csv").read_bytes() == before
    text = Path("params.yaml").read_text()
    Path("params.yaml").write_text(text.replace("stacking]", "stacking, cca]"))
    run("train", cwd=trained)
    Path("params.yaml").write_text(text)
    assert all(path.stat().st_mtime_ns == changed for path, changed in kept.items())
    assert len(list(Path("data/cache/fits").rglob("*.clip"))) > len(kept)


def test_the_share_of_words_that_a_machine_made_is_under_the_table_and_on_the_page(tmp_path: Path) -> None:
    said = ("good bright day", "bad dark night")
    rows = [
        (f"u{i}", f"{said[i % 2]} {i}", ("recognised", "given")[i % 4 // 3], f"s{i // 4}", "ab"[i % 2])
        for i in range(16)
    ]
    write_csv(tmp_path / "c" / "manifest.csv", ("utterance", "text", "text_source", "speaker", "feeling"), rows)
    (tmp_path / "params.yaml").write_text(
        "run: {corpora: [c]}\nfeatures: {extract: []}\nevaluate: {resamples: 10}\n"
        "train: {features: {text: [tfidf]}, classifiers: [logistic], fusions: [], budget: 1}\n"
        "corpora: {c: {reader: manifest, root: c, task: classification, label: feeling, modalities: [text],\n"
        "  protocol: {kind: group-kfold, folds: 2, group: speaker}}}\n"
    )
    said_by_train = [run(stage, cwd=tmp_path).stdout for stage in ("prepare", "preprocess", "train")][-1]
    shown = run("evaluate", "--all", cwd=tmp_path).stdout
    run("report", cwd=tmp_path)
    note = "the words of 12 of 16 utterances with words (75%) were recognised by a machine, not given"
    for text in (said_by_train, shown, (tmp_path / "results/c/table.md").read_text()):
        assert note in text
    assert note in (tmp_path / "results/c/report.html").read_text()
