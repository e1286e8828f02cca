"""Stand-ins for the numpy objects in a pickle while it is read, and a limit on the memory that it may take."""

import re
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np

from pipeline.foreign import one_line

_DTYPE = re.compile(r"[<>=|]?(b1|[iu][1248]|f[248]|f16|c8|c16|[SU][0-9]{1,7}|O)")


class Allowed:
    """A stand-in for a function or class that a pickle may name; nothing in the pickle can change the stand-in."""

    __slots__ = ("call", "name")
    call: Callable[..., Any] | None
    name: str

    def __init__(self, name: str, call: Callable[..., Any] | None = None) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "call", call)

    def __call__(self, *args: Any) -> Any:  # noqa: D102
        if self.call is None:
            raise TypeError(f"{self.name} is called")
        return self.call(*args)

    def __setattr__(self, name: str, value: Any) -> NoReturn:
        raise TypeError(f"{self.name} is changed")

    def __setstate__(self, state: Any) -> NoReturn:
        raise TypeError(f"{self.name} is changed")


class Dtype:
    """Stands for a numpy dtype while a pickle is read.

    The state that the pickle gives it is checked, and only the byte order is taken from that state.
    """

    __slots__ = ("dtype",)

    def __init__(self, spec: Any, *_: Any) -> None:
        spec = "O" if spec == "O8" else spec  # older versions of numpy wrote O8
        if not isinstance(spec, str) or not _DTYPE.fullmatch(spec):
            raise ValueError(f"arrays of dtype {one_line(spec, 40)} are not supported")
        self.dtype = np.dtype(spec)

    def __setstate__(self, state: Any) -> None:
        order, subarray, names, columns = state[1:5]
        if (subarray, names, columns) != (None, None, None) or order not in ("<", ">", "|", "="):
            raise ValueError("structured arrays are not supported")
        if state[5] not in (-1, self.dtype.itemsize):
            raise ValueError(f"dtype {self.dtype} of {state[5]} bytes")
        self.dtype = self.dtype.newbyteorder(order)


class Array(np.ndarray[Any, np.dtype[Any]]):
    """Stands for a numpy array while a pickle is read; the pickle may set its state once, and that state is checked."""

    budget: "Budget | None" = None

    def __setstate__(self, state: Any) -> None:
        budget, self.budget = self.budget, None
        if budget is None:
            raise ValueError("the state of an array is set twice")
        _, shape, kind, fortran, raw = state
        if type(kind) is not Dtype:
            raise ValueError("an array without dtype")
        dtype, count = kind.dtype, value_count(shape)
        if dtype.hasobject:
            if type(raw) is not list or len(raw) != count:
                raise ValueError(f"an array of shape {shape} whose data do not fit")
            budget.spend(count)
        else:
            raw = raw_bytes(raw, count, dtype)
            budget.spend(len(raw))
        super().__setstate__((1, shape, dtype, bool(fortran), raw))  # type: ignore[arg-type]  # as numpy does it


class Budget:
    """The number of bytes and items that calls in a pickle may still create, as a protection against huge results.

    Parameters
    ----------
    size
        The size of the file in bytes; the limit is four times this size plus 1 MiB.
    """

    def __init__(self, size: int) -> None:
        self.left = 4 * size + (1 << 20)

    def spend(self, amount: int) -> None:
        """Subtract an amount from the budget; raise `MemoryError` if too little is left."""
        self.left -= amount
        if self.left < 0:
            raise MemoryError("it unpacks to much more data than the file holds")


def value_count(shape: Any) -> int:
    """Return the number of values in an array of this shape; raise `ValueError` if the shape is invalid."""
    if type(shape) is not tuple or len(shape) > 32 or not all(type(side) is int and side >= 0 for side in shape):
        raise ValueError(f"an array of the invalid shape {one_line(shape, 40)}")
    count = 1
    for side in shape:
        count *= side
    return count


def raw_bytes(raw: Any, count: int, dtype: np.dtype[Any]) -> bytes | bytearray:
    """Return the data of an array of `count` values as bytes; raise `ValueError` if their size or type is wrong.

    Pickles of Python 2 hold the bytes as text.
    """
    if isinstance(raw, str):
        raw = raw.encode("latin1")
    if type(raw) not in (bytes, bytearray) or dtype.hasobject or len(raw) != count * dtype.itemsize:
        held = f"{len(raw)} bytes" if hasattr(raw, "__len__") else "data that are not bytes"
        raise ValueError(f"an array of {count} values of type {dtype} in {held}")
    if dtype.kind == "U" and len(raw):
        points = np.frombuffer(raw, np.dtype("u4").newbyteorder(dtype.byteorder))
        if (points > 0x10FFFF).any() or ((points >= 0xD800) & (points < 0xE000)).any():
            raise ValueError("text that is not Unicode")
    return bytes(raw) if type(raw) is bytes else bytearray(raw)
