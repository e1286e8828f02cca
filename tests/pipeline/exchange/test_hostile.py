"""Files made to do harm, and broken ones: each is refused in one sentence, nothing of it runs, nothing is written."""

import builtins
import collections
import copyreg
import gzip
import io
import os
import pickle
import resource
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.exchange.bundle import ImportOptions
from pipeline.exchange.formats.csd import csd
from pipeline.exchange.formats.erc import erc
from pipeline.exchange.formats.pickles import load
from pipeline.foreign import one_line

CANARY = "canary"  # what a file would make in the working directory if any of it ran
AUDIO = ImportOptions(arrays=(("audio", ("x",)),))


@pytest.fixture(autouse=True)
def cage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")


def refused(call: Callable[[], Any], *said: str) -> str:
    """Call, and check that one `UserError` of one line comes, that nothing ran and nothing was written."""
    folder = Path.cwd().parent
    before = set(folder.rglob("*"))
    with pytest.raises(UserError) as error:
        call()
    text = str(error.value)
    assert text == one_line(text, None), text
    assert len(text) < 600
    for part in said:
        assert part in text
    assert not Path(CANARY).exists()
    assert set(folder.rglob("*")) == before
    return text


# ---- pickles


class Calls:
    """Pickles as a call of a function."""

    def __init__(self, function: Callable[..., Any], *arguments: Any) -> None:
        self.made = (function, arguments)

    def __reduce__(self) -> Any:
        return self.made


def touch() -> str:
    return f"{sys.executable} -c \"open('{CANARY}', 'w')\""


def named(module: str, name: str, argument: bytes = b"") -> bytes:
    """The classic: a global by name, called with one text."""
    return b"c" + f"{module}\n{name}\n".encode() + b"(X" + struct.pack("<I", len(argument)) + argument + b"tR."


def array_of(spec: bytes, state: bytes, shape: bytes = b"K\x00\x85", name: bytes = b"_reconstruct") -> bytes:
    """An array in protocol 2, its dtype and its state as they are given."""
    dtype = b"cnumpy\ndtype\nX" + struct.pack("<I", len(spec)) + spec + b"K\x00K\x01\x87R"
    blank = b"cnumpy.core.multiarray\n" + name + b"\ncnumpy\nndarray\n" + shape + b"X\x01\x00\x00\x00b\x87R"
    return b"\x80\x02" + blank + state.replace(b"DTYPE", dtype) + b"."


EVIL: dict[str, Callable[[], bytes]] = {
    "posix.system by dumps": lambda: pickle.dumps(Calls(os.system, touch())),
    "posix.system": lambda: named("posix", "system", touch().encode()),
    "subprocess.Popen": lambda: pickle.dumps(Calls(subprocess.Popen, touch())),
    "builtins.eval": lambda: pickle.dumps(Calls(eval, f"open({CANARY!r}, 'w')")),
    "__builtin__.exec": lambda: pickle.dumps(Calls(exec, f"open({CANARY!r}, 'w')"), 2),
    "builtins.getattr": lambda: pickle.dumps([1, Calls(getattr, dict, "__class__")]),
    "io.open": lambda: pickle.dumps(Calls(builtins.open, CANARY, "w")),
    "__builtin__.__import__": lambda: named("__builtin__", "__import__", b"os"),
    "torch._utils._rebuild_tensor_v2": lambda: named("torch._utils", "_rebuild_tensor_v2"),
    "torch.storage._load_from_bytes": lambda: named("torch.storage", "_load_from_bytes"),
    "copyreg._reconstructor": lambda: named("copyreg", "_reconstructor"),
    "copy_reg._reconstructor": lambda: named("copy_reg", "_reconstructor"),
    "collections.Counter": lambda: pickle.dumps(collections.Counter("ab")),
    "numpy.load": lambda: named("numpy", "load", b"x"),
    "numpy.core.numeric.ones": lambda: named("numpy.core.numeric", "ones"),
    "functools.partial": lambda: named("functools", "partial"),
    "pathlib": lambda: pickle.dumps(Path("x")),
    "os.system by INST": lambda: b"(S'true'\nios\nsystem\n.",
    "builtins.list.append": lambda: b"\x80\x04\x8c\x08builtins\x8c\x0blist.append\x93.",
}


