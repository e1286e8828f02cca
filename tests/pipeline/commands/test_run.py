"""The commands of the stages: what they print, what they pass on, and when they fail."""

import json
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import invoke, output_of


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line]


def test_settings_checks_the_file_and_nothing_else(here: Path) -> None:
    assert output_of("settings") == "params.yaml can be used\n"
    (here / "params.yaml").write_text((here / "params.yaml").read_text().replace("resamples: 50", "resample: 50"))
    failed = invoke("settings")
    assert failed.exit_code == 1
    assert failed.output.startswith(
        "Error: params.yaml, line 8: evaluate.resample is unknown; did you mean 'resamples'"
    )


def test_prepare_counts_what_the_manifest_holds(here: Path) -> None:
    """Sixteen sentences, each a recording of its own, of four speakers; every other one is labelled a."""
    printed = lines(output_of("prepare", "--corpus", "c"))
    assert printed[-2].startswith("c: 16 utterances, 16 recordings, 4 groups, 0 timed words; 8 a, 8 b")
    assert printed[-1] == "prepare c: done"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("preprocess", "--modality", "smell"), "no modality is named 'smell'; available: text, audio, video"),
        (("extract", "--extractor", "vadr"), "'vadr'; did you mean 'vader'"),
        (("train", "--corpus", "d"), "no corpus is named 'd'"),
        (("evaluate", "--drop", "audio"), "--drop audio: the corpus has no modality 'audio'"),
        (("evaluate", "--by", "speeker"), "no column 'speeker'; did you mean 'speaker'"),
        (("evaluate", "--by", "speaker", "--drop", "text"), "--drop and --by print different tables"),
        (("evaluate", "--strategy", "vote"), "--strategy adds rows to what --by prints"),
    ],
)
def test_names_that_are_unknown_are_refused(arguments: tuple[str, ...], message: str, here: Path) -> None:
    failed = invoke(*arguments)
    assert failed.exit_code == 1
    assert message in failed.output


def test_stages_print_one_line_per_step_and_compute_light_ones_again(here: Path) -> None:
    stores = [here / "data/work/c/streams/text.h5", here / "data/work/c/features/vader.h5"]
    before = [path.read_bytes() for path in stores]
    for path in stores:
        path.unlink()
    assert "preprocess c text: 16 clips (16 ok): 16 computed, 0 from the cache" in output_of(
        "preprocess", "--modality", "text", "--workers", "0"
    )
    assert "extract c vader: 16 clips (16 ok): 16 computed, 0 from the cache" in output_of("extract", "--workers", "0")
    assert [path.read_bytes() for path in stores] == before


def test_train_repeats_no_fit_and_changes_no_prediction(here: Path) -> None:
    path = here / "results/c/predictions.csv"
    before = path.read_bytes()
    path.unlink()
    printed = output_of("train", "--workers", "0")
    assert "train c: 6/6 fits, 6 from the cache" in printed
    assert path.read_bytes() == before


def test_permuted_labels_are_at_chance(here: Path) -> None:
    printed = output_of("train", "--shuffle-labels", "--workers", "0")
    assert "c: all 3 rows are at chance, as they must be" in printed
    assert (here / "results/c/shuffled").is_dir()


def test_evaluate_prints_the_table_that_it_writes(here: Path) -> None:
    table = pd.read_csv(here / "results/c/table.csv", keep_default_na=False)
    accuracy = table[table["metric"] == "accuracy"].set_index("strategy")["value"]
    printed = output_of("evaluate")
    assert printed == output_of("evaluate", "--show")
    assert accuracy["majority"] == 0.5  # half of the sentences have either label
    shown = f"{100 * accuracy['tfidf']:.1f}"
    assert shown in next(line for line in lines(printed) if line.startswith("text  tfidf"))
    assert printed.startswith("c: 16 utterances, 4 speakers\n")
    assert "There is no fusion to compare with." in printed
    assert printed.endswith("The page: results/c/report.html\n")
    assert max(map(len, lines(printed))) <= 80
    every = output_of("evaluate", "--show", "--all")
    assert shown in next(line for line in lines(every) if line.startswith("| tfidf"))
    assert output_of("evaluate", "--quiet") == ""
    assert "missing modalities" in output_of("evaluate", "--robustness")


def test_evaluate_prints_its_table_for_programs(here: Path) -> None:
    table = (here / "results/c/table.csv").read_text()
    assert output_of("evaluate", "--csv") == table
    facts = json.loads(output_of("evaluate", "--show", "--json"))["corpora"]["c"]
    assert facts["answer"] == json.loads((here / "results/c/answer.json").read_text())
    found = {(row["strategy"], row["modalities"], row["model"]): row["metrics"] for row in facts["rows"]}
    written = pd.read_csv(here / "results/c/table.csv", keep_default_na=False)
    assert len(written) == sum(map(len, found.values()))
    for line in written.itertuples():
        assert found[line.strategy, line.modalities, line.model][line.metric]["value"] == line.value
    assert output_of("evaluate", "--quiet", "--json") == ""


def test_where_nothing_can_be_learnt_evaluate_says_why(here: Path) -> None:
    settings = (here / "params.yaml").read_text()
    (here / "params.yaml").write_text(settings.replace("label: label", "label: ''"))
    output_of("prepare")
    assert invoke("train", "--workers", "0").exit_code == 1
    output_of("train", "--workers", "0", "--if-possible")
    assert "evaluate c: there are no labels in c" in output_of("evaluate", "--if-possible")
    assert output_of("evaluate", "--show", "--if-possible") == output_of("evaluate", "--if-possible")
    assert invoke("evaluate", "--show").exit_code == 1
    facts = json.loads(output_of("evaluate", "--if-possible", "--json"))["corpora"]["c"]
    assert facts["rows"] == []
    assert facts["answer"]["unanswered"].startswith("there are no labels in c")


def test_figures_by_a_column_are_printed_and_kept_until_the_next_evaluation(here: Path) -> None:
    before = output_of("status")
    printed = output_of("evaluate", "--show", "--by", "speaker", "--by", "label", "--strategy", "majority")
    path = here / "results/c/by_column.csv"
    found = pd.read_csv(path, keep_default_na=False)
    assert found["column"].unique().tolist() == ["speaker", "label"]
    halves = found[(found["strategy"] == "majority") & (found["column"] == "label")]
    assert sorted(halves["value"]) == [0.0, 1.0]  # one of two classes is always predicted
    assert set(halves["n"]) == {8}
    assert "# c: accuracy, percent, by label" in printed
    assert sum(line.startswith("| label ") for line in lines(printed)) == 1
    assert output_of("status") == before  # nothing is out of date
    assert output_of("evaluate", "--quiet", "--by", "label") == ""
    assert path.exists()
    output_of("evaluate")
    assert not path.exists()


def test_report_prints_where_the_page_is(here: Path) -> None:
    (here / "results/c/report.html").unlink()
    assert output_of("report") == "report c: results/c/report.html\n"
    assert (here / "results/c/report.html").exists()


def test_dvc_computes_ahead_and_the_stage_of_a_modality_knows_the_others(here: Path) -> None:
    """In the process of a test there are no workers, so that nothing is computed ahead, but all is looked up."""
    assert "preprocess c text: 16 clips (16 ok)" in output_of("preprocess", "--ahead", "--modality", "text")
    assert "ahead" not in output_of("extract", "--ahead", "--extractor", "vader", "--workers", "0")
