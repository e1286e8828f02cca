"""What training depends on, and the record of what predictions were made from."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import yaml

from models.validation.protocol import Fold
from pipeline.errors import Changed, UserError
from pipeline.settings.params import Params, load_params
from pipeline.settings.paths import CorpusPaths
from pipeline.training.trained import (
    Record,
    inputs_of,
    read_record,
    record_in,
    require_extracted,
    require_features,
    require_unchanged,
    statuses_of,
)
from tests.conftest import bind
from tests.pipeline.training.test_inputs import ok, store, utterances

SETTINGS = {
    "corpora": {
        "c": {
            "reader": "manifest",
            "root": "raw",
            "task": "classification",
            "label": "label",
            "modalities": ["text"],
            "features": {"text": ["theirs"]},
            "protocol": {"kind": "group-kfold", "folds": 2, "group": "speaker"},
        }
    },
    "train": {"unimodal_models": []},
}


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    monkeypatch.chdir(tmp_path)
    store("theirs", [ok([1]), ok([2])], kind="imported")
    utterances(2, label=["a", "b"]).to_csv(CorpusPaths("c").utterances, index=False)
    bind(CorpusPaths("c").work)
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(SETTINGS))
    return load_params(tmp_path / "params.yaml")


def test_files_count_by_their_content(params: Params) -> None:
    table = CorpusPaths("c").utterances
    inputs = inputs_of(params, "c")
    assert inputs[str(table)] == sha256(table.read_bytes()).hexdigest()
    assert {str(table), "data/work/c/features/theirs.h5"} <= set(inputs)
    assert (
        inputs_of(replace(params, corpora={"c": replace(params.corpora["c"], metrics=("accuracy",), note="x")}), "c")
        == inputs
    )


def test_what_changed_while_it_was_read_is_named(params: Params) -> None:
    before = inputs_of(params, "c")
    require_unchanged(params, "c", before, "train")
    store("theirs", [ok([1]), ok([3])], kind="imported")
    with pytest.raises(Changed, match=r"changed while train read them \(data/work/c/features/theirs.h5\)"):
        require_unchanged(params, "c", before, "train")


def test_a_missing_store_is_named_with_what_makes_it(params: Params) -> None:
    require_features(params, "c")
    CorpusPaths("c").features("theirs").unlink()
    with pytest.raises(UserError, match=r"theirs.h5 does not exist, and 'theirs' is not a known extractor: import it"):
        require_features(params, "c")
    with pytest.raises(UserError, match="run `crossmodal extract --corpus c --extractor vader`"):
        require_extracted(params, "c", "text", "vader")


def test_statuses_are_those_of_the_best_extractor_of_each_predicted_utterance(params: Params) -> None:
    table = utterances(6, text=["a", "", "b", "c", "d", "e"])
    store("one", ["absent", "empty", "failed", ok([1]), "empty", "empty"])
    store("two", ["absent", "absent", "empty", "failed", "empty", "empty"])
    store("theirs", [ok([1]), "empty"], kind="imported")
    corpus = replace(
        params.corpora["c"],
        modalities=("text", "audio", "video"),
        features={"text": ("tfidf",), "audio": ("one", "two"), "video": ("theirs",)},
    )
    folds = [Fold("1", np.array([5]), np.array([0, 1, 2]), ()), Fold("2", np.array([5]), np.array([3, 4]), ())]
    found = statuses_of(replace(params, corpora={"c": corpus}), "c", table, folds)
    assert found == {
        "text": {"ok": 4, "failed": 0, "empty": 0, "absent": 1},
        "audio": {"ok": 1, "failed": 1, "empty": 2, "absent": 1},
        "video": {"ok": 1, "failed": 0, "empty": 0, "absent": 4},  # what an imported file lacks is absent
    }


def test_a_record_lists_what_changed_but_no_file_that_is_gone(tmp_path: Path) -> None:
    there, gone = tmp_path / "there.csv", tmp_path / "gone.csv"
    there.write_text("")
    record = Record({"train.seed": "1", str(there): "2", str(gone): "3", "same": "4"}, (), "standard", (), "")
    assert record.changes({"train.seed": "9", "same": "4", "new": "5"}) == sorted([str(there), "new", "train.seed"])


def test_a_damaged_record_is_refused_with_the_command_and_a_missing_one_is_none(params: Params) -> None:
    path = CorpusPaths("c").results / "train.json"
    assert read_record("c") is None
    path.parent.mkdir(parents=True)
    path.write_text("{}")
    with pytest.raises(UserError, match="crossmodal train --corpus c"):
        record_in(path)
