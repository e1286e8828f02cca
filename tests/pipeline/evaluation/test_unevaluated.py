"""A corpus without labels, or with one class: all files that DVC expects are there, and each says why."""

import json
from pathlib import Path

import pandas as pd
import pytest
import yaml

from models.errors import TooFewError
from pipeline.errors import Untrainable
from pipeline.run.pool.cluster import Pool
from pipeline.settings.params import Params, load_params
from pipeline.settings.paths import CorpusPaths
from pipeline.stages.evaluate import evaluate
from pipeline.stages.extract import extract
from pipeline.stages.prepare import prepare
from pipeline.stages.preprocess import preprocess
from pipeline.stages.report import report
from pipeline.stages.train import train
from tests.conftest import ROOT, write_csv

BLOCK = """{reader: manifest, root: raw, task: classification, label: %s, modalities: [text],
    protocol: {kind: group-kfold, group: group}}"""
SETTINGS = """
features: {extract: [vader]}
train: {features: {text: [vader]}, classifiers: [logistic], unimodal_models: [], fusions: []}
"""


def made(folder: Path, label: str, moods: list[str]) -> Params:
    rows = [(f"u{i}", f"sentence {i}", mood, f"g{i // 2}") for i, mood in enumerate(moods)]
    write_csv(folder / "raw/manifest.csv", ("utterance", "text", "mood", "group"), rows)
    (folder / "params.yaml").write_text(f"run: {{corpora: [c]}}\ncorpora:\n  c: {BLOCK % label}\n{SETTINGS}")
    params = load_params(Path("params.yaml"))
    prepare(params, "c")
    preprocess(params, "c", "text", Pool(0))
    extract(params, "c", "vader", Pool(0))
    return params


def declared(stage: str) -> list[Path]:
    """Return the files and folders that DVC expects of a stage."""
    block = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"][stage]
    listed = [*block.get("outs", []), *block.get("metrics", []), *block.get("plots", [])]
    names = [next(iter(one)) if isinstance(one, dict) else one for one in listed]
    return [Path(name.replace("${item.corpus}", "c")) for name in names]


@pytest.mark.parametrize(
    ("label", "moods", "sentence"),
    [
        ("''", [""] * 4, "there are no labels in c, so nothing can be learnt"),
        ("mood", [""] * 4, "no utterance has a label in the column 'mood'"),
        ("mood", ["joy"] * 4, "every utterance is 'joy': training needs utterances of two classes or more"),
    ],
)
def test_every_declared_file_is_written_and_says_why(
    label: str, moods: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    params = made(tmp_path, label, moods)
    with pytest.raises((Untrainable, TooFewError), match=sentence):
        train(params, "c", Pool(0))
    assert not CorpusPaths("c").predictions.exists()

    (said,) = train(params, "c", Pool(0), if_possible=True)
    assert said.startswith(sentence)
    assert [path for path in declared("train") if not path.exists()] == []
    assert json.loads(Path("results/c/train.json").read_text())["untrained"] == said
    assert pd.read_csv("results/c/predictions.csv").empty

    with pytest.raises(Untrainable, match=sentence):
        evaluate(params, "c")
    assert evaluate(params, "c", if_possible=True) == said
    assert [path for path in declared("evaluate") if not path.exists()] == []
    assert said[1:] in Path("results/c/table.md").read_text()
    assert [path.name for path in Path("results/c/plots").iterdir()] == [
        "best_fusion.csv",
        "best_single.csv",
        "scores.csv",
    ]  # DVC warns of an empty folder

    with pytest.raises(Untrainable, match=sentence):
        report(params, "c")
    page = report(params, "c", if_possible=True).read_text()
    assert "<td>vader</td><td>text</td>" in page


def test_results_of_before_do_not_stay_when_the_labels_are_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    params = made(tmp_path, "mood", ["joy", "sad"] * 4)
    train(params, "c", Pool(0), if_possible=True)
    assert evaluate(params, "c", if_possible=True) == ""
    assert "accuracy" in Path("results/c/table.csv").read_text()
    params = made(tmp_path, "''", ["joy", "sad"] * 4)
    train(params, "c", Pool(0), if_possible=True)
    evaluate(params, "c", if_possible=True)
    assert pd.read_csv("results/c/table.csv").empty
    assert not list(Path("results/c").glob("images/*.svg"))
    params = made(tmp_path, "mood", ["joy", "sad"] * 4)
    train(params, "c", Pool(0), if_possible=True)
    evaluate(params, "c", if_possible=True)
    assert not Path("results/c/confusions/none.csv").exists()


def test_a_corpus_that_can_be_trained_on_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    params = made(tmp_path, "mood", ["joy", "sad", "", "joy", "sad", "NA", "joy", "sad"])
    notices = train(params, "c", Pool(0), if_possible=True)
    assert "2 of 8 utterances have no mood: they are neither trained on nor tested" in notices
    found = pd.read_csv("results/c/predictions.csv", keep_default_na=False)
    assert set(found["utterance"]) == {f"u{i}" for i in (0, 1, 3, 4, 6, 7)}
    assert {"p_joy", "p_sad"} <= set(found.columns)
    assert not [name for name in found.columns if name in ("p_", "p_NA")]
