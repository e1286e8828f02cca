"""Read pickles of any origin without running code from them, and write pickles that every numpy version can read.

A pickle is a program: it may name any function and call it. Three steps protect against this:

1. The opcodes are checked before anything is built (`safety.scan_pickle`). Only opcodes that plain data need are
   allowed. Sizes, depth and memo numbers are limited, since the C unpickler allocates as much memory as they demand.
2. `_Unpickler` knows a short list of names, and never returns the real function for a name: it returns an `Allowed`
   that accepts only the arguments that plain data need. A budget keeps calls from copying a large object many times.
3. The result is rebuilt from plain types only (`_Cleaner`), without cycles and without parts repeated a billion times.

The list has the names that occur in published files: ``numpy.core.multiarray`` (numpy 1), ``numpy._core.multiarray``
(numpy 2), ``_frombuffer`` (protocol 5), ``_codecs.encode`` (bytes in protocols 0 to 2), sets, ordered and default
dicts.
"""

import mmap
import pickle
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from common.atomic import replacing
from pipeline.errors import UserError
from pipeline.exchange.formats.pickled_arrays import Allowed, Array, Budget, Dtype, raw_bytes, value_count
from pipeline.exchange.safety import MAX_DEPTH, refuse_name, scan_pickle
from pipeline.foreign import one_line

_FAULTS = (  # all exceptions that pickletools, pickle and numpy raise for a damaged file
    pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, LookupError, ArithmeticError,
    MemoryError, RecursionError, ImportError, BufferError,
)  # fmt: skip
_ATOMS = (str, bytes, bytearray, int, float, bool, complex, type(None))


def load(path: Path) -> Any:
    """Read a pickle of plain data: numbers, text, bytes, lists, tuples, sets, dicts, numpy arrays and scalars.

    Text and bytes of Python 2 are read as latin-1. Ordered and default dicts become dicts.

    Raises
    ------
    UserError
        If the file is missing, empty, compressed or damaged, would fill the memory, or holds anything but plain data.
    """
    size = _checked_size(path)
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            opcodes = scan_pickle(path, data, size)
        with path.open("rb") as file:
            value = _Unpickler(file, path, size).load()
        return _Cleaner(path, opcodes).clean(value)
    except OSError as error:
        raise UserError(f"{path} cannot be read ({one_line(error)}): check the file and its permissions") from error
    except _FAULTS as error:
        raise UserError(
            f"{path} is not a pickle, or is damaged or cut off ({one_line(error) or type(error).__name__}): "
            "get it or make it again"
        ) from error


def _checked_size(path: Path) -> int:
    if not path.is_file():
        raise UserError(f"{path} does not exist or is not a file: give the path of a pickle")
    size = path.stat().st_size
    if not size:
        raise UserError(f"{path} is empty: get it or make it again")
    with path.open("rb") as file:
        start = file.read(4)
    if start[:2] == b"\x1f\x8b":
        raise UserError(f"{path} is gzip-compressed: unpack it first (gunzip)")
    if start == b"PK\x03\x04":
        raise UserError(
            f"{path} is a zip archive, as torch.save and numpy.savez write: pickle the numpy arrays instead"
        )
    return size


