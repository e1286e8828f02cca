"""Count the parameters that a fitted model has learnt.

==============================  ========================================================================
linear models                   coefficients and intercepts, one coefficient per column of the features
support vector machines         support vectors x features, dual coefficients, intercepts
trees, forests, boosting        one threshold per split, and all values of each leaf
networks                        all elements of all weights
principal components            components x columns; the same for canonical directions
TF-IDF, word2vec                one weight per term (TF-IDF), all elements of all vectors (word2vec)
late fusions                    base models, and the rule that combines them: weights, sharpness, power
other scikit-learn estimators   all floating-point arrays whose names end in ``_``
==============================  ========================================================================

Means and standard deviations of scalers, training priors, vocabularies and chosen settings are not counted.
A part that is used in several places is counted once.
"""

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np

from models.saving.traversal import iter_parts


def parameters(model: Any) -> int:
    """Return the number of parameters that a fitted model has learnt.

    Parameters
    ----------
    model
        Any fitted strategy, or a part of one; an unfitted one has 0 parameters.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> parameters(Ridge().fit([[0.0, 1.0], [1.0, 0.0]], [0, 1]))
    3
    """
    return sum(_count(part) for _, part in iter_parts(model))


def _count(part: Any) -> int:
    for kind in type(part).__mro__:
        count = _COUNTS.get(f"{kind.__module__.partition('.')[0]}.{kind.__name__}")
        if count is not None:
            return count(part)
    return _floats(part) if hasattr(part, "get_params") and not type(part).__module__.startswith(_OWN) else 0


_OWN = ("models.", "features.")


def _floats(part: Any) -> int:
    learnt = {name: value for name, value in vars(part).items() if name.endswith("_") and name != "prior_"}
    arrays = [value for value in learnt.values() if isinstance(value, np.ndarray)]
    return sum(array.size for array in arrays if array.dtype.kind == "f")


def _elements(value: Any) -> int:
    if isinstance(value, list | tuple):
        return sum(map(_elements, value))
    if isinstance(value, dict):
        return sum(map(_elements, value.values()))
    return prod(np.shape(value)) if not hasattr(value, "tocsr") else prod(value.shape)


def _attributes(*names: str) -> Callable[[Any], int]:
    """Return a function that counts all elements of the named attributes; missing attributes are skipped."""
    return lambda part: sum(_elements(getattr(part, name)) for name in names if getattr(part, name, None) is not None)


def _tree(part: Any) -> int:
    if not hasattr(part, "tree_"):
        return 0
    tree = part.tree_
    return int(tree.node_count - tree.n_leaves + tree.n_leaves * prod(tree.value.shape[1:]))


def _booster(part: Any) -> int:
    return sum(
        len(tree.splitlines()) for tree in part.get_dump()
    )  # one line per node: a split's threshold or a leaf's value


def _weighted(part: Any) -> int:
    sharpened = part.pool == "geometric" and part.task == "classification"
    return _elements(part.weights_) + sharpened if hasattr(part, "weights_") else 0


def _product(part: Any) -> int:
    if not hasattr(part, "weights_"):
        return 0
    return 1 if part.task == "classification" else _elements(part.weights_)


def _spanned(part: Any) -> int:
    """Count what a linear model that was fitted in a `RowSpace` would have more in the space of all columns."""
    axes, last = (
        next((step.axes_ for _, step in part.steps if getattr(step, "axes_", None) is not None), None),
        part[-1],
    )
    if axes is None or not hasattr(last, "coef_") or hasattr(last, "support_vectors_"):
        return 0
    columns, rank = np.shape(axes)
    return int(columns - rank) * (_elements(last.coef_) // int(rank))


def _nothing(part: Any) -> int:  # noqa: ARG001 - all rules take the part
    return 0


_LINEAR = _attributes("coef_", "intercept_")
_MACHINE = _attributes("support_vectors_", "dual_coef_", "intercept_")

# package.class -> function that counts the parameters of its objects and those of its subclasses
_COUNTS: dict[str, Callable[[Any], int]] = {
    "sklearn.LogisticRegression": _LINEAR,
    "sklearn.Ridge": _LINEAR,
    "sklearn.Pipeline": _spanned,
    "sklearn.BaseLibSVM": _MACHINE,
    "sklearn.BaseDecisionTree": _tree,
    "sklearn.PCA": _attributes("components_"),
    "sklearn.TruncatedSVD": _attributes("components_"),
    "sklearn.TfidfTransformer": _attributes("idf_"),
    "sklearn.StandardScaler": _nothing,
    "xgboost.Booster": _booster,
    "features.Word2VecText": _attributes("table_"),
    "models.TrainedNet": _attributes("weights"),
    "models.Cca": _attributes("directions_"),
    "models._Components": _attributes("axes_"),
    "models.WeightedAverage": _weighted,
    "models.Product": _product,
}
