"""Tuples of dicts by dialogue, each in its published layout, are read correctly."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.exchange.bundle import Bundle, ImportOptions
from pipeline.exchange.formats.erc.erc import read
from tests.pipeline.exchange.formats.erc.pickled import PLAIN, A, B, column, iemocap, numbers, save, vectors

ONE_HOT = np.eye(9)


def meld(keys: tuple[int, ...] = (0, 61, 1040, 1153)) -> dict[str, dict[int, Any]]:
    """MELD's dicts by dialogue: two utterances each, their numbers 0 and 2."""
    return {
        "id": {k: [f"{k}_0", f"{k}_2"] for k in keys},
        "speaker": {k: [ONE_HOT[0], ONE_HOT[4]] for k in keys},
        "label": {k: [0, 6] for k in keys},
        "text": {k: vectors(2, 6, k) for k in keys},
        "audio": {k: vectors(2, 3, k) for k in keys},
        "visual": {k: vectors(2, 2, k) for k in keys},
        "sentence": {k: ["Hi.", "Oh no!"] for k in keys},
        "sentiment": {k: [0, 2] for k in keys},
    }


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_iemocap_features(tmp_path: Path, protocol: int) -> None:
    bundle = read(save(tmp_path / "IEMOCAP_features.pkl", tuple(iemocap().values()), protocol), PLAIN)
    assert column(bundle, "utterance") == [f"{A}_F000", f"{A}_M000", f"{B}_M000"]
    assert column(bundle, "recording") == column(bundle, "group") == [A, A, B]
    assert column(bundle, "order") == [0, 1, 0]
    assert column(bundle, "speaker") == ["Ses01F", "Ses01M", "Ses05M"]
    assert column(bundle, "emotion") == ["neu", "fru", "hap"]
    assert column(bundle, "split") == ["train", "train", "test"]
    assert column(bundle, "text") == ["Hello.", "Café?", "No."]
    assert [(s.name, s.modality, len(s.feature_names)) for s in bundle.features] == [
        ("text", "text", 4),
        ("audio", "audio", 3),
        ("video", "video", 2),
    ]
    assert numbers(bundle, "audio") == {f"{A}_F000": [1, 2, 3], f"{A}_M000": [11, 12, 13], f"{B}_M000": [101, 102, 103]}
    assert bundle.notices == ()


def test_iemocap_of_twelve_fields_has_four_texts_and_options_choose(tmp_path: Path) -> None:
    f = iemocap()
    texts = [{k: [v + n for v in cells] for k, cells in f["text"].items()} for n in range(4)]
    fields = (f["id"], f["speaker"], f["label"], *texts, f["audio"], f["visual"], f["sentence"], [A], [B])
    path = save(tmp_path / "x.pkl", fields)
    bundle = read(path, PLAIN)
    assert [s.name for s in bundle.features] == [
        "text",
        "text_roberta2",
        "text_roberta3",
        "text_roberta4",
        "audio",
        "video",
    ]
    assert numbers(bundle, "text_roberta3")[f"{A}_F000"] == [2, 3, 4, 5]
    options = ImportOptions(arrays=(("text", ("roberta4",)), ("video", ("video",))))
    assert [s.name for s in read(path, options).features] == ["text_roberta4", "video"]
    with pytest.raises(UserError, match=r"no audio features 'audo'; did you mean 'audio'"):
        read(path, ImportOptions(arrays=(("audio", ("audo",)),)))


def check_meld(bundle: Bundle) -> None:
    names = ["train_dia0", "train_dia61", "dev_dia1", "test_dia0"]
    assert column(bundle, "group") == [n for n in names for _ in range(2)]
    assert column(bundle, "split") == ["train"] * 4 + ["valid"] * 2 + ["test"] * 2
    assert column(bundle, "speaker") == ["s0", "s4"] * 4
    assert column(bundle, "emotion") == ["neutral", "anger"] * 4
    assert column(bundle, "text") == ["Hi.", "Oh no!"] * 4


def test_meld_raw_of_nine_fields(tmp_path: Path) -> None:
    f = meld()
    fields = [f[n] for n in ("id", "speaker", "label", "text", "audio", "sentence")]
    bundle = read(save(tmp_path / "x.pkl", (*fields, {0, 61, 1040}, {1153}, f["sentiment"])), PLAIN)
    check_meld(bundle)
    assert column(bundle, "sentiment") == ["neutral", "negative"] * 4
    assert column(bundle, "utterance")[:4] == [
        "train_dia0_utt0",
        "train_dia0_utt2",
        "train_dia61_utt0",
        "train_dia61_utt2",
    ]
    assert column(bundle, "order") == [0, 2] * 4
    assert numbers(bundle, "text")["dev_dia1_utt2"] == [1050, 1051, 1052, 1053, 1054, 1055]


def test_meld_raw1_of_ten_fields_reports_the_last_one_as_left_out(tmp_path: Path) -> None:
    f = meld()
    fields = [f[n] for n in ("id", "speaker", "label", "text", "audio", "visual", "sentence")]
    bundle = read(save(tmp_path / "x.pkl", (*fields, [0, 61, 1040], [1153], f["sentiment"])), PLAIN)
    check_meld(bundle)
    assert [s.name for s in bundle.features] == ["text", "audio", "video"]
    assert "sentiment" not in bundle.utterances
    assert len(bundle.notices) == 1


