"""Model folders made to do harm: each is refused in one sentence, and nothing that it names is called or crashes.

The files carry the right sums, as an attacker's would. What only a compiled library would notice (indices of trees,
support vectors, vocabularies) would end the process that runs these tests.
"""

import json
import re
import subprocess
import sys
import time

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from sklearn.feature_extraction.text import TfidfVectorizer

from features.text.words import BY_LETTER, TOKEN
from models.errors import ModelError
from models.nets.training import TrainedNet
from models.saving import saving
from models.saving.saving import ABOUT, MODEL, WEIGHTS, load, save
from models.saving.sound_libraries import PATTERNS
from models.saving.trusted import class_named, network_class, trust
from tests.models.saving.test_saving import WORDS, trained

QUICK = {"random_forest": {"n_estimators": 3}, "xgboost": {"max_depth": 2}, "svm": {"C": 3.0}, "logistic": {"C": 3.0}}


def summed(folder):
    """Give a folder's files the sums that they have now."""
    about = json.loads((folder / ABOUT).read_text())
    about.pop("digest")
    about["files"] = {name: saving._sha256((folder / name).read_bytes()) for name in (MODEL, WEIGHTS)}
    (folder / ABOUT).write_text(json.dumps(about | {"digest": saving._digest(about)}))


def forged(folder, plain):
    (folder / MODEL).write_text(plain if isinstance(plain, str) else json.dumps(plain))
    summed(folder)


def with_attribute(folder, value):
    """Put a plain value into the model's attribute ``odd_``."""
    plain = json.loads((folder / MODEL).read_text())
    plain["state"]["dict"].append(["odd_", value])
    forged(folder, plain)


def rearranged(folder, name, change):
    """Change the arrays whose names end so."""
    arrays = load_file(folder / WEIGHTS)
    found = [key for key in arrays if key.endswith(name)]
    assert found, sorted(arrays)
    for key in found:
        arrays[key] = np.ascontiguousarray(change(arrays[key]))
    save_file(arrays, folder / WEIGHTS)
    summed(folder)


def replaced(folder, old, new):
    """Write another text in place of one in the objects' file."""
    text = (folder / MODEL).read_text()
    assert old in text
    forged(folder, text.replace(old, new))


def refused(folder, said=""):
    started = time.monotonic()
    with pytest.raises(ModelError, match=said) as caught:
        load(folder)
    assert time.monotonic() - started < 5
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


def kept(tmp_path, classifier="logistic", task="classification", name="concat", **more):
    model, x = trained(name, task, classifier, **{"classifier_settings": QUICK.get(classifier, {}), **more})
    save(model, tmp_path / "m", {})
    return tmp_path / "m", x


@pytest.fixture(scope="module")
def plain_model():
    return trained("concat", "classification")[0]


@pytest.fixture
def folder(plain_model, tmp_path):
    save(plain_model, tmp_path / "m", {})
    return tmp_path / "m"


def an_object(name, **state):
    return {"object": name, "state": {"dict": [[key, value] for key, value in state.items()]}}


def net(build, **options):
    own = {"build": build, "options": {"dict": [list(pair) for pair in options.items()]}, "precision": "float64"}
    return an_object("models.nets.training.TrainedNet", **own, weights={"dict": []}, losses=[])