@pytest.mark.parametrize("name", EVIL)
def test_a_pickle_that_asks_for_more_than_data_is_refused_by_name(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.pkl"
    path.write_bytes(EVIL[name]())
    text = refused(lambda: load(path), str(path), name.split(" ")[0])
    if name.startswith("torch"):
        assert "numpy" in text


EXTENSION = 0xC0FFEE
LAUGHS = b"\x80\x02]q\x00(" + b"K\x01" * 10 + b"e" + b"".join(
    b"]" + b"q" + bytes([i]) + b"(" + (b"h" + bytes([i - 1])) * 10 + b"e" for i in range(1, 30)
) + b"."  # fmt: skip
TEXT = b"X\x03\x00\x00\x00abc"
BROKEN: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "empty"),
    "text": (lambda: b"start,end\n0,1\n", "not a pickle"),
    "gzip": (lambda: gzip.compress(pickle.dumps([1])), "gunzip"),
    "zip": (lambda: zipped(), "zip archive"),
    "cut off": (lambda: pickle.dumps(np.arange(1000.0), 4)[:-100], "cut off"),
    "cut off, no frame": (lambda: pickle.dumps([np.arange(1000.0)], 2)[:-100], "cut off"),
    "only a start": (lambda: b"\x80\x04", "not a pickle"),
    "two pickles": (lambda: pickle.dumps(1) * 2, "after its end"),
    "frame": (lambda: b"\x80\x04\x95" + struct.pack("<Q", 1 << 62) + b"N.", "cut off"),
    "bytes of 2^62": (lambda: b"\x80\x04\x8e" + struct.pack("<Q", 1 << 62) + b"abc.", "not a pickle"),
    "bytearray of 2^62": (lambda: b"\x80\x05\x96" + struct.pack("<Q", 1 << 62) + b"abc.", "not a pickle"),
    "integer of 2^31 bytes": (lambda: b"\x80\x02\x8b" + struct.pack("<i", (1 << 31) - 1) + b"\x01.", "not a pickle"),
    "integer of many digits": (lambda: b"I" + b"9" * 100_000 + b"\n.", "not a pickle"),
    "memo number": (lambda: b"\x80\x02Nr" + struct.pack("<I", (1 << 32) - 1) + b".", "memo"),
    "memo number as text": (lambda: b"Np4294967295\n.", "memo"),
    "memo without entry": (lambda: b"\x80\x02h\x07.", "not a pickle"),
    "empty stack": (lambda: b"\x80\x020000.", "not a pickle"),
    "extension": (lambda: b"\x80\x02\x84" + struct.pack("<I", EXTENSION) + b".", "extension registry"),
    "persistent id": (lambda: b"\x80\x02Nq\x00Q.", "outside the file"),
    "persistent id as text": (lambda: b"Pabc\n.", "outside the file"),
    "object of a class": (lambda: b"\x80\x02c__builtin__\nset\n)\x81.", "an object of a class"),
    "out of band": (lambda: b"\x80\x05\x97.", "buffer"),
    "deep list": (lambda: b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b".", "nested deeper"),
    "deep tuple as a key": (lambda: b"\x80\x02})" + b"\x85" * 1_000_000 + b"Ns.", "nested deeper"),
    "list in itself": (lambda: b"\x80\x02]q\x00h\x00a.", "contains itself"),
    "dict in itself": (lambda: b"\x80\x02}q\x00K\x01h\x00s.", "contains itself"),
    "billion laughs": (lambda: LAUGHS, "repeats its parts"),
    "list in a set": (lambda: b"\x80\x02c__builtin__\nset\n]]a\x85R.", "not a pickle"),
    "half a letter": (lambda: b"\x80\x02X\x03\x00\x00\x00\xed\xa0\x80.", "not a pickle"),
    "giant shape": (
        lambda: array_of(b"f8", b"(K\x01\x8a\x05\x00\x00\x00\x00\x10\x85DTYPE\x89U\x03abctb"),
        "values of float64",
    ),
    "shape beyond 64 bits": (
        lambda: array_of(b"f8", b"(K\x01\x8a\x05\x00\x00\x00\x00\x10\x8a\x05\x00\x00\x00\x00\x10\x86DTYPE\x89U\x00tb"),
        "values of float64",
    ),
    "negative shape": (lambda: array_of(b"f8", b"(K\x01J\xff\xff\xff\xff\x85DTYPE\x89U\x00tb"), "shape"),
    "shape of a float": (
        lambda: array_of(b"f8", b"(K\x01G\x3f\xf0\x00\x00\x00\x00\x00\x00\x85DTYPE\x89U\x08abcdefghtb"),
        "shape",
    ),
    "objects from bytes": (lambda: array_of(b"O", b"(K\x01K\x01\x85DTYPE\x89U\x08abcdefghtb"), "over other data"),
    "objects, giant shape": (
        lambda: array_of(b"O", b"(K\x01\x8a\x05\x00\x00\x00\x00\x10\x85DTYPE\x89]tb"),
        "over other data",
    ),
    "objects by _frombuffer": (
        lambda: (
            b"\x80\x03cnumpy.core.numeric\n_frombuffer\n(C\x08abcdefghcnumpy\ndtype\nX\x01\x00\x00\x00OK\x00K\x01\x87R"
            b"K\x01\x85X\x01\x00\x00\x00CtR."
        ),
        "values of object",
    ),
    "object scalar": (
        lambda: (
            b"\x80\x03cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nX\x01\x00\x00\x00OK\x00K\x01\x87RC\x08abcdefgh\x86R."
        ),
        "values of object",
    ),
    "structured array": (lambda: pickle.dumps(np.zeros(2, [("a", "f8"), ("b", "O")])), "V16"),
    "dtype with columns": (
        lambda: (
            b"\x80\x02cnumpy\ndtype\nX\x02\x00\x00\x00f8K\x00K\x01\x87R(K\x03X\x01\x00\x00\x00<N"
            + TEXT
            + b"\x85}J\xff\xff\xff"
            b"\xffJ\xff\xff\xff\xffK\x00tb."
        ),
        "structured",
    ),
    "dtype of another size": (
        lambda: (
            b"\x80\x02cnumpy\ndtype\nX\x02\x00\x00\x00S4K\x00K\x01\x87R(K\x03X\x01\x00\x00\x00|NNNM\xe8\x03K\x01K\x00tb."
        ),
        "bytes",
    ),
    "bare dtype": (lambda: pickle.dumps(np.dtype("f8")), "bare dtype"),
    "bare class": (lambda: pickle.dumps(np.ndarray), "function or class"),
    "blank array": (lambda: array_of(b"f8", b""), "without its data"),
    "array by call": (lambda: b"\x80\x02cnumpy\nndarray\n\x8a\x05\x00\x00\x00\x00\x10\x85\x85R.", "not a pickle"),
    "array set twice": (
        lambda: array_of(b"i1", b"(K\x01K\x01\x85DTYPE\x89U\x01atb(K\x01K\x01\x85DTYPE\x89U\x01atb"),
        "twice",
    ),
    "another class of array": (lambda: pickle.dumps(np.array([1.0]).view(np.recarray)), "recarray"),
    "text array of no Unicode": (
        lambda: array_of(b"U1", b"(K\x01K\x01\x85DTYPE\x89U\x04\xff\xff\xff\x7ftb"),
        "Unicode",
    ),
    "giant bytearray": (
        lambda: b"\x80\x02c__builtin__\nbytearray\n\x8a\x06\x00\x00\x00\x00\x00\x10\x85R.",
        "bytearray",
    ),
    "giant bytes": (lambda: b"\x80\x02c__builtin__\nbytes\n\x8a\x06\x00\x00\x00\x00\x00\x10\x85R.", "not a pickle"),
    "other encoding": (lambda: b"\x80\x02c_codecs\nencode\n" + TEXT + b"X\x03\x00\x00\x00zip\x86R.", "encoding"),
    "defaultdict of a function": (
        lambda: b"\x80\x02ccollections\ndefaultdict\nc_codecs\nencode\n\x85R.",
        "defaultdict",
    ),
    "one list copied often": (
        lambda: b"\x80\x02](" + b"N" * 100_000 + b"eq\x00(" + b"c__builtin__\nlist\nh\x00\x85R" * 10_000 + b"l.",
        "unpacks to much more",
    ),
    "allowed name changed": (lambda: b"\x80\x02c_codecs\nencode\nN}X\x04\x00\x00\x00callNs\x86b.", "changed"),
}


