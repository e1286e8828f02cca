"""One computational sequence: hostile, broken or inflated files are refused in one sentence."""

import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from pipeline.exchange.bundle import ImportOptions
from pipeline.exchange.formats.csd import csd
from pipeline.exchange.formats.pickles import load
from tests.pipeline.exchange.hostile import BROKEN, EVIL, data, refused

AUDIO = ImportOptions(arrays=(("audio", ("x",)),))


@pytest.fixture(autouse=True)
def cage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")


def sequence(path: Path, change: Callable[[h5py.File], None] | None = None) -> Path:
    """Write a good file of one id, then change it."""
    with h5py.File(path, "w") as h5:
        h5["x/data/v/features"] = np.ones((3, 2))
        h5["x/data/v/intervals"] = np.array([[0.0, 1], [1, 2], [2, 3]])
        cell = h5.create_dataset("x/metadata/root name", (1,), h5py.string_dtype())
        cell[0] = '"x"'
        if change:
            change(h5)
    return path


def put(where: str, make: Callable[[h5py.File, str], Any]) -> Callable[[h5py.File], None]:
    """Replace the object at a path."""

    def change(h5: h5py.File) -> None:
        del h5[where]
        make(h5, where)

    return change


def link(target: Any) -> Callable[[h5py.File, str], None]:
    return lambda h5, where: h5.__setitem__(where, target)


def hollow(shape: tuple[int, ...], **options: Any) -> Callable[[h5py.File, str], Any]:
    """A dataset that declares a shape and holds nothing."""
    return lambda h5, where: h5.create_dataset(where, shape, "f4", **options)


def elsewhere(h5: h5py.File, where: str) -> None:
    outside = Path("outside.bin")
    h5.create_dataset(where, (3, 2), "f8", external=[(str(outside), 0, h5py.h5f.UNLIMITED)])


def virtual(h5: h5py.File, where: str) -> None:
    layout = h5py.VirtualLayout((3, 2), "f8")
    layout[:] = h5py.VirtualSource("outside.h5", "secret", (3, 2))
    h5.create_virtual_dataset(where, layout)


def zeros(h5: h5py.File, where: str) -> None:
    made = h5.create_dataset(where, (3, 200 << 20), "f4", chunks=(1, 1 << 20), compression="gzip")
    made[0, :100] = 1


def many(h5: h5py.File) -> None:
    for i in range(40):
        hollow((3, 4 << 20), chunks=(1, 1024))(h5, f"x/data/w{i}/features")
        h5[f"x/data/w{i}/intervals"] = np.ones((3, 2))


FEATURES, INTERVALS = "x/data/v/features", "x/data/v/intervals"


SEQUENCES: dict[str, tuple[Callable[[h5py.File], None], str]] = {
    "external link": (put(FEATURES, link(h5py.ExternalLink("outside.h5", "/secret"))), "data/v/features is a link"),
    "external link of an id": (put("x/data/v", link(h5py.ExternalLink("outside.h5", "/x"))), "data/v is a link"),
    "external root": (put("x", link(h5py.ExternalLink("outside.h5", "/x"))), "x is a link"),
    "external metadata": (put("x/metadata/root name", link(h5py.ExternalLink("o.h5", "/x"))), "root name is a link"),
    "soft link": (put(FEATURES, link(h5py.SoftLink("/x/data/v/intervals"))), "data/v/features is a link"),
    "soft link in a circle": (put("x/data/v", link(h5py.SoftLink("/x/data/v"))), "data/v is a link"),
    "storage elsewhere": (put(FEATURES, elsewhere), "another file"),
    "virtual": (put(FEATURES, virtual), "virtual"),
    "hollow, 2 GiB": (put(FEATURES, hollow((3, 200 << 20), chunks=(1, 1024))), "declares"),
    "packed zeros": (put(FEATURES, zeros), "declares"),
    "hollow intervals": (put(INTERVALS, hollow((1 << 30, 2), chunks=(1024, 2))), "declares"),
    "hollow, 8 TiB": (put(FEATURES, hollow((3, 1 << 40), chunks=(1, 1024))), "GiB"),
    "many hollow": (many, "declares"),
    "unequal lengths": (put(FEATURES, data(np.ones((4, 2)))), "4 rows of features but 3 intervals"),
    "intervals of three": (put(INTERVALS, data(np.ones((3, 3)))), "(3, 3)"),
    "intervals flat": (put(INTERVALS, data(np.ones(3))), "(3,)"),
    "intervals of text": (put(INTERVALS, data(np.array([[b"a", b"b"]] * 3))), "|S1"),
    "features flat": (put(FEATURES, data(np.ones(3))), "(3,)"),
    "features of no columns": (put(FEATURES, data(np.ones((3, 0)))), "(3, 0)"),
    "text features": (put(FEATURES, data(np.array([[b"a"]] * 3))), "holds text"),
    "records": (put(FEATURES, data(np.zeros((3, 1), [("a", "f4")]))), "but must hold numbers or text"),
    "complex": (put(FEATURES, data(np.zeros((3, 1), complex))), "but must hold numbers or text"),
    "nothing inside": (put(FEATURES, data(h5py.Empty("f4"))), "no value"),
    "features a group": (put(FEATURES, lambda h5, where: h5.create_group(where)), "not a dataset"),
    "id a dataset": (put("x/data/v", data(np.ones(3))), "not a group"),
    "no intervals": (lambda h5: h5.__delitem__(INTERVALS), "no x/data/v/intervals"),
    "no metadata": (lambda h5: h5.__delitem__("x/metadata"), "no x/metadata"),
    "no root name": (lambda h5: h5.__delitem__("x/metadata/root name"), "no metadata/root name"),
    "no data": (lambda h5: h5.__delitem__("x/data"), "no x/data"),
    "no ids": (lambda h5: h5.__delitem__("x/data/v"), "no utterances"),
    "two groups": (lambda h5: h5.__setitem__("y", 1), "2 top-level groups (x, y), but must have exactly one"),
    "nothing": (lambda h5: h5.__delitem__("x"), "0 top-level groups"),
    "other widths": (
        lambda h5: h5.update({"x/data/w/features": np.ones((1, 5)), "x/data/w/intervals": np.ones((1, 2))}),
        "v has 2 columns of numbers, but w has 5 columns of numbers: all ids must have",
    ),
    "other types": (
        lambda h5: h5.update(
            {"x/data/w/features": np.array([[b"a", b"b"]]).astype("S1"), "x/data/w/intervals": np.ones((1, 2))}
        ),
        "v has 2 columns of numbers, but w has 2 columns of text: all ids must have",
    ),
}