COMMAND = {"command": "touch RAN"}
CALLS = {
    "a network that is a function": net("os:system", **COMMAND),
    "a network of another library": net("torch.nn:Linear", in_features=1, out_features=1),
    "a network that nets imports": net("models.nets.modules:Tensor"),
    "a function of nets": net("models.nets.modules:masked_mean"),
    "a module of nets": net("models.nets.modules:nn"),
    "a method of a class": net("models.nets.modules:nn.Module.apply"),
    "the loader of names": net("models.names:load", target="os:system"),
    "a network without a module": net(":system"),
    "a network whose name is no text": net(["os:system"]),
    "a network that is no identifier": net("models.nets.modules:FeedForward.__init__.__globals__"),
    "an object of os": an_object("os.system"),
    "a process": an_object("subprocess.Popen", args="touch RAN"),
    "a function": an_object("models.saving.saving.save"),
    "a network as an object": an_object("models.nets.modules.FeedForward"),
    "a layer of networks": net("models.nets.layers:Recurrent"),
    "a layer as an object": an_object("models.nets.layers.StepDropout"),
    "a class that a module of ours imports": an_object("models.saving.saving.Path"),
    "a partial function": {"part": "functools.partial", "state": {"tuple": ["os.system", "touch RAN"]}},
    "a pickle's way": {"__reduce__": ["os.system", ["touch RAN"]]},
    "a loader of skops": {"__class__": "system", "__module__": "os", "__loader__": "FunctionNode"},
    "a type that is called": {"type": "os.system"},
    "a type of Python": {"type": "eval"},
    "a number of another type": {"number": ["object", "os.system"]},
    "a plugin that is not listed": an_object("evil_plugin.Strategy"),
    "a plugin's network": net("evil_plugin:Net"),
    "a name of a package above": an_object("..models.late.Product"),
    "an empty name": an_object(""),
    "scikit-learn's own functions": an_object("sklearn.preprocessing._function_transformer.FunctionTransformer"),
    "scikit-learn's caches": an_object("joblib.memory.Memory", location="."),
    "an unknown entry": {"call": "os.system"},
    "an entry of nothing": {},
}


