"""The section is whole for a trained corpus and for one without labels, and its bibliography holds what it cites."""

import re
from pathlib import Path

import pytest

from pipeline.corpora.utterances import read_utterances
from pipeline.evaluation.table_files import read_scores
from pipeline.reporting.methods.models import Division
from pipeline.reporting.methods.section import Methods, methods_of
from pipeline.settings.params import load_params
from pipeline.stages.evaluate import evaluate
from tests.pipeline.evaluation.trained_corpus import SINGLE, TRUTH, project

ROWS = {("unimodal", "text", "svm"): SINGLE, ("vote", "text+audio", "svm"): TRUTH}


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Methods, Methods]:
    """The section with scores, and without any."""
    monkeypatch.chdir(tmp_path)
    project(tmp_path, TRUTH, ROWS, "classification")  # type: ignore[arg-type]
    params = load_params(tmp_path / "params.yaml")
    evaluate(params, "c")
    table = read_utterances(Path("data/work/c/utterances.csv"), "label")
    scores = read_scores("c", params.corpus("c"))
    return methods_of(params, "c", table, scores, Division(4)), methods_of(params, "c", table)


def test_every_reference_that_the_text_names_is_in_the_bibliography(found: tuple[Methods, Methods]) -> None:
    whole, _ = found
    text = " ".join(text for _, text in whole.paragraphs)
    years = set(re.findall(r"[(;] ?([A-Z][^();]*, \d{4})", text))
    assert {"Kittler et al., 1998", "Spärck Jones, 1972"} <= years
    assert len(years) == whole.bibliography.count("\n  year = {")
    assert [title for title, _ in whole.paragraphs] == [
        "Corpus",
        "Features",
        "Models",
        "Settings",
        "Protocol",
        "Statistics",
    ]


def test_without_scores_it_says_what_there_is(found: tuple[Methods, Methods]) -> None:
    _, bare = found
    assert [title for title, _ in bare.paragraphs] == ["Corpus", "Features"]
