"""A selection runs through all stages in folders of its own; the whole corpus stays as it was."""

import json
from pathlib import Path

import pytest

from features.store import feature_schema, open_store, write_store
from pipeline.corpora.utterances import read_utterances
from pipeline.errors import UserError
from pipeline.selections.selecting import select
from pipeline.settings.params import load_params
from pipeline.settings.selected import Selection
from tests.conftest import invoke, output_of


def results(folder: Path) -> dict[str, bytes]:
    """Return the bytes of all stores, tables and pages of the whole corpus."""
    found = [path for place in ("data/work/c", "results/c") for path in (folder / place).rglob("*") if path.is_file()]
    return {str(path): path.read_bytes() for path in found}


def test_results_say_what_they_are_made_of_and_the_whole_is_untouched(here: Path) -> None:
    before = results(here)
    for stage in ("preprocess", "extract", "train"):
        assert f"{stage} c@10" in output_of(stage, "--corpus", "c", "--limit", "10", "--workers", "0")
    shown = output_of("evaluate", "--corpus", "c", "--limit", "10")
    assert "c@10: 10 utterances" in shown
    assert "10 of 16 utterances, chosen by --limit 10." in shown
    output_of("report", "c@10")  # also by its own name
    folder = here / "results/c@10"
    assert "10 of 16 utterances, chosen by --limit 10." in (folder / "report.html").read_text()
    assert json.loads((folder / "answer.json").read_text())["note"].startswith("10 of 16 utterances")
    assert all(line.startswith("c@10,") for line in (folder / "table.csv").read_text().splitlines()[1:])
    assert results(here) == before
    stages = json.loads(output_of("status", "--corpus", "c", "--corpus", "c@10", "--json"))["stages"]
    assert {one["corpus"] for one in stages} == {"c", "c@10"}
    assert [one for one in stages if one["done"] != one["total"] or one["stale"]] == []


def test_what_is_in_the_cache_serves_both(here: Path) -> None:
    output_of("preprocess", "--corpus", "c", "--limit", "16")
    output_of("extract", "--corpus", "c", "--limit", "16")
    assert "6/6 fits, 6 from the cache" in output_of("train", "--corpus", "c", "--limit", "16", "--workers", "0")


def test_a_file_lists_utterances_in_any_order_and_encoding(here: Path) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        Path("first look.txt").write_bytes("\r\n u7 \r\n\r\nu2\nu7\n".encode(encoding))
        output_of("preprocess", "--corpus", "c", "--utterances", "first look.txt")
        table = read_utterances(here / "data/work/c@first-look/utterances.csv", "label")
        assert table["utterance"].tolist() == ["u2", "u7"]
    assert load_params(here / "params.yaml").corpus("c@first-look").note == (
        "2 of 16 utterances, chosen by --utterances first look.txt."
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "u1\nu99\nsomething else\n",
            "lists 2 names that c does not have: line 2: 'u99' (did you mean 'u9'?), line 3: 's",
        ),
        ("\n \n", "lists no utterances: write one name per line"),
        (None, "No such file or directory"),
    ],
)
def test_a_list_that_cannot_be_used_is_refused(content: str | None, message: str, here: Path) -> None:
    if content is not None:
        Path("list.txt").write_text(content)
    failed = invoke("preprocess", "--corpus", "c", "--utterances", "list.txt")
    assert failed.exit_code == 1
    assert message in failed.output
    assert not Path("data/work/c@list").exists()


def test_both_options_at_once_are_refused(here: Path) -> None:
    failed = invoke("train", "--limit", "3", "--utterances", "x")
    assert failed.exit_code == 2
    assert "give one of them" in failed.output
    assert invoke("train", "--limit", "0").exit_code == 2


def test_prepare_makes_it_again_from_the_present_corpus(here: Path) -> None:
    output_of("preprocess", "--corpus", "c", "--limit", "10")
    manifest = here / "raw/manifest.csv"
    manifest.write_text(manifest.read_text() + "u16,one more,a,s4\n")
    assert "changed since" not in output_of("preprocess", "c@10")  # its own rows are as they were
    assert "10 of 17 utterances, chosen by --limit 10" in output_of("prepare", "--corpus", "c@10")
    first = read_utterances(here / "data/work/c@10/utterances.csv", "label")["text"].iloc[0]
    manifest.write_text(manifest.read_text().replace(first, "something else"))
    assert "changed since the last `crossmodal prepare --corpus c@10`" in output_of("preprocess", "c@10")
    output_of("prepare", "--corpus", "c@10")
    assert "changed since" not in output_of("preprocess", "c@10")


def test_imported_features_serve_a_selection_and_computed_ones_do_not(here: Path) -> None:
    params, store = load_params(here / "params.yaml"), here / "data/work/c/features/given.h5"
    write_store(store, feature_schema(1, 1), {"kind": "imported", "name": "given", "pooled_names": ["x"]}, [])
    for _ in range(2):
        name = select(params, "c", Selection(4))
    own = here / "data/work" / name / "features"
    assert [path.name for path in own.iterdir()] == ["given.h5"]
    with open_store(own / "given.h5") as found:
        assert found.attribute("kind") == "imported"
    store.unlink()
    select(params, "c", Selection(4))
    assert not list(own.iterdir())


def test_a_corpus_that_is_not_prepared_is_an_error(here: Path) -> None:
    Path("data/work/c/utterances.csv").unlink()
    with pytest.raises(UserError, match="run `crossmodal prepare` for this corpus first"):
        select(load_params(here / "params.yaml"), "c", Selection(4))
    assert not list(Path("data/work").glob("c@*"))
