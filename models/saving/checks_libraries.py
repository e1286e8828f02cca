"""Checks of loaded scikit-learn and XGBoost models: their arrays and counts must be consistent.

Compiled code reads the arrays of some models without checks. In other models, counts determine how long loops run and
how many threads are started.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from common.words import BY_LETTER, MOST_WORDS, TOKEN
from models.saving.boosters import PROBABILITIES, outputs_of
from models.saving.shapes import is_count, is_number, require

# Allowed patterns of words: those of `common.words` and scikit-learn's default. Matching another might never end.
PATTERNS = (TOKEN, BY_LETTER, r"(?u)\b\w\w+\b")
_KERNELS = ("linear", "poly", "rbf", "sigmoid")


def _machine(part: Any) -> None:
    """Check that a libsvm model's arrays are as long as its counts say, because libsvm reads that many numbers."""
    own = vars(part)
    if "support_" not in own:
        return
    require(own["kernel"] in _KERNELS and "_impl" not in own, part, "a kernel that a saved model may not have")
    vectors, counts = own["support_vectors_"], own["_n_support"]
    coefficients = own["_dual_coef_"]
    classes, found = len(counts), vectors.shape[0]
    require(
        counts.dtype == np.int32 and counts.ndim == 1 and classes > 1 and (counts >= 0).all(), part, "invalid counts"
    )
    classifies = any(kind.__name__ == "BaseSVC" for kind in type(part).__mro__)
    named = own["classes_"] if classifies else ()
    require(isinstance(named, np.ndarray) or not classifies, part, "no names for its classes")
    require(
        classes == (len(named) if classifies else 2),
        part,
        "more or fewer counts of support vectors than classes",
    )
    whole = counts.sum() if classifies else counts.max(initial=0)
    require(whole == found == len(own["support_"]), part, "more or fewer support vectors than its counts say")
    require(
        vectors.shape[1] == own["n_features_in_"],
        part,
        "support vectors that do not fit its number of columns",
    )
    require(coefficients.shape == (classes - 1, found), part, "coefficients of a shape that does not fit its classes")
    pairs = classes * (classes - 1) // 2
    require(own["_intercept_"].shape == (pairs,), part, "more or fewer intercepts than pairs of classes")
    odds = [len(own[name]) for name in ("_probA", "_probB")]
    require(odds in ([0, 0], [pairs, pairs]), part, "more or fewer slopes than pairs of classes")
    if own["_sparse"]:
        require(coefficients.nnz == (classes - 1) * found, part, "missing coefficients")


def _forest(part: Any) -> None:
    own = vars(part)
    if "estimators_" not in own:
        return
    for tree in own["estimators_"]:
        require(tree.n_features_in_ == own["n_features_in_"], part, "trees that do not fit its number of columns")
        _check_classes(part, tree.tree_)


def _tree(part: Any) -> None:
    own = vars(part)
    if "tree_" in own:
        require(part.tree_.n_features == own["n_features_in_"], part, "a tree that does not fit its number of columns")
        _check_classes(part, part.tree_)


def _check_classes(part: Any, tree: Any) -> None:
    """Check that a forest or a single tree states one output, and as many classes as `tree`, which holds the nodes."""
    own, classes = vars(part), tree.n_classes.tolist()
    require(own["n_outputs_"] == tree.n_outputs == 1, part, "a number of outputs other than 1")
    if "n_classes_" in own or "classes_" in own:
        same = is_count(own["n_classes_"], classes[0]) and [own["n_classes_"]] == classes == [len(own["classes_"])]
        require(same, part, "a tree that does not fit its number of classes")


def _linear(part: Any) -> None:
    """Check that a linear model has weights for its columns, and either a single intercept or one per output."""
    own = vars(part)
    if "coef_" not in own:
        return
    weights, start = own["coef_"], own["intercept_"]
    require(isinstance(weights, np.ndarray) and weights.ndim in (1, 2), part, "weights of an unexpected shape")
    outputs = len(weights) if weights.ndim == 2 else 1
    require(is_count(own["n_features_in_"], weights.shape[-1]), part, "weights that do not fit its number of columns")
    require(own["n_features_in_"] == weights.shape[-1], part, "weights that do not fit its number of columns")
    fits = start.shape in ((1,), (outputs,)) if isinstance(start, np.ndarray) else is_number(start)
    require(fits, part, "more or fewer intercepts than outputs")
    if "classes_" in own:
        classes = len(own["classes_"])
        require(outputs == (1 if classes == 2 else classes), part, "weights that do not fit its number of classes")


def _vectoriser(part: Any) -> None:
    own = vars(part)
    require(own["input"] == "content" and isinstance(own["analyzer"], str), part, "an input other than text")
    require(own["token_pattern"] in PATTERNS, part, f"a word pattern that is not allowed, {own['token_pattern']!r:.60}")
    shortest, longest = own["ngram_range"]
    fine = all(type(n) is int for n in (shortest, longest)) and 1 <= shortest <= longest <= MOST_WORDS
    require(fine, part, f"sequences of {own['ngram_range']!r:.60} words; at most {MOST_WORDS} are allowed")
    places = list(own.get("vocabulary_", {}).values())
    require(sorted(places) == list(range(len(places))), part, "a vocabulary whose positions are not 0, 1, 2, ...")


def _boosted(part: Any) -> None:
    """Check that a booster predicts what its wrapper expects: scores, or probabilities of the wrapper's classes."""
    own = vars(part)
    if (booster := own.get("_Booster")) is not None:
        objective, classes = outputs_of(booster)
        probabilities = objective in PROBABILITIES
        require(probabilities == hasattr(part, "predict_proba"), part, f"the wrong objective, {objective!r:.60}")
        require(own.get("booster") in (None, "gbtree"), part, f"the wrong kind of booster, {own.get('booster')!r:.60}")
        require(
            not probabilities or own.get("n_classes_") == max(classes, 2),
            part,
            "a different number of classes from its booster",
        )


# module.Class of an object, or of one of its base classes -> check
RULES: dict[str, Callable[[Any], None]] = {
    "sklearn.svm._base.BaseLibSVM": _machine,
    "sklearn.ensemble._forest.BaseForest": _forest,
    "sklearn.tree._classes.BaseDecisionTree": _tree,
    "sklearn.feature_extraction.text.CountVectorizer": _vectoriser,
    "sklearn.linear_model._logistic.LogisticRegression": _linear,
    "sklearn.linear_model._ridge.Ridge": _linear,
    "sklearn.svm._classes.LinearSVC": _linear,
    "sklearn.svm._classes.LinearSVR": _linear,
    "xgboost.sklearn.XGBModel": _boosted,
}
