"""Files are checked before they are used; `status --verify` checks all of them."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import h5py
import pytest

from features.store import Entry, Item, Store, feature_schema, open_store, write_store
from pipeline.run.cache import ClipCache
from pipeline.tables.bound import BOUND
from tests.conftest import invoke, output_of


def edited(old: str, new: str) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    return edit


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) * 2 // 3] ^= 1
    path.write_bytes(content)


def value_flipped(path: Path) -> None:
    with h5py.File(path) as file:
        at = file["pooled"].id.get_offset() + 3
    content = bytearray(path.read_bytes())
    content[at] ^= 0x80
    path.write_bytes(content)


STORE, STREAM = "data/work/c/features/vader.h5", "data/work/c/streams/text.h5"
DAMAGE: dict[str, tuple[str, Callable[[Path], None], tuple[str, ...]]] = {
    "a value of a feature": (STORE, value_flipped, ("train", "fit --corpus c --strategy tfidf")),
    "a store's structure": (STORE, flipped, ("train",)),
    "a stream": (STREAM, flipped, ("extract", "train")),
    "an utterance's label": ("data/work/c/utterances.csv", edited("u3,", "u4,"), ("preprocess", "train", "evaluate")),
    "words": ("data/work/c/words.csv", edited("word", "wort"), ("preprocess",)),
    "a prediction": ("results/c/predictions.csv", edited(",a,", ",b,"), ("evaluate", "report")),
    "presence": ("results/c/presence.csv", edited(",1", ",0"), ("evaluate",)),
    "parameters": ("results/c/parameters.csv", edited("logistic,", "logistic,9"), ("evaluate",)),
    "the record": ("results/c/train.json", edited('"standard"', '"speaker"'), ("evaluate", "report")),
    "the table": ("results/c/table.csv", edited("0.", "1."), ("report", "evaluate --show")),
    "a drawing": ("results/c/images/forest.svg", edited("<svg", "<SVG"), ()),
}


@pytest.mark.parametrize("what", DAMAGE)
def test_damage_is_named_by_verify_and_by_every_stage_that_reads_the_file(what: str, here: Path) -> None:
    file, hurt, readers = DAMAGE[what]
    hurt(here / file)
    for reader in readers:
        result = invoke(*reader.split())
        assert result.exit_code == 1, (reader, result.output)
        assert Path(file).name in result.output
        assert "again" in result.output
    checked = invoke("status", "--verify")
    assert checked.exit_code == 1
    named = [line for line in checked.output.splitlines() if Path(file).name in line]
    assert len(named) == 1, checked.output
    assert "1 of " in checked.output.splitlines()[-1]


def test_undamaged_files_pass(here: Path) -> None:
    assert "all are as they were written" in output_of("status", "--verify")
    entry = next((here / "data/cache/fits").rglob("*.clip"))
    flipped(entry)
    checked = invoke("status", "--verify")
    assert f"{entry.relative_to(here)} is damaged: the stage that needs it will write it again" in checked.output
    output_of("train", "--workers", "0")
    assert ClipCache(Path("data/cache"), "fits").get(entry.stem) is not None
    (here / "results/c/presence.csv").unlink()
    assert "presence.csv is missing: run `crossmodal train --corpus c` again" in invoke("status", "--verify").output


@pytest.mark.parametrize(
    ("file", "remedy"),
    [
        ("results/c/tables.json", ("evaluate",)),
        ("results/c/images/tables.json", ("evaluate",)),
        ("results/c/table.csv", ("evaluate",)),
        ("results/c/train.json", ("train --workers 0", "evaluate")),
        ("results/c/predictions.csv", ("train --workers 0", "evaluate")),
        ("data/work/c/tables.json", ("prepare",)),
        ("data/work/c/utterances.csv", ("prepare",)),
        (STREAM, ("preprocess",)),
        (STORE, ("extract",)),
    ],
)
def test_the_remedy_in_a_message_repairs_the_file(file: str, remedy: tuple[str, ...], here: Path) -> None:
    good = (here / file).read_bytes()
    flipped(here / file)
    assert invoke("status", "--verify").exit_code == 1
    for command in remedy:
        output_of(*command.split())
    assert "all are as they were written" in output_of("status", "--verify")
    assert (here / file).read_bytes() == good


def test_damaged_values_leave_nothing_under_the_good_key(here: Path) -> None:
    good, fits = (here / STORE).read_bytes(), {p.name for p in (here / "data/cache/fits").rglob("*.clip")}
    predictions = (here / "results/c/predictions.csv").read_bytes()
    value_flipped(here / STORE)
    assert "`pooled` of 'u0' differs from what was written" in invoke("train").output
    assert {p.name for p in (here / "data/cache/fits").rglob("*.clip")} == fits
    (here / STORE).write_bytes(good)
    output_of("train", "--workers", "0")
    assert (here / "results/c/predictions.csv").read_bytes() == predictions


def mirrored(store: Store, i: int) -> Item:
    """Return an utterance of a store with the signs of its features changed."""
    rows = {"values": store.rows(i), "times": store.rows(i, "times")}
    made = Entry("ok", rows=rows, clips={"pooled": -store.clip(i, "pooled")})
    return Item(store.utterances[i], store.keys[i], made.length, lambda: made)


def test_other_values_under_the_same_keys_are_fitted_anew(here: Path) -> None:
    """A store may be whole and yet hold something else than the one that was trained on."""
    with open_store(here / STORE) as store:
        attributes = {name: store.attribute(name) for name in store.file.attrs if not name.startswith("format")}
        items = [mirrored(store, i) for i in range(len(store))]
        width = store.rows(0).shape[1], len(store.attribute("pooled_names"))
    write_store(here / STORE, feature_schema(*width), attributes, items)
    assert "was made from other labels, features or settings" in invoke("evaluate").output
    before = len(list((here / "data/cache/fits").rglob("*.clip")))
    output_of("train", "--workers", "0")
    assert len(list((here / "data/cache/fits").rglob("*.clip"))) > before


def earlier(path: Path) -> None:
    """Make a record one of the versions that bound nothing."""
    found = json.loads(path.read_text())
    for key in ("digest", "files", "command", "version"):
        del found[key]
    path.write_text(json.dumps(found))


def rebound(path: Path) -> None:
    """Make a record one of the version before: whole, but without a version."""
    found = json.loads(path.read_text())
    del found["digest"], found["version"]
    digest = hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()
    path.write_text(json.dumps(found | {"digest": digest}))


READERS = {
    "data/work/c/tables.json": ("prepare", ("preprocess", "train", "evaluate")),
    "results/c/train.json": ("train", ("evaluate", "report")),
    "results/c/tables.json": ("evaluate", ("report",)),
    "results/c/images/tables.json": ("evaluate", ("report",)),
}


@pytest.mark.parametrize("how", [earlier, rebound, Path.unlink])
@pytest.mark.parametrize("record", READERS)
def test_a_table_without_its_record_is_refused(record: str, how: Callable[[Path], None], here: Path) -> None:
    """An edited cell must not get through where the record is gone, or is one of an earlier version."""
    stage, readers = READERS[record]
    how(here / record)
    remedy = f"`crossmodal {stage} --corpus c`"
    for reader in readers:
        refused = invoke(reader)
        assert refused.exit_code == 1
        assert Path(record).name in refused.output
        assert remedy in refused.output, refused.output
    checked = invoke("status", "--verify")
    assert checked.exit_code == 1
    assert remedy in checked.output
    output_of("cache", "gc", "--yes")
    for command in ("prepare", "train --workers 0", "evaluate", "report"):
        output_of(*command.split())
    assert "all are as they were written" in output_of("status", "--verify")


def test_every_table_that_a_stage_binds_needs_its_record(here: Path) -> None:
    bound_ones = set()
    for record in READERS:
        bound_ones |= set(json.loads((here / record).read_text())["files"])
    assert bound_ones <= set(BOUND)
