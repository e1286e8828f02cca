"""Make stores of one vector per utterance from the vectors in pickles of conversations."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.base import MODALITIES, Modality
from features.store import Entry
from pipeline.errors import UserError
from pipeline.exchange.bundle import FeatureSet, ImportOptions, entry_of, item_of, masked_notices
from pipeline.exchange.safety import slug
from pipeline.foreign import one_line

Vectors = list[NDArray[Any] | None]  # one per utterance; None if the utterance has no vector


@dataclass
class Found:
    """What a pickle holds: rows of the utterance table, the modality and vectors of each store, and notices."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    stores: dict[str, tuple[Modality, Vectors]] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)


def stores_by_name(files: Collection[Path], options: ImportOptions) -> dict[str, tuple[Path, Modality]]:
    """Return the file and the modality of each store, keyed by the name of the store.

    A store is named after its modality or, if several files have the same modality, after its file.
    """
    pairs: list[tuple[Path, Modality]] = []
    for path in files:
        named = next((m for m, names in options.arrays if any(fnmatch(path.stem, name) for name in names)), None)
        if named is None and options.arrays and len(files) == 1:
            named = options.arrays[0][0]
        pairs.append((path, named or _modality_of(path)))
    count = Counter(modality for _, modality in pairs)
    found = {slug(path.stem) if count[m] > 1 else m: (path, m) for path, m in pairs}
    if len(found) < len(pairs):
        raise UserError(
            f"{pairs[0][0].parent}: two files would make the same store: rename one of {', '.join(map(str, files))}"
        )
    return found


def _modality_of(path: Path) -> Modality:
    stem = path.stem.lower().replace("visual", "video")
    for modality in MODALITIES:
        if stem.startswith(modality):
            return modality
    raise UserError(f"{path}: the name does not state the modality: give it with --array audio={path.stem}")


def store_of(
    path: Path, name: str, modality: Modality, vectors: Vectors, utterances: Sequence[str]
) -> tuple[FeatureSet, list[str]]:
    """Return a store of one vector per utterance, and a list that holds a notice if numbers were masked.

    Parameters
    ----------
    path
        Where the vectors come from, for messages and the store's details.
    name, modality
        The name and the modality of the store.
    vectors, utterances
        The vector of each utterance (None if it has no vector), and its name.

    Raises
    ------
    UserError
        If a cell is not a vector of numbers, or the vectors differ in length.
    """
    width, masked, touched, items = -1, 0, 0, []
    for utterance, cell in zip(utterances, vectors, strict=True):
        if cell is None:
            items.append(item_of(utterance, Entry("absent", "the file has no vector for this utterance")))
            continue
        vector = _vector(f"{path}: {name} of {utterance}", cell)
        width = len(vector) if width < 0 else width
        if len(vector) != width:
            raise UserError(
                f"{path}: {name} of {utterance} has {len(vector)} numbers, but others have {width}: check the file"
            )
        with np.errstate(over="ignore"):  # numbers too large for float32 are masked and counted
            entry, count = entry_of(vector[None], pooled=vector)
        items.append(item_of(utterance, entry))
        masked, touched = masked + count, touched + bool(count)
    names = tuple(f"{name}_{i}" for i in range(max(width, 0)))
    made = FeatureSet(name, modality, names, names, items, {"source": path.name})
    return made, masked_notices(name, masked, touched)


def _vector(where: str, cell: Any) -> NDArray[np.float64]:
    try:
        vector = np.asarray(cell)
    except ValueError:  # a list of lists of unequal lengths
        vector = np.empty(0, object)
    if vector.ndim == 2 and len(vector) == 1:
        vector = vector[0]
    if vector.dtype.kind not in "biuf" or vector.ndim != 1:
        raise UserError(
            f"{where} is not a vector of numbers ({one_line(type(cell).__name__)} {vector.shape}): check the file"
        )
    return vector.astype(np.float64)
