"""Descriptions of corpora, and the errors for incomplete copies."""

from pathlib import Path

import pytest

from pipeline.corpora.base import Description, Fault, count_warnings, half_unpacked
from pipeline.corpora.registry import description, reader_names
from pipeline.settings.params import load_params

TOY = Description(
    title="Toy",
    citation="A. Author, 2026",
    licence="free",
    obtain="nowhere",
    folders={},
    labels={"mood": "2 classes"},
    counts={"train utterances": 3, "videos": 2},
    protocol="official",
    block={},
    faults=(Fault("the clip of b is empty", "issue 1", ("b",)), Fault("rows are not sorted", "the release")),
)


def test_known_bad_utterances_have_the_fault_that_documents_them() -> None:
    assert {name: fault.source for name, fault in TOY.known_bad().items()} == {"b": "issue 1"}


def test_counts_that_differ_from_the_release_are_warnings() -> None:
    found = count_warnings(TOY, {"train utterances": 3, "videos": 1}, Path("x"))
    assert [(p.severity, p.message) for p in found] == [("warning", "1 videos, the release has 2")]
    assert [p.message[0] for p in count_warnings(TOY, {}, Path("x"))] == ["0", "0"]


def test_an_incomplete_copy_lists_what_was_and_was_not_found(tmp_path: Path) -> None:
    reported = str(half_unpacked(tmp_path, {"a": True, "b": False, "c": True}, "Unpack all."))
    assert reported == f"{tmp_path} does not hold the whole corpus. Found: a, c. Not found: b. Unpack all."
    assert "Found: nothing of it" in str(half_unpacked(tmp_path, {"a": False}, ""))
    assert "is not a folder" in str(half_unpacked(tmp_path / "none", {"a": False}, ""))


@pytest.mark.parametrize("name", [name for name in reader_names() if description(name)])
def test_every_description_is_complete_and_its_block_is_valid(name: str, tmp_path: Path) -> None:
    found = description(name)
    assert found is not None
    assert all((found.title, found.citation, found.licence, found.obtain, found.protocol))
    assert found.folders
    assert found.counts
    assert found.block["label"] in found.labels
    assert all(fault.what and fault.source for fault in found.faults)
    block = {"reader": name, "root": "x", **found.block}
    (tmp_path / "params.yaml").write_text(f"corpora: {{{name}: {block}}}\n".replace("'", '"'))
    corpus = load_params(tmp_path / "params.yaml").corpus(name)
    assert (corpus.reader, corpus.task, corpus.label) == (name, found.block["task"], found.block["label"])
