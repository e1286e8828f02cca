"""Parquet: read features from a table with one row per utterance, and write whole bundles as a folder of tables.

==========================  ==========================================================================================
``utterances.parquet``      the utterance table, one row per utterance
``words.parquet``           utterance, word, start, end; in seconds from the start of the recording
``<store>.parquet``         one row per utterance: ``utterance, status, note``, ``pooled`` (list of p numbers),
                            ``values`` (list of rows of d numbers), ``times`` (list of starts and ends in seconds from
                            the utterance's start); all three are null if the status is not ``ok``. The schema's
                            metadata ``crossmodal`` is JSON: name, modality, column names, details
==========================  ==========================================================================================
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.atomic import named, replacing_folder
from features.store import Entry, Item
from pipeline.errors import UserError
from pipeline.exchange.bundle import Bundle, FeatureSet, ImportOptions
from pipeline.exchange.cells import as_text
from pipeline.exchange.columns import ROLES, TableFile, names_here
from pipeline.exchange.packing import Damaged, about, damaged, header_of, tables, unpack
from pipeline.exchange.safety import refuse_options
from pipeline.exchange.table_bundle import matched, table_bundle
from pipeline.foreign import one_line

_KEY = b"crossmodal"
_TABLES = ("utterances", "words")
_EXACT = 2**53  # whole numbers up to this one are exact as floating-point numbers
_BATCH_NUMBERS = 1 << 20  # numbers per row group; one row group is in memory while a store is written


def read(path: Path, options: ImportOptions) -> Bundle:
    """Read one table, or the folder that `write` made.

    Parameters
    ----------
    path
        A `.parquet` file with one row per utterance, or a folder.
    options
        For a single file, each pair of ``arrays`` names the numeric columns of one store, where patterns with ``*`` are
        allowed. ``id, text, speaker, group, split, start, end, label`` each name one column. Other columns are kept
        in the utterance table, or left out with a notice (see `utterances_of`). A folder takes no options.

    Raises
    ------
    UserError
        If the path cannot be read, if a feature column does not hold numbers, or if the columns do not fit the options.
    """
    if path.is_dir():
        refuse_options(path, options, ())
        return _folder(path)
    refuse_options(path, options, ("arrays", "splits", *ROLES))
    table = _read_table(path)
    table = table.rename_columns(names_here(table.column_names, options, path))
    source = TableFile(path, "column", lambda i: f"row {i + 1}")
    chosen = matched(options, table.column_names, source)
    wanted = {name for _, _, names in chosen for name in names}
    numbers = {name: _numbers(table.column(name), name, source) for name in wanted}
    cells = {name: _cells(table.column(name)) for name in table.column_names if name not in wanted}
    return table_bundle(cells, numbers, chosen, options, source)


@contextmanager
def _faults(path: Path) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except FileNotFoundError:
        raise UserError(f"{path} does not exist: give a .parquet file, or the folder of an export") from None
    except (OSError, pa.ArrowException, MemoryError) as error:
        raise UserError(f"{path} is not a readable Parquet file ({one_line(error)}): get it again") from error


def _read_table(path: Path) -> Any:
    import pyarrow.parquet as pq

    with _faults(path):
        return pq.ParquetFile(path).read()


def _numbers(column: Any, name: str, source: TableFile) -> NDArray[np.float32]:
    """Return a feature column as ``(n,)`` float32, NaN for null; raise `UserError` if its type is not numeric."""
    import pyarrow as pa

    column = column.cast(pa.float64()) if pa.types.is_decimal(column.type) else column
    kind = column.type
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        with np.errstate(over="ignore"):  # numbers too large for float32 become infinite and are masked as well
            return np.asarray(column.to_pandas().to_numpy(np.float64, na_value=np.nan)).astype(np.float32)
    first = next((i for i, cell in enumerate(column.to_pylist()) if cell is not None), 0)
    lists = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    how = (
        "; write each number of a list into its own column, or all lists as one array for `import npz`" if lists else ""
    )
    what = f"holds {one_line(column[first].as_py(), 40)!r} of type {kind}: feature columns must hold numbers{how}"
    raise source.error(first, name, what)


def _cells(column: Any) -> NDArray[Any]:
    """Return a column as ``(n,)``: numbers, with NaN for null, or text, with "" for null.

    Integers become floats if any is null, or text if that would not be exact.
    """
    import pyarrow as pa

    kind = column.type
    number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)
    if number and (column.null_count == 0 or pa.types.is_floating(kind)):
        return np.asarray(column.to_numpy())
    found = column.to_pylist()
    if number and all(cell is None or abs(cell) <= _EXACT for cell in found):
        return np.array([np.nan if cell is None else float(cell) for cell in found])
    return np.array(as_text(np.array([*found, None], object)[:-1]), object)


def _folder(path: Path) -> Bundle:
    utterances = _read_table(path / "utterances.parquet")
    words = _read_table(path / "words.parquet")
    try:
        header = json.loads((utterances.schema.metadata or {})[_KEY])
        arrays = {f"utterances/{name}": _cells(utterances.column(name)) for name in utterances.column_names}
        arrays |= {f"words/{name}": _cells(words.column(name)) for name in words.column_names}
        names = arrays["utterances/utterance"].tolist()
        for store in header["stores"]:
            arrays |= _store_arrays(path, store, names)
        return unpack(json.dumps(header), arrays)
    except Damaged as error:
        raise damaged(path, error) from error
    except (KeyError, ValueError, TypeError) as error:
        raise damaged(path, f"it lacks {error}" if isinstance(error, KeyError) else one_line(error)) from error


def _store_arrays(path: Path, header: Mapping[str, Any], utterances: list[str]) -> dict[str, NDArray[Any]]:
    name, width, pooled = str(header["name"]), len(header["feature_names"]), len(header["pooled_names"])
    table = _read_table(path / _file_name(name)).combine_chunks()
    if table.column("utterance").to_pylist() != utterances:
        raise Damaged(f"{_file_name(name)} and utterances.parquet hold different utterances")
    lists = {part: table.column(part).combine_chunks() for part in ("values", "times", "pooled")}
    status = np.array(table.column("status").to_pylist(), np.str_)
    rows = lists["values"].value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    full = np.full((len(status), pooled), np.nan, np.float32)
    full[status == "ok"] = _flat(lists["pooled"], 1).reshape(int((status == "ok").sum()), pooled)
    arrays: dict[str, NDArray[Any]] = {
        "values": _flat(lists["values"], 2).astype(np.float32, copy=False).reshape(int(rows.sum()), width),
        "times": _flat(lists["times"], 2).astype(np.float64, copy=False).reshape(int(rows.sum()), 2),
        "offsets": np.concatenate([[0], np.cumsum(rows, dtype=np.int64)]).astype(np.int64),
        "status": status,
        "note": np.array(table.column("note").to_pylist(), np.str_),
        "pooled": full,
    }
    return {f"features/{name}/{part}": cells for part, cells in arrays.items()}


def _flat(lists: Any, depth: int) -> NDArray[Any]:
    for _ in range(depth):
        lists = lists.flatten()
    return np.asarray(lists.to_numpy(zero_copy_only=False))


def write(bundle: Bundle, path: Path) -> None:
    """Write a bundle as a folder of tables, which `read` reads back; only some utterances are in memory at a time.

    The folder appears whole or not at all. An earlier export is replaced.

    Raises
    ------
    UserError
        If `path` exists and is neither an export nor an empty folder, if a store's name is not valid as a file name, or
        if writing fails.
    """
    _check_place(bundle, path)
    try:
        with replacing_folder(path, _is_ours) as temporary:
            _write_tables(bundle, temporary, path)
            for store in bundle.features:
                with named(path / _file_name(store.name)):
                    _write_store(store, temporary / _file_name(store.name))
    except FileExistsError as error:
        raise UserError(f"{path} {error.strerror}") from error
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else error  # pyarrow's own message does not name the cause
        raise UserError(f"cannot write {error.filename or path}: {why}: free disk space or check the folder") from error


def _is_ours(path: Path) -> bool:
    """Whether a file is part of the export that its folder holds."""
    return path.name in _files_of(path.parent)


def _files_of(folder: Path) -> set[str]:
    """Return the file names of the export that a folder holds; an empty set if it holds none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        header = json.loads((pq.read_schema(folder / _file_name("utterances")).metadata or {})[_KEY])
        return {_file_name(name) for name in (*_TABLES, *(store["name"] for store in header["stores"]))}
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError):
        return set()


