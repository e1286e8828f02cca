"""Read bc-LSTM's padded arrays: one file per modality, with seven arrays that do not name the videos."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import UserError
from pipeline.exchange.bundle import ImportOptions
from pipeline.exchange.formats.erc.stores import Found, Vectors, stores_by_name


def is_padded(parts: Sequence[Any]) -> bool:
    """Whether a pickle holds the seven arrays: values, labels and lengths of train and test, and a maximum length."""
    arrays = [part for part in parts if isinstance(part, np.ndarray)]
    return len(parts) == 7 and sum(array.ndim == 3 for array in arrays) >= 2


def read_padded(files: Mapping[Path, Sequence[Any]], options: ImportOptions) -> Found:
    """Return the utterances and vectors of files that hold one modality each.

    Raise `UserError` if the files have different lengths or labels.
    """
    found = Found(notices=["this format does not name its videos, so they are numbered within train and test"])
    for name, (file, modality) in stores_by_name(files, options).items():
        rows, vectors = _unpadded(file, files[file])
        if found.rows and rows != found.rows:
            raise UserError(
                f"{file} and the files next to it have different lengths or labels: use files from the same source"
            )
        found.rows = rows
        found.stores[name] = (modality, vectors)
    return found


def _unpadded(path: Path, parts: Sequence[Any]) -> tuple[list[dict[str, Any]], Vectors]:
    """Return the table row and the vector of each utterance, without padding."""
    train, train_labels, test, test_labels, _, train_lengths, test_lengths = parts
    rows: list[dict[str, Any]] = []
    vectors: Vectors = []
    for split, values, labels, lengths in (
        ("train", train, train_labels, train_lengths),
        ("test", test, test_labels, test_lengths),
    ):
        labels, lengths = np.asarray(labels), np.asarray(lengths)
        if values.ndim != 3 or labels.shape[:2] != values.shape[:2] or lengths.shape != values.shape[:1]:
            shapes = f"{values.shape}, {labels.shape}, {lengths.shape}"
            raise UserError(
                f"{path}, {split}: the shapes of values, labels and lengths do not match ({shapes}): get the file again"
            )
        if lengths.dtype.kind not in "iu" or (
            len(lengths) and not 0 <= lengths.min() <= lengths.max() <= values.shape[1]
        ):
            raise UserError(
                f"{path}: a length of the {split} part is not a whole number from 0 to {values.shape[1]}: get the file "
                "again"
            )
        for v, length in enumerate(lengths.tolist()):
            for n in range(length):
                group = f"{split}_vid{v}"
                label = _sentiment(f"{path}: {split} video {v}, label {n}", labels[v, n])
                row = {"utterance": f"{group}_utt{n}", "group": group, "order": float(n), "split": split}
                rows.append(row | {"sentiment": label})
                vectors.append(values[v, n])
    return rows, vectors


def _sentiment(where: str, cell: NDArray[Any]) -> str | float:
    """Return ``negative`` for 0, ``positive`` for 1 (either may be one-hot), or any other number as a score."""
    if cell.dtype.kind not in "biuf" or cell.ndim > 1:
        raise UserError(f"{where} is not a number: the labels must be numbers")
    value = float(cell.argmax()) if cell.ndim else float(cell)
    return {0.0: "negative", 1.0: "positive"}.get(value, value)
