"""explain: a part matters as much as the metric worsens with it permuted; what only one model gets right is listed."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.store import IMPORTED
from models.configuration import Configuration
from models.evaluation.metrics import metric_names
from pipeline.corpora.utterances import read_utterances
from pipeline.errors import UserError
from pipeline.evaluation.explain import ExplainJob, explain, explain_job
from pipeline.evaluation.table_files import COMPARISON_COLUMNS
from pipeline.run.pool.cluster import Pool
from pipeline.settings.blocks import CorpusParams, EvaluateParams, ProtocolParams, RunParams, TrainParams
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.training.guard import split
from pipeline.training.inputs import settings_of
from pipeline.training.job_data import planned
from pipeline.training.jobs import Job
from tests.conftest import bind, bind_results
from tests.pipeline.training.test_inputs import ok, store, utterances

N, REPEATS = 60, 4
ONLY = ["utterance", "text", "media", "speaker", "truth", "fusion", "single"]
ROWS = [
    ("majority", "", "", 0.0),
    ("tfidf", "text", "ridge", 0.01),
    ("unimodal", "audio", "ridge", 0.2),
    ("unimodal", "video", "svm", 0.1),
    ("concat", "audio+video", "ridge", 0.4),
    ("vote", "audio+video", "ridge", 0.3),
]


@pytest.fixture
def truth(tmp_path, monkeypatch):
    """A corpus whose scores are what the extractor `loud` says; a third of the rows lacks video, which is noise."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    scores = rng.normal(size=N).round(3)
    store("loud", [ok([0], pooled=[s]) for s in scores], kind=IMPORTED)
    store("noise", [ok([0], pooled=rng.normal(size=2)) for _ in range(N)], ("a", "b"), IMPORTED)
    store("face", ["absent" if i % 3 == 0 else ok([0], pooled=[rng.normal()]) for i in range(N)], kind=IMPORTED)
    table = utterances(N, label=scores, speaker=[f"s{i % 6}" for i in range(N)])
    table.to_csv(CorpusPaths("c").utterances, index=False)
    bind(CorpusPaths("c").work)
    evaluated(ROWS)
    return scores


def evaluated(rows, metric="mae", only_fusion=(), only_single=()):
    """Write what evaluate leaves behind, as far as explain reads it."""
    results = CorpusPaths("c").results
    results.mkdir(parents=True, exist_ok=True)
    who = pd.DataFrame(rows, columns=["strategy", "modalities", "model", "value"])
    who.assign(utterance="u0", fold="1", truth=0.5, prediction=0.5).to_csv(results / "predictions.csv", index=False)
    task = "classification" if metric == "uar" else "regression"
    others = [who.assign(metric=name, value=-who["value"]) for name in metric_names(task) if name != metric]
    table = pd.concat([*others, who.assign(metric=metric)]).assign(corpus="c", low="", high="", n=N)
    table.to_csv(results / "table.csv", index=False)
    pd.DataFrame(columns=COMPARISON_COLUMNS).to_csv(results / "comparisons.csv", index=False)
    for name, lines in (("only_fusion", only_fusion), ("only_single", only_single)):
        pd.DataFrame(lines, columns=ONLY).to_csv(results / f"{name}.csv", index=False)
    bind_results(params(task), "c")


def params(task="regression"):
    corpus = CorpusParams(
        "manifest", "c", task, "label", ("audio", "video"), ProtocolParams("group-kfold", 3, "speaker")
    )
    train = TrainParams(
        features={"audio": ("loud", "noise"), "video": ("face",)}, settings={"logistic": {"alpha": 1e-9}}
    )
    return Params(Path("params.yaml"), RunParams(), {"c": corpus}, {}, (), {}, train, EvaluateParams())


def explained(*wanted):
    lines = list(explain(params(), "c", Pool(0), wanted, REPEATS).lines())
    return lines, pd.read_csv("results/c/importance.csv", keep_default_na=False)


def job(row):
    """The first fold's job of a row."""
    corpus, settings = params().corpus("c"), settings_of(params(), "c")
    folds, _ = split(read_utterances(CorpusPaths("c").utterances, "label"), corpus)
    return ExplainJob(planned(Job("c", str(Path.cwd()), corpus, settings, (), folds[0], (row,))), REPEATS), folds


