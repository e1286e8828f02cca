"""Small model folders whose numbers would take all memory or all time: each is refused while it is read.

A number becomes memory where numpy stretches arrays to one another, where an array has a side and no element, and where
a count is made room for. So each such number of every kind of model is made large here, once.
"""

import functools
import json
import subprocess
import sys
from importlib import import_module

import numpy as np
import pytest

from features.text import fitted
from models.classical.unimodal import Unimodal
from models.data.design import Standardise
from models.errors import ModelError
from models.fusion.late import MajorityVote
from models.saving import shapes, sound_libraries, sound_own, trusted
from models.saving.objects import read, write
from tests.conftest import ROOT
from tests.models.saving.test_hostile_models import QUICK
from tests.models.saving.test_saving import WORDS, trained

REDUCED = {"text": (("tfidf", fitted.build("tfidf", {"components": 3})),)}


@functools.cache
def written(name, task="classification", classifier="logistic", words=""):
    more = {"fitted": {"words": WORDS, "reduced": REDUCED}[words]} if words else {}
    if classifier != "logistic" or words:
        more["classifier_settings"] = QUICK.get(classifier, {})
    return write(trained(name, task, classifier, **more)[0])


def states(plain, name):
    """Yield the attributes of all objects of a class in the plain values of a model."""
    if isinstance(plain, dict):
        if str(plain.get("object", plain.get("part", ""))).endswith(f".{name}"):
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
    (("vote",), "MajorityVote", "voters_", (TALL > 0, LONG > 0)),
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
def test_a_number_that_would_become_memory_is_refused(model, name, attribute, i):
    (value,) = (values[i] for m, n, a, values in HUNGRY if (m, n, a) == (model, name, attribute))
    with pytest.raises(ModelError):
        read(*changed(written(*model), name, attribute, value))


CHECKED = sorted({*shapes._SHAPES, *sound_own.RULES, *sound_libraries.RULES, *trusted._LIBRARIES})


@pytest.mark.parametrize("name", CHECKED)
def test_what_is_checked_by_its_name_is_a_class_of_that_name(name):
    """A class that moves, or that a library renames, would go unchecked."""
    module, _, attribute = name.rpartition(".")
    found = getattr(import_module(module), attribute)
    assert isinstance(found, type)
    assert f"{found.__module__}.{found.__qualname__}" == name


def test_no_module_of_torch_is_an_object_of_a_file():
    from torch.nn import Module

    modules = [import_module(f"models.nets.{path.stem}") for path in (ROOT / "models" / "nets").glob("*.py")]
    classes = {found for module in modules for found in vars(module).values() if isinstance(found, type)}
    torch = [found for found in classes if issubclass(found, Module) and found.__module__.startswith("models.")]
    assert len(torch) > 15
    assert not any(trusted.class_named(f"{found.__module__}.{found.__qualname__}") for found in torch)


@pytest.mark.parametrize("model", sorted({m for m, *_ in HUNGRY}), ids="-".join)
def test_the_models_as_they_are_are_taken(model):
    plain, arrays = written(*model)
    read(json.loads(json.dumps(plain)), dict(arrays))


@pytest.mark.parametrize("value", [FLAT, np.zeros((3, 0, 10**7)), TEXTS, {"texts": [], "shape": [0, -1]}])
def test_an_array_of_nothing_with_a_long_side_is_refused(value):
    plain = {"array": "a", "order": "C"} if isinstance(value, np.ndarray) else value
    with pytest.raises(ModelError, match=r"a side of|has the shape"):
        read(plain, {"a": value} if isinstance(value, np.ndarray) else {})


@pytest.mark.parametrize("wrap", [lambda x: {"dict": [["a", x]]}, lambda x: [x], lambda x: {"tuple": [x]}])
def test_values_inside_values_end_somewhere(wrap):
    plain = 1
    for _ in range(300):
        plain = wrap(plain)
    with pytest.raises(ModelError, match="more than 100 deep"):
        read(plain, {})


def test_a_scale_of_other_columns_is_not_stretched():
    scale = Standardise().fit(np.arange(12.0).reshape(4, 3))
    with pytest.raises(ModelError, match="columns of the shape"):
        scale.transform(np.ones((4, 1)))


def test_votes_take_no_more_room_than_the_answers():
    """A thousand classes have a thousand votes a row, and not a table of a million."""
    outputs = np.random.default_rng(0).dirichlet(np.ones(30), size=(3, 5))
    vote = MajorityVote([Unimodal("audio")])
    found = vote._counted(outputs, np.ones((3, 5), bool), np.ones(3, bool))
    votes = np.eye(30)[outputs.argmax(axis=2)] + outputs / 4
    np.testing.assert_array_equal(found, votes.sum(axis=0) / votes.sum(axis=0).sum(axis=1, keepdims=True))


FIT = """
import sys
from pathlib import Path
from tests.models.saving.test_saving import WORDS, trained
from models.saving.saving import save
for classifier in ("logistic", "xgboost"):
    model, _ = trained("concat", "classification", classifier, fitted=WORDS, classifier_settings={})
    save(model, Path(sys.argv[1]) / classifier, {"corpus": "toy"})
save(trained("stacking", "classification")[0], Path(sys.argv[1]) / "stacking", {})
"""


def test_equal_fits_of_two_processes_are_the_same_bytes(tmp_path):
    for place in ("a", "b"):
        subprocess.run([sys.executable, "-c", FIT, str(tmp_path / place)], check=True)
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").glob("*/*"))
    assert len(files) == 9
    assert [str(f) for f in files if (tmp_path / "a" / f).read_bytes() != (tmp_path / "b" / f).read_bytes()] == []
