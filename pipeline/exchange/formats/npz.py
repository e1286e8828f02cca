"""NumPy archives (.npz): read arrays as features, write whole bundles, and read these back.

An archive is checked before its arrays are read: the zip directory and the header of every array must agree on the
unpacked size. Nothing is unpickled.
"""

import math
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.atomic import replacing
from common.names import repeated, suggest
from features.base import Modality
from pipeline.errors import UserError
from pipeline.exchange.bundle import Bundle, FeatureSet, ImportOptions
from pipeline.exchange.columns import ROLES, TableFile, distinct, features_of, names_here, store_name, utterances_of
from pipeline.exchange.packing import FORMAT_KEY, Damaged, about, damaged, gather, offsets_of, tables, unpack
from pipeline.exchange.safety import refuse_options
from pipeline.foreign import one_line, refuse_ratio

_FIXED_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest date that zip allows; fixed, so that equal bundles give equal bytes
_LENGTHS = "_lengths"


@dataclass(frozen=True)
class _Header:
    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def read(path: Path, options: ImportOptions) -> Bundle:
    """Read an archive.

    Parameters
    ----------
    path
        The `.npz`.
    options
        ``arrays`` names the feature arrays of each modality. ``(n, d)`` is one row per utterance. ``(n, T, d)`` is a
        padded sequence per utterance; the lengths are in ``<name>_lengths``, or else rows of zeros at the end are
        padding. ``id, text, speaker, group, split, start, end, label`` name arrays of n cells, and ``splits``
        translates the names of splits. Other arrays of n cells become columns of the utterance table, and the rest is
        left out. A file that `write` wrote takes no options.

    Raises
    ------
    UserError
        If the file is not an archive, is damaged, holds pickled objects or unpacks to much more than it holds, or if
        its arrays do not fit the options or each other.
    """
    refuse_options(path, options, ("arrays", "splits", *ROLES))
    headers = _headers(path)
    with _opened(path) as file:
        if FORMAT_KEY in headers:
            refuse_options(path, options, ())  # a file of ours describes itself
            return _own(file, headers, path)
        names = dict(zip(names_here(list(headers), options, path), headers, strict=True))
        return _foreign(_Named(file, names), {name: headers[old] for name, old in names.items()}, options, path)


