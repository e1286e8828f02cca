"""What is checked of a stranger's file before it is believed: options, opcodes, links, declared sizes."""

import pickletools
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn

from pipeline.errors import UserError
from pipeline.exchange.bundle import ImportOptions

# A dataset may declare far more than the file holds: gzip packs zeros 1000 : 1, and chunks never written cost nothing.
HARMLESS = 256 << 20  # bytes; below this no ratio is looked at
RATIO = 200  # real features pack 1.1 to 20 times
MOST = 64 << 30  # bytes of one dataset; the largest published one (MOSEI COVAREP, whole) is below this

MAX_OPCODES = 50_000_000
MAX_DEPTH = 100  # C hashes nested tuples by recursion: a deep one as a key would end the process
_MUTATING = {"APPEND", "APPENDS", "SETITEM", "SETITEMS", "ADDITEMS", "BUILD"}
_STORING = {"PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"}
_REFUSED = {  # opcode -> what it does
    **dict.fromkeys(("EXT1", "EXT2", "EXT4"), "the extension registry"),
    **dict.fromkeys(("PERSID", "BINPERSID"), "an object outside the file (persistent id)"),
    **dict.fromkeys(("OBJ", "NEWOBJ", "NEWOBJ_EX"), "an object of a class"),
    **dict.fromkeys(("NEXT_BUFFER", "READONLY_BUFFER"), "a buffer outside the file"),
}


def one_line(error: object, most: int = 160) -> str:
    """Return an error, or any foreign text, as one printable line.

    >>> one_line(ValueError("a  b"))
    'a b'
    """
    text = "".join(c if c.isprintable() else " " for c in str(error))
    text = " ".join(text.split())
    return text if len(text) <= most else text[: most - 3] + "..."


def slug(name: str) -> str:
    """Return a name that can be a store's: lower case, digits, underscores.

    >>> slug("OpenSmile EB10")
    'opensmile_eb10'
    """
    return re.sub(r"[^0-9a-z]+", "_", name.lower()).strip("_") or "features"


def refuse_options(path: Path, options: ImportOptions, used: Iterable[str]) -> None:
    """Raise `UserError` for an option that is given but means nothing to the format of `path`."""
    allowed = tuple(used)
    for f in fields(options):
        if f.name not in allowed and getattr(options, f.name):
            raise UserError(
                f"{path}: this format makes no use of the option {f.name!r}: leave it out "
                f"(it knows {', '.join(allowed) or 'none'})"
            )


@contextmanager
def open_hdf5(path: Path) -> Iterator[Any]:
    """Open an HDF5 file for reading; any fault of the file, also a later one in reading, raises `UserError`.

    What the HDF5 library itself does not survive is beyond this: of 6000 files with random bytes changed, it read on
    for ever in the text heap of one.
    """
    import h5py

    if not path.is_file():
        raise UserError(f"{path} does not exist or is no file: give the path of a .csd file")
    try:
        with h5py.File(path, "r") as file:
            yield file
    # h5py turns HDF5's own errors into these; a closed or damaged object is a ValueError or KeyError.
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, MemoryError, OverflowError) as error:
        raise UserError(
            f"{path} is no readable HDF5 file, damaged or cut off ({one_line(error)}): get or make it again"
        ) from error


def child(path: Path, group: Any, name: str, *, dataset: bool) -> Any:
    """Return the group or dataset `name` of a group, if it lies in this very file.

    Raises
    ------
    UserError
        If it is missing, of the other kind, or a soft or external link, which could lead anywhere.
    """
    import h5py

    where = one_line(f"{group.name.strip('/')}/{name}".strip("/"))
    link = group.get(name, getlink=True)
    if link is None:
        raise UserError(f"{path} has no {where}: it is no computational sequence as the CMU-MultimodalSDK writes it")
    if not isinstance(link, h5py.HardLink):
        raise UserError(f"{path}: {where} is a link to somewhere else, which is not followed: store the data itself")
    found = group[name]
    if not isinstance(found, h5py.Dataset if dataset else h5py.Group):
        raise UserError(f"{path}: {where} is no {'dataset' if dataset else 'group'}: the file is laid out otherwise")
    if dataset:
        check_dataset(path, where, found)
    return found


