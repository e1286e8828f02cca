"""MMSA pickles: foreign ones follow MMSA's rules, ours come back equal, and all others are refused."""

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from features.store import Entry
from pipeline.errors import UserError
from pipeline.exchange.bundle import Bundle, FeatureSet, ImportOptions, entry_of, item_of
from pipeline.exchange.formats.mmsa import read, write
from tests.pipeline.exchange.round_trip import assert_equal, bundles

NONE = ImportOptions()


def part(seed: int, n: int = 2, **changes: Any) -> dict[str, Any]:
    """A split of unaligned clips, as MMSA-FET writes it, with lists where it may."""
    rng = np.random.default_rng(seed)
    made = {
        "id": [f"vid{seed}$_${i}" for i in range(n)],
        "raw_text": np.array([f"words {i}" for i in range(n)]),
        "text": rng.normal(size=(n, 3, 4)),
        "audio": rng.normal(size=(n, 5, 2)).astype(np.float32),
        "vision": rng.normal(size=(n, 6, 3)).astype(np.float32),
        "audio_lengths": [5, 2][:n],
        "vision_lengths": np.array([1, 6][:n]),
        "regression_labels": rng.normal(size=n),
        "annotations": ["Negative", "Positive"][:n],
        "regression_labels_T": [0.5] * n,
    }
    return {key: value for key, value in (made | changes).items() if value is not None}


def save(path: Path, **parts: Any) -> Path:
    path.write_bytes(pickle.dumps(parts))
    return path


def lengths(bundle: Bundle, modality: str) -> list[int]:
    return next([item.length for item in s.items] for s in bundle.features if s.modality == modality)


def test_a_foreign_file(tmp_path: Path) -> None:
    parts = {"train": part(0), "valid": part(1), "test": part(2)}
    parts["train"]["text"][0, 2] = 0
    found = read(save(tmp_path / "a.pkl", config={"any": 1}, **parts), NONE)
    table = found.utterances
    assert table["utterance"].tolist() == [f"vid{s}_{i}" for s in range(3) for i in range(2)]
    assert table["group"].tolist() == table["recording"].tolist() == [f"vid{s}" for s in range(3) for _ in range(2)]
    assert table["order"].tolist() == [0, 1] * 3
    assert table["split"].tolist() == ["train", "train", "valid", "valid", "test", "test"]
    assert table["text"].tolist() == ["words 0", "words 1"] * 3
    assert table["annotation"].tolist() == ["Negative", "Positive"] * 3
    assert table["label_T"].tolist() == [0.5] * 6
    np.testing.assert_array_equal(table["sentiment"], np.concatenate([p["regression_labels"] for p in parts.values()]))
    assert lengths(found, "text") == [2, 3, 3, 3, 3, 3]
    assert lengths(found, "audio") == [5, 2] * 3
    assert lengths(found, "video") == [1, 6] * 3
    entry = found.features[2].items[3].load()
    np.testing.assert_array_equal(entry.rows["values"], parts["valid"]["vision"][1])
    assert [s.name for s in found.features] == ["text", "audio", "video"]


def aligned(**changes: Any) -> dict[str, Any]:
    values = np.zeros((2, 4, 1), np.float32)
    values[0, :3], values[1, :1] = 1, 1
    sound = values.copy()
    sound[0, 2] = 0
    nothing: dict[str, Any] = {"audio_lengths": None, "vision_lengths": None}
    return part(0, text=values, audio=sound, vision=np.zeros((2, 4, 2)), **(nothing | changes))


def test_aligned_files_without_lengths(tmp_path: Path) -> None:
    found = read(save(tmp_path / "a.pkl", train=aligned()), NONE)
    for modality in ("text", "audio", "video"):
        assert lengths(found, modality) == [3, 1]
    bert = np.zeros((2, 3, 4))
    bert[0, 1, :4], bert[1, 1, :2] = 1, 1
    found = read(save(tmp_path / "a.pkl", train=aligned(text_bert=bert)), NONE)
    for modality in ("text", "audio", "video"):
        assert lengths(found, modality) == [4, 2]


