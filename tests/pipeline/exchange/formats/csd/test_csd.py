"""Folders of computational sequences: which files are read, and which may not be mixed."""

from pathlib import Path

import pytest

from features.store import Entry
from pipeline.errors import UserError
from pipeline.exchange.bundle import Bundle, FeatureSet, ImportOptions
from pipeline.exchange.formats.csd.csd import read, write
from tests.pipeline.exchange.formats.csd.sequences import example, make


def test_a_folder_gives_several_stores_and_labels_of_several_columns(tmp_path: Path) -> None:
    make(tmp_path / "a.csd", {"v": ([[1.0]], [(0, 1)])}, "COVAREP")
    make(tmp_path / "b.csd", {"v": ([[2.0]], [(0, 1)]), "w": ([[3.0]], [(0, 1)])}, "OpenFace 2")
    names = ["sentiment", "happy"]
    labels = make(tmp_path / "c.csd", {"v": ([[1, 0.5]], [(0, 1)])}, "All Labels", dimension_names=names)
    bundle = read(tmp_path, ImportOptions(arrays=(("audio", ("a",)), ("video", ("OpenFace*",))), labels=labels))
    assert [(s.name, s.modality) for s in bundle.features] == [("covarep", "audio"), ("openface_2", "video")]
    assert bundle.utterances[names].values.tolist() == [[1, 0.5]]
    with pytest.raises(UserError, match=r"no \.csd 'covarp'"):
        read(tmp_path, ImportOptions(arrays=(("audio", ("covarp",)),)))


def test_a_failed_write_leaves_the_old_files(tmp_path: Path) -> None:
    write(example(), tmp_path)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}

    def broken() -> Entry:
        raise UserError("the store is gone")

    made = example()
    items = [*made.features[1].items[:-1], type(made.features[1].items[0])("größe", "", 1, broken)]
    store = FeatureSet("bert", "text", ("t",), ("t",), items)
    with pytest.raises(UserError, match="gone"):
        write(Bundle(made.utterances, made.words, (made.features[0], store)), tmp_path)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_folders_and_names_that_would_mix_things_up_are_refused(tmp_path: Path) -> None:
    write(example(), tmp_path)
    made = example()
    with pytest.raises(UserError, match=r"already holds bert\.csd"):
        write(Bundle(made.utterances, made.words, made.features[:1]), tmp_path)
    store = FeatureSet("words", "text", ("t",), ("t",), made.features[1].items)
    with pytest.raises(UserError, match="'words'"):
        write(Bundle(made.utterances, made.words, (store,)), tmp_path / "b")
    with pytest.raises(UserError, match="no features, words or labels to write"):
        write(Bundle(made.utterances[["utterance"]]), tmp_path / "c")
    write(Bundle(made.utterances.assign(votes=0), features=made.features[:1]), tmp_path / "d")
    (tmp_path / "d" / "egemaps.csd").replace(tmp_path / "egemaps.csd")
    with pytest.raises(UserError, match="different exports"):
        read(tmp_path, ImportOptions())
