"""Small files whose numbers would take all memory or never end: each is refused while it is read.

A number takes memory if numpy broadcasts an array, if an array has a long side but no elements, or if memory is
reserved for a count. So each such number of every kind of model is made large here, once.
"""

import functools
import json

import numpy as np
import pytest

from features.text import fitted
from models.errors import ModelError
from models.saving.reading import read
from models.saving.writing import write
from tests.models.saving.tampering import SETTINGS, WORDS, trained

REDUCED = {"text": (("tfidf", fitted.build("tfidf", {"components": 3})),)}


@functools.cache
def written(name, task="classification", classifier="logistic", words=""):
    more = {"fitted": {"words": WORDS, "reduced": REDUCED}[words]} if words else {}
    if classifier != "logistic" or words:
        more["classifier_settings"] = SETTINGS.get(classifier, {})
    return write(trained(name, task, classifier, **more)[0])


def states(plain, name):
    """Yield the attributes of all objects of a class in the plain values of a model."""
    if isinstance(plain, dict):
        if str(plain.get("object", plain.get("compiled", ""))).endswith(f".{name}"):
            yield plain["state"]["dict"]
        plain = list(plain.values())
    for value in plain if isinstance(plain, list) else ():
        yield from states(value, name)


def changed(model, name, attribute, value):
    """Return a model's plain values and arrays, with another value of an attribute of all objects of a class."""
    plain, arrays = json.loads(json.dumps(model[0])), dict(model[1])
    pairs = [pair for state in states(plain, name) for pair in state if pair[0] == attribute]
    assert pairs, f"no {name} with {attribute}"
    for pair in pairs:
        old, pair[1] = pair[1], value
        if isinstance(old, dict) and "array" in old:
            arrays.pop(old["array"], None)
        if isinstance(value, np.ndarray):
            where = f"new {len(arrays)}"
            arrays[where], pair[1] = value, {"array": where, "order": "C"}
    return plain, arrays


TALL, LONG, FLAT = np.ones((400, 1, 1)), np.ones(5000), np.zeros((0, 10**9), np.float32)


HUGE = 4 * 10**8


TEXTS = {"texts": [], "shape": [40_000_000, 0]}


