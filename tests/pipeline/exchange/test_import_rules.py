"""Imports are named, stripped and counted by the rules of the manifest, and `prepare` accepts what `import` accepts."""

import csv
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.store import open_store
from pipeline.corpora.utterances import read_table
from pipeline.errors import UserError
from pipeline.exchange import importing
from pipeline.exchange.bundle import ImportOptions
from pipeline.exchange.exporting import export
from pipeline.exchange.formats.pickles import load
from pipeline.exchange.registry import reader_of
from pipeline.inspection.validate import validate
from pipeline.run.locks import writing
from pipeline.run.pool.cluster import Pool
from pipeline.settings.params import load_params
from pipeline.settings.paths import CorpusPaths
from pipeline.stages.prepare import prepare
from pipeline.stages.train import train
from tests.conftest import write_csv

FAST = "train: {classifiers: [logistic], fusions: [concat]}\nrun: {workers: 1}\n"


OPTIONS = ImportOptions(arrays=(("audio", ("v*",)),), id="clip", group="who", label="mood")


@pytest.fixture(autouse=True)
def _working_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def imported(form: str = "csv", **changes) -> str:
    """Make the corpus `mine` from f.<form>; return the output."""
    options = replace(OPTIONS, **changes)
    block = {"task": "classification", "label": options.label, "folds": 2}
    return "\n".join(importing.import_corpus(Path("params.yaml"), form, Path(f"f.{form}"), "mine", options, block))


def sheet(folder: Path, cells: list[tuple[str, str, str]], header: tuple[str, ...] = ("clip", "who", "mood")) -> None:
    write_csv(folder / "f.csv", (*header, "v1", "v2"), [(*row, i, i % 3) for i, row in enumerate(cells)])
    (folder / "params.yaml").write_text(FAST)


def held(folder: Path, store: str = "v") -> list[str]:
    with open_store(folder / f"data/work/mine/features/{store}.h5") as found:
        return found.utterances


def prepared(folder: Path) -> pd.DataFrame:
    prepare(load_params(Path("params.yaml")), "mine")
    return read_table(folder / "data/work/mine/utterances.csv", dtype=str)


@pytest.mark.parametrize("names", [("1.1", "1.10"), ("1", "1.0"), ("2e1", "20"), ("007", "7"), ("1_0", "10"),
                                   ("0x10", "16"), ("+5", "5"), ("Inf", "inf")])  # fmt: skip
def test_names_are_text_however_they_look(tmp_path, names):
    sheet(tmp_path, [(f"{name}{'' if k == 0 else f'#{k}'}", name, "ab"[k % 2]) for k in range(4) for name in names])
    imported()
    table = prepared(tmp_path)
    assert table["group"].tolist() == list(names) * 4
    assert table["utterance"].tolist()[:2] == list(names)
    assert held(tmp_path) == table["utterance"].tolist()