def test_a_part_matters_as_much_as_predictions_worsen_with_that_of_other_utterances(truth):
    """The unpenalised model predicts what `loud` is, so that with it permuted it predicts another utterance's score."""
    _, folds = job(Configuration("unimodal", ("audio",), "logistic"))
    test = np.concatenate([fold.test for fold in folds])
    losses = []
    for repeat in range(REPEATS):
        given = []
        for fold in folds:
            rng = np.random.default_rng(0)
            given.append(fold.test[[rng.permutation(len(fold.test)) for _ in range(REPEATS)][repeat]])
        losses.append(np.abs(truth[test] - truth[np.concatenate(given)]).mean())
    _, table = explained("unimodal:audio:ridge")
    assert table["part"].tolist() == ["audio", "audio.loud", "audio.noise"]
    assert set(table["metric"]) == {"mae"}
    np.testing.assert_allclose(table["loss"], [np.mean(losses), np.mean(losses), 0], atol=1e-5)
    np.testing.assert_allclose(table["deviation"], [np.std(losses), np.std(losses), 0], atol=1e-5)


def test_a_job_predicts_its_test_part_with_each_part_permuted(truth):
    task, folds = job(Configuration("concat", ("audio", "video"), "logistic"))
    (found,) = explain_job(task)
    n = len(folds[0].test)
    assert (found.configuration, found.test.tolist()) == (task.job.configurations[0], folds[0].test.tolist())
    np.testing.assert_allclose(found.predicted, truth[found.test], atol=1e-6)
    assert list(found.permuted) == ["audio", "audio.loud", "audio.noise", "video", "video.face"]
    assert {part.shape for part in found.permuted.values()} == {(REPEATS, n)}
    for predictions in found.permuted["audio.loud"]:
        np.testing.assert_allclose(np.sort(predictions), np.sort(truth[found.test]), atol=1e-6)  # each one's, once
    assert len({tuple(predictions.round(6)) for predictions in found.permuted["audio"]}) == REPEATS


def test_by_default_it_is_the_best_fusion_and_the_best_single_modality(truth):
    lines, table = explained()
    assert list(dict.fromkeys(zip(table["strategy"], table["modalities"], strict=True))) == [
        ("vote", "audio+video"),  # the smaller error
        ("unimodal", "video"),  # neither a baseline of word counts nor one of the prior
    ]
    parts = ["audio", "audio.loud", "audio.noise", "video", "video.face"]
    assert table["part"].tolist() == [*parts, *parts[3:]]
    heading = "How much mae worsens when an input is permuted across utterances (mean and standard deviation):"
    assert lines[0] == heading
    assert lines[7] == "\nunimodal video svm"
    for lines_of_one, rows in ((lines[2:7], table[:5]), (lines[8:10], table[5:])):
        found = {part: (float(loss), float(spread[1:-1])) for part, loss, spread in map(str.split, lines_of_one)}
        assert set(found) == set(rows["part"])
        assert sorted(found.values(), key=lambda pair: -pair[0]) == list(found.values())
        for row in rows.itertuples():
            assert found[row.part] == pytest.approx((row.loss, row.deviation), abs=6e-4)


def test_configurations_are_named_as_in_the_table(truth):
    lines, table = explained("unimodal:audio:ridge", "unimodal:video:svm")
    assert list(dict.fromkeys(table["model"])) == ["ridge", "svm"]
    assert "\nunimodal audio ridge" in lines


def test_a_corpus_of_one_modality_has_no_fusion_to_explain(truth):
    evaluated([row for row in ROWS if "+" not in row[1]])
    _, table = explained()
    assert set(table["strategy"]) == {"unimodal"}


def test_utterances_that_only_one_model_gets_right_are_listed_and_only_the_first_ten_printed(truth):
    many = [[f"u{i}", "so what", "m.wav", "s1", "1.5", "1.4", "9.0"] for i in range(12)]
    evaluated(ROWS, only_fusion=many, only_single=[["u9", "", "", "s2", "0.5", "7.0", "0.6"]])
    lines, _ = explained("unimodal:audio")
    at = lines.index("\n12 utterances that only the best fusion gets right, the first 10:")
    assert lines[at + 1] == "  u0: 1.5, fusion 1.4, single 9.0; “so what” m.wav"
    assert [line.split(":")[0].strip() for line in lines[at + 1 : at + 11]] == [f"u{i}" for i in range(10)]
    assert lines[at + 11 :] == [
        "\n1 utterance that only the best single modality gets right:",
        "  u9: 0.5, fusion 7.0, single 0.6;",
    ]


def test_what_is_missing_or_unknown_is_named(truth):
    with pytest.raises(UserError, match=r"'unimodal:smell' is neither a row"):
        explained("unimodal:smell")
    (CorpusPaths("c").results / "only_fusion.csv").unlink()
    with pytest.raises(UserError, match=r"only_fusion\.csv is missing: run `crossmodal evaluate --corpus c`"):
        explained()


def test_without_modalities_nothing_is_important(truth):
    lines, table = explained("majority")
    assert len(table) == 0
    assert "0 utterances that only the best fusion gets right:" in lines[-2]
