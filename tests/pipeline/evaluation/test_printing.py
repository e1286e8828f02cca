"""What the terminal shows: the first metrics, seconds, and fusions without a modality."""

from pathlib import Path

import pytest

from models.evaluation.metrics import metrics_of
from pipeline.errors import UserError
from pipeline.evaluation.printing import printed_without
from pipeline.reporting.tables import markdown
from pipeline.settings.params import load_params
from pipeline.tables import bound
from tests.pipeline.evaluation.trained_corpus import again, beside, read, robust, shown


def test_seconds_and_parameters_are_shown_where_train_noted_them(classification: Path) -> None:
    beside(classification, "a")
    again(classification)
    line = next(line for line in shown(classification).splitlines() if line.startswith("| vote") and "[" in line)
    assert [c.strip() for c in line.split("|")][-4:-1] == ["2", "1.500", "0.500"]
    assert "1.500" not in (classification / "results/c/table.md").read_text()
    assert "1.500" not in (classification / "results/c/table.tex").read_text()
    assert read(classification, "comparisons.csv").set_index("strategy").loc["vote", "parameters"] == 2


def test_the_table_is_shown_after_the_utterances_are_gone(classification: Path) -> None:
    before = shown(classification)
    (classification / "data/work/c/utterances.csv").unlink()
    assert shown(classification) == before
    assert "With 4 groups and this many fusions, no corrected p can be below 0.25" in before


def test_a_record_without_the_number_of_groups_is_named(classification: Path) -> None:
    path = classification / "results/c/tables.json"
    record = bound.read_record(path)
    files = {name: path.parent / name for name in record["files"]}
    path.write_text(bound.record(files, record["command"], {"made_of": record["made_of"]}))
    with pytest.raises(UserError, match=r"tables\.json lacks the number of groups: run `crossmodal evaluate"):
        shown(classification)


def test_the_terminal_names_the_metrics_that_it_leaves_out(classification: Path) -> None:
    others = [metric.name for metric in metrics_of("classification")][2:]
    assert f"With {', '.join(others)}: results/c/table.md." in shown(classification)


def test_modalities_can_be_ablated(classification: Path) -> None:
    beside(classification, "a")
    params = load_params(classification / "params.yaml")
    lines = markdown(printed_without(params, "c", "audio")).splitlines()
    vote = next(line for line in lines if line.startswith("| vote"))
    assert "| 100.0 [100.0, 100.0] | 50.0 [" in vote
    assert "| -50.0 [" in vote
    assert vote.split("|")[-2].strip() == "text"
    assert "nothing: the prior" in markdown(printed_without(params, "c", "text, audio"))
    with pytest.raises(UserError, match="did you mean 'audio'"):
        printed_without(params, "c", "adio")


def test_without_the_files_beside_the_predictions_their_command_is_named(classification: Path) -> None:
    said = robust(classification)
    assert "dropped.csv does not exist: run `crossmodal train --corpus c`" in said
    assert "presence.csv does not exist" in said
    assert not (classification / "results/c/images/robustness.svg").exists()
    assert "fit s" not in shown(classification)
    with pytest.raises(UserError, match=r"dropped.csv does not exist: run `crossmodal train"):
        printed_without(load_params(classification / "params.yaml"), "c", "audio")