class _Unpickler(pickle.Unpickler):
    """An unpickler that accepts only a few names, and replaces each by an `Allowed`."""

    def __init__(self, file: Any, path: Path, size: int) -> None:
        super().__init__(file, encoding="latin1")
        self._path = path
        self._budget = Budget(size)
        self._names = self._table()

    def find_class(self, module: str, name: str) -> Any:
        """Return the stand-in for a name; raise `UserError` if the name is not allowed."""
        home = {"__builtin__": "builtins"}.get(module, re.sub(r"^numpy\._core\.", "numpy.core.", module))
        if (found := self._names.get(f"{home}.{name}")) is None:
            refuse_name(self._path, module, name)
        return found

    def persistent_load(self, _: Any) -> NoReturn:
        """Raise `UserError`, since objects outside the file are not supported."""
        raise UserError(f"{self._path} asks for an object outside the file: save all data as numpy arrays")

    def _table(self) -> Mapping[str, Allowed]:
        calls: dict[str, Callable[..., Any] | None] = {
            "numpy.ndarray": self._blank,
            "numpy.dtype": Dtype,
            "numpy.core.multiarray._reconstruct": lambda kind, *_: self._subtype(kind),
            "numpy.core.multiarray.scalar": self._scalar,
            "numpy.core.numeric._frombuffer": self._frombuffer,
            "_codecs.encode": self._encode,
            "collections.OrderedDict": self._copier(dict),
            "collections.defaultdict": self._defaultdict,
            "builtins.bytearray": self._bytearray,
            "builtins.bytes": self._empty_bytes,
            "builtins.complex": self._complex,
        }
        calls |= {f"builtins.{kind.__name__}": self._copier(kind) for kind in (list, dict, tuple, set, frozenset)}
        calls |= dict.fromkeys(("builtins.int", "builtins.float", "builtins.str", "builtins.bool"))
        return {name: Allowed(name, call) for name, call in calls.items()}

    def _blank(self, shape: Any, code: Any) -> Array:
        if shape != (0,) or code != "b":
            raise ValueError("an array without data")
        array = Array((0,), "i1")
        array.budget = self._budget
        return array

    def _subtype(self, kind: Any) -> Array:
        if kind is not self._names["numpy.ndarray"]:
            raise ValueError("an array of another class")
        return self._blank((0,), "b")

    def _scalar(self, kind: Any, raw: Any = b"") -> Any:
        if type(kind) is not Dtype:
            raise ValueError("a number without dtype")
        return np.frombuffer(raw_bytes(raw, 1, kind.dtype), kind.dtype)[0]

    def _frombuffer(self, raw: Any, kind: Any, shape: Any, order: Any) -> NDArray[Any]:
        if type(kind) is not Dtype or order not in ("C", "F"):
            raise ValueError("an array without dtype")
        data = raw_bytes(raw, value_count(shape), kind.dtype)
        self._budget.spend(len(data))
        return np.frombuffer(data, kind.dtype).reshape(shape, order=order)

    def _encode(self, text: Any, encoding: Any = "") -> bytes:
        if type(text) is not str or encoding not in ("latin1", "latin-1"):
            raise ValueError(f"an encoding {one_line(encoding, 40)}")
        self._budget.spend(len(text))
        return text.encode("latin1")

    def _copier(self, kind: Callable[..., Any]) -> Callable[..., Any]:
        def copy(items: Any = ()) -> Any:
            if type(items) not in (list, tuple, set, frozenset, dict):
                raise ValueError("a list, tuple, set or dict made from something that is none of these")
            self._budget.spend(len(items))
            return kind(items)

        return copy

    def _defaultdict(self, factory: Any = None, *rest: Any) -> dict[Any, Any]:
        kinds = ("list", "dict", "int", "float", "set", "str", "bool", "tuple")
        if factory not in (None, *(self._names[f"builtins.{kind}"] for kind in kinds)) or rest:
            raise ValueError("a defaultdict with an unknown default")
        return {}

    def _bytearray(self, raw: Any = b"", encoding: Any = "latin1") -> bytearray:
        if type(raw) is str:
            return bytearray(self._encode(raw, encoding))
        if type(raw) is not bytes:  # a number would be read as a size
            raise ValueError("a bytearray that is not made from bytes")
        self._budget.spend(len(raw))
        return bytearray(raw)

    def _empty_bytes(self) -> bytes:
        return b""

    def _complex(self, real: Any, imaginary: Any) -> complex:
        if type(real) is not float or type(imaginary) is not float:
            raise ValueError("a complex number that is not made from two floats")
        return complex(real, imaginary)


