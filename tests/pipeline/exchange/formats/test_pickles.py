"""Plain data comes back from pickles of all protocols and both numpys; `dump` writes what every numpy reads.

Refused files are in test_hostile_pickles.py.
"""

import collections
import pickle
import pickletools
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.exchange.formats.pickles import dump, load

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)

# Written by Python 2's cPickle, protocol 2, and numpy 1: (np.arange(3.0), set(["a"]), "caf\xe9").
PYTHON_2 = (
    b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85U\x01b\x87Rq\x03(K\x01K\x03\x85"
    b"cnumpy\ndtype\nq\x04U\x02f8K\x00K\x01\x87Rq\x05(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x18"
    + np.arange(3.0).tobytes()
    + b"tbc__builtin__\nset\nq\x06]q\x07U\x01aa\x85Rq\x08U\x04caf\xe9q\x09\x87q\x0a."
)


def same(a: Any, b: Any) -> bool:
    """Whether two values are equal, and of the same types all the way down."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        if a.dtype.hasobject:
            return a.shape == b.shape and all(same(x, y) for x, y in zip(a.ravel(), b.ravel(), strict=True))
        native = a.dtype.newbyteorder("="), b.dtype.newbyteorder("=")  # numpy reverses their bytes while reading
        return native[0] == native[1] and np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b, strict=True))
    return bool(a == b)


def value() -> dict[str, Any]:
    ragged = np.empty(2, object)
    ragged[:] = [[1, 2], "x"]
    return {
        "floats": np.array([[1.5, np.nan], [-np.inf, 0.0]], np.float32),
        "fortran": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "big-endian": np.arange(4, dtype=">i4"),
        "text": np.array(["a", "größe"]),
        "bytes": np.array([b"sp", b"word"]),
        "flags": np.array([True, False]),
        "ragged": ragged,
        "nothing": np.zeros((0, 5)),
        "point": np.array(3.0),
        "scalar": np.float64(0.4),
        "half": np.float16(0.5),
        "integer": np.int64(-7),
        "name": np.str_("größe"),
        "plain": [None, True, 1, -(10**30), 0.1, "ä", b"\x00\xff", b"", (), (1, ("a",)), {}, {1, 2}, frozenset({"a"})],
        "more": [bytearray(b"ab"), 1 + 2j],
    }


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_plain_data_comes_back(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "x.pkl"
    path.write_bytes(pickle.dumps(value(), protocol))
    assert same(load(path), value())


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_names_of_numpy_1_are_read_too(tmp_path: Path, protocol: int) -> None:
    written = pickle.dumps([np.arange(3.0), np.float64(2)], min(protocol, 3))
    path = tmp_path / "x.pkl"
    path.write_bytes(written.replace(b"numpy._core.", b"numpy.core."))
    assert same(load(path), [np.arange(3.0), np.float64(2)])


def test_a_pickle_of_python_2_is_read_as_latin_1(tmp_path: Path) -> None:
    path = tmp_path / "x.pkl"
    path.write_bytes(PYTHON_2)
    assert same(load(path), (np.arange(3.0), {"a"}, "café"))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_ordered_and_default_dicts_become_dicts(tmp_path: Path, protocol: int) -> None:
    made = collections.defaultdict(list, {"a": [1]}), collections.OrderedDict([("b", 2), ("a", 1)])
    path = tmp_path / "x.pkl"
    path.write_bytes(pickle.dumps(made, protocol))
    assert same(load(path), ({"a": [1]}, {"b": 2, "a": 1}))


def test_arrays_can_be_written_to_and_shared_parts_stay_shared(tmp_path: Path) -> None:
    part = np.arange(3.0)
    path = tmp_path / "x.pkl"
    path.write_bytes(pickle.dumps([part, part], 4))
    first, second = load(path)
    first[0] = 9
    assert first is second
    assert second[0] == 9


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False)
        | st.text(st.characters(codec="utf-8"))
        | st.binary(),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4),
        max_leaves=20,
    ),
    st.sampled_from(PROTOCOLS),
)
@settings(max_examples=100, deadline=None)
def test_any_plain_value_comes_back(tmp_path_factory: pytest.TempPathFactory, made: Any, protocol: int) -> None:
    path = tmp_path_factory.getbasetemp() / "any.pkl"
    path.write_bytes(pickle.dumps(made, protocol))
    assert same(load(path), made)


def test_many_small_arrays_are_read_in_seconds(tmp_path: Path) -> None:
    made = {f"dialogue{i}": [np.full(100, i + j, np.float32) for j in range(50)] for i in range(60)}
    path = tmp_path / "x.pkl"
    path.write_bytes(pickle.dumps(made, 2))
    found = load(path)
    assert len(found) == 60
    assert all(same(found[key], made[key]) for key in ("dialogue0", "dialogue59"))


def test_dump_is_read_back_by_load_and_by_pickle(tmp_path: Path) -> None:
    made = {key: item for key, item in value().items() if key != "plain"} | {"plain": ["ä", b"\xff", (1, None)]}
    dump(made, tmp_path / "sub" / "x.pkl")
    expected = {key: item.item() if isinstance(item, np.generic) else item for key, item in made.items()}
    assert same(load(tmp_path / "sub" / "x.pkl"), expected)
    assert same(pickle.loads((tmp_path / "sub" / "x.pkl").read_bytes()), expected)  # noqa: S301 - our own bytes
    assert [p.name for p in (tmp_path / "sub").iterdir()] == ["x.pkl"]


def test_dump_names_nothing_that_one_numpy_lacks(tmp_path: Path) -> None:
    dump({"a": np.zeros((2, 2)), "t": np.array(["x", "yy"]), "o": np.array(["x", None], object)}, tmp_path / "x.pkl")
    data = (tmp_path / "x.pkl").read_bytes()
    assert data[:2] == b"\x80\x04"
    texts = [arg for op, arg, _ in pickletools.genops(data) if op.name == "SHORT_BINUNICODE"]
    assert {"numpy", "ndarray", "dtype"} <= set(texts)
    assert not any("core" in text for text in texts)


def test_a_dumped_array_is_writable_and_a_plain_one(tmp_path: Path) -> None:
    dump(np.arange(6.0).reshape(2, 3).T, tmp_path / "x.pkl")
    program = "import pickle, sys; a = pickle.load(open(sys.argv[1], 'rb')); a[0, 0] = 7; print(a.tolist())"
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "x.pkl")], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[[7.0, 3.0], [1.0, 4.0], [2.0, 5.0]]"


def test_dump_refuses_values_that_load_would_refuse_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="PosixPath"):
        dump({"a": [tmp_path]}, tmp_path / "x.pkl")
    assert not list(tmp_path.iterdir())