HUNGRY = [
    (("concat",), "Standardise", "mean_", (TALL, LONG, FLAT, 1.0)),
    (("concat",), "Standardise", "scale_", (TALL, LONG, FLAT, HUGE)),
    (("concat",), "Early", "classes_", (TEXTS, {"texts": [str(i) for i in range(20_000)], "shape": [20_000]})),
    (("concat",), "Early", "prior_", (TALL, LONG, FLAT)),
    (("concat",), "DesignedClassifier", "prior", (TALL, FLAT)),
    (("concat",), "FittedClassifier", "prior_", (TALL, LONG, FLAT)),
    (("concat",), "FittedClassifier", "seen_", (TALL, LONG, np.array([0, 1, HUGE]))),
    (("concat",), "Target", "classes", (TALL, FLAT, TEXTS)),
    (("concat",), "Concat", "weights_", ([TALL.tolist()], HUGE)),
    (("concat",), "UnitVariance", "scale_", (TALL, LONG, [1.0])),
    (("concat",), "LogisticRegression", "coef_", (TALL, LONG, FLAT, np.ones((3, 5000)))),
    (("concat",), "LogisticRegression", "intercept_", (TALL, LONG, FLAT)),
    (("concat",), "LogisticRegression", "classes_", (TALL, LONG, FLAT)),
    (("concat",), "Block", "columns_", (np.zeros(3_000_000, np.int8), np.zeros((0, 10**9), np.int64))),
    (("concat", "regression"), "Ridge", "coef_", (TALL, LONG, FLAT)),
    (("concat", "regression"), "Ridge", "intercept_", (TALL, LONG, FLAT)),
    (("concat", "classification", "linear_svm"), "LinearSVC", "intercept_", (TALL, LONG)),
    (("concat", "regression", "linear_svm"), "LinearSVR", "coef_", (TALL, LONG)),
    (("concat", "regression", "linear_svm"), "StandardScaler", "scale_", (TALL, LONG)),
    (("concat", "classification", "random_forest"), "RandomForestClassifier", "n_classes_", (HUGE, [HUGE], -1, True)),
    (("concat", "classification", "random_forest"), "RandomForestClassifier", "n_outputs_", (HUGE, 2)),
    (("concat", "classification", "random_forest"), "RandomForestClassifier", "classes_", (LONG,)),
    (("concat", "classification", "random_forest"), "DecisionTreeClassifier", "n_classes_", (HUGE, 2)),
    (("concat", "regression", "random_forest"), "RandomForestRegressor", "n_outputs_", (HUGE,)),
    (("concat", "classification", "random_forest"), "Tree", "max_depth", (HUGE,)),
    (("concat", "classification", "xgboost"), "XGBClassifier", "n_classes_", (HUGE, 2)),
    (("concat", "classification", "xgboost"), "XGBClassifier", "booster", ("gblinear",)),
    (("concat", "classification", "svm"), "SVC", "classes_", (LONG, None)),
    (("concat", "classification", "logistic", "words"), "_SparseScaler", "width", (2 * 10**8, 10, -1)),
    (("concat", "classification", "logistic", "words"), "_SparseScaler", "scale", (TALL,)),
    (("concat", "classification", "logistic", "words"), "_DenseScaler", "width", (2 * 10**8, 10, 8.0)),
    (("concat", "classification", "logistic", "words"), "Word2VecText", "table_", (FLAT, np.ones((4, 5000)), TALL)),
    (("concat", "classification", "logistic", "words"), "Word2VecText", "index_", ({"dict": [["a", HUGE]]},)),
    (("concat", "classification", "logistic", "words"), "TfidfTransformer", "idf_", (np.ones((6, 5000)), FLAT)),
    (("concat", "classification", "logistic", "reduced"), "TruncatedSVD", "components_", (FLAT, np.ones((5000, 6)))),
    (("pca",), "PCA", "components_", (FLAT, TALL)),
    (("pca",), "PCA", "mean_", (TALL, LONG)),
    (("cca",), "_Components", "axes_", (FLAT, TALL)),
    (("cca",), "_Components", "scale_", (TALL,)),
    (("cca",), "Cca", "directions_", ([], [{"tuple": []}] * 3)),
    (("autoencoder",), "Autoencoder", "components", (HUGE,)),
    (("autoencoder",), "Autoencoder", "weights_", ([[1.0] * 9],)),
    (("majority",), "Majority", "answer_", (TALL, LONG, FLAT)),
    (("vote",), "MajorityVote", "voting_", (TALL > 0, LONG > 0)),
    (("weighted",), "WeightedAverage", "weights_", (TALL, LONG)),
    (("weighted",), "WeightedAverage", "sharpness_", (TALL, LONG)),
    (("product",), "Product", "power_", (TALL, LONG)),
    (("intermediate",), "StepScaler", "mean_", (TALL, LONG, FLAT)),
    (("intermediate",), "StepScaler", "scale_", (TALL, LONG)),
    (("intermediate",), "Summary", "width_", (HUGE, 5, -1)),
    (("intermediate",), "Channel", "widths_", ({"tuple": [HUGE, 3]}, {"tuple": [4, 2]})),
    (("intermediate",), "FittedNet", "prior", (TALL, FLAT)),
    (("intermediate",), "FittedNet", "seen_", (TALL, LONG)),
    (("intermediate", "regression"), "FittedNet", "mean_", (TALL,)),
    (("intermediate", "regression"), "FittedNet", "deviation_", (TALL,)),
    (("spectrogram_cnn",), "StepScaler", "mean_", (TALL, LONG)),
]


CASES = [(m, name, attribute, i) for m, name, attribute, values in HUNGRY for i in range(len(values))]


@pytest.mark.parametrize(
    ("model", "name", "attribute", "i"), CASES, ids=lambda v: "-".join(v) if type(v) is tuple else v
)
def test_a_number_that_would_take_much_memory_is_refused(model, name, attribute, i):
    (value,) = (values[i] for m, n, a, values in HUNGRY if (m, n, a) == (model, name, attribute))
    with pytest.raises(ModelError):
        read(*changed(written(*model), name, attribute, value))


@pytest.mark.parametrize("model", sorted({m for m, *_ in HUNGRY}), ids="-".join)
def test_unchanged_models_are_accepted(model):
    plain, arrays = written(*model)
    read(json.loads(json.dumps(plain)), dict(arrays))