def _check_place(bundle: Bundle, path: Path) -> None:
    if path.exists() and not (path.is_dir() and ((path / "utterances.parquet").exists() or not any(path.iterdir()))):
        raise UserError(f"{path} exists and is not an earlier export, so it is not replaced: give a new folder")
    for store in bundle.features:
        if store.name in _TABLES or Path(store.name).name != store.name or store.name.startswith("."):
            raise UserError(
                f"the store {store.name!r} cannot be written as {path / _file_name(store.name)}: rename the store"
            )


def _file_name(store: str) -> str:
    return f"{store}.parquet"


def _write_tables(bundle: Bundle, folder: Path, path: Path) -> None:
    """Write the tables of utterances and words into `folder`, which is renamed to `path` later."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    arrays = tables(bundle)
    for name in _TABLES:
        own = {key.partition("/")[2]: cells for key, cells in arrays.items() if key.startswith(f"{name}/")}
        columns: dict[str, Any] = {c: pa.array(cells.tolist(), _type(cells)) for c, cells in own.items()}
        table = pa.table(columns)
        if name == "utterances":
            table = table.replace_schema_metadata({_KEY: about(bundle).encode()})
        with named(path / _file_name(name)):
            pq.write_table(table, folder / _file_name(name))


def _type(cells: NDArray[Any]) -> Any:
    import pyarrow as pa

    return pa.string() if cells.dtype.kind == "U" else pa.from_numpy_dtype(cells.dtype)


def _write_store(store: FeatureSet, path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    numbers, times = pa.list_(pa.list_(pa.float32())), pa.list_(pa.list_(pa.float64()))
    fields = [("utterance", pa.string()), ("status", pa.string()), ("note", pa.string())]
    fields += [("pooled", pa.list_(pa.float32())), ("values", numbers), ("times", times)]
    schema = pa.schema(fields, metadata={_KEY: json.dumps(header_of(store), sort_keys=True).encode()})
    with pq.ParquetWriter(path, schema) as writer:
        for batch in _batches(store):
            entries = [entry for _, entry in batch]
            columns = [
                pa.array([item.utterance for item, _ in batch], pa.string()),
                pa.array([entry.status for entry in entries], pa.string()),
                pa.array([entry.note for entry in entries], pa.string()),
                _lists([_if_ok(entry, entry.clips, "pooled") for entry in entries]),
                _nested([_if_ok(entry, entry.rows, "values") for entry in entries], numbers),
                _nested([_if_ok(entry, entry.rows, "times") for entry in entries], times),
            ]
            writer.write_table(pa.Table.from_arrays(columns, schema=schema))


def _batches(store: FeatureSet) -> Iterator[list[tuple[Item, Entry]]]:
    batch: list[tuple[Item, Entry]] = []
    size = 0
    for item in store.items:
        batch.append((item, item.load()))
        size += item.length * (len(store.feature_names) + 2) + len(store.pooled_names)
        if size >= _BATCH_NUMBERS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _if_ok(entry: Entry, parts: Mapping[str, Any], name: str) -> NDArray[Any] | None:
    return np.asarray(parts[name], np.float64 if name == "times" else np.float32) if entry.status == "ok" else None


def _lists(vectors: Sequence[NDArray[Any] | None]) -> Any:
    """Return vectors ``(k,)`` as a pyarrow array of lists; None becomes null."""
    import pyarrow as pa

    there = [v for v in vectors if v is not None]
    flat = np.concatenate(there) if there else np.zeros(0, np.float32)
    return pa.ListArray.from_arrays(_bounds(vectors), pa.array(flat, pa.float32()), mask=_mask(vectors))


def _nested(matrices: Sequence[NDArray[Any] | None], kind: Any) -> Any:
    """Return matrices ``(rows, k)`` as a pyarrow array of lists of lists of type `kind`; None becomes null."""
    import pyarrow as pa

    there = [m for m in matrices if m is not None]
    width = there[0].shape[1] if there else 0
    flat = np.concatenate(there).ravel() if there else np.zeros(0, np.float32)
    rows = sum(len(m) for m in there)
    inner = pa.ListArray.from_arrays(
        pa.array(np.arange(rows + 1) * width, pa.int32()), pa.array(flat, kind.value_type.value_type)
    )
    return pa.ListArray.from_arrays(_bounds(matrices), inner, mask=_mask(matrices))


def _bounds(parts: Sequence[NDArray[Any] | None]) -> Any:
    import pyarrow as pa

    return pa.array(np.concatenate([[0], np.cumsum([0 if p is None else len(p) for p in parts])]), pa.int32())


def _mask(parts: Sequence[NDArray[Any] | None]) -> Any:
    import pyarrow as pa

    return pa.array([p is None for p in parts], pa.bool_())