@pytest.mark.parametrize("wrap", ["attribute", "list", "tuple", "dict", "key", "object", "set"])
@pytest.mark.parametrize("name", CALLS)
def test_what_could_be_called_is_refused_wherever_it_is(folder, name, wrap, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    inside = CALLS[name]
    within = {
        "attribute": inside,
        "list": [1, [inside]],
        "tuple": {"tuple": [inside]},
        "dict": {"dict": [["a", {"dict": [["b", inside]]}]]},
        "key": {"dict": [[{"tuple": [inside]}, 1]]},
        "object": an_object("sklearn.preprocessing._data.StandardScaler", mean_=inside),
        "set": {"set": [{"tuple": [inside]}]},
    }
    with_attribute(folder, within[wrap])
    refused(folder, "objects.json is refused")
    assert not (tmp_path / "RAN").exists()


def test_a_network_is_checked_where_it_is_built(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for build in ("os:system", "subprocess:run", "builtins:eval", "torch.nn:Linear", "models.nets.modules:math.sqrt"):
        with pytest.raises(ModelError, match=r"none that models\.nets\.modules or a plugin of yours defines"):
            TrainedNet(build, COMMAND).untrained()
    assert not (tmp_path / "RAN").exists()


def test_a_name_in_a_file_imports_nothing(folder, tmp_path, monkeypatch):
    (tmp_path / "lying_about.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    for odd in (an_object("lying_about.Thing"), net("lying_about:Net")):
        with_attribute(folder, odd)
        refused(folder, "refused")
    assert "lying_about" not in sys.modules


def test_classes_of_a_listed_plugin_are_taken_and_only_those_that_it_defines(tmp_path, monkeypatch, folder):
    source = "import os\nfrom torch import nn\nclass Mine:\n    pass\nclass Net(nn.Module):\n    pass\ndef run(command):\n    os.system(command)\n"  # noqa: E501
    (tmp_path / "my_listed_plugin.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("models.saving.trusted._PLUGINS", set())
    assert class_named("my_listed_plugin.Mine") is None
    assert class_named("sklearn.neighbors._classification.KNeighborsClassifier") is None
    trust(["my_listed_plugin"])
    assert class_named("my_listed_plugin.Mine").__name__ == "Mine"
    assert network_class("my_listed_plugin:Net").__name__ == "Net"
    assert (
        class_named("sklearn.neighbors._classification.KNeighborsClassifier") is not None
    )  # strategies are made of it
    for other in ("my_listed_plugin.run", "my_listed_plugin.os", "my_listed_plugin.nn", "my_listed_plugin2.Mine"):
        assert class_named(other) is None
    with pytest.raises(ModelError):
        network_class("my_listed_plugin:run")
    with_attribute(folder, net("my_listed_plugin:run", command=f"touch {tmp_path / 'RAN'}"))
    refused(folder, "network is 'my_listed_plugin:run'")
    assert not (tmp_path / "RAN").exists()


ODD = {
    "no JSON": "hello",
    "nothing": "",
    "nested without end": "[" * 200_000,
    "closed and nested": "[" * 50_000 + "]" * 50_000,
    "a key twice": '{"object": "a.B", "object": "c.D", "state": {}}',
    "a list": "[]",
    "a number beyond all": '{"dict": [["a", ' + "9" * 5000 + "]]}",
    "a loop": '{"tuple": [{"same": 0}]}',
    "a reference to what comes later": '{"tuple": [{"same": 7}, []]}',
    "a reference below zero": '{"tuple": [[], {"same": -1}]}',
    "an array that is not there": '{"array": "nowhere", "order": "C"}',
    "an array whose name is a list": '{"array": ["a"], "order": "C"}',
    "texts that are numbers": '{"texts": [1, 2], "shape": [2]}',
    "texts of another shape": '{"texts": ["a"], "shape": [1000000000]}',
    "texts that fill the memory": '{"texts": ["' + "x" * 100_000 + '"' + ', ""' * 100_000 + '], "shape": [100001]}',
    "a mapping of triples": '{"dict": [[1, 2, 3]]}',
    "a mapping with lists as keys": '{"dict": [[[1], 2]]}',
    "a mapping of nothing": '{"dict": 7}',
    "a set of lists": '{"set": [[1]]}',
    "a number that is none": '{"float": "many"}',
    "a number of three": '{"number": ["int8", 1, 2]}',
    "a number too large": '{"number": ["int8", 1000000]}',
    "a state that is a list": '{"object": "models.fusion.late.Product", "state": []}',
    "a state of numbers": '{"object": "models.fusion.late.Product", "state": {"dict": [[1, 2]]}}',
}


@pytest.mark.parametrize("name", ODD)
def test_odd_values_are_refused_in_one_sentence(folder, name):
    forged(folder, ODD[name])
    refused(folder, "objects.json is refused")


@pytest.mark.parametrize("content", [b"", b"hello", b"\xff" * 64, (1 << 60).to_bytes(8, "little") + b"{}"])
def test_odd_arrays_are_refused(folder, content):
    (folder / WEIGHTS).write_bytes(content)
    summed(folder)
    refused(folder, "refused")


@pytest.mark.parametrize(
    "header",
    [
        {"a": {"dtype": "F64", "shape": [1 << 50], "data_offsets": [0, 8]}},
        {
            "a": {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]},
            "b": {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]},
        },
        {"a": {"dtype": "F64", "shape": [-1], "data_offsets": [0, 8]}},
        {"a": {"dtype": "BF16", "shape": [4], "data_offsets": [0, 8]}},
        {"a": {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]}},  # sound, but nothing in the model is made of it
    ],
)
def test_arrays_that_claim_other_sizes_are_refused(folder, header):
    text = json.dumps(header).encode()
    (folder / WEIGHTS).write_bytes(len(text).to_bytes(8, "little") + text + bytes(8))
    summed(folder)
    refused(folder, "refused")


def at(place, value):
    def change(array):
        array = array.copy()
        array[place] = value
        return array

    return change


TREES = {
    "a child beyond the nodes": ("left_child", at(0, 1 << 40)),
    "a child below zero": ("right_child", at(0, -7)),
    "a loop": ("left_child", at(0, 0)),
    "a child of two": ("left_child", at(1, 2)),
    "one child only": ("right_child", at(0, -1)),
    "a column beyond all": ("feature", at(0, 1 << 40)),
    "a column below zero": ("feature", at(0, -3)),
    "a child that is no whole number": ("left_child", lambda a: a.astype(np.float64)),
    "fewer children": ("left_child", lambda a: a[:-1]),
    "no nodes": ("nodes.left_child", lambda a: a[:0]),
    "fewer values": ("values", lambda a: a[:-1]),
    "values of another width": ("values", lambda a: a[..., :-1]),
    "more classes": ("nodes.classes", None),
    "fewer thresholds": ("threshold", lambda a: a[:-1]),
}


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize("name", [n for n in TREES if n != "more classes"])
def test_trees_that_would_crash_or_never_end_are_refused(tmp_path, name, task):
    folder, _ = kept(tmp_path, "random_forest", task)
    rearranged(folder, *TREES[name])
    refused(folder, "a tree in it|odd values")


def test_a_tree_of_other_classes_or_columns_is_refused(tmp_path):
    folder, _ = kept(tmp_path, "random_forest")
    original = (folder / MODEL).read_text()
    columns = original.split('["columns", ')[1].split("]")[0]
    for old, new in (
        (f'["columns", {columns}]', '["columns", 1000000]'),
        ('["outputs", 1]', '["outputs", 1000000000]'),
    ):
        (folder / MODEL).write_text(original)
        replaced(folder, old, new)
        refused(folder, "tree")
    (folder / MODEL).write_text(original)
    rearranged(folder, "tree_.classes", lambda a: a * 1000)
    refused(folder, "a tree in it has values")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (r"\"left_children\":[1", r"\"left_children\":[1000000"),
        (r"\"left_children\":[1", r"\"left_children\":[0"),
        (r"\"split_indices\":[", r"\"split_indices\":[900000,"),
        (r"\"num_class\":\"3", r"\"num_class\":\"300000000"),
        (r"\"num_nodes\":\"", r"\"num_nodes\":\"9"),
        (r"\"tree_info\":[0", r"\"tree_info\":[70000"),
        (r"\"num_trees\":\"", r"\"num_trees\":\"9"),
        (r"\"iteration_indptr\":[0", r"\"iteration_indptr\":[0,99999"),
        (r"\"name\":\"gbtree\"", r"\"name\":\"dart\""),
        (r"\"attributes\":{}", r"\"attributes\":{\"best_iteration\":\"99999\"}"),
        (r"\"learner\":{", r"\"learner\":{\"a\":["),
        (r"\"base_weights\":[", r"\"base_weights\":[0.5,"),
        (r"\"name\":\"multi:softprob\"", r"\"name\":\"no such loss\""),
        (r"\"num_parallel_tree\":\"1\"", r"\"num_parallel_tree\":\"2000000000\""),
        (r"\"num_parallel_tree\":\"1\"", r"\"num_parallel_tree\":\"1_0\""),
        (r"\"num_feature\":\"", r"\"num_feature\":\"100000000"),
        (
            r"\"softmax_multiclass_param\":{\"num_class\":\"3",
            r"\"softmax_multiclass_param\":{\"num_class\":\"300000000",
        ),
        (r"\"enc\":[]", r"\"enc\":[{\"offsets\":[0,100000000],\"values\":[1],\"type\":1}]"),
        (r"\"sorted_idx\":[]", r"\"sorted_idx\":[100000000]"),
        (r"\"feature_segments\":[]", r"\"feature_segments\":[0,100000000]"),
        (r"\"categories_nodes\":[]", r"\"categories_nodes\":[100000000]"),
        (r"\"categories_segments\":[]", r"\"categories_segments\":[100000000]"),
        (r"\"categories_sizes\":[]", r"\"categories_sizes\":[100000000]"),
        (r"\"id\":1,", r"\"id\":100000000,"),
        (r"\"id\":1,", r"\"id\":0,"),
        (r"\"num_deleted\":\"0", r"\"num_deleted\":\"7"),
        (r"\"base_score\":\"[", r"\"base_score\":\"[1E0,"),
        (r"\"feature_types\":[]", r"\"feature_types\":[\"c\"]"),
    ],
)
def test_boosters_that_would_crash_are_refused(tmp_path, old, new):
    folder, _ = kept(tmp_path, "xgboost")
    replaced(folder, old, new)
    refused(folder, "objects.json is refused")


