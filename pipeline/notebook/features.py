"""Feature stores, and features of single recordings, as tables and arrays for Python's tools."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from common.names import suggest
from features.base import MODALITIES
from features.store import STATUSES, Store, open_store
from pipeline.errors import UserError, counted
from pipeline.notebook.errors import in_one_sentence
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

Rows = tuple[Any, NDArray[np.float64]]  # values (rows, d), or a list of words or pictures; times (rows, 2)


@dataclass(frozen=True, eq=False, repr=False)
class Features:
    """The numbers of one extractor, or one cleaned stream, for n utterances.

    Attributes
    ----------
    name
        Name of the store.
    utterances
        Names of the utterances.
    status, note
        For each utterance, its status (``ok``, ``absent``, ``empty`` or ``failed``), and a note that gives the reason
        for the status or, if the status is ``ok``, a remark.
    attributes
        Attributes of the store: extractor, version, settings, weights, libraries, names of the columns.
    pooled
        ``(n, p)`` one vector per utterance, NaN where the status is not ``ok``; None for a stream.
    """

    name: str
    utterances: tuple[str, ...]
    status: tuple[str, ...]
    note: tuple[str, ...]
    attributes: Mapping[str, Any]
    pooled: NDArray[np.float32] | None
    _rows: Callable[[int], Rows]

    @in_one_sentence
    def to_frame(self) -> "pd.DataFrame":
        """Return one row per utterance and one column per feature; NaN where the status is not ``ok``."""
        import pandas as pd

        index = pd.Index(self.utterances, name="utterance")
        return pd.DataFrame(self._pooled(), index, pd.Index(self.attributes["pooled_names"]))

    @in_one_sentence
    def sequence(self, utterance: str) -> "pd.DataFrame":
        """Return the rows of one utterance over time, indexed by their start and end in seconds.

        The times count from the beginning of the utterance. Where the status is not ``ok`` there are no rows.
        """
        import pandas as pd

        if utterance not in self.utterances:
            raise UserError(f"{self.name} holds no utterance {utterance!r}; {suggest(utterance, self.utterances)}")
        values, times = self._rows(self.utterances.index(utterance))
        index = pd.MultiIndex.from_arrays([times[:, 0], times[:, 1]], names=["start", "end"])
        names = self.attributes.get("feature_names")
        if names is None:  # a stream: sound, words or pictures
            names, values = [self.name], {self.name: np.ravel(values) if isinstance(values, np.ndarray) else values}
        return pd.DataFrame(values, index, columns=pd.Index(names))

    @in_one_sentence
    def to_xarray(self) -> "xr.Dataset":
        """Return an `xarray.Dataset` of the pooled features and of the rows over time.

        ``values`` holds the rows of all utterances one after the other. ``rows`` holds the number of rows of each
        utterance. Together, they are a contiguous ragged array as defined by the CF conventions (section 9.3.3).
        """
        import xarray as xr

        pooled = self._pooled()
        found = [self._rows(i) for i in range(len(self.utterances))]
        names = list(self.attributes["feature_names"])
        values = np.concatenate([np.zeros((0, len(names)), np.float32), *(np.asarray(v) for v, _ in found)])
        times = np.concatenate([np.zeros((0, 2)), *(t for _, t in found)])
        seconds = {"units": "s"}
        counts = [len(t) for _, t in found]
        return xr.Dataset(
            {
                "pooled": (("utterance", "pooled_feature"), pooled),
                "values": (("row", "feature"), values),
                "rows": ("utterance", counts, {"sample_dimension": "row"}),
                "status": ("utterance", list(self.status)),
                "note": ("utterance", list(self.note)),
            },
            {
                "utterance": list(self.utterances),
                "pooled_feature": list(self.attributes["pooled_names"]),
                "feature": names,
                "row_utterance": ("row", np.repeat(np.array(self.utterances, object).astype(str), counts)),
                "start": ("row", times[:, 0], seconds),
                "end": ("row", times[:, 1], seconds),
            },
            {name: str(value) for name, value in self.attributes.items() if not name.endswith("_names")},
        )

    def _pooled(self) -> NDArray[np.float32]:
        if self.pooled is None:
            raise UserError(f"{self.name} is a stream, which has no features: read it with .sequence(utterance)")
        return self.pooled

    def __len__(self) -> int:
        return len(self.utterances)

    def __repr__(self) -> str:
        counts = Counter(self.status)
        states = ", ".join(f"{counts[status]} {status}" for status in STATUSES if counts[status])
        what = (
            "stream"
            if self.pooled is None
            else f"{self.attributes.get('modality', '')}, {counted(self.pooled.shape[1], 'feature')}"
        )
        return f"<{self.name} ({what}): {counted(len(self), 'utterance')}, {states or 'none'}>"

    def _repr_html_(self) -> str:
        return f"<code>{escape(repr(self))}</code>"


def path_of(params: Params, corpus: str, name: str) -> Path:
    """Return the path of a corpus's stream or features.

    Raise `UserError` if there is no such corpus, or if `name` is no modality and the corpus has no such features.
    """
    params.corpus(corpus)
    paths = CorpusPaths(corpus)
    if name in MODALITIES:
        return paths.stream(name).absolute()
    if not (found := paths.features(name)).exists():
        there = sorted(path.stem for path in found.parent.glob("*.h5"))
        raise UserError(f"{corpus} has no features {name!r}; {suggest(name, [*MODALITIES, *there])}")
    return found.absolute()


@in_one_sentence
def read_features(path: Path) -> Features:
    """Return the content of a store; rows over time are read from the file only when they are needed."""

    def rows(i: int) -> Rows:
        with open_store(path) as store:
            return _rows_of(store, i)

    with open_store(path) as store:
        return _described(path.stem, store, rows)


def loaded_features(path: Path) -> Features:
    """Return the content of a store with all rows in memory, for a file that will be deleted."""
    with open_store(path) as store:
        held = [_rows_of(store, i) for i in range(len(store))]
        return _described(path.stem, store, held.__getitem__)


def _described(name: str, store: Store, rows: Callable[[int], Rows]) -> Features:
    return Features(
        name,
        tuple(store.utterances),
        tuple(store.statuses),
        tuple(store.notes),
        {key: store.attribute(key) for key in sorted(store.file.attrs)},
        store.pooled() if "pooled" in store.file else None,
        rows,
    )


def _rows_of(store: Store, i: int) -> Rows:
    values = store.rows(i)
    if "times" in store.file:
        return values, store.rows(i, "times")
    first, rate = float(np.ravel(store.clip(i, "start_s"))[0]), float(store.attribute("rate_hz"))
    starts = first + np.arange(len(values)) / rate
    return values, np.stack([starts, starts + 1 / rate], axis=1)
