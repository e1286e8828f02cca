"""Networks with a choice of dropout and with each value: the numbers are those of `crossmodal train`."""

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.search import CHOICE, main
from tests.conftest import output_of

EPOCHS = "epochs: 2, hidden: 4"


@pytest.fixture
def networks(corpus: Path) -> Path:
    settings = corpus / "params.yaml"
    fast = f"settings: {{intermediate: {{{EPOCHS}}}}}, fusions: [intermediate, modality_attention]"
    settings.write_text(settings.read_text().replace("fusions: [weighted@extractor]", fast))
    return settings


def cells(*arguments: str) -> dict[str, list[str]]:
    shown = CliRunner().invoke(main, ["toy", *arguments])
    assert shown.exit_code == 0, shown.output
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in shown.stdout.splitlines()]
    return {line[0]: line[1:] for line in lines[2:]}


def trained(settings: Path, dropout: str) -> float:
    """Return the accuracy in percent that `crossmodal train` gives with this setting of dropout."""
    text = settings.read_text()
    settings.write_text(text.replace(EPOCHS, f"{EPOCHS}, dropout: {dropout}").replace(", modality_attention", ""))
    output_of("train", "--corpus", "toy", "--workers", "0")
    settings.write_text(text)
    with Path("results/toy/predictions.csv").open(encoding="utf-8") as file:
        right = [row["truth"] == row["prediction"] for row in csv.DictReader(file) if row["strategy"] == "intermediate"]
    return 100 * sum(right) / len(right)


def test_numbers_are_those_of_train_and_nothing_is_written(networks):
    before = sorted(networks.parent.rglob("*"))
    found = cells("--only", "intermediate")
    assert sorted(networks.parent.rglob("*")) == before
    assert list(found) == ["intermediate audio+video", "all together"]
    one, every = found.values()
    half = float(one[0]) + float(one[-2].split()[0])
    assert half == pytest.approx(trained(networks, str(CHOICE[-1])), abs=0.11)
    assert [cell.split()[0] for cell in every[::2]] == [cell.split()[0] for cell in one[::2]]  # there is only one


def test_a_network_that_is_not_in_the_table_is_refused(networks):
    shown = CliRunner().invoke(main, ["toy", "--only", "transformer"])
    assert shown.exit_code == 1
    assert "was selected; available: intermediate audio+video, modality_attention" in shown.stderr