@pytest.mark.parametrize("name", SEQUENCES)
def test_a_hostile_or_broken_sequence_is_refused(tmp_path: Path, name: str) -> None:
    change, message = SEQUENCES[name]
    Path("outside.bin").write_bytes(b"secret!!" * 6)
    with h5py.File("outside.h5", "w") as h5:
        h5["secret"] = np.ones((3, 2))
    path = sequence(tmp_path / "x.csd", change)
    refused(lambda: csd.read(path, AUDIO), str(path), message)
    if name != "text features":
        good = sequence(tmp_path / "good.csd")
        refused(lambda: csd.read(good, ImportOptions(arrays=AUDIO.arrays, labels=path)), str(path), message)


def test_the_good_file_is_read(tmp_path: Path) -> None:
    assert csd.read(sequence(tmp_path / "x.csd"), AUDIO).utterances["utterance"].tolist() == ["v"]


@pytest.mark.parametrize("keep", [0, 7, 100, 1000, 2500])
def test_a_sequence_that_is_cut_off_is_refused(tmp_path: Path, keep: int) -> None:
    path = sequence(tmp_path / "x.csd")
    path.write_bytes(path.read_bytes()[:keep])
    refused(lambda: csd.read(path, AUDIO), str(path), "not a readable HDF5")


def test_other_files_and_missing_ones_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.csd"
    path.write_text("start,end\n")
    refused(lambda: csd.read(path, AUDIO), "not a readable HDF5")
    path.write_bytes(EVIL["posix.system by dumps"]())
    refused(lambda: csd.read(path, AUDIO), "not a readable HDF5")
    refused(lambda: csd.read(tmp_path / "none.csd", AUDIO), "does not exist")
    refused(lambda: csd.read(tmp_path / "cwd", AUDIO), "no .csd")


def test_words_that_repeat_one_long_text_are_refused(tmp_path: Path) -> None:
    def change(h5: h5py.File) -> None:
        del h5["x/data/v"]
        made = h5.create_dataset("x/data/v/features", (4000, 1), "S5000", chunks=(100, 1), compression="gzip")
        made[:] = b"a" * 5000
        h5["x/data/v/intervals"] = np.ones((4000, 2))

    words, path = sequence(tmp_path / "words.csd", change), sequence(tmp_path / "x.csd")
    options = ImportOptions(arrays=AUDIO.arrays, words=words)
    refused(lambda: csd.read(path, options), "expands to more than")


def test_features_of_nothing_but_nan_are_empty_not_zero(tmp_path: Path) -> None:
    path = sequence(tmp_path / "x.csd", put(FEATURES, data(np.full((3, 2), np.nan))))
    item = csd.read(path, AUDIO).features[0].items[0]
    assert (item.length, item.load().status) == (0, "empty")


def test_refusing_takes_hardly_any_memory(tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name in ("hollow, 2 GiB", "packed zeros", "many hollow"):
        path = sequence(tmp_path / "x.csd", SEQUENCES[name][0])
        refused(lambda path=path: csd.read(path, AUDIO))
    for name in ("giant shape", "bytes of 2^62", "memo number", "billion laughs", "one list copied often"):
        (tmp_path / "x.pkl").write_bytes(BROKEN[name][0]())
        refused(lambda: load(tmp_path / "x.pkl"))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # KiB