ESCAPED = {"left_children": "left\\u005fchildren", "split_indices": "split\\u005findices", "parents": "\\u0070arents"}


@pytest.mark.parametrize("first", [False, True], ids=["after", "before"])
@pytest.mark.parametrize("other", ["escaped", "the same"])
@pytest.mark.parametrize("key", ESCAPED)
def test_what_stands_beside_the_checked_lists_of_a_booster_is_not_read(tmp_path, key, other, first):
    """Python takes the last of two equal keys, XGBoost may take another: it is given what was checked, and only that.

    A list that XGBoost would follow out of its memory ends the process, which is therefore another one.
    """
    folder, x = kept(tmp_path, "xgboost")
    before = load(folder).model.outputs(x)
    plain = json.loads((folder / MODEL).read_text())
    (booster,) = _parts(plain, "xgboost.core.Booster")
    good = next(m[0] for m in re.finditer(rf'"{key}":\[[^\]]*,[^\]]*\]', booster["state"]))
    bad = re.sub(r"\d+", "100000000", good, count=1)
    spelt = good.replace(key, ESCAPED[key]) if other == "escaped" else good
    booster["state"] = booster["state"].replace(good, f"{spelt},{bad}" if first else f"{bad},{spelt}", 1)
    forged(folder, plain)
    script = "import sys\nfrom pathlib import Path\nfrom models.saving.saving import load\n"
    script += "from tests.models.saving.test_saving import with_sequences\nfrom models.errors import ModelError\n"
    script += "try:\n    print(load(Path(sys.argv[1])).model.outputs(with_sequences()[0]).tobytes().hex())\n"
    script += "except ModelError:\n    print('refused')"
    done = subprocess.run([sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in ("refused", before.tobytes().hex())


def _parts(plain, name):
    """Yield what stands in a file for the parts or objects of a class."""
    if isinstance(plain, dict):
        if name in (plain.get("part"), plain.get("object")):
            yield plain
        plain = list(plain.values())
    for value in plain if isinstance(plain, list) else ():
        yield from _parts(value, name)


def test_a_booster_with_other_parents_is_refused(tmp_path):
    folder, _ = kept(tmp_path, "xgboost")
    text = (folder / MODEL).read_text()
    forged(folder, re.sub(r'\\"parents\\": ?\[(\d+)', r'\\"parents\\":[7777777', text))
    refused(folder, "other parents than its nodes have")


def test_tuples_that_take_for_ever_to_hash_are_refused(folder):
    plain = json.loads((folder / MODEL).read_text())
    pairs, before = plain["state"]["dict"], _compounds(plain["state"]) - 1  # what stands there before the new entries
    pairs.append(["odd_0", {"tuple": ["x", "y"]}])
    for i in range(60):
        same = {"same": before + i}
        pairs.append([f"odd_{i + 1}", {"tuple": [same, same]}])
    pairs.append(["odd_key", {"dict": [[{"same": before + 60}, 1]]}])
    forged(folder, plain)
    refused(folder, "a key that is no name|the same parts over and over again")


def _compounds(plain):
    """Return how many values are numbered in a part of the objects' file."""
    if isinstance(plain, list):
        return 1 + sum(map(_compounds, plain))
    if not isinstance(plain, dict) or plain.keys() & {"same", "float", "number", "type"}:
        return 0
    if "dict" in plain:
        return 1 + sum(_compounds(part) for pair in plain["dict"] for part in pair)
    if plain.keys() & {"tuple", "set"}:
        return 1 + sum(map(_compounds, plain.get("tuple", plain.get("set"))))
    return 1 + (_compounds(plain["state"]) if "state" in plain else 0)


def test_many_arrays_of_texts_cannot_fill_the_memory(folder):
    texts = {"texts": ["b"] * 999 + ["c" * 1999], "shape": [1000]}
    with_attribute(folder, [texts] * 50)
    refused(folder, "letters")


def test_a_state_cannot_take_the_place_of_a_method(folder):
    hidden = net("models.nets.modules:FeedForward")
    hidden["state"]["dict"].append(["check", {"type": "float64"}])
    with_attribute(folder, hidden)
    refused(folder, "its method 'check'")


MACHINES = {
    "fewer vectors": ("support_vectors_", lambda a: a[:-1]),
    "narrower vectors": ("support_vectors_", lambda a: a[:, :-1]),
    "more vectors than there are": ("_n_support", lambda a: a * 1000),
    "counts below zero": ("_n_support", lambda a: a - 100),
    "counts of another type": ("_n_support", lambda a: a.astype(np.int64)),
    "more classes": ("_n_support", lambda a: np.concatenate([a, [0] * 50]).astype(np.int32)),
    "one class": ("_n_support", lambda a: a.sum(keepdims=True).astype(np.int32)),
    "fewer coefficients": ("dual_coef_", lambda a: a[:, :-1]),
    "fewer rows of coefficients": ("dual_coef_", lambda a: a[:1]),
    "fewer intercepts": ("_intercept_", lambda a: a[:-1]),
    "slopes": ("_probA", lambda a: np.ones(1)),
    "another number of vectors' numbers": ("support_", lambda a: a[:-1]),
}


def refuses_machine(tmp_path, name, **more):
    folder, _ = kept(tmp_path, "svm", **more)
    rearranged(folder, *MACHINES[name])
    refused(folder, "SVC has|odd values")


@pytest.mark.parametrize("name", MACHINES)
def test_support_vectors_that_would_crash_are_refused(tmp_path, name):
    refuses_machine(tmp_path, name)


@pytest.mark.parametrize("name", [name for name in MACHINES if "counts" in name or "class" in name or "slopes" in name])
def test_sparse_support_vectors_that_would_crash_are_refused(tmp_path, name):
    refuses_machine(tmp_path, name, fitted={"text": WORDS["text"][:1]})


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("support_vectors_.indices", at(0, 1 << 30)),
        ("support_vectors_.indices", at(0, -5)),
        ("support_vectors_.indptr", at(1, 1 << 30)),
        ("support_vectors_.indptr", at(1, -5)),
        ("support_vectors_.indptr", lambda a: a[:-1]),
        ("support_vectors_.data", lambda a: a[:-1]),
        ("dual_coef_.data", lambda a: a[:-1]),
        ("dual_coef_.indptr", at(-1, 0)),
    ],
)
def test_sparse_matrices_that_would_crash_are_refused(tmp_path, name, change):
    folder, _ = kept(tmp_path, "svm", fitted={"text": WORDS["text"][:1]})
    rearranged(folder, name, change)
    refused(folder, "a sparse matrix in it is damaged|SVC has")


