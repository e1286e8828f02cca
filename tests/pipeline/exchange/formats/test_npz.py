"""NumPy archives: a real published one, bundles that come back equal, and false or broken files."""

import io
import re
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from pipeline.errors import UserError
from pipeline.exchange.bundle import Bundle, ImportOptions
from pipeline.exchange.formats.npz import read, write
from tests.conftest import DATA, needs_data
from tests.pipeline.exchange.round_trip import assert_equal, bundles

TEXT = ImportOptions(arrays=(("text", ("text",)),))


@settings(max_examples=40, deadline=None)
@given(bundle=bundles())
def test_a_bundle_comes_back_equal(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("npz") / "b.npz"
    write(bundle, path)
    assert_equal(read(path, ImportOptions()), bundle)
    first = path.read_bytes()
    write(bundle, path)
    assert path.read_bytes() == first
    assert [p.name for p in path.parent.iterdir()] == ["b.npz"]


@settings(max_examples=5, deadline=None)
@given(bundle=bundles())
def test_plain_numpy_reads_a_written_archive(bundle: Bundle, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("npz") / "b.npz"
    write(bundle, path)
    with np.load(path, allow_pickle=False) as file:
        assert file["utterances/utterance"].tolist() == bundle.utterances["utterance"].tolist()
        offsets, values = file["features/audio_store/offsets"], file["features/audio_store/values"]
        for i, item in enumerate(bundle.features[1].items):
            entry = item.load()
            if entry.status == "ok":
                np.testing.assert_array_equal(values[offsets[i] : offsets[i + 1]], entry.rows["values"])


MOSI = ImportOptions(
    arrays=(("text", ("text",)), ("audio", ("audio",)), ("video", ("video",))),
    id="id", text="transcript", group="video_id", split="split", label="val", splits={"dev": "test"},
)  # fmt: skip


@needs_data
def test_the_published_features_of_mosi() -> None:
    path = DATA / "mosi" / "features.npz"
    found = read(path, MOSI)
    with np.load(path) as file:
        table = found.utterances
        assert table["utterance"].tolist() == file["id"].tolist()
        assert table["group"].tolist() == file["video_id"].tolist()
        assert (table["split"] == "test").tolist() == (file["split"] == "dev").tolist()
        np.testing.assert_array_equal(table["val"], file["val"])
        np.testing.assert_array_equal(table["y"], file["y"])
        assert [(s.name, s.modality) for s in found.features] == [(m, m) for m in ("text", "audio", "video")]
        for store in found.features:
            pooled = np.stack([item.load().clips["pooled"] for item in store.items])
            np.testing.assert_array_equal(pooled, file[store.name])
            assert store.pooled_names == store.feature_names
    assert found.notices == ()


@needs_data
def test_without_ids_utterances_are_counted_in_their_group() -> None:
    found = read(DATA / "mosi" / "features.npz", replace(MOSI, id="", splits={"dev": "valid"}))
    names = found.utterances["utterance"]
    assert names.iloc[0] == "0h-zjBukYpk_1"
    assert names.is_unique
    assert (found.utterances["id"] != names).any()  # the file's own column stays


def save(path: Path, **arrays: Any) -> Path:
    np.savez(path, **arrays)
    return path


def test_padded_sequences_by_lengths_and_by_zeros(tmp_path: Path) -> None:
    values = np.arange(24, dtype=np.float64).reshape(3, 4, 2)
    values[1, 2:] = 0
    values[2] = 0
    arrays = (("audio", ("mfcc",)), ("video", ("face",)))
    path = save(tmp_path / "a.npz", mfcc=values, face=values, face_lengths=np.array([1, 4, 0]), age=np.array([3, 4, 5]))
    found = read(path, ImportOptions(arrays=arrays))
    mfcc, face = ([item.load() for item in store.items] for store in found.features)
    assert [e.length for e in mfcc] == [4, 2, 0]
    assert [e.length for e in face] == [1, 4, 0]
    assert (mfcc[2].status, face[2].status) == ("empty", "empty")
    np.testing.assert_array_equal(mfcc[1].rows["values"], values[1, :2])
    np.testing.assert_allclose(mfcc[1].clips["pooled"], [*values[1, :2].mean(axis=0), *values[1, :2].std(axis=0)])
    assert np.isnan(mfcc[1].rows["times"]).all()
    assert found.utterances["utterance"].tolist() == ["row_1", "row_2", "row_3"]
    assert found.utterances["age"].tolist() == [3, 4, 5]
    assert "face_lengths" not in found.utterances


def test_values_that_are_not_finite_are_masked_and_counted(tmp_path: Path) -> None:
    values = np.array([[1, np.nan], [-np.inf, 2], [np.nan, np.nan], [3, 1e300]])
    found = read(save(tmp_path / "a.npz", text=values), TEXT)
    entries = [item.load() for item in found.features[0].items]
    assert [e.status for e in entries] == ["ok", "ok", "empty", "ok"]
    np.testing.assert_array_equal(entries[1].rows["values"], [[np.nan, 2]])
    assert found.notices == ("text: 5 numbers of 4 utterances are not finite and count as undefined",)


def test_arrays_that_cannot_be_kept_are_a_notice(tmp_path: Path) -> None:
    path = save(
        tmp_path / "a.npz",
        text=np.ones((2, 2)),
        split=np.array(["a", "b"]),
        other=np.ones(3),
        when=np.zeros(2, "M8[s]"),
    )
    found = read(path, TEXT)
    assert list(found.utterances.columns) == ["utterance"]
    reported = " ".join(found.notices)
    assert all(name in reported for name in ("'split'", "other (3,)", "'when'"))


WRONG: list[tuple[dict[str, Any], ImportOptions, str]] = [
    ({"a": np.ones((2, 3)), "b": np.ones(2)}, ImportOptions(), r"a \(2, 3\), b \(2,\)"),
    ({"texd": np.ones((2, 3))}, TEXT, "no array 'text'; did you mean 'texd'"),
    ({"text": np.ones(3)}, TEXT, r"'text' has shape \(3,\)"),
    ({"text": np.ones((3, 0))}, TEXT, r"'text' has shape \(3, 0\)"),
    ({"text": np.array([["a"]])}, TEXT, "and type <U1"),
    ({"text": np.array([[None]])}, TEXT, "'text' holds Python objects"),
    ({"text": np.ones((2, 3)), "b": np.ones(2)}, replace(TEXT, id="idd"), "no array 'idd'"),
    ({"text": np.ones((2, 3)), "id": np.array(["x", "x"])}, replace(TEXT, id="id"), "row 1 and row 2 .* id 'x'"),
    ({"text": np.ones((2, 3)), "id": np.array(["x", ""])}, replace(TEXT, id="id"), "row 2: .* empty id"),
    ({"text": np.ones((2, 3)), "id": np.array(["x"])}, replace(TEXT, id="id"), "'text' and 'id' have different"),
    ({"text": np.ones((2, 3)), "s": np.array(["train", "dev"])}, replace(TEXT, split="s"), "row 2: array 's' .* 'dev'"),
    ({"text": np.ones((2, 3)), "s": np.array(["a", "b"])}, replace(TEXT, start="s"), "row 1: .* must be a time"),
    ({"text": np.ones((2, 3, 1)), "text_lengths": np.array([1, 4])}, TEXT, "row 2: 'text_lengths' is 4"),
    ({"text": np.ones((2, 3, 1)), "text_lengths": np.array([1.0, 2])}, TEXT, "must hold a whole number"),
    ({"text": np.ones((2, 3))}, replace(TEXT, words=Path("w")), "'words'"),
    ({"text": np.ones((2, 3))}, replace(TEXT, splits={"dev": "test"}), "needs --split too, to name the array"),
    ({"text": np.ones((2, 3)), "s": np.array(["d", "d"])}, replace(TEXT, split="s", splits={"d": "tset"}), "'test'"),
    ({"text": np.ones((2, 3))}, ImportOptions(arrays=(("text", ("text",)), ("audio", ("text",)))), "2 stores"),
]  # fmt: skip


@pytest.mark.parametrize(("arrays", "options", "message"), WRONG)
def test_arrays_that_do_not_fit_are_refused_in_one_sentence(
    arrays: dict[str, Any], options: ImportOptions, message: str, tmp_path: Path
) -> None:
    path = save(tmp_path / "a.npz", **arrays)
    with pytest.raises(UserError, match=message):
        read(path, options)


def npy(header: str) -> bytes:
    """An .npy file that consists of its header only."""
    text = header.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def archive(path: Path, data: bytes, compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as file:
        file.writestr("text.npy", data)
    return path


def test_false_and_unsafe_headers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    for shape in ("(1000000000000, 4)", "(2, 4)", "(-1, 4)"):
        archive(path, npy(f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}") + bytes(16))
        with pytest.raises(UserError, match=r"damaged|not a NumPy array"):
            read(path, TEXT)
    archive(path, npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}") + b"cos\nsystem\n.")
    with pytest.raises(UserError, match="Python objects"):
        read(path, TEXT)
    archive(path, npy("__import__('os')"))
    with pytest.raises(UserError, match="not a NumPy array"):
        read(path, TEXT)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("second", ["text.npy", "text"])
@pytest.mark.parametrize("same", [True, False])
def test_a_duplicate_array_is_refused(tmp_path: Path, second: str, same: bool) -> None:
    path = save(tmp_path / "a.npz", text=np.ones((3, 2)))
    other = io.BytesIO()
    np.save(other, np.full((3, 2), 1.0 if same else 2.0))
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(second, other.getvalue())
    with pytest.raises(UserError, match=r"a\.npz holds two arrays named 'text': remove one"):
        read(path, TEXT)


@pytest.mark.parametrize("shape", [(30, 0, 10**12), (30, 10**12, 0), (0, 4), (3, 0), (0, 0, 0), (10**12, 0)])
def test_features_with_an_empty_dimension_are_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    path = archive(tmp_path / "a.npz", npy(f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}"))
    with pytest.raises(UserError, match=rf"'text' has shape {re.escape(str(shape))}.* with n, T and d above 0"):
        read(path, TEXT)


def test_broken_archives_and_zip_bombs_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with pytest.raises(UserError, match="does not exist"):
        read(path, TEXT)
    whole = save(path, text=np.random.default_rng(0).normal(size=(50, 50))).read_bytes()
    for cut in (0, 10, len(whole) // 2, len(whole) - 5):
        path.write_bytes(whole[:cut])
        with pytest.raises(UserError, match=r"not a readable \.npz"):
            read(path, TEXT)
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :])
    with pytest.raises(UserError, match="damaged"):
        read(path, TEXT)
    plain = io.BytesIO()
    np.save(plain, np.ones(3))
    path.write_bytes(plain.getvalue())
    with pytest.raises(UserError, match=r"not a readable \.npz"):
        read(path, TEXT)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file, file.open("text.npy", "w", force_zip64=True) as out:
        out.write(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (300, 262144)}"))
        for _ in range(300):
            out.write(bytes(1 << 20))
    with pytest.raises(UserError, match="declares 300 MiB"):
        read(path, TEXT)


def test_damaged_files_of_our_own_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    bundle = read(save(path, text=np.ones((3, 2))), TEXT)
    write(bundle, path)
    with np.load(path) as file:
        arrays = dict(file)
    with pytest.raises(UserError, match="'id'"):
        read(path, ImportOptions(id="id"))
    changes: dict[str, Any] = {
        "features/text/offsets": np.array([0, 2, 1, 3]),
        "features/text/pooled": np.ones((3, 9)),
        "features/text/status": np.array(["ok", "ok", "fine"]),
        "utterances/utterance": np.array(["a"]),
        "crossmodal_format": np.array("{]"),
    }
    for name, cells in changes.items():
        save(path, **(arrays | {name: cells}))
        with pytest.raises(UserError, match=r"damaged .*: export it again"):
            read(path, ImportOptions())
    save(path, **{name: cells for name, cells in arrays.items() if name != "features/text/times"})
    with pytest.raises(UserError, match="lacks 'features/text/times'"):
        read(path, ImportOptions())


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    bundle = read(save(tmp_path / "a.npz", text=np.ones((3, 2))), TEXT)
    item = bundle.features[0].items[1]
    wrong = replace(item, length=5)
    store = replace(bundle.features[0], items=[bundle.features[0].items[0], wrong, bundle.features[0].items[2]])
    with pytest.raises(UserError, match="now has 1 row instead of 5"):
        write(replace(bundle, features=(store,)), tmp_path / "b.npz")
    table = pd.DataFrame({"utterance": ["a\0"]})
    with pytest.raises(UserError, match="NUL"):
        write(Bundle(table), tmp_path / "b.npz")
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="cannot write"):
        write(Bundle(pd.DataFrame({"utterance": ["a"]})), tmp_path / "file" / "b.npz")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.npz", "file"]
