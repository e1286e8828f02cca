"""The control on shuffled labels: chance is what chance gives, and better than chance is said by name."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import hypergeom, norm

from models.errors import LeakError
from pipeline.errors import UserError
from pipeline.evaluation.label_control import check_shuffled
from pipeline.settings.blocks import CorpusParams, ProtocolParams, RunParams, TrainParams
from pipeline.settings.params import Params
from tests.conftest import bind

HALF = ["a"] * 20 + ["b"] * 20


def said(truth, rows, metrics=(), task="classification"):
    """Return the lines on predictions of rows named by model, and the error that ended them."""
    parts = [
        pd.DataFrame({"strategy": "unimodal", "modalities": "text", "model": model, "truth": truth, "prediction": p})
        for model, p in rows.items()
    ]
    table = pd.concat([part.assign(utterance=[f"u{i}" for i in range(len(truth))], fold="1") for part in parts])
    path = Path("results/c/shuffled/predictions.csv")
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, index=False)
    bind(path.parent, "train.json")
    lines, error = [], None
    try:
        for line in check_shuffled(params(metrics, task), "c"):
            lines.append(line)
    except LeakError as leak:
        error = str(leak)
    return lines, error


def params(metrics=(), task="classification"):
    protocol = ProtocolParams("group-kfold", 2, "speaker")
    corpus = CorpusParams("manifest", "c", task, "label", ("text",), protocol, metrics=metrics)
    return Params(Path("params.yaml"), RunParams(), {"c": corpus}, {}, (), {}, TrainParams(), None)


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def numbers(line):
    """Own figure, chance and p of a line."""
    found = re.fullmatch(r"unimodal text \w+: (\S+), (\S+), p = (\d\.\d\d)( ABOVE CHANCE)?", line)
    return (*map(float, found.groups()[:3]), bool(found[4]))


def right_in(each):
    """Answers to `HALF`, half of them a, that are right in `each` of both classes."""
    return ["a"] * each + ["b"] * (20 - each) + ["a"] * (20 - each) + ["b"] * each


@pytest.mark.parametrize("each", [4, 8, 10, 11, 12, 13, 15, 20])
def test_chance_and_its_spread_are_those_of_drawing_without_replacement(each):
    lines, error = said(HALF, {"svm": right_in(each)})
    own, chance, p, above = numbers(lines[1])
    spread = hypergeom(40, 20, 20).std() / 20  # each right answer to an a goes with one to a b
    assert own == each / 20
    assert chance == pytest.approx(0.5, abs=4 * spread / np.sqrt(200))
    assert p == pytest.approx(norm.sf((own - 0.5) / spread), abs=0.06)
    assert p < 0.05 or each < 13
    assert above == (error is not None) == (each >= 13)
    assert lines[0] == "c, labels shuffled: accuracy, chance, p corrected for 1 rows"
    assert (lines[-1] == "c: all 1 rows are at chance, as they must be") == (error is None)


def test_the_leak_is_named_and_what_is_at_chance_is_not():
    lines, error = said(HALF, {"svm": right_in(10), "xgboost": right_in(20), "fcnn": right_in(9)})
    assert [numbers(line)[3] for line in lines[1:]] == [False, True, False]
    assert error == (
        "c: 1 of 3 rows are better than chance on shuffled labels, such as unimodal text xgboost:"
        " test labels leak into training"
    )


def test_p_is_corrected_for_the_number_of_rows():
    alone, error = said(HALF, {"svm": right_in(13)})
    assert "1 of 1" in error
    lines, error = said(HALF, {"svm": right_in(13), **{f"m{i}": right_in(10) for i in range(4)}})
    assert error is None
    assert 0 < numbers(alone[1])[2] < 0.05 < numbers(lines[1])[2]
    assert numbers(lines[1])[2] == pytest.approx(5 * numbers(alone[1])[2], abs=0.03)


@pytest.mark.parametrize(("figure", "better"), [("mae", 1), ("mae", -1), ("r", 1), ("r", -1)])
def test_better_is_what_the_leading_figure_calls_better(figure, better):
    rng = np.random.default_rng(0)
    truth = rng.normal(size=60).round(3)
    lines, error = said(truth, {"ridge": better * truth}, (figure,), "regression")
    orders = [rng.permutation(truth) for _ in range(4000)]
    wanted = np.mean([np.abs(better * truth - order).mean() for order in orders]) if figure == "mae" else 0.0
    assert numbers(lines[1])[1] == pytest.approx(wanted, abs=0.05)
    assert (error is not None) == (better == 1)


def test_an_undefined_figure_is_no_leak():
    truth = np.arange(10.0)
    lines, error = said(
        truth, {"ridge": np.ones(10), "svm": [3, 1, 4, 1, 5, 9, 2, 6, 5, 3][::-1]}, ("r",), "regression"
    )
    assert error is None
    assert lines[1] == "unimodal text ridge: nan, nan, p = 1.00"


@pytest.mark.parametrize(
    ("truth", "answer", "figures"),
    [
        (HALF, "a", ()),
        (HALF, "a", ("uar",)),
        (["a", "b", "c"] * 4, "a", ()),
        (np.random.default_rng(24).normal(size=100).round(2), 0.0, ()),
    ],
)
def test_one_answer_to_all_is_chance_itself(truth, answer, figures):
    task = "classification" if isinstance(answer, str) else "regression"
    answer = answer if task == "classification" else float(np.median(truth))
    lines, error = said(truth, {"majority": [answer] * len(truth)}, figures, task)
    assert error is None
    own, chance, p, _ = numbers(lines[1])
    assert own == chance
    assert p == 1


def test_without_a_run_on_shuffled_labels_there_is_nothing_to_check():
    with pytest.raises(UserError, match=r"results/c/shuffled/predictions\.csv does not exist: run `crossmodal train`"):
        list(check_shuffled(params(), "c"))