@pytest.mark.parametrize("old", ['["kernel", "rbf"]', '["kernel", "precomputed"]'])
def test_a_kernel_that_reads_beyond_the_columns_is_refused(tmp_path, old):
    folder, _ = kept(tmp_path, "svm")
    replaced(folder, '["kernel", "rbf"]', '["kernel", "precomputed"], ["_impl", "one_class"]')
    refused(folder, "a kernel")


def test_vocabularies_and_patterns_that_would_crash_or_never_end_are_refused(tmp_path):
    folder, _ = kept(tmp_path, fitted=WORDS)
    text = (folder / MODEL).read_text()
    inside = text.split('"vocabulary_", {"dict": [[')[1]
    word, place = inside.split("]")[0].split(", ")
    for new in ("1000000000", "-1", '"0"', "0.5"):
        forged(folder, text.replace(f'[["{word[1:-1]}", {place}]', f"[[{word}, {new}]", 1))
        refused(folder, "vocabulary|odd values")
    for old, new in (
        (json.dumps(TOKEN), json.dumps("(a+)+$")),
        ('["input", "content"]', '["input", "filename"]'),
        ('["analyzer", "word"]', '["analyzer", {"type": "float64"}]'),
    ):
        forged(folder, text.replace(old, new))
        refused(folder, "TfidfVectorizer has")
    assert (TOKEN, BY_LETTER, TfidfVectorizer().token_pattern) == PATTERNS


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('["hidden", ', '["hidden", 1000000000'),
        ('["hidden", ', '["hidden", 99'),
        ('["outputs", ', '["outputs", 9'),
        ('["dropout", 0.1]', '["dropout", 0.1], ["layers", 1000000000]'),
        ('["dropout", 0.1]', '["dropout", 0.1], ["unknown", 1]'),
        ('["precision", "float64"]', '["precision", "load"]'),
        ('["widths", [', '["widths", [' + "[1, 1], " * 5000),
        ('"models.nets.modules:IntermediateNet"', '"models.nets.modules:TransformerNet"'),
        ('["build", "models', '["weights", {"dict": []}], ["build", "models'),
    ],
)
def test_networks_that_are_not_those_of_their_weights_are_refused(tmp_path, old, new):
    folder, _ = kept(tmp_path, name="intermediate", settings={"epochs": 1, "dropout": 0.1}, classifier_settings={})
    replaced(folder, old, new)
    refused(folder, "a network in it|odd values|a key twice")


