"""A row whose fit ends in no number is named and left out; the others are written as if it had not been asked for."""

import json
import shutil
import warnings
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import ConvergenceWarning

from models.classical import classifiers
from models.errors import ModelError
from pipeline.errors import UserError
from pipeline.evaluation.compare import compare
from pipeline.evaluation.explain import explain
from pipeline.evaluation.printing import printed_without
from pipeline.inference.fit import configuration_of, fit
from pipeline.run.pool.cluster import Pool
from pipeline.settings.params import load_params
from pipeline.stages.evaluate import evaluate
from pipeline.stages.train import train
from tests.conftest import run
from tests.pipeline.exchange.test_importing import AS_CORPUS, made

PARAMS = """
train: {{classifiers: {classifiers}, sequences: {{align: {align}}},
  fusions: {fusions}, budget: 3, settings: {{
  fcnn: {{hidden: 8, epochs: 4, {fcnn}}}, transformer: {{dropout: 0.1, epochs: 3, {transformer}}}}}}}
evaluate: {{resamples: 20}}
corpora:{corpora}"""
BROKEN = "learning_rate: 1.0e+30"
RESULTS = ("predictions.csv", "dropped.csv", "parameters.csv")
Train = Callable[..., tuple[Path, list[str]]]


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = made(tmp_path_factory.mktemp("imported"))
    run(*AS_CORPUS, cwd=folder)
    run("prepare", "--corpus", "mine", cwd=folder)
    return folder


