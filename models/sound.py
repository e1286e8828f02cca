"""Whether an object that came from a file can be used safely: its parts must fit one another.

scikit-learn hands the arrays of some models to compiled code that trusts them, and builds loops and threads of others.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from features.text.words import BY_LETTER, MOST_WORDS, TOKEN
from models.boosters import PROBABILITIES, outputs_of
from models.errors import ModelError

_MOST_JOBS = 256
# Of words, in `features.text.words` and by default in scikit-learn; another could be one that never ends.
PATTERNS = (TOKEN, BY_LETTER, r"(?u)\b\w\w+\b")
_KERNELS = ("linear", "poly", "rbf", "sigmoid")


def check(part: Any) -> None:
    """Check an object that was just built.

    Raises
    ------
    ModelError
        If using it could crash the process, never end, or need more memory than its file.
    """
    jobs = vars(part).get("n_jobs")
    if jobs is not None and not (type(jobs) is int and abs(jobs) <= _MOST_JOBS):
        raise ModelError(f"its {type(part).__name__} wants {jobs!r:.60} jobs at once")
    for kind in type(part).__mro__:
        rule = _RULES.get(f"{kind.__module__}.{kind.__name__}")
        if rule is not None and vars(part):
            rule(part)


def _require(sound: Any, part: Any, what: str) -> None:
    if not sound:
        raise ModelError(f"its {type(part).__name__} has {what}")


def _machine(part: Any) -> None:
    """Check what libsvm is handed: it reads as many numbers as these arrays say that there are."""
    own = vars(part)
    if "support_" not in own:
        return
    _require(own["kernel"] in _KERNELS and "_impl" not in own, part, "a kernel that a saved model may not have")
    vectors, counts = own["support_vectors_"], own["_n_support"]
    coefficients = own["_dual_coef_"]
    classes, found = len(counts), vectors.shape[0]
    _require(counts.dtype == np.int32 and counts.ndim == 1 and classes > 1 and (counts >= 0).all(), part, "odd counts")
    whole = counts.sum() if hasattr(part, "classes_") else counts.max(initial=0)
    _require(whole == found == len(own["support_"]), part, "another number of support vectors than it says")
    _require(vectors.shape[1] == own["n_features_in_"], part, "support vectors of another width than its columns")
    _require(coefficients.shape == (classes - 1, found), part, "coefficients of another shape than its classes need")
    pairs = classes * (classes - 1) // 2
    _require(own["_intercept_"].shape == (pairs,), part, "another number of intercepts than of pairs of classes")
    odds = [len(own[name]) for name in ("_probA", "_probB")]
    _require(odds in ([0, 0], [pairs, pairs]), part, "another number of slopes than of pairs of classes")
    if own["_sparse"]:
        _require(coefficients.nnz == (classes - 1) * found, part, "coefficients that are not all there")


def _forest(part: Any) -> None:
    if "estimators_" in vars(part):
        columns = vars(part)["n_features_in_"]
        _require(all(tree.n_features_in_ == columns for tree in part.estimators_), part, "trees of other columns")


def _tree(part: Any) -> None:
    if "tree_" in vars(part):
        same = part.tree_.n_features == vars(part)["n_features_in_"] and part.tree_.n_outputs == part.n_outputs_
        _require(same, part, "a tree of other columns or outputs")


def _vectoriser(part: Any) -> None:
    own = vars(part)
    _require(own["input"] == "content" and isinstance(own["analyzer"], str), part, "another input than texts")
    _require(own["token_pattern"] in PATTERNS, part, f"the pattern of words {own['token_pattern']!r:.60}")
    shortest, longest = own["ngram_range"]
    fine = all(type(n) is int for n in (shortest, longest)) and 1 <= shortest <= longest <= MOST_WORDS
    _require(fine, part, f"sequences of {own['ngram_range']!r:.60} words, and at most {MOST_WORDS} are read")
    places = list(own.get("vocabulary_", {}).values())
    _require(sorted(places) == list(range(len(places))), part, "a vocabulary whose places are not 0, 1, 2, ...")


def _network(part: Any) -> None:
    """Check that a summary, room for which is made before it is known, has a weight a column."""
    own = vars(part)
    if own.get("net_") is None:
        return
    weights = sum(array.size for array in own["net_"].weights.values())
    summaries = [channel.summary_ for channel in getattr(own["inputs"], "channels_", ())]
    widths = [summary.width_ for summary in summaries if summary is not None]
    _require(all(type(w) is int and 0 <= w <= weights for w in widths), part, "a summary wider than its weights")


def _boosted(part: Any) -> None:
    """Check that what a booster answers is what its wrapper takes it for."""
    own = vars(part)
    if (booster := own.get("_Booster")) is not None:
        objective, classes = outputs_of(booster)
        probabilities = objective in PROBABILITIES
        _require(probabilities == hasattr(part, "predict_proba"), part, f"a booster of the objective {objective!r:.60}")
        _require(own.get("booster") in (None, "gbtree"), part, f"a booster of the kind {own.get('booster')!r:.60}")
        _require(not probabilities or own.get("n_classes_") == max(classes, 2), part, "other classes than its booster")


_RULES: dict[str, Callable[[Any], None]] = {
    "sklearn.svm._base.BaseLibSVM": _machine,
    "sklearn.ensemble._forest.BaseForest": _forest,
    "sklearn.tree._classes.BaseDecisionTree": _tree,
    "sklearn.feature_extraction.text.CountVectorizer": _vectoriser,
    "models.neural.FittedNet": _network,
    "xgboost.sklearn.XGBModel": _boosted,
    "models.training.TrainedNet": lambda net: net.check(),
}