@pytest.mark.parametrize("change", [at(0, np.nan), at(0, np.inf), lambda a: a[:-1], lambda a: a.astype(np.int64)])
def test_weights_that_are_no_finite_numbers_or_of_another_shape_are_refused(tmp_path, change):
    folder, _ = kept(tmp_path, name="intermediate", settings={"epochs": 1, "dropout": 0.1}, classifier_settings={})
    rearranged(folder, "head.0.bias", change)
    refused(folder, "a network in it has weights")


@pytest.mark.parametrize(
    ("new", "taken"),
    [
        ([1, 10**9], False),
        ([1, 21], False),
        ([10**9, 10**9], False),
        ([0, 2], False),
        ([-5, 2], False),
        ([2, 1], False),
        ([1, 2.0], False),
        ([1, True], False),
        ([1], False),
        ([1, 20], True),
    ],
)
def test_sequences_of_words_without_end_are_refused(tmp_path, new, taken):
    folder, x = kept(tmp_path, fitted=WORDS)
    text = (folder / MODEL).read_text()
    own = re.search(r'\["ngram_range", \{"same": \d+\}\]', text)[0]  # the same as the transformer's own setting
    forged(folder, text.replace('["ngrams", {"tuple": [1, 2]}]', json.dumps(["ngrams", {"tuple": new}])))
    assert own in (folder / MODEL).read_text()
    if taken:
        load(folder).model.outputs(x)
    else:
        refused(folder, "sequences of|odd values")