def zipped() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Calls(os.system, touch())))
    return made.getvalue()


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_or_swollen_pickle_is_refused(tmp_path: Path, name: str) -> None:
    data, said = BROKEN[name]
    path = tmp_path / "x.pkl"
    path.write_bytes(data())
    refused(lambda: load(path), str(path), said)
    refused(lambda: erc.read(path, ImportOptions()), str(path), said)


def test_a_registered_extension_is_refused_too(tmp_path: Path) -> None:
    copyreg.add_extension("os", "system", EXTENSION)
    try:
        path = tmp_path / "x.pkl"
        path.write_bytes(b"\x80\x02\x84" + struct.pack("<I", EXTENSION) + b"X\x04\x00\x00\x00true\x85R.")
        refused(lambda: load(path), "extension registry")
    finally:
        copyreg.remove_extension("os", "system", EXTENSION)


def test_one_refused_file_changes_nothing_for_the_next(tmp_path: Path) -> None:
    path = tmp_path / "x.pkl"
    path.write_bytes(BROKEN["allowed name changed"][0]())
    refused(lambda: load(path))
    path.write_bytes(pickle.dumps([b"\xff", np.arange(3)], 2))
    assert load(path)[0] == b"\xff"


def test_every_way_of_cutting_or_bending_a_pickle_ends_in_a_value_or_a_sentence(tmp_path: Path) -> None:
    whole = pickle.dumps({"a": [np.arange(4.0), "größe", np.float32(1)], "b": {1, 2}, "c": np.array(["x", None])}, 4)
    path = tmp_path / "x.pkl"
    rng = np.random.default_rng(0)
    bent = [whole[:n] for n in range(len(whole))]
    for _ in range(600):
        data = bytearray(whole)
        for at in rng.integers(0, len(data), rng.integers(1, 4)):
            data[at] = rng.integers(0, 256)
        bent.append(bytes(data))
    values, refusals = 0, 0
    for data in bent:
        path.write_bytes(data)
        try:
            load(path)
            values += 1
        except UserError as error:
            refusals += str(error) == one_line(error, None)
    assert values + refusals == len(bent)
    assert refusals >= len(whole)
    assert not Path(CANARY).exists()


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    refused(lambda: load(tmp_path / "none.pkl"), "does not exist")
    refused(lambda: load(tmp_path), "not a file")
    refused(lambda: erc.read(tmp_path / "none.pkl", ImportOptions()), "does not exist")


