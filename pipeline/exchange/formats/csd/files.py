"""Read one ``.csd`` file: check the sizes that it declares before reading, and read rows only when they are needed."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UserError, counted
from pipeline.exchange.safety import slug
from pipeline.foreign import child, declared_bytes, one_line, open_hdf5, refuse_ratio

_CELL_BATCH = 256

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SequenceFile:
    """A ``.csd`` file without its features.

    `intervals` maps each id to ``(n, 2)``: start and end in seconds of its n feature rows, each of `width` cells.
    """

    path: Path
    root: str
    metadata: Mapping[str, Any]
    intervals: Mapping[str, Floats]
    width: int
    numeric: bool

    @property
    def store(self) -> str:
        """The name that the store gets when the file is imported."""
        return slug(str(self.metadata["root name"]))


def describe(path: Path) -> SequenceFile:
    """Check a file and return everything except its features.

    Raises
    ------
    UserError
        If the file is damaged, has a different layout, links to other files, or declares much more data than it holds.
    """
    with open_hdf5(path) as h5:
        roots = list(h5)
        if len(roots) != 1:
            named = ", ".join(one_line(name, 30) for name in roots[:4])
            raise UserError(
                f"{path} has {len(roots)} top-level groups ({named}), but must have exactly one: split the file"
            )
        root = child(path, h5, roots[0], dataset=False)
        data = child(path, root, "data", dataset=False)
        metadata = _metadata(path, child(path, root, "metadata", dataset=False))
        if "root name" not in metadata:
            raise UserError(
                f"{path} has no metadata/root name, which the CMU-MultimodalSDK requires: write the file again"
            )
        intervals, shapes, declared = {}, {}, 0
        for name in data:
            group = child(path, data, name, dataset=False)
            features = child(path, group, "features", dataset=True)
            spans = child(path, group, "intervals", dataset=True)
            shapes[name] = _check_pair(path, name, features, spans)
            declared += declared_bytes(features) + declared_bytes(spans)
            refuse_ratio(f"{path}", declared, path.stat().st_size)
            intervals[name] = np.asarray(spans[:], np.float64)
    return SequenceFile(path, roots[0], metadata, intervals, *_common_shape(path, shapes))


def _metadata(path: Path, group: Any) -> dict[str, Any]:
    """Return the metadata: JSON is parsed, other text is kept as it is, anything but a single text is left out."""
    import h5py

    found: dict[str, Any] = {}
    for key in group:
        cell = child(path, group, key, dataset=True)
        if cell.size != 1 or h5py.check_string_dtype(cell.dtype) is None:
            continue
        text = cell[()] if cell.shape == () else cell[:].ravel()[0]
        text = _decoded(text)
        try:
            found[key] = json.loads(text)
        except (ValueError, RecursionError):
            found[key] = text
    return found


def _decoded(cell: Any) -> str:
    return cell.decode("utf-8", errors="replace") if isinstance(cell, bytes) else str(cell)


def _check_pair(path: Path, name: str, features: Any, spans: Any) -> tuple[int, bool]:
    """Return how many columns the features of an id have, and whether they are numbers.

    Raise `UserError` for an invalid name, shape or type.
    """
    import h5py

    where = f"{path}: data/{one_line(name, 60)}"
    try:
        name.encode()
    except UnicodeEncodeError:
        raise UserError(f"{where} is not a Unicode name: rename it") from None
    if len(spans.shape) != 2 or spans.shape[1] != 2 or spans.dtype.kind not in "fiu":
        raise UserError(f"{where}/intervals has type {spans.dtype} and shape {spans.shape}, but must be (n, 2) seconds")
    if len(features.shape) < 2 or 0 in features.shape[1:]:
        raise UserError(f"{where}/features has the shape {features.shape}, but must have (n, d)")
    if features.shape[0] != spans.shape[0]:
        raise UserError(
            f"{where} has {counted(features.shape[0], 'row')} of features but "
            f"{counted(spans.shape[0], 'interval')}: write one interval per row"
        )
    numeric = features.dtype.kind in "fiub"
    if not numeric and h5py.check_string_dtype(features.dtype) is None:
        raise UserError(f"{where}/features has the type {one_line(features.dtype, 40)}, but must hold numbers or text")
    return int(np.prod(features.shape[1:], dtype=np.int64)), numeric


def _common_shape(path: Path, shapes: Mapping[str, tuple[int, bool]]) -> tuple[int, bool]:
    """Return the common row width of all ids, and whether they hold numbers; raise `UserError` if they differ."""
    if len(set(shapes.values())) > 1:
        first = next(iter(shapes))
        other = next(name for name in shapes if shapes[name] != shapes[first])
        has, other_has = (
            f"{counted(width, 'column')} of {'numbers' if numeric else 'text'}"
            for width, numeric in (shapes[first], shapes[other])
        )
        raise UserError(
            f"{path}: {one_line(first, 60)} has {has}, but {one_line(other, 60)} has {other_has}: all ids must have "
            "equally many columns, of only numbers or only text"
        )
    return next(iter(shapes.values()), (0, True))


@contextmanager
def _features(file: SequenceFile, name: str) -> Iterator[Any]:
    """Open the features of an id; check the dataset again, since the file may have changed after `describe`."""
    with open_hdf5(file.path) as h5:
        data = child(file.path, child(file.path, h5, file.root, dataset=False), "data", dataset=False)
        yield child(file.path, child(file.path, data, name, dataset=False), "features", dataset=True)


def read_rows(file: SequenceFile, name: str, rows: slice = slice(None)) -> NDArray[np.float32]:
    """Return the chosen rows of an id's features ``(rows, d)``; numbers too large for float32 become infinite."""
    with _features(file, name) as features:
        values = features[rows]
    with np.errstate(over="ignore"):
        single: NDArray[np.float32] = values.reshape(len(values), file.width).astype(np.float32)
    return single


def read_texts(file: SequenceFile, name: str) -> list[str]:
    """Return the first column of an id's features as strings.

    Raises
    ------
    UserError
        If the texts together are longer than a file of this size can hold.
    """
    found: list[str] = []
    with _features(file, name) as features:
        total, most = 0, 4 * file.path.stat().st_size + (1 << 20)
        for begin in range(0, features.shape[0], _CELL_BATCH):
            cells = features[begin : begin + _CELL_BATCH].reshape(-1, file.width)[:, 0].tolist()
            total += sum(map(len, cells))
            if total > most:
                raise UserError(
                    f"{file.path} expands to more than {most} characters of text: get it from somewhere else"
                )
            found += map(_decoded, cells)
    return found