NO_PROBABILITIES = ("binary:logitraw", "binary:hinge", "multi:softmax", "reg:squarederror", "count:poisson", "rank:map")


@pytest.mark.parametrize("objective", NO_PROBABILITIES)
def test_boosters_whose_answers_are_no_probabilities_are_refused(tmp_path, objective):
    folder, _ = kept(tmp_path, "xgboost")
    replaced(folder, r"\"name\":\"multi:softprob\"", rf"\"name\":\"{objective}\"")
    refused(folder, "objective|odd values")


def test_what_xgboost_says_comes_without_its_stack(tmp_path):
    folder, _ = kept(tmp_path, "xgboost")
    replaced(folder, r"\"name\":\"multi:softprob\"", r"\"name\":\"reg:no such loss\"")
    with pytest.raises(ModelError) as caught:
        load(folder)
    assert "Stack trace" not in str(caught.value)


def test_a_summary_wider_than_the_network_reads_is_refused(tmp_path):
    folder, _ = kept(tmp_path, name="intermediate", settings={"epochs": 1, "dropout": 0.1}, classifier_settings={})
    text = (folder / MODEL).read_text()
    for width in (10**9, -1):
        forged(folder, re.sub(r'\["width_", \d+\]', f'["width_", {width}]', text))
        refused(folder, "another width than its block|odd values")


def test_models_of_models_of_models_are_refused(folder):
    """Each level holds the one before twice: thirty levels are a thousand million models to ask."""
    levels = [[0]]
    start = _compounds(json.loads((folder / MODEL).read_text())["state"]) - 1
    for level in range(30):
        levels.append([{"same": start + level}, {"same": start + level}])
    with_attribute(folder, levels)
    refused(folder, "the same parts over and over again")


def test_threads_without_end_are_refused(tmp_path):
    folder, _ = kept(tmp_path, "random_forest")
    replaced(folder, '["n_jobs", 1]', '["n_jobs", 1000000]')
    refused(folder, "jobs at once")


def test_a_small_file_cannot_make_a_large_model(folder):
    """The same list again and again is one list: what is loaded stays as small as what was sent."""
    with_attribute(folder, [[0] * 1000, *([{"same": 0}] * 1000)])
    script = "import sys\nfrom pathlib import Path\nfrom models.saving.saving import load\n"
    script += "load(Path(sys.argv[1]))\n"
    script += "print(*[int(line.split()[1]) // 1024 for line in open('/proc/self/status') if 'VmHWM' in line])"
    done = subprocess.run([sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 1000  # MB


def test_a_random_change_of_the_values_is_refused_or_answers(tmp_path):
    """Any number in the file may be another one: the process lives, and errors are ordinary ones."""
    folder, x = kept(tmp_path, "random_forest", fitted=WORDS)
    original = load_file(folder / WEIGHTS)
    rng = np.random.default_rng(0)
    for _ in range(60):
        arrays = {name: array.copy() for name, array in original.items()}
        name = sorted(arrays)[rng.integers(len(arrays))]
        flat = arrays[name].reshape(-1).view(np.uint8)
        if len(flat):
            flat[rng.integers(len(flat))] ^= 1 << rng.integers(8)
        save_file(arrays, folder / WEIGHTS)
        summed(folder)
        try:
            load(folder).model.outputs(x)
        except (ModelError, ValueError, IndexError, TypeError):
            continue