# ---- computational sequences


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
    """Replace what lies at a place."""

    def change(h5: h5py.File) -> None:
        del h5[where]
        make(h5, where)

    return change


def data(values: Any) -> Callable[[h5py.File, str], Any]:
    return lambda h5, where: h5.create_dataset(where, data=values)


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
    "unequal lengths": (put(FEATURES, data(np.ones((4, 2)))), "4 features but 3 intervals"),
    "intervals of three": (put(INTERVALS, data(np.ones((3, 3)))), "(3, 3)"),
    "intervals flat": (put(INTERVALS, data(np.ones(3))), "(3,)"),
    "intervals of text": (put(INTERVALS, data(np.array([[b"a", b"b"]] * 3))), "|S1"),
    "features flat": (put(FEATURES, data(np.ones(3))), "(3,)"),
    "features of no columns": (put(FEATURES, data(np.ones((3, 0)))), "(3, 0)"),
    "text features": (put(FEATURES, data(np.array([[b"a"]] * 3))), "holds text"),
    "records": (put(FEATURES, data(np.zeros((3, 1), [("a", "f4")]))), "neither numbers nor text"),
    "complex": (put(FEATURES, data(np.zeros((3, 1), complex))), "neither numbers nor text"),
    "nothing inside": (put(FEATURES, data(h5py.Empty("f4"))), "no value"),
    "features a group": (put(FEATURES, lambda h5, where: h5.create_group(where)), "not a dataset"),
    "id a dataset": (put("x/data/v", data(np.ones(3))), "not a group"),
    "no intervals": (lambda h5: h5.__delitem__(INTERVALS), "no x/data/v/intervals"),
    "no metadata": (lambda h5: h5.__delitem__("x/metadata"), "no x/metadata"),
    "no root name": (lambda h5: h5.__delitem__("x/metadata/root name"), "no metadata/root name"),
    "no data": (lambda h5: h5.__delitem__("x/data"), "no x/data"),
    "no ids": (lambda h5: h5.__delitem__("x/data/v"), "no utterances"),
    "two groups": (lambda h5: h5.__setitem__("y", 1), "2 groups at the top (x, y)"),
    "nothing": (lambda h5: h5.__delitem__("x"), "0 groups"),
    "other widths": (
        lambda h5: h5.update({"x/data/w/features": np.ones((1, 5)), "x/data/w/intervals": np.ones((1, 2))}),
        "5",
    ),
}


