"""Tables without each feature: an informative one is missed, and the numbers are those of `crossmodal train`."""

import csv
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.ablation import main
from tests.conftest import output_of


def rows() -> dict[str, list[str]]:
    shown = CliRunner().invoke(main, ["toy"])
    assert shown.exit_code == 0, shown.output
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in shown.stdout.splitlines()]
    return {line[0]: line[1:] for line in lines[2:]}


def trained() -> dict[tuple[str, str], str]:
    """Return the accuracy of each row that `crossmodal train` predicts, in percent."""
    output_of("train", "--corpus", "toy", "--workers", "0")
    found: dict[tuple[str, str], list[bool]] = {}
    with Path("results/toy/predictions.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            name = row["strategy"], row["modalities"]
            found.setdefault(name, []).append(row["truth"] == row["prediction"])
    return {name: f"{100 * np.mean(right):.1f}" for name, right in found.items()}


def test_what_tells_the_label_is_missed_and_nothing_is_written(corpus):
    before = sorted(corpus.rglob("*"))
    found = rows()
    assert sorted(corpus.rglob("*")) == before
    assert list(found) == [
        *("audio: all", "without `loud`", "without `pitch`", "without `noise`"),
        *("video: all", "without `face`"),
    ]
    for change in found["without `loud`"][1::2]:
        value, _, high = (float(part.strip("[],")) for part in change.split())
        assert value < -10
        assert high < 0
    assert found["audio: all"][1::2] == ["", "", ""]
    assert found["without `face`"][:4] == [""] * 4  # nothing of the face is left
    assert found["without `face`"][4] == found["audio: all"][2]  # all that is left is the voice


def test_numbers_are_those_of_train_without_the_feature(corpus):
    found, settings = rows(), Path("params.yaml")
    models = ("unimodal", "audio"), ("weighted", "audio"), ("weighted@extractor", "audio+video")
    whole = trained()
    settings.write_text(settings.read_text().replace("[loud, pitch, noise]", "[pitch, noise]"))
    rest = trained()
    assert found["audio: all"][::2] == [whole[model] for model in models]
    assert found["without `loud`"][::2] == [rest[model] for model in models]
    changes = [float(cell.split()[0]) for cell in found["without `loud`"][1::2]]
    assert changes == pytest.approx([float(rest[model]) - float(whole[model]) for model in models], abs=0.11)


def test_a_single_feature_cannot_be_left_out(corpus):
    settings = Path("params.yaml")
    settings.write_text(
        settings.read_text()
        .replace("modalities: [audio, video]", "modalities: [video]")
        .replace("audio: [loud, pitch, noise], ", "")
    )
    shown = CliRunner().invoke(main, ["toy"])
    assert shown.exit_code == 1
    assert "Error: a feature can only be left out if there is another" in shown.stderr