@pytest.fixture
def trained(imported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Train:
    """Return what trains with settings, and answers with the folder of results and what `train` remarks on."""
    shutil.copytree(imported, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    corpora = Path("params.yaml").read_text().partition("corpora:")[2]

    def trained(
        fcnn: str = "",
        transformer: str = "",
        classifiers: str = "[logistic, fcnn]",
        align: str = "none",
        fusions: str = "[concat/fcnn, transformer]",
    ) -> tuple[Path, list[str]]:
        given = {"fcnn": fcnn, "transformer": transformer, "classifiers": classifiers, "fusions": fusions}
        text = PARAMS.format(**given, align=align, corpora=corpora)
        Path("params.yaml").write_text(text)
        with Pool(0) as pool:
            return Path("results/mine"), list(train(load_params(Path("params.yaml")), "mine", pool))

    return trained


def rows_of(results: Path, file: str) -> pd.DataFrame:
    return pd.read_csv(results / file, keep_default_na=False, dtype=str)


def test_a_diverged_row_is_named_and_the_others_are_as_without_it(trained: Train) -> None:
    results, notices = trained()
    assert not any("failed" in notice for notice in notices)
    whole = {file: rows_of(results, file) for file in RESULTS}
    _, notices = trained(transformer=BROKEN)
    (said,) = [notice for notice in notices if "failed" in notice]
    assert said.startswith("transformer audio+video failed and is left out of the table: on fold-1, fold-2")
    assert "learning rate of 1e+30" in said
    record = json.loads((results / "train.json").read_text())
    assert {one["row"] for one in record["failed"]} == {"transformer audio+video"}
    assert said in record["notices"]
    for file in RESULTS:
        without = whole[file][whole[file]["strategy"] != "transformer"].reset_index(drop=True)
        assert len(without) < len(whole[file])
        pd.testing.assert_frame_equal(rows_of(results, file), without)
    params = load_params(Path("params.yaml"))
    evaluate(params, "mine")
    assert "transformer" not in set(rows_of(results, "table.csv")["strategy"])
    assert said in (results / "table.md").read_text()
    assert "transformer" not in printed_without(params, "mine", "video")
    with Pool(0) as pool:
        assert list(explain(params, "mine", pool, repeats=1).lines())
        with pytest.raises(UserError, match="is neither a row of the table"):
            explain(params, "mine", pool, ["transformer"])
    with pytest.raises(UserError, match="is neither a row of the table"):
        compare(params, "transformer", "concat:audio+video:fcnn", "mine")
    with pytest.raises((UserError, ModelError), match="infinite or undefined"):
        fit(params, "mine", configuration_of(params, "mine", "transformer", (), None))
    assert not (results / "models").exists()


def test_a_search_passes_over_settings_that_diverge(trained: Train) -> None:
    results, _ = trained("learning_rate: [1.0e+30, 1.0e-2]", "learning_rate: [1.0e-2, 1.0e+30]")
    assert json.loads((results / "train.json").read_text())["failed"] == []
    fits = rows_of(results, "fits.csv")
    mine = fits[(fits["strategy"] == "transformer") | (fits["model"] == "fcnn")]
    assert {json.loads(settings)["learning_rate"] for settings in mine["settings"]} == {0.01}
    assert len(set(rows_of(results, "predictions.csv").query("strategy == 'transformer'")["prediction"])) == 2


def test_where_nothing_but_baselines_is_left_train_fails_and_leaves_what_was_there(trained: Train) -> None:
    results, _ = trained()
    before = (results / "predictions.csv").read_bytes()
    with pytest.raises(UserError, match=r"no configuration could be fitted.*unimodal audio fcnn failed"):
        trained(BROKEN, BROKEN, "[fcnn]")
    assert (results / "predictions.csv").read_bytes() == before


def test_where_no_word_is_timed_steps_are_windows_and_a_notice_says_so(trained: Train) -> None:
    results, plain = trained()
    before = (results / "predictions.csv").read_bytes()
    _, notices = trained(align="word")
    (said,) = [notice for notice in notices if notice not in plain]
    assert "no utterance has timed words (text is not one of the corpus's modalities)" in said
    assert (results / "predictions.csv").read_bytes() == before
    assert said in json.loads((results / "train.json").read_text())["notices"]


class Theirs:
    """A classifier of somebody else's that is right, but for one thing."""

    def __init__(self, fault: str) -> None:
        self.fault = fault

    def fit(self, x: np.ndarray, y: np.ndarray) -> "Theirs":
        if self.fault == "fit":
            raise TypeError("no such\nthing")
        if self.fault == "value":
            raise ValueError("alpha < 0")
        self.classes_ = np.unique(y)[::-1] if self.fault == "order" else np.unique(y)
        self.shares_ = np.bincount(y) / len(y)
        return self

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        if self.fault == "ask":
            raise ZeroDivisionError("division by zero")
        shares = np.tile(self.shares_, (len(x), 1))
        changed = {"sum": 2 * shares, "negative": shares - [[1, -1]], "shape": shares[:, 0], "nan": shares * np.nan}
        return changed.get(self.fault, shares)


WRONG = {
    "fit": "its model failed (TypeError: no such thing)",
    "value": "its model failed (ValueError: alpha < 0)",
    "ask": "its model failed (ZeroDivisionError: division by zero)",
    "order": "classes_ is 1, 0, not 0, 1",
    "sum": "the outputs are not probabilities: ",
    "negative": "the outputs are not probabilities: one of them is -0.5",
    "shape": "the outputs have the shape (",
    "nan": "its fit gave no finite number",
}


@pytest.mark.parametrize("fault", ["none", *WRONG])
def test_any_fault_of_a_plugins_model_is_a_failed_configuration(
    trained: Train, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    monkeypatch.setattr(classifiers, "CLASSIFIERS", deepcopy(classifiers.CLASSIFIERS))
    nothing: dict[Any, dict[str, Any]] = {"classification": {}, "regression": {}}
    classifiers.register("theirs", classifiers.Classifier(lambda task, settings: Theirs(fault), nothing))
    results, notices = trained(classifiers="[logistic, theirs]", fusions="[concat/logistic]")
    failed = [notice for notice in notices if "failed" in notice]
    assert len(failed) == (0 if fault == "none" else 2)
    for notice in failed:
        assert notice.startswith("unimodal ")
        assert "theirs failed and is left out of the table: on fold-1" in notice
        assert WRONG[fault] in notice
    if fault in ("fit", "ask"):
        params = load_params(Path("params.yaml"))
        with pytest.raises(ModelError, match="TypeError: no such thing" if fault == "fit" else "ZeroDivisionError"):
            fit(params, "mine", configuration_of(params, "mine", "unimodal", ("audio",), "theirs"))
    assert ("theirs" in set(rows_of(results, "predictions.csv")["model"])) == (fault == "none")


class Warns(Theirs):
    def fit(self, x: np.ndarray, y: np.ndarray) -> "Theirs":
        warnings.warn(f"failed to converge after {len(y)}", ConvergenceWarning, stacklevel=1)
        return super().fit(x, y)


def test_warnings_of_libraries_are_counted_in_one_sentence(
    trained: Train, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(classifiers, "CLASSIFIERS", deepcopy(classifiers.CLASSIFIERS))
    nothing: dict[Any, dict[str, Any]] = {"classification": {}, "regression": {}}
    classifiers.register("theirs", classifiers.Classifier(lambda task, settings: Warns("none"), nothing))
    for _ in range(2):  # computed, and from the cache
        _, notices = trained(classifiers="[theirs]", fusions="[concat/logistic]")
        said = [notice for notice in notices if "converge" in notice]
        assert said == [
            "unimodal audio theirs, unimodal video theirs: 10 of 10 fits did not converge within the maximum number of"
            " iterations"
        ]
    assert "ConvergenceWarning" not in capfd.readouterr().err


class Fails(Warns):
    """Warns on every fold, and may fail on each with a reason of its own."""

    def fit(self, x: np.ndarray, y: np.ndarray) -> "Theirs":
        if self.fault == "other":
            raise ValueError(f"no fit on {np.nan_to_num(x).sum():.3f}")
        return super().fit(x, y)


class Shuffled:
    """A pool whose jobs end in another order than they were given."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def run(self, work: Callable[[Any], Any], jobs: Sequence[Any], _: float) -> Iterator[tuple[Any, Any]]:
        for place in self.rng.permutation(len(jobs)):
            yield jobs[place], work(jobs[place])


def test_the_same_is_written_whichever_fit_ends_first_and_whatever_is_kept(
    trained: Train, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classifiers, "CLASSIFIERS", deepcopy(classifiers.CLASSIFIERS))
    nothing: dict[Any, dict[str, Any]] = {"classification": {}, "regression": {}}
    for name, fault in (("warns", "none"), ("fails", "other")):
        made = classifiers.Classifier(lambda task, settings, fault=fault: Fails(fault), nothing)
        classifiers.register(name, made)
    results, _ = trained(classifiers="[logistic, warns, fails]", fcnn="", transformer=BROKEN)
    text = Path("params.yaml").read_text().replace("fusions: [", "fusion_classifier: warns, fusions: [vote, weighted, ")
    Path("params.yaml").write_text(text)
    params, written = load_params(Path("params.yaml")), []
    for seed, kept_fits in enumerate(("none", "half", "all")):
        if kept_fits == "none":
            shutil.rmtree("data/cache/fits")
        elif kept_fits == "half":
            kept = sorted(Path("data/cache/fits").rglob("*.clip"))
            for path in kept[::2]:
                path.unlink()
        train(params, "mine", Shuffled(seed))  # type: ignore[arg-type]
        names = ("train.json", *RESULTS)
        written.append({name: (results / name).read_bytes() for name in names})
    assert len(json.loads(written[0]["train.json"])["failed"]) == 15
    for other in written[1:]:
        for name in names:
            assert other[name].decode() == written[0][name].decode()
    assert any("20 of 20 fits did not converge" in one for one in json.loads(written[0]["train.json"])["notices"])