def test_names_are_stripped_in_the_table_and_in_the_store(tmp_path):
    pads = ("{} ", " {}", "{}\u00a0", "{}\u200b", "\ufeff{}", "{}\u3000", "{}")
    sheet(tmp_path, [(pads[i % 7].format(f"c{i}"), pads[i % 7].format(f"g{i % 4}"), "ab"[i // 7]) for i in range(14)])
    imported()
    table = prepared(tmp_path)
    assert table["utterance"].tolist() == held(tmp_path) == [f"c{i}" for i in range(14)]
    assert set(table["group"]) == {f"g{i}" for i in range(4)}


def test_names_that_are_equal_without_their_spaces_are_refused(tmp_path):
    sheet(tmp_path, [("a", "g", "x"), ("a ", "h", "y")])
    with pytest.raises(UserError, match="line 2 and line 3 have the same id 'a'"):
        imported()


@pytest.mark.parametrize(
    ("ids", "groups", "expected"),
    [
        (np.arange(8), np.arange(8) // 2, [str(i) for i in range(8)]),
        (np.arange(8).astype(float), np.arange(8) // 2, [str(i) for i in range(8)]),
        (np.array([f"c{i}".ljust(6) for i in range(8)]), np.arange(8)[:, None] // 2, [f"c{i}" for i in range(8)]),
        (np.array([f"c{i}".encode() for i in range(8)]), np.arange(8) // 2, [f"c{i}" for i in range(8)]),
        (np.array([list(f"c{i} ") for i in range(8)]), np.arange(8) // 2, [f"c{i}" for i in range(8)]),
        (np.array([list(f"c{i} ") for i in range(8)], "S1"), np.arange(8) // 2, [f"c{i}" for i in range(8)]),
        (np.array([[f"c{i}"] for i in range(8)]), np.arange(8) // 2, [f"c{i}" for i in range(8)]),
        (np.array([1.5, 2.25, 3, 4, 5, 6, 7, 8], np.float32), np.arange(8) // 2, ["1.5", "2.25", *"345678"]),
    ],
)
def test_names_in_arrays_of_any_type(tmp_path, ids, groups, expected):
    mood = np.array([["a"], ["b"]] * 4)  # MATLAB has columns only
    np.savez(tmp_path / "f.npz", clip=ids, who=groups, mood=mood, v=np.random.default_rng(0).normal(size=(8, 2)))
    (tmp_path / "params.yaml").write_text(FAST)
    reported = imported("npz", arrays=(("audio", ("v",)),))
    assert ("holds floating-point numbers" in reported) == (expected[0] == "1.5")
    assert prepared(tmp_path)["utterance"].tolist() == held(tmp_path) == expected


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (pa.array([f"c{i} " for i in range(8)]), [f"c{i}" for i in range(8)]),
        (pa.array([f"c{i}".encode() for i in range(8)]), [f"c{i}" for i in range(8)]),
        (pa.array([f"c{i}" for i in range(8)]).dictionary_encode(), [f"c{i}" for i in range(8)]),
        (pa.array([2**53 + i for i in range(8)]), [str(2**53 + i) for i in range(8)]),
        (pa.array([float(i) for i in range(8)]), [str(i) for i in range(8)]),
        (pa.array([Decimal(f"1.{i}0") for i in range(8)]), [f"1.{i}0" for i in range(8)]),
    ],
)
def test_names_in_parquet_columns_of_any_type(tmp_path, cells, expected):
    columns = {"clip": cells, "who": pa.array([*range(2**53, 2**53 + 7), None]), "mood": pa.array(["a", "b"] * 4)}
    values = np.random.default_rng(0).normal(size=(2, 8))
    pq.write_table(pa.table(columns | {"v1": values[0], "v2": values[1]}), tmp_path / "f.parquet")
    (tmp_path / "params.yaml").write_text(FAST)
    imported("parquet")
    table = prepared(tmp_path)
    assert table["utterance"].tolist() == held(tmp_path) == expected
    assert table["group"].nunique() == 8  # an empty name gets one of its own


def test_the_label_is_kept_as_written_and_is_not_a_feature(tmp_path):
    rows = [(f"c{i}", f"g{i % 4}", ("1", "1.0", "2")[i % 3]) for i in range(12)]
    sheet(tmp_path, rows)
    reported = imported(arrays=(("audio", ("*",)),))
    assert "'1' (4 rows) and '1.0' (4 rows) differ only in spelling" in reported
    assert prepared(tmp_path)["mood"].tolist() == [row[2] for row in rows]
    with open_store(tmp_path / "data/work/mine/features/audio.h5") as store:
        assert store.attribute("feature_names") == ["v1", "v2"]


def test_headers_are_found_without_spaces_and_case_and_near_ones_are_named(tmp_path):
    sheet(tmp_path, [(f"c{i}", f"g{i % 4}", "ab"[i // 4 % 2]) for i in range(8)], (" Clip", "WHO ", "Speaker_ID"))
    assert "; if it holds" not in imported(label="speaker_id")
    assert prepared(tmp_path)["speaker_id"].tolist() == list("aaaabbbb")


def test_columns_that_look_like_a_role_are_named(tmp_path):
    sheet(tmp_path, [("ab"[i // 4 % 2], f"g{i % 4}", f"t{i}") for i in range(8)], ("mood", "who", "begin"))
    assert "column 'begin' is kept as it is; if it holds the start, add --start begin" in imported(id="")


def test_rows_of_commas_and_missing_labels_are_left_out(tmp_path):
    missing = ["NaN", "n/a", "", "NULL", "None", "<NA>"]
    sheet(tmp_path, [(f"c{i}", f"g{i % 4}", m) for i, m in enumerate(["a", "b"] * 4 + missing)])
    with (tmp_path / "f.csv").open("a") as file:
        file.write(",,,,\n,,,,\n")
    reported = imported()
    assert "left out 6 utterances without a value for mood" in reported
    assert len(prepared(tmp_path)) == 8


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([("a", "g", "NaN"), ("b", "h", "")], "no utterance has a value for mood"),
        ([("a", "g\x1b[2J", "x"), ("b", "h", "y")], "the group of 'a' holds the control character U+001B"),
        ([("a\x00b", "g", "x"), ("b", "h", "y")], "the id 'a\\x00b' holds a NUL character"),
    ],
)
def test_a_file_that_prepare_would_refuse_is_refused_and_leaves_nothing(tmp_path, cells, message):
    sheet(tmp_path, cells)
    with pytest.raises(UserError) as error:
        imported()
    assert message in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    assert (tmp_path / "params.yaml").read_text() == FAST
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == ["f.csv", "params.yaml"]


def test_a_text_with_a_nul_is_refused_by_name(tmp_path):
    rows = [("a", "g", "x", "no\x00w", 1), ("b", "h", "y", "ok", 2)]
    write_csv(tmp_path / "f.csv", ("clip", "who", "mood", "said", "v1"), rows)
    with pytest.raises(UserError, match="the text of 'a' holds a NUL character after 'no'"):
        imported(text="said")


def voices(folder: Path, count: int = 24) -> np.ndarray:
    """Make the corpus `mine` of `count` utterances c0, c1, ..., and prepare it; return its features."""
    sheet(folder, [(f"c{i}", f"g{i % 4}", "ab"[i // 4 % 2]) for i in range(count)])
    imported()
    prepared(folder)
    return np.array([(i, i % 3) for i in range(count)], np.float32)


def changed(change) -> None:
    """Change the corpus's manifest without telling the store."""
    path = Path("data/raw/mine/manifest.csv")
    change(pd.read_csv(path, dtype=str, keep_default_na=False)).to_csv(path, index=False)
    prepare(load_params(Path("params.yaml")), "mine")


def trained() -> list[str]:
    with Pool(0) as pool:
        return list(train(load_params(Path("params.yaml")), "mine", pool))


def test_a_store_of_other_ids_is_refused_with_a_count(tmp_path):
    voices(tmp_path)
    changed(lambda t: t.assign(utterance=[f"{u}{'x' * (i % 2)}" for i, u in enumerate(t["utterance"])]))
    params = load_params(Path("params.yaml"))
    reported = (
        "12 of its 24 ids are not in the table (c1, c3, c5, ...), "
        "and 12 of the table's 24 utterances are not in the store"
    )
    for refused in (trained, lambda: export(params, "mine", "npz", Path("out.npz"))):
        with pytest.raises(UserError, match=re.escape(reported)):
            refused()
    problems = validate(params, "mine").problems
    assert [p.severity for p in problems if reported in p.message] == ["error"]
    assert not Path("out.npz").exists()


def test_removed_and_added_utterances_are_counted(tmp_path):
    values = voices(tmp_path)
    changed(lambda t: t.iloc[4:])
    params = load_params(Path("params.yaml"))
    reported = "v.h5: 4 of its 24 ids belong to no utterance and are ignored (c0, c1, c2, ...)"
    assert any(reported in line for line in trained())
    assert any(reported in line for line in export(params, "mine", "npz", Path("out.npz")))
    assert any(reported in problem.message for problem in validate(params, "mine").problems)
    with np.load("out.npz") as out:
        np.testing.assert_array_equal(out["features/v/values"], values[4:])
    changed(lambda t: pd.concat([t.iloc[:0], t, t.iloc[:2].assign(utterance=["new1", "new2"])]))
    with pytest.raises(UserError, match="4 of its 24 ids are not in the table"):  # some are gone, and some are new
        trained()


def test_utterances_that_were_added_are_absent_and_counted(tmp_path):
    voices(tmp_path)
    changed(lambda t: pd.concat([t, t.iloc[:2].assign(utterance=["new1", "new2"])]))
    reported = "v.h5: 2 of the table's 26 utterances are not in the store and count as absent (new1, new2)"
    assert any(reported in line for line in trained())
    assert any(reported in line for line in export(load_params(Path("params.yaml")), "mine", "npz", Path("out.npz")))
    with np.load("out.npz") as out:
        assert out["features/v/status"].tolist() == ["ok"] * 24 + ["absent"] * 2


def test_into_removes_its_stores_if_the_settings_cannot_be_written(tmp_path, monkeypatch):
    voices(tmp_path)
    store = tmp_path / "data/work/mine/features/v.h5"
    before, settings = store.read_bytes(), (tmp_path / "params.yaml").read_text()
    sheet(tmp_path, [(f"c{i}", f"g{i % 4}", "a") for i in range(20)])
    (tmp_path / "params.yaml").write_text(settings)
    options = ImportOptions(arrays=(("audio", ("v*",)), ("video", ("mood*",))), id="clip")
    more = (tmp_path / "f.csv").read_text().replace(",a,", ",3,")
    (tmp_path / "f.csv").write_text(more)
    into = (load_params(Path("params.yaml")), "csv", Path("f.csv"), "mine", options, "")

    def fail(*_):
        raise OSError(28, "No space left on device", "params.yaml")

    with monkeypatch.context() as patch:
        patch.setattr(importing, "add_features", fail)
        with pytest.raises(OSError, match="No space left"):
            importing.import_into(*into)
    assert store.read_bytes() == before
    assert [path.name for path in store.parent.iterdir()] == ["v.h5"]
    assert (tmp_path / "params.yaml").read_text() == settings
    assert "20 of 24 utterances of mine matched by id" in importing.import_into(*into)
    assert sorted(path.name for path in store.parent.iterdir()) == ["mood.h5", "v.h5"]
    assert store.read_bytes() != before


def written_as(form: str, ids: list[str]) -> Path:
    values = np.arange(len(ids) * 2, dtype=np.float32).reshape(-1, 2)
    path = Path(f"more.{form}")
    if form == "csv":
        write_csv(path, ("clip", "p1", "p2"), [(name, *row) for name, row in zip(ids, values.tolist(), strict=True)])
    elif form == "npz":
        np.savez(path, clip=np.array(ids), p=values)
    else:
        pq.write_table(pa.table({"clip": ids, "p1": values[:, 0], "p2": values[:, 1]}), path)
    return path


@pytest.mark.parametrize("form", ["csv", "npz", "parquet"])
@pytest.mark.parametrize("spelling", ["{:02d}", "{}.0", "{}.wav", "clips/{}", "A{}"])
def test_into_refuses_ids_that_differ_in_spelling_only(tmp_path, form, spelling):
    ours = [f"a{i}" if spelling == "A{}" else str(i) for i in range(1, 13)]
    sheet(tmp_path, [(name, f"g{i % 4}", "ab"[i % 2]) for i, name in enumerate(ours)])
    imported()
    prepared(tmp_path)
    alike = 3 if spelling == "{:02d}" else 0
    theirs = [spelling.format(i) for i in range(1, 13)]
    path, before = written_as(form, theirs), (tmp_path / "params.yaml").read_bytes()
    options = ImportOptions(arrays=(("audio", ("p" if form == "npz" else "p*",)),), id="clip")
    reported = f"has features for {alike} of 12 utterances of mine, but {12 - alike} ids differ only in spelling"
    with pytest.raises(UserError, match=f"{reported}, such as '{ours[0]}' of mine and '{re.escape(theirs[0])}'"):
        importing.import_into(load_params(Path("params.yaml")), form, path, "mine", options, "")
    assert (tmp_path / "params.yaml").read_bytes() == before
    path = written_as(form, [*ours[:5], "z1", "z2"])  # a part of the corpus, and others: still accepted
    lines = importing.import_into(load_params(Path("params.yaml")), form, path, "mine", options, "")
    assert "5 of 12 utterances of mine matched by id" in lines


def test_one_id_in_another_case_among_many_that_match_is_a_notice(tmp_path):
    ours = [*(f"vid{i}" for i in range(11)), "QxYz"]
    sheet(tmp_path, [(name, f"g{i % 4}", "ab"[i % 2]) for i, name in enumerate(ours)])
    imported()
    prepared(tmp_path)
    options = ImportOptions(arrays=(("audio", ("p*",)),), id="clip")
    path = written_as("csv", [*ours[:11], "qXyZ"])
    lines = importing.import_into(load_params(Path("params.yaml")), "csv", path, "mine", options, "")
    assert "11 of 12 utterances of mine matched by id" in lines
    reported = "1 id differs only in spelling, such as 'QxYz' of mine and 'qXyZ' of"
    assert [line for line in lines if line.startswith(reported) and "they count as different" in line]


@pytest.mark.parametrize("kind", ["official", "crossfit"])
@pytest.mark.parametrize("splits", [None, "train", ""])
def test_a_protocol_that_needs_splits_is_refused_without_splits(tmp_path, kind, splits):
    cells = [(f"c{i}", f"g{i % 4}", "ab"[i % 2]) for i in range(12)]
    sheet(tmp_path, cells)
    if splits is not None:
        write_csv(tmp_path / "f.csv", ("clip", "who", "mood", "part", "v1"), [(*row, splits, 1) for row in cells])
    options = OPTIONS if splits is None else replace(OPTIONS, split="part")
    block = {"task": "classification", "label": "mood", "kind": kind, "folds": 2}
    before = (tmp_path / "params.yaml").read_bytes()
    with pytest.raises(UserError, match=f"--protocol {kind} needs train and test: give the column of splits"):
        importing.import_corpus(Path("params.yaml"), "csv", Path("f.csv"), "mine", options, block)
    assert (tmp_path / "params.yaml").read_bytes() == before
    assert not Path("data/raw/mine").exists()


def test_an_imported_manifest_holds_no_formula_and_its_ids_come_back(tmp_path):
    names = ["=1+1", "+A1", "-B2", "@x", "'=q", "'tis", "-1.5", "＝f()", "-3nNcZdcdvU_1", "c"]
    sheet(tmp_path, [(name, f"{name}{i % 2}", "=+"[i % 2] + "mood") for i, name in enumerate(names)])
    imported()
    with Path("data/raw/mine/manifest.csv").open(newline="", encoding="utf-8") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [c for c in cells if (c[:1] in "=+@＝" and c) or re.match("-[A-Z]", c)]
    table = prepared(tmp_path)
    assert table["utterance"].tolist() == names == held(tmp_path)
    assert table["group"].tolist() == [f"{name}{i % 2}" for i, name in enumerate(names)]
    assert set(table["mood"]) == {"=mood", "+mood"}
    assert "crossmodal_marks" not in table
    path = written_as("csv", names)
    lines = importing.import_into(load_params(Path("params.yaml")), "csv", path, "mine",
                                  ImportOptions(arrays=(("audio", ("p*",)),), id="clip"), "")  # fmt: skip
    assert f"{len(names)} of {len(names)} utterances of mine matched by id" in lines


def test_an_import_waits_for_a_command_that_writes_the_corpus(tmp_path):
    voices(tmp_path)
    path = written_as("csv", [f"c{i}" for i in range(24)])
    options = ImportOptions(arrays=(("audio", ("p*",)),), id="clip")
    into = (load_params(Path("params.yaml")), "csv", path, "mine", options, "")
    with ThreadPoolExecutor() as pool:
        for target in (CorpusPaths("mine").utterances, CorpusPaths("mine").features("p")):
            with writing(target):
                found = pool.submit(importing.import_into, *into)
                time.sleep(0.6)
                assert not found.done()
            assert "24 of 24 utterances of mine matched by id" in found.result(timeout=60)


def test_of_two_imports_of_one_corpus_at_once_one_is_refused(tmp_path):
    sheet(tmp_path, [(f"c{i}", f"g{i % 4}", "ab"[i % 2]) for i in range(24)])
    with ThreadPoolExecutor() as pool:
        tries = [pool.submit(imported) for _ in range(3)]
    refused = [one.exception() for one in tries if one.exception()]
    assert len(refused) == 2
    assert all("already" in str(error) for error in refused)
    assert prepared(tmp_path)["utterance"].tolist() == held(tmp_path)


def test_an_mmsa_file_of_a_corpus_without_a_valid_part_gives_its_split_back(tmp_path):
    rng, n = np.random.default_rng(0), 24
    arrays = {f"f{m}": rng.normal(size=(n, 2)) for m in "tav"}
    split = np.array(["train"] * 16 + ["test"] * 8)
    np.savez(
        "f.npz", clip=[f"c{i}" for i in range(n)], who=np.arange(n) // 2, part=split, mood=rng.normal(size=n), **arrays
    )
    (tmp_path / "params.yaml").write_text(FAST)
    options = replace(OPTIONS, split="part", arrays=(("text", ("ft",)), ("audio", ("fa",)), ("video", ("fv",))))
    settings = {"task": "regression", "label": "mood"}
    importing.import_corpus(Path("params.yaml"), "npz", Path("f.npz"), "mine", options, settings)
    prepared(tmp_path)
    lines = export(load_params(Path("params.yaml")), "mine", "mmsa", Path("out.pkl"))
    assert any("the corpus's split lacks valid, so the file is split as in the fold test" in line for line in lines)
    again = reader_of("mmsa")(Path("out.pkl"), ImportOptions())
    assert again.utterances["split"].tolist() == split.tolist()
    assert "mmsa_part" not in again.utterances
    foreign = load(Path("out.pkl"))
    assert {part: len(foreign[part]["id"]) for part in ("train", "valid", "test")}["test"] == 8
    assert len(foreign["train"]["id"]) + len(foreign["valid"]["id"]) == 16


CELLS = st.sampled_from(["a", "b", " a", "a ", "1", "1.0", "1.10", "2e1", "", "nan", "NA", "None", "-", "=1+1", "é"])
LABELS = st.sampled_from(["x", "y", " x", "", "nan"])
STARTS, ENDS = (
    st.sampled_from(["", "0", "-0.5", "1", "-1"]),
    st.sampled_from(["", "nan", "1", "1.5", "2", "inf", "1:30"]),
)
ROWS = st.lists(st.tuples(CELLS, CELLS, LABELS, CELLS, STARTS, ENDS), min_size=4, max_size=8)


@given(rows=ROWS, ids=st.booleans())
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_import_accepts_prepare_accepts(rows, ids, tmp_path_factory):
    folder = tmp_path_factory.mktemp("any")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        header = ("clip", "who", "mood", "said", "from", "till", "v1")
        write_csv(folder / "f.csv", header, [(*row, i) for i, row in enumerate(rows)])
        (folder / "params.yaml").write_text(FAST)
        try:
            imported(id="clip" if ids else "", text="said", start="from", end="till")
        except UserError:
            assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == ["f.csv", "params.yaml"]
            return
        table = prepared(folder)
        assert table["utterance"].tolist() == held(folder)
        assert all(name == name.strip() for name in table["group"])
