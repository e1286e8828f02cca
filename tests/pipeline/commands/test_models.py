"""Commands for results and models: compare, explain, fit and predict on a corpus where all stages have run."""

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import invoke, output_of, write_csv


def cells(printed: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in printed.splitlines() if line[:1] == "|"]


def accuracies(here: Path) -> dict[str, float]:
    """Return the accuracy of each strategy, counted from its predictions."""
    table = pd.read_csv(here / "results/c/predictions.csv", keep_default_na=False)
    right = table["truth"] == table["prediction"]
    return {str(name): 100 * float(mean) for name, mean in right.groupby(table["strategy"]).mean().items()}


def test_compare_prints_the_difference_of_two_rows(here: Path) -> None:
    counted = accuracies(here)
    printed = output_of("compare", "unimodal:text:logistic", "majority", "--metric", "accuracy")
    row = cells(printed)[2]
    assert [float(row[2]), float(row[3])] == [counted["unimodal"], counted["majority"]]
    assert float(row[4].split()[0]) == counted["majority"] - counted["unimodal"]
    assert len(cells(printed)) == 3  # a head, a rule, one metric


def test_compare_refuses_what_is_no_row(here: Path) -> None:
    failed = invoke("compare", "unimodal:text:logistc", "majority", "--corpus", "c")
    assert failed.exit_code == 1
    assert "unimodal:text:logistic" in failed.output


def test_explain_writes_what_it_prints(here: Path) -> None:
    printed = output_of("explain", "--strategy", "unimodal:text:logistic", "--repeats", "2", "--workers", "0")
    written = pd.read_csv(here / "results/c/importance.csv", keep_default_na=False)
    assert "unimodal text logistic" in printed
    assert set(written["strategy"]) == {"unimodal"}


def test_fit_prints_the_folder_that_predict_reads(here: Path) -> None:
    folder = output_of("fit", "--corpus", "c", "--strategy", "tfidf").strip()
    assert folder == "results/c/models/tfidf-text-logistic"
    write_csv(here / "new" / "manifest.csv", ("utterance", "text"), [("x", "a good number"), ("y", "a bad number")])
    shown = output_of("predict", "new/manifest.csv", "--model", folder, "--out", "out.csv", "--workers", "0")
    table = pd.read_csv(here / "out.csv")
    assert table["utterance"].tolist() == ["x", "y"]
    assert table["prediction"].tolist() == ["a", "b"]  # "good" stands in sentences of class a alone, "bad" in b
    answers = json.loads(output_of("predict", "new/manifest.csv", "--model", folder, "--json", "--workers", "0"))
    assert len(shown.splitlines()) == 4
    assert json.dumps(answers).count('"prediction"') == 2


def test_fit_takes_the_corpora_of_the_settings(here: Path) -> None:
    assert output_of("fit", "--strategy", "tfidf") == output_of("fit", "c", "--strategy", "tfidf")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("fit", "--corpus", "c"), "holds no fusion: name a strategy with --strategy"),
        (("fit", "--corpus", "c", "--strategy", "tfdif"), "did you mean 'tfidf'"),
        (("fit", "--corpus", "c", "--strategy", "unimodal", "--modalities", "audio"), "audio"),
        (("predict", "raw/manifest.csv", "--model", "results/none"), "results/none"),
        (("predict", "none.mp4", "--model", "results/none"), "none"),
    ],
)
def test_what_cannot_be_fitted_or_predicted_is_named(arguments: tuple[str, ...], message: str, here: Path) -> None:
    failed = invoke(*arguments)
    assert failed.exit_code == 1
    assert message in failed.output