def test_masks_are_counted_and_lengths_are_limited(tmp_path: Path) -> None:
    one = part(0)
    one["audio"][0, 0, 0] = -np.inf
    one["vision"][1, 3, 1] = np.nan
    one["audio_lengths"] = [9, 0]
    found = read(save(tmp_path / "a.pkl", test=one), NONE)
    assert lengths(found, "audio") == [5, 0]
    assert found.features[1].items[1].load().status == "empty"
    assert np.isnan(found.features[1].items[0].load().rows["values"][0, 0])
    assert [text.split(":")[0] for text in found.notices] == ["test", "audio", "video"]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"other": 1}, "not an MMSA pickle: .* holds other"),
        ({"train": [1]}, "not an MMSA pickle"),
        ({"train": part(0, audio=None)}, r"train: the key 'audio' is missing; available: .*vision \(2, 6, 3\)"),
        ({"train": part(0), "test": part(1, id=None)}, "test: the key 'id' is missing"),
        (
            {"train": part(0, vision=np.ones((2, 3)))},
            r"train: 'vision' has the shape \(2, 3\), but must have \(N, T, d\)",
        ),
        (
            {"train": part(0, regression_labels=[1.0])},
            r"'id' has 2 clips, but 'regression_labels' has the shape \(1,\)",
        ),
        ({"train": part(0, text=[np.ones((2, 3)), np.ones((1, 3))])}, "'text' is not an array of numbers"),
        ({"train": part(0, regression_labels=["a", "b"])}, "'regression_labels' is not an array of numbers"),
        ({"train": part(0), "test": part(0)}, "train 0 and test 0 have the same id 'vid0_0'"),
        (
            {"train": part(0), "test": part(1, text=np.ones((2, 3, 9)))},
            r"'text' has a different number of columns in each part \(4, 9\)",
        ),
    ],
)
def test_other_pickles_are_refused_in_one_sentence(parts: dict[str, Any], message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        read(save(tmp_path / "a.pkl", **parts), NONE)


def test_torch_files_and_pickles_that_run_code_are_refused(tmp_path: Path) -> None:
    import torch

    torch.save({"train": torch.ones(2)}, tmp_path / "a.pt")
    with pytest.raises(UserError, match="torch"):
        read(tmp_path / "a.pt", NONE)
    (tmp_path / "b.pkl").write_bytes(pickle.dumps(Path("x")))
    with pytest.raises(UserError):
        read(tmp_path / "b.pkl", NONE)
    with pytest.raises(UserError, match="'id'"):
        read(save(tmp_path / "c.pkl", train=part(0)), ImportOptions(id="id"))


@settings(max_examples=40, deadline=None)
@given(bundle=bundles(splits=True))
def test_a_bundle_comes_back_equal(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("mmsa") / "b.pkl"
    write(bundle, path)
    assert_equal(read(path, NONE), bundle)


def small() -> Bundle:
    """Four utterances; the second has no picture, one number of the third is undefined."""
    table = pd.DataFrame(
        {
            "utterance": ["v_1", "v_2", "w_7", "odd"],
            "recording": ["v", "v", "w", ""],
            "text": ["a", "b", "c", "d"],
            "split": ["test", "train", "train", "valid"],
            "sentiment": [-1.5, 0, 2, 3],
        }
    )

    def store(name: str, modality: Any, rows: list[int]) -> FeatureSet:
        entries = [entry_of(np.full((n, 2), i + 1.0))[0] for i, n in enumerate(rows)]
        if modality == "audio":
            entries[2] = entry_of(np.array([[3, np.nan], [3, 3]]))[0]
        if modality == "video":
            entries[1] = Entry("absent", "no picture")
        items = [item_of(u, e) for u, e in zip(table["utterance"], entries, strict=True)]
        return FeatureSet(name, modality, ("a", "b"), ("a_mean", "b_mean", "a_std", "b_std"), items)

    stores = (store("bert", "text", [1, 3, 2, 2]), store("mfcc", "audio", [1, 3, 2, 2]))
    return Bundle(table, features=(*stores, store("face", "video", [1, 0, 2, 2])))


def test_what_mmsa_sees(tmp_path: Path) -> None:
    write(small(), tmp_path / "a.pkl")
    data = pickle.loads((tmp_path / "a.pkl").read_bytes())  # noqa: S301 - as MMSA reads it
    train = data["train"]
    assert train["id"] == ["v$_$2", "w$_$7"]
    assert data["valid"]["id"] == ["clip$_$odd"]
    assert train["raw_text"] == ["b", "c"]
    for key in ("text", "audio", "vision"):
        assert train[key].dtype == np.float32
        assert train[key].shape == (2, 3, 2)
        assert data["test"][key].shape == (1, 3, 2)
    assert train["audio"][1].tolist() == [[3, 0], [3, 3], [0, 0]]
    assert not train["vision"][0].any()
    assert train["text_lengths"].tolist() == train["audio_lengths"].tolist() == [3, 2]
    assert train["vision_lengths"].tolist() == [1, 2]
    assert train["regression_labels"].tolist() == [0, 2]
    assert train["classification_labels"].tolist() == [1, 2]
    assert data["test"]["annotations"] == ["Negative"]
    assert_equal(read(tmp_path / "a.pkl", NONE), small())


def test_without_our_entry_it_is_a_foreign_file(tmp_path: Path) -> None:
    write(small(), tmp_path / "a.pkl")
    data = pickle.loads((tmp_path / "a.pkl").read_bytes())  # noqa: S301 - our own
    del data["crossmodal"]
    found = read(save(tmp_path / "a.pkl", **data), NONE)
    assert found.utterances["utterance"].tolist() == ["v_2", "w_7", "clip_odd", "v_1"]
    assert lengths(found, "audio") == [3, 2, 2, 1]


def test_changed_files_of_our_own_are_refused(tmp_path: Path) -> None:
    write(small(), tmp_path / "a.pkl")
    data = pickle.loads((tmp_path / "a.pkl").read_bytes())  # noqa: S301 - our own
    shorter = data["train"] | {"text": data["train"]["text"][:, :1]}
    longer = {key: [*cells, *cells] if isinstance(cells, list) else np.concatenate([cells] * 2)
              for key, cells in data["valid"].items()}  # fmt: skip
    for change in ({"train": shorter}, {"valid": longer}, {"crossmodal": 3}, {"crossmodal": {}}):
        save(tmp_path / "b.pkl", **(data | change))
        with pytest.raises(UserError, match="damaged"):
            read(tmp_path / "b.pkl", NONE)


def test_bundles_that_mmsa_cannot_take_are_refused(tmp_path: Path) -> None:
    bundle = small()
    table = bundle.utterances
    wrong = [
        (replace(bundle, features=bundle.features[:2]), r"one store per modality, but video has 0 \(none\)"),
        (replace(bundle, features=(*bundle.features, replace(bundle.features[0], name="x"))), r"2 \(bert, x\)"),
        (replace(bundle, utterances=table.drop(columns="sentiment")), "column 'sentiment' or 'label'"),
        (replace(bundle, utterances=table.assign(sentiment=[1, 2, None, 3])), "of w_7 is 'nan'"),
        (replace(bundle, utterances=table.assign(sentiment=["1", "2", "3", "joy"])), "of odd is 'joy'"),
        (replace(bundle, utterances=table.assign(split="train")), "no utterance has the split 'valid'"),
        (replace(bundle, utterances=table.assign(split="")), "'v_1' has the split ''"),
    ]
    for one, message in wrong:
        with pytest.raises(UserError, match=message):
            write(one, tmp_path / "a.pkl")
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write"):
        write(bundle, tmp_path / "file" / "a.pkl")


@pytest.mark.parametrize(
    ("names", "given", "splits", "reported"),
    [
        (("train", "dev", "test"), {}, ["train", "valid", "test"], "the part 'dev' is read as valid"),
        (("train", "val", "test"), {}, ["train", "valid", "test"], "the part 'val' is read as valid"),
        (("Train", "VALIDATION", "Test"), {}, ["train", "valid", "test"], "the part 'VALIDATION' is read as valid"),
        (("test", "dev", "train"), {"dev": "train"}, ["train", "train", "test"], ""),
        (("train", "dev"), {"dev": "test"}, ["train", "test"], ""),
        (("train", "valid", "dev", "test"), {"dev": "valid"}, ["train", "valid", "valid", "test"], ""),
        (("train", "test", "test2"), {"test2": "test"}, ["train", "test", "test"], ""),
    ],
)
def test_no_part_is_left_out(tmp_path: Path, names: Any, given: Any, splits: list[str], reported: str) -> None:
    path = save(tmp_path / "a.pkl", **{name: part(i, n=1) for i, name in enumerate(names)})
    found = read(path, ImportOptions(splits=given))
    assert found.utterances["split"].tolist() == splits
    assert len(found.features[0].items) == len(names)
    assert reported in found.notices if reported else not any("read as" in notice for notice in found.notices)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            ("train", "dev"),
            "a part 'dev' of 2 clips: say which of train, valid, test it is (--split-name dev=test)",
        ),
        (("train", "valid", "dev", "test"), "a part 'dev' of 2 clips"),
        (("train", "dev", "val", "test"), "a part 'dev' of 2 clips"),
        (("train", "valid", "test", "test2"), "a part 'test2' of 2 clips"),
        (("train", "valid", "test", "\x1b[2Jx"), r"a part '\\u001b[2Jx' of 2 clips"),
        (("everything",), "a part 'everything' of 2 clips"),
    ],
)
def test_a_part_without_a_clear_meaning_is_refused(tmp_path: Path, names: Any, message: str) -> None:
    path = save(tmp_path / "a.pkl", **{name: part(i) for i, name in enumerate(names)})
    with pytest.raises(UserError) as error:
        read(path, NONE)
    assert message in str(error.value)
    assert str(error.value).isprintable()


def test_entries_that_are_not_parts_are_a_notice(tmp_path: Path) -> None:
    path = save(tmp_path / "a.pkl", train=part(0), test=part(1), config={"any": 1}, note="x")
    assert "a.pkl: entries that hold no clips are not read: config, note" in read(path, NONE).notices
