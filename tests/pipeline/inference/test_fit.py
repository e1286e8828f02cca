"""fit: which row a name stands for, and what is kept of how it was made."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features.registry import build
from models.configuration import Configuration
from models.evaluation.metrics import metric_names
from models.saving.saving import load
from pipeline.corpora.utterances import read_utterances
from pipeline.errors import UserError
from pipeline.evaluation.table_files import COMPARISON_COLUMNS
from pipeline.inference.fit import best_configuration, configuration_of, fit, requested_configuration
from pipeline.run.keys.utterance import extractor_program
from pipeline.settings.params import load_params
from pipeline.training.inputs import load_modalities, settings_of
from tests.conftest import bind_results

PARAMS = """
corpora:
  words: {reader: manifest, root: words, task: classification, label: mood, modalities: [text],
    protocol: {kind: group-kfold, folds: 2, group: speaker}}
  three: {reader: manifest, root: three, task: regression, label: mood, modalities: [text, audio, video],
    protocol: {kind: group-kfold, folds: 2, group: speaker}}
train:
  features: {text: [vader, tfidf], audio: [prosody], video: [posture]}
"""


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fit")
    (folder / "params.yaml").write_text(PARAMS)
    (folder / "words").mkdir()
    says = {"good": "what a lovely fine film", "bad": "a terrible poor mess"}
    rows = [f"{says[mood]} {i},{mood},s{i % 4}" for i, mood in enumerate(["good", "bad"] * 6)]
    (folder / "words" / "manifest.csv").write_text("\n".join(["text,mood,speaker", *rows]) + "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        prepared(load_params(Path("params.yaml")))
    return folder


def prepared(params) -> None:
    from pipeline.run.pool.cluster import Pool
    from pipeline.stages.extract import extract
    from pipeline.stages.prepare import prepare
    from pipeline.stages.preprocess import preprocess

    prepare(params, "words")
    preprocess(params, "words", "text", Pool(0))
    extract(params, "words", "vader", Pool(0))


@pytest.fixture
def params(work: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(work)
    return load_params(Path("params.yaml"))


def test_the_model_answers_after_loading_and_the_schema_says_what_it_was_fitted_on(params) -> None:
    folder = fit(params, "words", Configuration("unimodal", ("text",), "logistic"))
    assert folder == Path("results/words/models/unimodal-text-logistic")
    saved = load(folder)
    schema = saved.schema
    assert (schema["task"], schema["label"], schema["modalities"]) == ("classification", "mood", ["text"])
    assert (schema["utterances"], schema["groups"]) == (12, {"by": "speaker", "count": 4})
    vader, tfidf = schema["features"]["text"]
    assert vader["fingerprint"] == json.loads(json.dumps(extractor_program(build("vader", {}))))
    assert (tfidf, schema["frames"]) == ({"name": "tfidf", "kind": "fitted"}, None)
    assert schema["streams"]["text"]["config"] == {"lowercase": True, "strip_punctuation": True}
    assert schema["train"]["normalise"] == "standard"
    corpus = params.corpus("words")
    table = read_utterances(Path("data/work/words/utterances.csv"), "mood")
    data = load_modalities("words", settings_of(params, "words"), corpus, table)
    assert (saved.model.predict(data) == table["mood"].to_numpy()).all()
    assert schema["parameters"] == saved.model.model_.classifier.estimator_[-1].coef_.size + 1 + len(
        saved.model.model_.design.block.transformers_[0].vectoriser_.idf_
    )


def test_the_same_corpus_gives_the_same_model(params) -> None:
    row = Configuration("tfidf", ("text",), "logistic")
    first, second = (load(fit(params, "words", row)).model.model_.classifier.estimator_[-1].coef_ for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_features_that_are_out_of_date_are_refused(params) -> None:
    changed = replace(params, streams={**params.streams, "text": replace(params.streams["text"], lowercase=False)})
    with pytest.raises(UserError, match="out of date"):
        fit(changed, "words", Configuration("unimodal", ("text",), "logistic"))


def test_what_a_name_stands_for(params) -> None:
    three = ("text", "audio", "video")
    assert configuration_of(params, "three", "concat", (), None) == Configuration("concat", three, "logistic")
    assert configuration_of(params, "three", "pca", ("video", "text"), "svm") == Configuration(
        "pca", ("text", "video"), "svm"
    )
    assert configuration_of(params, "three", "transformer", (), None) == Configuration("transformer", three, "")
    assert configuration_of(params, "three", "majority", (), None) == Configuration("majority")
    assert configuration_of(params, "three", "vote@extractor", (), None).strategy == "vote@extractor"
    assert configuration_of(params, "three", "vote@extractor", ("text",), None).strategy == "vote"
    for bad, message in [
        (("unimodal", (), None), "reads one modality: name it with --modalities"),
        (("concat", ("vidio",), None), "no modality 'vidio'; did you mean 'video'"),
        (("transformer", (), "svm"), "leave --model out"),
    ]:
        with pytest.raises(UserError, match=message):
            configuration_of(params, "three", *bad)


@pytest.mark.parametrize("given", [(("text",), None), ((), "svm")])
def test_modalities_and_a_model_need_a_strategy(params, given) -> None:
    with pytest.raises(UserError, match="without a strategy"):
        requested_configuration(params, "three", None, *given)


def test_the_best_fusion_of_the_most_modalities(params) -> None:
    with pytest.raises(UserError, match=r"table\.csv does not exist.*--strategy"):
        best_configuration(params, "three")
    lines = ["corpus,strategy,modalities,model,metric,value,low,high,n"]
    for strategy, modalities, value in [
        ("unimodal", "text", 0.1),
        ("concat", "text+audio", 0.2),
        ("concat", "text+audio+video", 0.5),
        ("pca", "text+audio+video", 0.4),
    ]:
        lines += [
            f"three,{strategy},{modalities},ridge,{name},{value if name == 'mae' else 9},0,1,9"
            for name in metric_names("regression")
        ]
    Path("results/three").mkdir(parents=True)
    Path("results/three/table.csv").write_text("\n".join(lines) + "\n")
    Path("results/three/comparisons.csv").write_text(",".join(COMPARISON_COLUMNS) + "\n")
    Path("results/three/predictions.csv").write_text("utterance\n")
    bind_results(params, "three")
    assert best_configuration(params, "three") == Configuration(
        "pca", ("text", "audio", "video"), "logistic"
    )  # a smaller error is better


def test_the_command_prints_the_folder(params) -> None:
    from click.testing import CliRunner

    from cli import main

    said = CliRunner().invoke(main, ["fit", "--corpus", "words", "--strategy", "tfidf", "--strategy", "majority"])
    assert said.exit_code == 0, said.output
    assert said.output.split() == ["results/words/models/tfidf-text-logistic", "results/words/models/majority"]
