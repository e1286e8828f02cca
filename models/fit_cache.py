"""A cache of fitted models, shared by several strategies, so that no model is fitted twice on the same rows."""

import hashlib
import warnings
from typing import Any

import numpy as np

from models.data.modalities import Labels, Modalities, Pairs


class FitCache:
    """Keeps fitted models, keyed by a hash of their settings and of all data that they were fitted on.

    The hash covers every byte that could make a difference, so a cached model is never stale. Fits of different folds
    are never the same, so one cache per fold is enough. scikit-learn's clone and a deep copy of the cache are the cache
    itself; a pickled copy is empty.
    """

    def __init__(self) -> None:
        self._fitted: dict[str, tuple[Any, list[warnings.WarningMessage]]] = {}

    def fit(self, model: Any, x: Modalities, y: Labels, inner: Pairs | None = None) -> Any:
        """Return a clone of `model` after ``fit(x, y, inner)``, taken from the cache if the same fit was done before.

        The warnings of the fit are repeated on every call, so that the order of calls makes no difference.
        """
        from sklearn.base import clone

        key = _key(model, x, y, inner)
        if key not in self._fitted:
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                fitted = clone(model).fit(x, y, inner)
            self._fitted[key] = fitted, list({(one.category, str(one.message)): one for one in caught}.values())
        fitted, caught = self._fitted[key]
        for one in caught:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
        return fitted

    def __len__(self) -> int:
        return len(self._fitted)

    def __sklearn_clone__(self) -> "FitCache":
        return self

    def __deepcopy__(self, memo: Any) -> "FitCache":
        return self

    def __getstate__(self) -> dict[str, Any]:
        return {"_fitted": {}}


def _key(model: Any, x: Modalities, y: Labels, inner: Pairs | None) -> str:
    digest = hashlib.sha256(_described(model).encode(errors="surrogatepass"))
    digest.update(x.fingerprint(getattr(model, "modalities", x.modalities)).encode())
    digest.update(repr(np.asarray(y).tolist()).encode(errors="surrogatepass"))
    for pair in inner if inner is not None else ():
        for rows in pair:
            digest.update(repr(np.asarray(rows).tolist()).encode())
    digest.update(b"own folds" if inner is None else b"given folds")
    return digest.hexdigest()


def _described(value: Any) -> str:
    """Return all settings of a model as text, including those of nested models."""
    if hasattr(value, "get_params"):
        settings = value.get_params(deep=False)
        inside = ",".join(f"{key}={_described(settings[key])}" for key in sorted(settings) if key != "fit_cache")
        return f"{type(value).__module__}.{type(value).__qualname__}({inside})"
    if isinstance(value, dict):
        return "{" + ",".join(f"{key!r}:{_described(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_described, value)) + "]"
    return repr(value.tolist() if isinstance(value, np.ndarray) else value)