class _Named(Mapping[str, NDArray[Any]]):
    """The arrays of an archive, keyed by new names; an array is read each time it is looked up."""

    def __init__(self, file: Mapping[str, NDArray[Any]], names: Mapping[str, str]) -> None:
        self._file, self._names = file, names

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._file[self._names[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def _headers(path: Path) -> dict[str, _Header]:
    """Return the header of each array by name; raise `UserError` if one contradicts the size of its data."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            whole, packed = sum(m.file_size for m in members), sum(m.compress_size for m in members)
            refuse_ratio(str(path), whole, packed)
            if (name := repeated(m.filename.removesuffix(".npy") for m in members)) is not None:
                raise UserError(f"{path} holds two arrays named {name!r}: remove one, or give them different names")
            return {m.filename.removesuffix(".npy"): _header(archive, m, path) for m in members}
    except FileNotFoundError:
        raise UserError(f"{path} does not exist: give the .npz file") from None
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise UserError(
            f"{path} is not a readable .npz file ({error}): get it again, or save it with numpy.savez"
        ) from error


def _header(archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path) -> _Header:
    try:
        with archive.open(member) as file:
            version = np.lib.format.read_magic(file)
            reader = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, _, dtype = reader(file)
            data = member.file_size - file.tell()
    except (ValueError, TypeError, KeyError, SyntaxError) as error:
        raise UserError(
            f"{path}: {member.filename!r} is not a NumPy array ({one_line(error)}): save only arrays"
        ) from error
    if dtype.hasobject:
        raise UserError(
            f"{path}: the array {member.filename.removesuffix('.npy')!r} holds Python objects, which are not read "
            "because loading them can run code: save it as numbers or text"
        )
    if data != math.prod(shape) * dtype.itemsize or not dtype.itemsize:
        raise UserError(
            f"{path}: the array {member.filename.removesuffix('.npy')!r} declares shape {shape} and type {dtype}, "
            f"but has {data} bytes of data: the file is damaged, get it again"
        )
    return _Header(shape, dtype)


@contextmanager
def _opened(path: Path) -> Iterator[Mapping[str, NDArray[Any]]]:
    try:
        with np.load(path, allow_pickle=False) as file:
            yield file
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError, ValueError) as error:
        raise UserError(f"{path} is damaged ({one_line(error)}): get it again") from error
    except MemoryError:
        raise UserError(f"{path} does not fit into memory: split it into several files") from None


def _own(file: Mapping[str, NDArray[Any]], headers: Mapping[str, _Header], path: Path) -> Bundle:
    try:
        return unpack(str(file[FORMAT_KEY]), {name: file[name] for name in headers if name != FORMAT_KEY})
    except Damaged as error:
        raise damaged(path, error) from error


def _foreign(
    file: Mapping[str, NDArray[Any]], headers: Mapping[str, _Header], options: ImportOptions, path: Path
) -> Bundle:
    named = [(modality, name) for modality, names in options.arrays for name in names]
    _check_named(named, headers, options, path)
    count = headers[named[0][1]].shape[0]
    lengths = {name + _LENGTHS for _, name in named}
    roles = {getattr(options, role) for role in ROLES}
    columns = {
        name: _column(file[name])
        for name, h in headers.items()
        if (h.shape == (count,) or (name in roles and _is_column(h))) and name not in {n for _, n in named}
    }
    table, notices = utterances_of(
        {name: cells for name, cells in columns.items() if name not in lengths},
        options,
        TableFile(path, "array", lambda i: f"row {i + 1}"),
        count,
    )
    stores = []
    for modality, name in named:
        made, more = _store(file, (name, modality), list(table["utterance"]), path)
        stores.append(made)
        notices += more
    left = [n for n in headers if n not in columns and n not in {name for _, name in named}]
    if left:
        notices.append(f"{path.name}: arrays that are left out: {_listed({n: headers[n] for n in left})}")
    return Bundle(table, features=distinct(stores, path), notices=tuple(notices))


def _check_named(
    named: list[tuple[Modality, str]], headers: Mapping[str, _Header], options: ImportOptions, path: Path
) -> None:
    if not named:
        raise UserError(
            f"{path}: say which arrays are features of which modality (--array text=NAME); available: "
            f"{_listed(headers)}"
        )
    for _, name in named:
        if name not in headers:
            raise UserError(f"{path} has no array {name!r}; {suggest(name, headers)}")
        header = headers[name]
        if len(header.shape) not in (2, 3) or header.dtype.kind not in "biuf" or 0 in header.shape:
            raise UserError(
                f"{path}: the array {name!r} has shape {header.shape} and type {header.dtype}: features "
                "must be numbers of the shape (n, d) or (n, T, d), with n, T and d above 0"
            )
    first = named[0][1]
    lengths = [name + _LENGTHS for _, name in named if name + _LENGTHS in headers]
    others = [getattr(options, role) for role in ROLES if getattr(options, role) in headers]
    for name in [name for _, name in named] + lengths + others:
        shape = headers[name].shape
        if not shape or shape[0] != headers[first].shape[0]:
            raise UserError(
                f"{path}: the arrays {first!r} and {name!r} have different lengths ({headers[first].shape} and {shape}"
                "): both must have one row per utterance"
            )


def _is_column(header: _Header) -> bool:
    """Whether an array is a matrix that MATLAB wrote for a column: it is n by 1, or holds one character per cell."""
    single = header.dtype.itemsize == (4 if header.dtype.kind == "U" else 1)
    return len(header.shape) == 2 and (header.shape[1] == 1 or (header.dtype.kind in "US" and single))


def _column(cells: NDArray[Any]) -> NDArray[Any]:
    """Return the cells of a vector or a matrix of MATLAB as ``(n,)``; rows of single characters are joined."""
    if cells.ndim == 1:
        return cells
    return cells[:, 0] if cells.shape[1] == 1 else np.array([cells.dtype.type().join(row) for row in cells.tolist()])


def _listed(headers: Mapping[str, _Header]) -> str:
    return ", ".join(f"{name} {header.shape}" for name, header in headers.items()) or "none"


def _store(
    file: Mapping[str, NDArray[Any]], store: tuple[str, Modality], utterances: list[str], path: Path
) -> tuple[FeatureSet, list[str]]:
    name, modality = store
    with np.errstate(over="ignore"):  # numbers too large for float32 become infinite and are masked as well
        values = np.asarray(file[name], np.float32)
    vectors = values.ndim == 2
    if vectors:
        rows = list(values[:, None, :])
    else:
        lengths = _lengths(file, name, values, path)
        rows = [sequence[:length] for sequence, length in zip(values, lengths, strict=True)]
    names = [str(j) for j in range(values.shape[-1])]
    details = {"source": path.name, "array": name}
    return features_of((store_name(name), modality), names, rows, utterances, vectors=vectors, details=details)


def _lengths(file: Mapping[str, NDArray[Any]], name: str, values: NDArray[Any], path: Path) -> NDArray[np.int64]:
    if name + _LENGTHS not in file:
        return unpadded(values)
    lengths = file[name + _LENGTHS]
    if lengths.shape != (len(values),) or lengths.dtype.kind not in "iu":
        raise UserError(
            f"{path}: the array {name + _LENGTHS!r} has shape {lengths.shape} and type {lengths.dtype}: it must hold "
            f"a whole number for each of the {len(values)} utterances"
        )
    wrong = np.flatnonzero((lengths < 0) | (lengths > values.shape[1]))
    if len(wrong):
        raise UserError(
            f"{path}, row {wrong[0] + 1}: {name + _LENGTHS!r} is {lengths[wrong[0]]}, but the sequences of {name!r} "
            f"have room for 0 to {values.shape[1]} rows"
        )
    return lengths.astype(np.int64)


def unpadded(values: NDArray[Any]) -> NDArray[np.int64]:
    """Return the lengths ``(n,)`` of zero-padded sequences ``(n, T, d)``: rows up to the last one that is not all 0.

    >>> unpadded(np.array([[[1.0], [0.0], [2.0], [0.0]], [[0.0], [0.0], [0.0], [0.0]]])).tolist()
    [3, 0]
    """
    used = (values != 0).any(axis=2)
    last = values.shape[1] - np.argmax(used[:, ::-1], axis=1)
    return np.where(used.any(axis=1), last, 0).astype(np.int64)


def write(bundle: Bundle, path: Path) -> None:
    """Write a bundle as the arrays of `pipeline.exchange.packing`, which `read` reads back.

    The values of only one utterance are in memory at a time. The same bundle gives the same bytes. The file appears
    whole or not at all.

    Raises
    ------
    UserError
        If the file cannot be written.
    """
    try:
        with replacing(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
            _put(archive, FORMAT_KEY, np.array(about(bundle)))
            for name, cells in tables(bundle).items():
                _put(archive, name, cells)
            for store in bundle.features:
                _put_store(archive, store)
    except OSError as error:
        raise UserError(
            f"cannot write {path}: {error.strerror or error}: free disk space or check the folder"
        ) from error


def _entry(name: str, *, text: bool = False) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(f"{name}.npy", _FIXED_DATE)
    # Arrays of text are as wide as their longest cell and mostly empty, so they compress well; numbers hardly do.
    info.compress_type = zipfile.ZIP_DEFLATED if text else zipfile.ZIP_STORED
    return info


def _put(archive: zipfile.ZipFile, name: str, cells: NDArray[Any]) -> None:
    with archive.open(_entry(name, text=cells.dtype.kind == "U"), "w", force_zip64=True) as file:
        np.lib.format.write_array(file, cells, allow_pickle=False)


def _put_store(archive: zipfile.ZipFile, store: FeatureSet) -> None:
    where = f"features/{store.name}"
    shape = (int(offsets_of(store)[-1]), len(store.feature_names))
    with archive.open(_entry(f"{where}/values"), "w", force_zip64=True) as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        rest = gather(store, lambda _, values: _append(file, values, shape[1], store.name))
    for name, cells in rest.items():
        _put(archive, f"{where}/{name}", cells)


def _append(file: Any, values: NDArray[np.float32], width: int, name: str) -> None:
    if values.ndim != 2 or values.shape[1] != width:
        raise UserError(f"{name} has rows of shape {values.shape[1:]}, but {width} column names")
    file.write(values.astype("<f4", copy=False).tobytes())