class _Cleaner:
    """Rebuilds an unpickled value from plain types, and refuses values that are not plain data."""

    def __init__(self, path: Path, opcodes: int) -> None:
        self._path = path
        self._most = 1_000_000 + 10 * opcodes
        self._done: dict[int, tuple[Any, Any, int]] = {}  # by id: the original (kept alive), its copy, number of values
        self._open: set[int] = set()

    def clean(self, value: Any) -> Any:
        """Return a copy of the value; raise `UserError` for a cycle, an unexpected type, or far too many values."""
        return self._clean(value)[0]

    def _clean(self, value: Any) -> tuple[Any, int]:
        kind = type(value)
        if kind is str and not value.isascii():
            value.encode()  # raises UnicodeEncodeError for half a surrogate pair, which cannot be written later
        if kind in _ATOMS or isinstance(value, np.generic):
            return value, 1
        if (known := self._done.get(id(value))) is not None:
            return known[1], known[2]
        if id(value) in self._open or len(self._open) > MAX_DEPTH:
            raise UserError(f"{self._path} holds a list or dict that contains itself, so it is not a table of features")
        self._open.add(id(value))
        copy, count = self._rebuild(value)
        self._open.discard(id(value))
        if count > self._most:
            raise UserError(f"{self._path} expands to more than {self._most} values: get it from somewhere else")
        self._done[id(value)] = (value, copy, count)
        return copy, count

    def _rebuild(self, value: Any) -> tuple[Any, int]:
        if isinstance(value, np.ndarray):
            return self._array(value)
        kind = type(value)
        if kind is dict:
            items, count = self._all([*value.keys(), *value.values()])
            return dict(zip(items[: len(value)], items[len(value) :], strict=True)), count
        if kind in (list, tuple, set, frozenset):
            items, count = self._all(value)
            return kind(items), count
        name = {Dtype: "a bare dtype", Allowed: "a function or class"}.get(kind, kind.__name__)
        raise UserError(f"{self._path} holds {name}, which is not data: save numpy arrays, lists and dicts")

    def _all(self, values: Any) -> tuple[list[Any], int]:
        pairs = [self._clean(value) for value in values]
        return [copy for copy, _ in pairs], 1 + sum(count for _, count in pairs)

    def _array(self, value: NDArray[Any]) -> tuple[Any, int]:
        if getattr(value, "budget", None) is not None:
            raise UserError(f"{self._path} holds an array without its data: get it or make it again")
        if not value.dtype.hasobject:
            return value.view(np.ndarray), 1
        items, count = self._all(value.ravel().tolist())
        return np.fromiter(items, object, len(items)).reshape(value.shape), count


class _Pickler(pickle.Pickler):
    """A pickler that avoids numpy's `_reconstruct`, since numpy 1 and numpy 2 have it in modules of different names."""

    def reducer_override(self, value: Any) -> Any:
        """For an array, tell pickle to make an empty one and set its state; for others, return ``NotImplemented``."""
        if type(value) is np.ndarray:
            return np.ndarray, ((0,), "b"), value.__reduce__()[2]
        return NotImplemented


def dump(value: Any, path: Path) -> None:
    """Write plain data as a pickle of protocol 4, which appears whole or not at all.

    numpy scalars become Python numbers and strings.

    Raises
    ------
    TypeError
        If the value holds anything but arrays, lists, tuples, dicts, numbers, strings, bytes and None.
    """
    with replacing(path) as temporary, temporary.open("wb") as file:
        _Pickler(file, protocol=4).dump(_plain(value))


def _plain(value: Any) -> Any:
    if isinstance(value, np.generic):
        return value.item()
    if type(value) is dict:
        return {_plain(key): _plain(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_plain(item) for item in value)
    if isinstance(value, np.ndarray):
        return np.asarray(value)
    if type(value) not in _ATOMS:
        raise TypeError(f"a {type(value).__name__} cannot be written as plain data")
    return value
