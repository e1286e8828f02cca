"""Every known pickle of conversations, made here in its published layout, is told from the others and read right."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.exchange.bundle import Bundle, ImportOptions
from pipeline.exchange.formats.erc.erc import read

PLAIN = ImportOptions()
A, B = "Ses01F_impro01", "Ses05M_script01_1"
ONE_HOT = np.eye(9)


def save(path: Path, value: Any, protocol: int = 2) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(value, protocol))
    return path


def vectors(count: int, width: int, base: float) -> list[np.ndarray]:
    return [np.arange(width) + base + 10 * i for i in range(count)]


def iemocap() -> dict[str, Any]:
    """The nine fields of IEMOCAP_features.pkl, of two dialogues."""
    return {
        "id": {A: [f"{A}_F000", f"{A}_M000"], B: [f"{B}_M000"]},
        "speaker": {A: ["F", "M"], B: ["M"]},
        "label": {A: [2, 5], B: [0]},
        "text": {A: vectors(2, 4, 0.0), B: vectors(1, 4, 100.0)},
        "audio": {A: vectors(2, 3, 1.0), B: vectors(1, 3, 101.0)},
        "visual": {A: vectors(2, 2, 2.0), B: vectors(1, 2, 102.0)},
        "sentence": {A: ["Hello.", "Caf\xe9?"], B: ["No."]},
        "train": {A},
        "test": {B},
    }


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


def numbers(bundle: Bundle, store: str) -> dict[str, list[float]]:
    """The single row of each utterance, after checking that it is the pooled vector, too."""
    found = next(s for s in bundle.features if s.name == store)
    assert found.pooled_names == found.feature_names
    rows = {}
    for item in found.items:
        entry = item.load()
        assert entry.length == item.length
        if entry.status == "ok":
            assert np.isnan(entry.rows["times"]).all()
            np.testing.assert_array_equal(entry.rows["values"], entry.clips["pooled"][None])
            rows[item.utterance] = entry.rows["values"][0].tolist()
    return rows


def column(bundle: Bundle, name: str) -> list[Any]:
    return bundle.utterances[name].tolist()


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


def test_meld_raw1_of_ten_fields_says_that_it_left_the_last_one_out(tmp_path: Path) -> None:
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


def padded(width: int, base: float = 0.0, one_hot: bool = False) -> tuple[Any, ...]:
    """bc-LSTM's seven: two training videos of 2 and 1 utterances, one test video of 3, padded to 3."""
    train = np.zeros((2, 3, width))
    test = np.zeros((1, 3, width))
    for x in (train, test):
        x += base + np.arange(x.shape[0] * 3).reshape(-1, 3)[:, :, None]
    train_y, test_y = np.array([[1, 0, 0], [1, 0, 0]]), np.array([[0, 1, 1]])
    y = (np.eye(2)[train_y], np.eye(2)[test_y]) if one_hot else (train_y, test_y)
    return train, y[0], test, y[1], 3, np.array([2, 1]), [3]


@pytest.mark.parametrize("one_hot", [False, True])
def test_bc_lstm_folder(tmp_path: Path, one_hot: bool) -> None:
    for name, width in (("text", 4), ("audio", 3), ("video", 2)):
        save(tmp_path / f"{name}.pickle", padded(width, width, one_hot))
    bundle = read(tmp_path, PLAIN)
    assert column(bundle, "utterance")[:3] == ["train_vid0_utt0", "train_vid0_utt1", "train_vid1_utt0"]
    assert column(bundle, "split") == ["train"] * 3 + ["test"] * 3
    assert column(bundle, "sentiment") == ["positive", "negative", "positive", "negative", "positive", "positive"]
    assert sorted(s.name for s in bundle.features) == ["audio", "text", "video"]
    assert list(numbers(bundle, "audio").values()) == [[3] * 3, [4] * 3, [6] * 3, [3] * 3, [4] * 3, [5] * 3]


def test_a_single_bc_lstm_file_takes_its_modality_from_name_or_option(tmp_path: Path) -> None:
    path = save(tmp_path / "covarep.pickle", padded(2))
    assert read(path, ImportOptions(arrays=(("audio", ("covarep",)),))).features[0].modality == "audio"
    with pytest.raises(UserError, match=r"--array audio=covarep"):
        read(path, PLAIN)


def test_bc_lstm_files_that_disagree_are_refused(tmp_path: Path) -> None:
    save(tmp_path / "text.pickle", padded(2))
    other = list(padded(2))
    other[6] = [2]
    save(tmp_path / "audio.pickle", tuple(other))
    with pytest.raises(UserError, match="other lengths or labels"):
        read(tmp_path, PLAIN)


def baseline(folder: Path, swapped: bool = False) -> Path:
    """MELD's baseline: three utterances, of which the last has no audio."""
    rows = [
        {"text": "Hi.", "split": "train", "y": "neutral", "dialog": "0", "utterance": "0", "num_words": 1},
        {"text": "Oh!", "split": "val", "y": "joy", "dialog": "0", "utterance": "0", "num_words": 1},
        {"text": "No!", "split": "test", "y": "anger", "dialog": "3", "utterance": "4", "num_words": 1},
    ]
    vocab, index = {"hi": 1.0}, {"hi": 1}
    middle = (index, vocab) if swapped else (vocab, index)
    save(folder / "data_emotion.p", [rows, np.zeros((2, 3)), *middle, 50, {"neutral": 0, "joy": 4, "anger": 6}])
    text = [{"0_0": np.array([1.0, 2.0])}, {"0_0": np.array([3.0, 4.0])}, {"3_4": np.array([5.0, 6.0])}]
    save(folder / "text_glove_average_emotion.pkl", text)
    save(folder / "audio_emotion.pkl", [{"0_0": np.array([7.0])}, {"0_0": np.array([8.0])}, {"9_9": np.array([9.0])}])
    return folder