def check_dataset(path: Path, where: str, dataset: Any) -> None:
    """Refuse a dataset that is kept in other files, or that declares much more than the file holds."""
    if dataset.external:
        raise UserError(f"{path}: {where} is kept in another file, which is not opened: store the data itself")
    if dataset.is_virtual:
        raise UserError(f"{path}: {where} is put together from other files (virtual): store the data itself")
    if dataset.shape is None:
        raise UserError(f"{path}: {where} has no value: write it again")
    declared, stored = declared_bytes(dataset), dataset.id.get_storage_size()
    if declared > MOST:
        raise UserError(f"{path}: {where} declares {declared >> 30} GiB, more than {MOST >> 30}: split the file")
    refuse_ratio(f"{path}: {where}", declared, stored)


def declared_bytes(dataset: Any) -> int:
    """Return what reading a dataset takes at least: all of it, or one chunk where that is larger."""
    chunk = 1
    for side in dataset.chunks or ():
        chunk *= int(side)
    return max(int(dataset.size), chunk) * int(dataset.dtype.itemsize)


def refuse_ratio(what: str, declared: int, stored: int) -> None:
    """Refuse what unpacks to more than `HARMLESS` bytes and more than `RATIO` times its size."""
    if declared > HARMLESS and declared > RATIO * stored:
        raise UserError(
            f"{what} declares {declared >> 20} MiB but holds {stored} bytes, as a file made to fill the memory does: "
            "get it from somewhere else"
        )


def refuse_name(path: Path, module: str, name: str) -> NoReturn:
    """Raise `UserError` for a name that a pickle asks for."""
    what = one_line(f"{module}.{name}", 80)
    hint = "save it again as numpy arrays, lists and dicts"
    if module.split(".")[0] == "torch":
        hint = "save its tensors as numpy arrays (tensor.numpy())"
    raise UserError(f"{path} asks for {what}, which is no plain data, and was not run: {hint}")


class _Node:
    """A value on the simulated stack: how deep it is nested."""

    __slots__ = ("depth",)

    def __init__(self, depth: int = 0) -> None:
        self.depth = depth


def scan_pickle(path: Path, data: Any, size: int) -> int:
    """Read through the opcodes of a pickle and return their number; nothing is built.

    Parameters
    ----------
    path, data, size
        The file's name, the file mapped into memory (whose ``read`` never returns more than is left), its bytes.

    Raises
    ------
    UserError
        For an opcode that no plain data need, too many, too deep, or more after the end.
    """
    stack: list[_Node | None] = []  # None: a mark
    memo: dict[int, _Node] = {}
    count = 0
    for opcode, arg, position in pickletools.genops(data):
        count += 1
        if count > MAX_OPCODES:
            raise UserError(f"{path} holds more than {MAX_OPCODES} single values: save numbers as arrays")
        _check_opcode(path, opcode.name, arg, size - (position or 0))
        if opcode.name in _STORING:
            index = len(memo) if arg is None else int(arg)
            if not 0 <= index <= (position or 0) + 1:  # C makes a table as long as the largest number
                raise ValueError(f"memo number {index} at byte {position}")
            memo[index] = _top(stack)
        else:
            _simulate(opcode, arg, stack, memo)
        if stack and (top := stack[-1]) and top.depth > MAX_DEPTH:
            raise UserError(f"{path} is nested deeper than {MAX_DEPTH} levels: that is no table of features")
    if data.tell() < size:
        raise UserError(
            f"{path} goes on for {size - data.tell()} bytes after its end, as files of torch.save and of several "
            "pickles do: save one value, of numpy arrays"
        )
    return count


def _check_opcode(path: Path, name: str, arg: Any, left: int) -> None:
    if name == "INST":
        refuse_name(path, *str(arg).split(" ", 1))
    if name in _REFUSED:
        raise UserError(f"{path} asks for {_REFUSED[name]} (opcode {name}), which is no plain data, and was not run")
    if name == "FRAME" and arg > left:
        raise UserError(f"{path} is cut off: a part of {arg} bytes is announced where {left} are left")


def _simulate(opcode: Any, arg: Any, stack: list[_Node | None], memo: dict[int, _Node]) -> None:
    """Do to depths what the opcode does to values."""
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
    """Yield what an opcode takes from the stack, the top first."""
    before = list(opcode.stack_before)
    if pickletools.markobject in before:
        while (node := stack.pop()) is not None:
            yield node
        before = before[: before.index(pickletools.markobject)]
    for _ in before:
        yield _top(stack)
        stack.pop()
