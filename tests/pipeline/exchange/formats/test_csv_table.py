"""CSV tables: good ones are read, and faults are named by file, line, column and value."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.exchange.bundle import ImportOptions
from pipeline.exchange.formats import csv_table
from tests.pipeline.exchange.feature_tables import CSV, OPTIONS, check, csv


def test_a_csv(tmp_path: Path) -> None:
    check(csv_table.read(csv(tmp_path / "a.csv"), OPTIONS))


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (CSV.replace("-3e0", "three"), OPTIONS, r"a\.csv, line 5: column 'mfcc_1' holds 'three', which is not a num"),
        (CSV.replace("b,s1", "a,s1"), OPTIONS, "line 3 and line 4 have the same id 'a'"),
        (CSV.replace("c,s2,,", "c,s2,"), OPTIONS, "line 5: the row has 9 cells, but the header has 10"),
        (CSV.replace("dev", "dve"), OPTIONS, "line 4: column 'fold' holds the split 'dve'"),
        (CSV.replace("age", "who"), OPTIONS, "column 'who' twice"),
        (CSV, replace(OPTIONS, id="clipp"), "no column 'clipp' .* did you mean 'clip'"),
        (CSV, replace(OPTIONS, arrays=(("audio", ("mfc_*",)),)), r"no column 'mfc_\*' for features"),
        (CSV, replace(OPTIONS, arrays=()), "available: clip, who, said"),
        (CSV, replace(OPTIONS, arrays=(("audio", ("mfcc_1",)), ("text", ("mfcc_*",)))), "'mfcc_1' is chosen for 2"),
        (CSV, replace(OPTIONS, align="word"), "'align'"),
        (CSV.splitlines()[0], OPTIONS, "no rows"),
        ("", OPTIONS, "no header"),
        ('a,b\n"c', ImportOptions(arrays=(("text", ("b",)),)), "never closed"),
    ],
)  # fmt: skip
def test_an_error_in_a_csv_is_reported_in_one_sentence(
    text: str, options: ImportOptions, message: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=message):
        csv_table.read(csv(tmp_path / "a.csv", text), options)


def test_columns_that_have_a_meaning_here_are_not_dropped_silently(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("clip,f1,line,recording,duration\na,1,2,3,4\nb,2,3,4,5\n")
    bundle = csv_table.read(path, ImportOptions(arrays=(("audio", ("f*",)),), id="clip"))
    reported = "\n".join(bundle.notices)
    for name in ("line", "duration"):
        assert f"column {name!r} is left out, since crossmodal uses this name itself" in reported
    assert "column 'recording' is not kept" in reported
    bundle = csv_table.read(path, ImportOptions(arrays=(("audio", ("f*", "line", "recording")),), id="clip"))
    assert bundle.features[0].feature_names == ("f1", "line", "recording")
    assert "'line'" not in "\n".join(bundle.notices)


@pytest.mark.parametrize(("cell", "point"), [("0,5", "0.5"), ("-1,25", "-1.25"), (",5", ".5")])
def test_a_number_with_a_comma_is_refused_with_the_right_spelling(cell: str, point: str, tmp_path: Path) -> None:
    path = csv(tmp_path / "a.csv", CSV.replace("-3e0", f'"{cell}"'))
    with pytest.raises(
        UserError, match=f"holds '{cell}', which is not a number: write it with a decimal point, {point}$"
    ):
        csv_table.read(path, OPTIONS)


def test_our_apostrophes_are_removed_and_others_are_a_notice(tmp_path: Path) -> None:
    import pandas as pd

    from pipeline.tables.csv_cells import mark_rows, write_csv

    options = ImportOptions(arrays=(("audio", ("f*",)),), id="id", text="said", label="mood")
    texts = ["=1+1", "'=q", "'tis", "-B2", "so"]
    table = pd.DataFrame({"id": ["+a", "b", "c", "d", "e"], "said": texts, "mood": list("xyxyx"), "f1": list("12345")})
    write_csv(mark_rows(table), tmp_path / "a.csv")
    found = csv_table.read(tmp_path / "a.csv", options)
    assert found.utterances["text"].tolist() == texts
    assert found.utterances["utterance"].tolist() == table["id"].tolist()
    assert "crossmodal_marks" not in found.utterances
    assert not found.notices
    write_csv(mark_rows(table).drop(columns="crossmodal_marks"), tmp_path / "a.csv")
    found = csv_table.read(tmp_path / "a.csv", options)
    assert found.utterances["text"].tolist() == ["'=1+1", "''=q", "'tis", "'-B2", "so"]
    assert "column 'said': 3 cells begin with an apostrophe; crossmodal writes one before text" in found.notices[1]
    assert "column 'id': 1 cell begins" in found.notices[0]