@pytest.mark.parametrize("swapped", [False, True])
def test_meld_baseline_folder(tmp_path: Path, swapped: bool) -> None:
    bundle = read(baseline(tmp_path, swapped), PLAIN)
    assert column(bundle, "utterance") == ["train_dia0_utt0", "dev_dia0_utt0", "test_dia3_utt4"]
    assert column(bundle, "emotion") == ["neutral", "joy", "anger"]
    assert column(bundle, "split") == ["train", "valid", "test"]
    assert column(bundle, "text") == ["Hi.", "Oh!", "No!"]
    assert numbers(bundle, "text") == {"train_dia0_utt0": [1, 2], "dev_dia0_utt0": [3, 4], "test_dia3_utt4": [5, 6]}
    audio = next(s for s in bundle.features if s.name == "audio")
    assert [item.load().status for item in audio.items] == ["ok", "ok", "absent"]
    assert any("1 vectors" in notice for notice in bundle.notices)


def test_meld_baseline_files_by_themselves(tmp_path: Path) -> None:
    folder = baseline(tmp_path)
    sheet = read(folder / "data_emotion.p", PLAIN)
    assert sheet.features == ()
    assert column(sheet, "emotion") == ["neutral", "joy", "anger"]
    vectors = read(folder / "audio_emotion.pkl", PLAIN)
    assert column(vectors, "utterance") == ["train_dia0_utt0", "dev_dia0_utt0", "test_dia9_utt9"]
    assert "no labels" in vectors.notices[0]


def test_meld_baseline_with_two_texts_names_stores_after_files_and_labels_may_be_numbers(tmp_path: Path) -> None:
    folder = baseline(tmp_path)
    save(folder / "text_glove_CNN_emotion.pkl", [{"0_0": [1.0]}, {"0_0": [2.0]}, {"3_4": [3.0]}])
    save(folder / "text_emotion.pkl", [{"0": np.zeros((33, 6))}, {}, {}])
    rows = [{"text": "Hi.", "split": "train", "y": 1, "dialog": 0, "utterance": 0}]
    save(folder / "data_sentiment.p", [rows, 0, {}, {}, 50, {"neutral": 0, "positive": 1, "negative": 2}])
    bundle = read(folder, PLAIN)
    names = ["audio", "text_glove_cnn_emotion", "text_glove_average_emotion"]
    assert sorted(s.name for s in bundle.features) == sorted(names)
    assert column(bundle, "sentiment")[0] == "positive"
    assert any("text_emotion.pkl was left out" in notice for notice in bundle.notices)
    chosen = read(folder, ImportOptions(arrays=(("text", ("text_glove_CNN*",)),)))
    assert [s.name for s in chosen.features] == ["text"]


def test_numbers_that_are_not_finite_are_masked_and_counted(tmp_path: Path) -> None:
    f = iemocap()
    f["audio"][A][1] = np.array([np.nan, 5.0, -np.inf])
    f["audio"][B][0] = np.full(3, np.nan)
    bundle = read(save(tmp_path / "x.pkl", tuple(f.values())), PLAIN)
    entries = [item.load() for item in bundle.features[1].items]
    assert [e.status for e in entries] == ["ok", "ok", "empty"]
    np.testing.assert_array_equal(entries[1].rows["values"], [[np.nan, 5, np.nan]])
    assert bundle.notices == ("audio: 5 numbers of 2 utterances are not finite and count as undefined",)


def change(name: str, key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def apply(fields: dict[str, Any]) -> None:
        fields[name][key] = value

    return apply


FAULTS: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "short list": (change("text", A, vectors(1, 4, 0.0)), f"dialogue {A} has 2 labels but 1 of text"),
    "other width": (change("audio", B, vectors(1, 2, 0.0)), f"audio of {B}_M000 has 2 numbers where others have 3"),
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
    apply, said = FAULTS[fault]
    fields = iemocap()
    apply(fields)
    path = save(tmp_path / "x.pkl", tuple(fields.values()))
    with pytest.raises(UserError) as error:
        read(path, PLAIN)
    assert said in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"a": 1}, "holds a dict, which"),
        ([1, 2, 3], r"holds a list of 3 \(int, int, int\)"),
        ("text", "holds a str"),
        (tuple([{}] * 9), "holds a tuple of 9"),
        ([{}, {}, {}, set(), set(), set()], "no utterances"),
    ],
)
def test_other_content_is_refused_and_named(tmp_path: Path, value: Any, said: str) -> None:
    with pytest.raises(UserError, match=said):
        read(save(tmp_path / "x.pkl", value), PLAIN)


def test_options_without_meaning_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="'align'"):
        read(save(tmp_path / "x.pkl", tuple(iemocap().values())), ImportOptions(align="word"))