def test_dialogues_that_are_not_in_melds_order_keep_their_number(tmp_path: Path) -> None:
    f = meld((0, 1153))
    fields = [f[n] for n in ("id", "speaker", "label", "text", "audio", "sentence")]
    bundle = read(save(tmp_path / "x.pkl", (*fields, {1153}, {0}, f["sentiment"])), PLAIN)
    assert column(bundle, "group") == ["dia0", "dia0", "dia1153", "dia1153"]
    assert column(bundle, "split") == ["test", "test", "train", "train"]


def test_cosmic_iemocap_is_text_only(tmp_path: Path) -> None:
    f = iemocap()
    f["speaker"][A] = ["M", "F"]
    path = save(tmp_path / "iemocap.pkl", [f["speaker"], f["label"], f["sentence"], [A], [B], []], 3)
    bundle = read(path, PLAIN)
    assert column(bundle, "utterance") == [f"{A}_utt0", f"{A}_utt1", f"{B}_utt0"]
    assert column(bundle, "emotion") == ["neu", "fru", "hap"]
    assert column(bundle, "split") == ["train", "train", "test"]
    assert column(bundle, "speaker") == ["Ses01M", "Ses01F", "Ses05M"]
    assert bundle.features == ()


def test_cosmic_meld_has_both_labels_and_three_parts(tmp_path: Path) -> None:
    f = meld()
    held = [f["speaker"], f["label"], f["sentiment"], f["sentence"]]
    bundle = read(save(tmp_path / "meld.pkl", [*held, [0, 61], [1153], [1040]], 3), PLAIN)
    check_meld(bundle)
    assert column(bundle, "utterance")[-2:] == ["test_dia0_utt0", "test_dia0_utt1"]  # no ids: places are numbers
    assert column(bundle, "sentiment") == ["neutral", "negative"] * 4


def test_cosmic_roberta_features(tmp_path: Path) -> None:
    f = meld()
    texts = [f["text"]] * 4
    held = [f["speaker"], f["label"], f["sentiment"], *texts, f["sentence"], [0, 61], [1153], [1040]]
    bundle = read(save(tmp_path / "x.pkl", held), PLAIN)
    check_meld(bundle)
    assert [s.name for s in bundle.features] == [f"text_roberta{i}" for i in (1, 2, 3, 4)]


def test_gcnet_iemocap_and_mosi(tmp_path: Path) -> None:
    f = iemocap()
    bundle = read(save(tmp_path / "a.pkl", [f["id"], f["label"], f["speaker"], f["sentence"], {A}, {B}]), PLAIN)
    assert column(bundle, "emotion") == ["neu", "fru", "hap"]
    ids = {"_dI--eQ6qVU": ["_dI--eQ6qVU_1", "_dI--eQ6qVU_2"], "03bSnISJMiM": ["03bSnISJMiM_1"]}
    scores = {"_dI--eQ6qVU": [-0.8, np.float64(2.4)], "03bSnISJMiM": [0.0]}
    nobody = {k: [""] * len(v) for k, v in ids.items()}
    mosi = [ids, scores, nobody, nobody, {"_dI--eQ6qVU"}, {"03bSnISJMiM"}, set()]
    bundle = read(save(tmp_path / "b.pkl", mosi), PLAIN)
    assert column(bundle, "utterance") == ["_dI--eQ6qVU_1", "_dI--eQ6qVU_2", "03bSnISJMiM_1"]
    assert column(bundle, "sentiment") == [-0.8, 2.4, 0.0]
    assert column(bundle, "split") == ["train", "train", "valid"]
    assert "emotion" not in bundle.utterances


def change(name: str, key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def apply(fields: dict[str, Any]) -> None:
        fields[name][key] = value

    return apply


FAULTS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "short list": (change("text", A, vectors(1, 4, 0.0)), f"dialogue {A} has 2 labels but 1 of text"),
    "other width": (change("audio", B, vectors(1, 2, 0.0)), f"audio of {B}_M000 has 2 numbers, but others have 3"),
    "text for numbers": (
        change("audio", B, [np.array(["a", "b", "c"])]),
        f"audio of {B}_M000 is not a vector of numbers",
    ),
    "matrix": (change("audio", B, [np.zeros((2, 3))]), f"audio of {B}_M000 is not a vector of numbers"),
    "ragged": (change("audio", B, [[[1.0], [1.0, 2.0]]]), f"audio of {B}_M000 is not a vector of numbers"),
    "label out of range": (change("label", A, [2, 6]), f"dialogue {A}, label 1 is 6"),
    "label between": (change("label", A, [2, 0.5]), f"dialogue {A}, label 1 is 0.5"),
    "label no number": (change("label", A, [2, "neu"]), f"dialogue {A}, label 1 is 'neu'"),
    "unknown in train": (lambda f: f["train"].add("Ses09"), "dialogue Ses09 of the train part has no labels"),
    "in both parts": (lambda f: f["test"].add(A), f"dialogue {A} is in the train and in the test part"),
    "dialogue missing": (lambda f: f["sentence"].pop(B), f"dialogue {B} has labels but no sentence"),
    "same id": (change("id", A, ["x_1", "x_1"]), "'x_1'"),
    "speaker": (change("speaker", B, [np.array([1, 1, 0])]), f"dialogue {B}, speaker 0"),
    "sentence": (change("sentence", B, [3]), f"dialogue {B}, sentence 0"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_contradictions_are_refused_by_place(tmp_path: Path, fault: str) -> None:
    apply, message = FAULTS[fault]
    fields = iemocap()
    apply(fields)
    path = save(tmp_path / "x.pkl", tuple(fields.values()))
    with pytest.raises(UserError) as error:
        read(path, PLAIN)
    assert message in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)
