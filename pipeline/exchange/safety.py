"""Checks before a file is read: that its format uses all given options, and that a pickle holds only plain data."""

import pickletools
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn

from pipeline.errors import UserError, counted
from pipeline.exchange.bundle import ImportOptions
from pipeline.foreign import one_line

MAX_OPCODES = 50_000_000
MAX_DEPTH = 100  # CPython hashes nested tuples recursively, so a deeply nested key would crash the process
_MUTATING = {"APPEND", "APPENDS", "SETITEM", "SETITEMS", "ADDITEMS", "BUILD"}
_STORING = {"PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"}
_REFUSED = {  # what each refused opcode asks for
    **dict.fromkeys(("EXT1", "EXT2", "EXT4"), "the extension registry"),
    **dict.fromkeys(("PERSID", "BINPERSID"), "an object outside the file (persistent id)"),
    **dict.fromkeys(("OBJ", "NEWOBJ", "NEWOBJ_EX"), "an object of a class"),
    **dict.fromkeys(("NEXT_BUFFER", "READONLY_BUFFER"), "a buffer outside the file"),
}


def slug(name: str) -> str:
    """Return a store name for any name: lower-case ASCII letters, digits and underscores; ``features`` if none is left.

    >>> slug("OpenSmile EB10")
    'opensmile_eb10'
    """
    return re.sub(r"[^0-9a-z]+", "_", name.lower()).strip("_") or "features"


def refuse_options(path: Path, options: ImportOptions, used: Iterable[str]) -> None:
    """Raise `UserError` if an option is given that is not in `used`, the options that the file's format uses.

    The label is always accepted, since it is a column of the table that the import makes.
    """
    allowed = tuple(used)
    for f in fields(options):
        if f.name not in (*allowed, "label") and getattr(options, f.name):
            raise UserError(
                f"{path}: the format of this file does not use the option {f.name!r}: leave it out "
                f"(it uses {', '.join(allowed) or 'none'})"
            )


def refuse_name(path: Path, module: str, name: str) -> NoReturn:
    """Raise `UserError`: the pickle refers to a function or class, which is not plain data."""
    what = one_line(f"{module}.{name}", 80)
    hint = "save it again as numpy arrays, lists and dicts"
    if module.split(".")[0] == "torch":
        hint = "save its tensors as numpy arrays (tensor.numpy())"
    raise UserError(f"{path} asks for {what}, which is not plain data and was not run: {hint}")


class _Node:
    """A value on the simulated stack of the unpickler; only its nesting depth is known."""

    __slots__ = ("depth",)

    def __init__(self, depth: int = 0) -> None:
        self.depth = depth


def scan_pickle(path: Path, data: Any, size: int) -> int:
    """Check the opcodes of a pickle without building anything, and return their number.

    Parameters
    ----------
    path, data, size
        The path, the file mapped into memory, and its size in bytes. At the end of the file, ``data.read`` returns
        only what is left, however many bytes the pickle claims to have.

    Raises
    ------
    UserError
        If the pickle has an opcode that plain data do not need, too many opcodes, values nested too deeply, or bytes
        after its end.
    """
    stack: list[_Node | None] = []  # None stands for a mark
    memo: dict[int, _Node] = {}
    count = 0
    for opcode, arg, position in pickletools.genops(data):
        count += 1
        if count > MAX_OPCODES:
            raise UserError(f"{path} holds more than {MAX_OPCODES} separate values: save numbers as numpy arrays")
        _check_opcode(path, opcode.name, arg, size - (position or 0))
        if opcode.name in _STORING:
            index = len(memo) if arg is None else int(arg)
            if not 0 <= index <= (position or 0) + 1:  # the C unpickler allocates a table up to the largest number
                raise ValueError(f"memo number {index} at byte {position}")
            memo[index] = _top(stack)
        else:
            _simulate(opcode, arg, stack, memo)
        if stack and (top := stack[-1]) and top.depth > MAX_DEPTH:
            raise UserError(f"{path} is nested deeper than {MAX_DEPTH} levels, so it is not a table of features")
    if data.tell() < size:
        raise UserError(
            f"{path} has {counted(size - data.tell(), 'byte')} after the end of its pickle, like files that torch.save "
            "wrote or that hold several pickles: save a single value made of numpy arrays"
        )
    return count


def _check_opcode(path: Path, name: str, arg: Any, left: int) -> None:
    if name == "INST":
        refuse_name(path, *str(arg).split(" ", 1))
    if name in _REFUSED:
        raise UserError(
            f"{path} asks for {_REFUSED[name]} (opcode {name}), which is not plain data, so it was not read: save "
            "numpy arrays, lists and dicts"
        )
    if name == "FRAME" and arg > left:
        raise UserError(
            f"{path} is cut off: it declares a part of {arg} bytes, but holds only {left} more: get it or make it again"
        )


def _simulate(opcode: Any, arg: Any, stack: list[_Node | None], memo: dict[int, _Node]) -> None:
    """Apply an opcode to the simulated stack, which holds nesting depths instead of values."""
    name = opcode.name
    if name in ("GET", "BINGET", "LONG_BINGET"):
        stack.append(memo[int(arg)])
    elif name == "MARK":
        stack.append(None)
    elif name == "DUP":
        stack.append(_top(stack))
    elif name == "POP" and stack and stack[-1] is None:
        stack.pop()
    else:
        taken = list(_take(opcode, stack))
        target = taken.pop() if name in _MUTATING else _Node()
        if taken:
            target.depth = max(target.depth, 1 + max(node.depth for node in taken))
        stack.extend(target for _ in opcode.stack_after)


def _top(stack: list[_Node | None]) -> _Node:
    if not stack or (top := stack[-1]) is None:
        raise ValueError("nothing on the stack")
    return top


def _take(opcode: Any, stack: list[_Node | None]) -> Iterator[_Node]:
    """Yield the values that an opcode pops from the stack, starting from the top."""
    before = list(opcode.stack_before)
    if pickletools.markobject in before:
        while (node := stack.pop()) is not None:
            yield node
        before = before[: before.index(pickletools.markobject)]
    for _ in before:
        yield _top(stack)
        stack.pop()
