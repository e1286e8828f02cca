"""Two runs, or two rows of one, against each other."""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from cli import main
from models.configuration import Configuration
from models.errors import ModelError
from models.evaluation.metrics import metrics_of
from pipeline.errors import UserError
from pipeline.evaluation.compare import compare, find_configuration
from pipeline.reporting.tables import markdown
from pipeline.settings.params import load_params
from tests.conftest import bind
from tests.pipeline.evaluation.trained_corpus import SINGLE, TRUTH, project

VOTE = ("vote", ("text", "audio"))
ROWS = [
    Configuration("unimodal", ("text",), "svm"),
    Configuration(*VOTE, "svm"),
    Configuration(*VOTE, "mlp"),
    Configuration("majority"),
]


@pytest.fixture
def two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    systems = {("unimodal", "text", "svm"): SINGLE, ("vote", "text+audio", "svm"): TRUTH}
    project(tmp_path, TRUTH, systems, "classification")  # type: ignore[arg-type]
    shutil.copytree(tmp_path / "results/c", tmp_path / "other/c")
    return tmp_path


def cells(said: str) -> list[list[str]]:
    return [[c.strip() for c in line.strip("|").split("|")] for line in said.splitlines() if line.startswith("|")]


def edit(path: Path, **columns: object) -> pd.DataFrame:
    table = pd.read_csv(path, keep_default_na=False).assign(**columns)
    table.to_csv(path, index=False)
    bound(path)
    return table


def bound(path: Path) -> None:
    """Bind predictions anew: these are what that run gave."""
    said = json.loads((path.parent / "train.json").read_text())
    bind(path.parent, "train.json", **{k: said[k] for k in ("inputs", "notices", "normalise", "fits")})


def test_two_rows_of_a_corpus(two: Path) -> None:
    said = markdown(
        compare(load_params(two / "params.yaml"), "unimodal:text", "vote:audio+text:svm", "c", "accuracy").page()
    )
    assert cells(said)[0] == ["row", "metric", "first", "second", "difference", "p"]
    found = cells(said)[2]
    assert found[1:4] == ["accuracy", "62.5", "100.0"]
    assert found[4].startswith("+37.5 [")
    assert found[5] == ".250"  # ahead in 3 of 4 speakers: 4 of 16 signs
    assert "second minus the first" in said


def test_two_runs_are_matched_row_by_row_and_p_is_corrected(two: Path) -> None:
    path = two / "other/c/predictions.csv"
    table = pd.read_csv(path, keep_default_na=False)
    edit(path, prediction=SINGLE + SINGLE, utterance=table["utterance"])
    said = markdown(compare(load_params(two / "params.yaml"), "results/c", "other/c", only="accuracy").page())
    rows = {line[0]: line for line in cells(said)[2:]}
    assert rows["unimodal text svm"][2:] == ["62.5", "62.5", "+0.0 [+0.0, +0.0]", "1"]
    assert rows["vote text+audio svm"][2:4] == ["100.0", "62.5"]
    assert rows["vote text+audio svm"][5] == ".500"  # twice 0.25
    assert cells(said)[0][-1] == "p (Holm)"


def test_all_figures_are_compared_and_rows_that_one_run_lacks_are_named(two: Path) -> None:
    path = two / "other/c/predictions.csv"
    table = pd.read_csv(path, keep_default_na=False)
    table[table["strategy"] == "vote"].iloc[::-1].to_csv(path, index=False)  # in another order, too
    bound(path)
    said = markdown(compare(load_params(two / "params.yaml"), "results/c", "other/c").page())
    assert [line[1] for line in cells(said)[2:]] == [metric.name for metric in metrics_of("classification")]
    assert "Only in results/c: unimodal text svm." in said


def test_other_utterances_or_labels_are_refused(two: Path) -> None:
    params, path = load_params(two / "params.yaml"), two / "other/c/predictions.csv"
    table = pd.read_csv(path, keep_default_na=False)
    table[table["utterance"] != "u3"].to_csv(path, index=False)
    bound(path)
    with pytest.raises(UserError, match=r"predict different utterances \(8 and 7\); for example, 'u3'"):
        compare(params, "results/c", "other/c")
    table.assign(truth=["b", *table["truth"][1:]]).to_csv(path, index=False)
    bound(path)
    with pytest.raises(UserError, match="the labels of the two runs differ, first for 'u0'"):
        compare(params, "results/c", "other/c")


def test_what_cannot_be_compared_is_said(two: Path) -> None:
    params = load_params(two / "params.yaml")
    with pytest.raises(UserError, match="but not a folder with a configuration"):
        compare(params, "results/c", "vote:text+audio")
    with pytest.raises(UserError, match="matches no corpus in"):
        compare(params, "other", "results/c")
    with pytest.raises(UserError, match=r"run\.corpora lists 0 corpora"):
        compare(params, "vote", "unimodal")
    with pytest.raises(ModelError, match="did you mean 'accuracy'"):
        compare(params, "results/c", "other/c", only="acuracy")
    with pytest.raises(UserError, match=r"predictions\.csv does not exist"):
        compare(params, "results/c", "other", "c")
    table = edit(two / "other/c/predictions.csv", model="other")
    assert len(table) == 16
    with pytest.raises(UserError, match="no row in common"):
        compare(params, "results/c", "other/c")


def test_a_row_may_be_named_in_part_if_it_is_the_only_one() -> None:
    assert find_configuration("unimodal", ROWS) == ROWS[0]
    assert find_configuration("vote:audio+text:mlp", ROWS) == ROWS[2]
    assert find_configuration("majority", ROWS) == ROWS[3]
    with pytest.raises(UserError, match=r"matches several rows.*vote:text\+audio:svm, vote:text\+audio:mlp"):
        find_configuration("vote:text+audio", ROWS)
    with pytest.raises(UserError, match=r"'unimodl:text' is neither a row of the.*unimodal:text:svm"):
        find_configuration("unimodl:text", ROWS)
    with pytest.raises(UserError, match="is neither a row of the table"):
        find_configuration("unimodal:text:svm:more", ROWS)


def test_a_fusion_over_extractors_of_one_modality_is_found_by_both_its_names() -> None:
    rows = [Configuration("product", ("audio",), "svm"), Configuration("product@extractor", ("text", "audio"), "svm")]
    assert find_configuration("product@extractor:audio:svm", rows) == rows[0]
    assert find_configuration("product:audio", rows) == rows[0]
    assert find_configuration("product@extractor:text+audio", rows) == rows[1]
    assert find_configuration("product@extractor", rows) == rows[1]
    with pytest.raises(UserError, match="is neither a row of the table"):
        find_configuration("product:text+audio", rows)
    with pytest.raises(UserError, match="is neither a row of the table"):
        find_configuration("unimodal@extractor:audio", [Configuration("unimodal", ("audio",), "svm")])


def test_the_command_prints_the_table(two: Path) -> None:
    done = CliRunner().invoke(main, ["compare", "unimodal", "vote", "--corpus", "c", "--metric", "uar"])
    assert done.exit_code == 0, done.output
    assert "+37.5" in done.output
    for arguments, said in ((["--robustness"], "dropped.csv does not exist"), (["--show", "--all"], "All rows")):
        assert said in CliRunner().invoke(main, ["evaluate", "--corpus", "c", *arguments]).output
    done = CliRunner().invoke(main, ["evaluate", "--corpus", "c", "--drop", "video"])
    assert done.exit_code == 1
    assert "no modality 'video'" in done.output
