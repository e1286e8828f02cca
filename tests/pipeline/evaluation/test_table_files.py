"""table.csv and comparisons.csv: what is written is read back, and what is damaged or incomplete is named."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.configuration import Configuration
from models.evaluation.intervals import Interval
from models.evaluation.metrics import metrics_of
from pipeline.corpora.utterances import csv_text
from pipeline.errors import UserError
from pipeline.evaluation.scoring import Comparison, Scored, Scores
from pipeline.evaluation.table_files import COMPARISON_COLUMNS, TABLE_COLUMNS, comparisons, read_scores, tidy
from pipeline.settings.blocks import CorpusParams, ProtocolParams
from tests.conftest import bind

NAN = float("nan")
CORPUS = CorpusParams(
    "manifest", "c", "regression", "label", ("text", "audio"), ProtocolParams("group-kfold"), metrics=("mae", "r")
)
BETTER = Comparison(Interval(-0.5, -0.75, -0.25), 0.01, 0.02, "+ better")
ROWS = [
    Scored(Configuration("majority"), 8, {"mae": Interval(1.5, 1.25, 2.0), "r": Interval(NAN, NAN, NAN)}),
    Scored(
        Configuration("vote", ("text", "audio"), "ridge"),
        8,
        {"mae": Interval(1.0, 0.5, 1.5), "r": Interval(0.25, NAN, NAN)},
        parameters=12,
        comparison=BETTER,
    ),
]
SCORES = Scores(ROWS, metrics_of("regression", ("mae", "r")))


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "results/c"
    folder.mkdir(parents=True)
    (folder / "table.csv").write_text(csv_text(tidy("c", SCORES)))
    (folder / "comparisons.csv").write_text(csv_text(comparisons(SCORES)))
    (folder / "parameters.csv").write_text("strategy,modalities,model,parameters\nvote,text+audio,ridge,12\n")
    bound(folder)
    return folder


def bound(folder: Path) -> None:
    bind(folder)
    bind(folder, "train.json")


def test_the_files_have_one_line_per_configuration_and_metric_and_one_per_fusion() -> None:
    table, compared = tidy("c", SCORES), comparisons(SCORES)
    assert list(table.columns) == TABLE_COLUMNS
    assert table.iloc[2].tolist() == ["c", "vote", "text+audio", "ridge", "mae", 1.0, 0.5, 1.5, 8]
    assert list(compared.columns) == COMPARISON_COLUMNS
    assert compared.to_numpy().tolist() == [
        ["vote", "text+audio", "ridge", "mae", -0.5, -0.75, -0.25, 0.01, 0.02, "+ better", 12]
    ]


def test_what_was_written_is_read_back(results: Path) -> None:
    found = read_scores("c", CORPUS)
    assert found.metrics == SCORES.metrics
    for row, wanted in zip(found.rows, ROWS, strict=True):
        assert (row.configuration, row.n, row.parameters) == (wanted.configuration, wanted.n, wanted.parameters)
        assert row.comparison == wanted.comparison
        for name in ("mae", "r"):
            read, written = row.values[name], wanted.values[name]
            np.testing.assert_equal((read.value, read.low, read.high), (written.value, written.low, written.high))
    assert found.best_full_fusion is found.rows[1]


def test_a_table_that_lacks_a_metric_or_a_number_is_named(results: Path) -> None:
    table = pd.read_csv(results / "table.csv", keep_default_na=False)
    for broken, message in (
        (table[table["metric"] != "r"], r"table\.csv lacks r, which the settings require"),
        (table[:0], r"table\.csv lacks mae, r|lacks all rows"),
        (table.assign(value="much"), r"table\.csv is damaged"),
        (table.drop(columns="low"), r"table\.csv is damaged"),
    ):
        broken.to_csv(results / "table.csv", index=False)
        bound(results)
        with pytest.raises(UserError, match=f"{message}.*run `crossmodal evaluate --corpus c` again"):
            read_scores("c", CORPUS)
    (results / "comparisons.csv").unlink()
    table.to_csv(results / "table.csv", index=False)
    bound(results)
    with pytest.raises(UserError, match=r"comparisons\.csv does not exist: run `crossmodal evaluate --corpus c` first"):
        read_scores("c", CORPUS)
