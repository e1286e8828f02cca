"""Hostile files, and a check that they do no harm."""

import builtins
import collections
import gzip
import io
import os
import pickle
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
from pipeline.foreign import one_line

CANARY = "canary"  # the file that would appear in the working directory if any of the code ran


def refused(call: Callable[[], Any], *message: str) -> str:
    """Call, and check that it raises a `UserError` of one line, that nothing ran and nothing was written."""
    folder = Path.cwd().parent
    before = set(folder.rglob("*"))
    with pytest.raises(UserError) as error:
        call()
    text = str(error.value)
    assert text == one_line(text, None), text
    assert len(text) < 600
    for part in message:
        assert part in text
    assert not Path(CANARY).exists()
    assert set(folder.rglob("*")) == before
    return text


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
    "two pickles": (lambda: pickle.dumps(1) * 2, "after the end of its pickle"),
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
    "billion laughs": (lambda: LAUGHS, "expands to more than"),
    "list in a set": (lambda: b"\x80\x02c__builtin__\nset\n]]a\x85R.", "not a pickle"),
    "half a letter": (lambda: b"\x80\x02X\x03\x00\x00\x00\xed\xa0\x80.", "not a pickle"),
    "giant shape": (
        lambda: array_of(b"f8", b"(K\x01\x8a\x05\x00\x00\x00\x00\x10\x85DTYPE\x89U\x03abctb"),
        "values of type float64",
    ),
    "shape beyond 64 bits": (
        lambda: array_of(b"f8", b"(K\x01\x8a\x05\x00\x00\x00\x00\x10\x8a\x05\x00\x00\x00\x00\x10\x86DTYPE\x89U\x00tb"),
        "values of type float64",
    ),
    "negative shape": (lambda: array_of(b"f8", b"(K\x01J\xff\xff\xff\xff\x85DTYPE\x89U\x00tb"), "shape"),
    "shape of a float": (
        lambda: array_of(b"f8", b"(K\x01G\x3f\xf0\x00\x00\x00\x00\x00\x00\x85DTYPE\x89U\x08abcdefghtb"),
        "shape",
    ),
    "objects from bytes": (lambda: array_of(b"O", b"(K\x01K\x01\x85DTYPE\x89U\x08abcdefghtb"), "whose data do not fit"),
    "objects, giant shape": (
        lambda: array_of(b"O", b"(K\x01\x8a\x05\x00\x00\x00\x00\x10\x85DTYPE\x89]tb"),
        "whose data do not fit",
    ),
    "objects by _frombuffer": (
        lambda: (
            b"\x80\x03cnumpy.core.numeric\n_frombuffer\n(C\x08abcdefghcnumpy\ndtype\nX\x01\x00\x00\x00OK\x00K\x01\x87R"
            b"K\x01\x85X\x01\x00\x00\x00CtR."
        ),
        "values of type object",
    ),
    "object scalar": (
        lambda: (
            b"\x80\x03cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nX\x01\x00\x00\x00OK\x00K\x01\x87RC\x08abcdefgh\x86R."
        ),
        "values of type object",
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


def data(values: Any) -> Callable[[h5py.File, str], Any]:
    return lambda h5, where: h5.create_dataset(where, data=values)