@pytest.mark.parametrize("name", SEQUENCES)
def test_a_hostile_or_broken_sequence_is_refused(tmp_path: Path, name: str) -> None:
    change, said = SEQUENCES[name]
    Path("outside.bin").write_bytes(b"secret!!" * 6)
    with h5py.File("outside.h5", "w") as h5:
        h5["secret"] = np.ones((3, 2))
    path = sequence(tmp_path / "x.csd", change)
    refused(lambda: csd.read(path, AUDIO), str(path), said)
    if name != "text features":
        good = sequence(tmp_path / "good.csd")
        refused(lambda: csd.read(good, ImportOptions(arrays=AUDIO.arrays, labels=path)), str(path), said)


def test_the_good_file_is_read(tmp_path: Path) -> None:
    assert csd.read(sequence(tmp_path / "x.csd"), AUDIO).utterances["utterance"].tolist() == ["v"]


@pytest.mark.parametrize("keep", [0, 7, 100, 1000, 2500])
def test_a_sequence_that_is_cut_off_is_refused(tmp_path: Path, keep: int) -> None:
    path = sequence(tmp_path / "x.csd")
    path.write_bytes(path.read_bytes()[:keep])
    refused(lambda: csd.read(path, AUDIO), str(path), "not a readable HDF5")


def test_what_is_no_hdf5_and_what_is_not_there_is_refused(tmp_path: Path) -> None:
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
    refused(lambda: csd.read(path, options), "repeats its texts")


def test_features_of_nothing_but_nan_are_empty_not_zero(tmp_path: Path) -> None:
    path = sequence(tmp_path / "x.csd", put(FEATURES, data(np.full((3, 2), np.nan))))
    item = csd.read(path, AUDIO).features[0].items[0]
    assert (item.length, item.load().status) == (0, "empty")


def test_refusing_takes_no_memory_to_speak_of(tmp_path: Path) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for name in ("hollow, 2 GiB", "packed zeros", "many hollow"):
        path = sequence(tmp_path / "x.csd", SEQUENCES[name][0])
        refused(lambda path=path: csd.read(path, AUDIO))
    for name in ("giant shape", "bytes of 2^62", "memo number", "billion laughs", "one list copied often"):
        (tmp_path / "x.pkl").write_bytes(BROKEN[name][0]())
        refused(lambda: load(tmp_path / "x.pkl"))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000  # KiB
