"""The inputs of models in the form of a table for scikit-learn's tools: rows are utterances, columns are modalities."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from models.data.modalities import IntArray, Modalities
from models.errors import ModelError
from models.evaluation.importance import permuted_modality
from pipeline.errors import counted

if TYPE_CHECKING:
    import pandas as pd


def _no_names() -> NDArray[np.object_]:
    return np.array([], object)


@dataclass(frozen=True, eq=False, repr=False)
class Utterances(Modalities):
    """The features of n utterances, which scikit-learn's tools accept as ``X``: n rows, one column per modality.

    Selecting rows (``X[rows]``) keeps everything else: features, sequences, masks, transcripts, groups. A column is a
    whole modality, so that `sklearn.inspection.permutation_importance` permutes modalities.

    Attributes
    ----------
    utterances
        ``(n,)`` the names of the utterances.

    Examples
    --------
    >>> masks = {"text": np.array([True, True]), "audio": np.array([True, False])}
    >>> data = Modalities({"audio": np.ones((2, 3), np.float32)}, masks, np.array(["a", "b"], object), np.array([1, 2]))
    >>> x = Utterances.of(data, ["u1", "u2"])
    >>> x
    <2 utterances: text (2 present), audio 3 features (1 present)>
    >>> x.shape, x.columns, x[[1]].utterances.tolist()
    ((2, 2), ('text', 'audio'), ['u2'])
    """

    utterances: NDArray[np.object_] = field(default_factory=_no_names)

    @classmethod
    def of(cls, data: Modalities, utterances: Any) -> "Utterances":
        """Return the given data together with the names of its utterances."""
        own: Mapping[str, Any] = {one.name: getattr(data, one.name) for one in fields(Modalities)}
        return cls(**own, utterances=np.asarray(utterances, object))

    @property
    def shape(self) -> tuple[int, int]:  # type: ignore[override]
        """``(n, modalities)``."""
        return len(self), len(self.columns)

    @property
    def columns(self) -> tuple[str, ...]:
        """The modalities."""
        return self.modalities

    @property
    def index(self) -> NDArray[np.object_]:
        """The names of the utterances."""
        return self.utterances

    @property
    def iloc(self) -> "_Places":
        """Access by position to rows, or to one modality of some rows."""
        return _Places(self)

    def __getitem__(self, rows: Any) -> "Utterances":
        """Return the utterances at `rows`: integers, a slice, or a mask."""
        chosen = Modalities.__getitem__(self, rows)
        rows = rows[0] if isinstance(rows, tuple) else rows
        rows = rows if isinstance(rows, slice) else np.atleast_1d(np.asarray(rows))
        names = self.utterances[rows if isinstance(rows, slice) or len(rows) else slice(0, 0)]
        return Utterances.of(chosen, names)

    def take(self, rows: Any, axis: int = 0) -> "Utterances":
        """Return the utterances at `rows`."""
        if axis != 0:
            raise ModelError("axis must be 0: only rows can be taken")
        return self[rows]

    def copy(self) -> "Utterances":
        """Return a shallow copy, in which a modality can be replaced without changing these utterances."""
        return Utterances.of(self, self.utterances)

    def __setitem__(self, modality: str, column: Any) -> None:
        """Replace a modality by `column`, a permutation of it that ``iloc`` made from these utterances."""
        if not isinstance(column, _Column) or column.modality != modality or column.source is not self:
            raise ModelError(
                f"{modality} can be replaced only by a permutation of itself, made with X.iloc[rows, column]"
            )
        permuted = permuted_modality(self, modality, column.rows)
        for name in ("pooled", "present", "sequences", "text"):
            object.__setattr__(self, name, getattr(permuted, name))

    def to_frame(self, modality: str | None = None) -> "pd.DataFrame":
        """Return the features as a `pandas.DataFrame`, one row per utterance; NaN where the modality is missing.

        Parameters
        ----------
        modality
            The modality. By default, all modalities that have features; the first level of the columns is then the
            modality.
        """
        import pandas as pd

        if modality is None:
            return pd.concat({m: self.to_frame(m) for m in self.columns if m in self.pooled}, axis=1)
        there = self.mask(modality)
        values = self.pooled.get(modality, np.zeros((len(self), 0), np.float32))
        names = self.names.get(modality) or tuple(map(str, range(values.shape[1])))
        index = pd.Index(self.utterances, name="utterance")
        return pd.DataFrame(np.where(there[:, None], values, np.float32("nan")), index, pd.Index(names))

    def _parts(self) -> list[tuple[str, int, int, str]]:
        """Return each modality's name, number of features, number of utterances that have it, and sequence width."""
        return [
            (
                m,
                self.pooled[m].shape[1] if m in self.pooled else 0,
                int(mask.sum()),
                str(self.sequences[m].width) if m in self.sequences else "",
            )
            for m, mask in self.present.items()
        ]

    def __repr__(self) -> str:
        word = "feature"
        parts = (f"{m}{f' {counted(p, word)}' if p else ''} ({there} present)" for m, p, there, _ in self._parts())
        return f"<{counted(len(self), 'utterance')}: {', '.join(parts)}>"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th>{escape(m)}</th><td>{p}</td><td>{there} of {len(self)}</td><td>{width}</td></tr>"
            for m, p, there, width in self._parts()
        )
        head = "<tr><th>modality</th><th>features</th><th>present</th><th>numbers per step</th></tr>"
        return f"<table><caption>{counted(len(self), 'utterance')}</caption>{head}{rows}</table>"


@dataclass
class _Column:
    """One modality of some rows; scikit-learn sets its `index` before it assigns the column back to ``X``."""

    source: Utterances
    rows: IntArray
    modality: str
    index: Any = None


@dataclass(frozen=True)
class _Places:
    """Access by position to the rows and modalities of ``X``, as ``X.iloc``."""

    source: Utterances

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, tuple) and len(place) == 2 and isinstance(place[1], int | np.integer):
            rows, column = place
            return _Column(self.source, np.asarray(rows, np.intp), self.source.columns[int(column)])
        return self.source[place]
