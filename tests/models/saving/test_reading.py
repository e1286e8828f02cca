"""Malicious values: each is refused in one sentence, and nothing in a file is called or fills the memory."""

import json
import subprocess
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from models.errors import ModelError
from models.saving.reading import read
from models.saving.saving import MODEL, WEIGHTS, load
from tests.models.saving.tampering import (
    WORDS,
    an_object,
    compounds,
    forged,
    kept,
    net,
    refused,
    replaced,
    summed,
    with_attribute,
)

COMMAND = {"command": "touch RAN"}


CALLS = {
    "a network that is a function": net("os:system", **COMMAND),
    "a network of another library": net("torch.nn:Linear", in_features=1, out_features=1),
    "a network that nets imports": net("models.nets.modules:Tensor"),
    "a function of nets": net("models.nets.modules:masked_mean"),
    "a module of nets": net("models.nets.modules:nn"),
    "a method of a class": net("models.nets.modules:nn.Module.apply"),
    "a function of models": net("models.errors:reason_of", target="os:system"),
    "a network without a module": net(":system"),
    "a network whose name is not a text": net(["os:system"]),
    "a network that is not an identifier": net("models.nets.modules:FeedForward.__init__.__globals__"),
    "an object of os": an_object("os.system"),
    "a process": an_object("subprocess.Popen", args="touch RAN"),
    "a function": an_object("models.saving.saving.save"),
    "a network as an object": an_object("models.nets.modules.FeedForward"),
    "a layer of networks": net("models.nets.layers:Recurrent"),
    "a layer as an object": an_object("models.nets.layers.StepDropout"),
    "a class that a module of ours imports": an_object("models.saving.saving.Path"),
    "a partial function": {"compiled": "functools.partial", "state": {"tuple": ["os.system", "touch RAN"]}},
    "a pickle's way": {"__reduce__": ["os.system", ["touch RAN"]]},
    "a loader of skops": {"__class__": "system", "__module__": "os", "__loader__": "FunctionNode"},
    "a type that is called": {"type": "os.system"},
    "a type of Python": {"type": "eval"},
    "a number of another type": {"number": ["object", "os.system"]},
    "a plugin that is not listed": an_object("evil_plugin.Strategy"),
    "a plugin's network": net("evil_plugin:Net"),
    "a name of a package above": an_object("..models.product.Product"),
    "an empty name": an_object(""),
    "scikit-learn's own functions": an_object("sklearn.preprocessing._function_transformer.FunctionTransformer"),
    "scikit-learn's caches": an_object("joblib.memory.Memory", location="."),
    "an unknown entry": {"call": "os.system"},
    "an entry of nothing": {},
}


@pytest.fixture(autouse=True)
def _no_plugins(monkeypatch):  # that a test before this one may have loaded
    monkeypatch.setattr("models.saving.trusted._PLUGINS", set())


@pytest.mark.parametrize("wrap", ["attribute", "list", "tuple", "dict", "key", "object", "set"])
@pytest.mark.parametrize("name", CALLS)
def test_anything_that_could_be_called_is_refused_anywhere(folder, name, wrap, tmp_path, monkeypatch):
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


def test_a_name_in_a_file_imports_nothing(folder, tmp_path, monkeypatch):
    (tmp_path / "lying_about.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    for odd in (an_object("lying_about.Thing"), net("lying_about:Net")):
        with_attribute(folder, odd)
        refused(folder, "refused")
    assert "lying_about" not in sys.modules


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
    "a missing array": '{"array": "nowhere", "order": "C"}',
    "an array whose name is a list": '{"array": ["a"], "order": "C"}',
    "texts that are numbers": '{"texts": [1, 2], "shape": [2]}',
    "texts of another shape": '{"texts": ["a"], "shape": [1000000000]}',
    "texts that fill the memory": '{"texts": ["' + "x" * 100_000 + '"' + ', ""' * 100_000 + '], "shape": [100001]}',
    "a mapping of triples": '{"dict": [[1, 2, 3]]}',
    "a mapping with lists as keys": '{"dict": [[[1], 2]]}',
    "a mapping of nothing": '{"dict": 7}',
    "a set of lists": '{"set": [[1]]}',
    "a number that is not one": '{"float": "many"}',
    "a number of three": '{"number": ["int8", 1, 2]}',
    "a number too large": '{"number": ["int8", 1000000]}',
    "a state that is a list": '{"object": "models.fusion.product.Product", "state": []}',
    "a state of numbers": '{"object": "models.fusion.product.Product", "state": {"dict": [[1, 2]]}}',
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
        {"a": {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]}},  # valid, but not part of the model
    ],
)
def test_arrays_that_claim_other_sizes_are_refused(folder, header):
    text = json.dumps(header).encode()
    (folder / WEIGHTS).write_bytes(len(text).to_bytes(8, "little") + text + bytes(8))
    summed(folder)
    refused(folder, "refused")


def test_tuples_that_take_for_ever_to_hash_are_refused(folder):
    plain = json.loads((folder / MODEL).read_text())
    pairs, before = plain["state"]["dict"], compounds(plain["state"]) - 1  # the number of values before the new entries
    pairs.append(["odd_0", {"tuple": ["x", "y"]}])
    for i in range(60):
        same = {"same": before + i}
        pairs.append([f"odd_{i + 1}", {"tuple": [same, same]}])
    pairs.append(["odd_key", {"dict": [[{"same": before + 60}, 1]]}])
    forged(folder, plain)
    refused(folder, "a key that is not a name|the same parts over and over again")


def test_many_arrays_of_texts_cannot_fill_the_memory(folder):
    texts = {"texts": ["b"] * 999 + ["c" * 1999], "shape": [1000]}
    with_attribute(folder, [texts] * 50)
    refused(folder, "letters")


def test_a_state_cannot_take_the_place_of_a_method(folder):
    hidden = net("models.nets.modules:FeedForward")
    hidden["state"]["dict"].append(["check", {"type": "float64"}])
    with_attribute(folder, hidden)
    refused(folder, "its method 'check'")


def test_models_of_models_of_models_are_refused(folder):
    """Each level holds the one before twice: thirty levels are a billion models to predict with."""
    levels = [[0]]
    start = compounds(json.loads((folder / MODEL).read_text())["state"]) - 1
    for level in range(30):
        levels.append([{"same": start + level}, {"same": start + level}])
    with_attribute(folder, levels)
    refused(folder, "the same parts over and over again")


def test_threads_without_end_are_refused(tmp_path):
    folder, _ = kept(tmp_path, "random_forest")
    replaced(folder, '["n_jobs", 1]', '["n_jobs", 1000000]')
    refused(folder, "asks for 1000000 parallel jobs")


def test_a_small_file_cannot_make_a_large_model(folder):
    """A list that is repeated is one list: the loaded model stays as small as the file."""
    with_attribute(folder, [[0] * 1000, *([{"same": 0}] * 1000)])
    script = "import sys\nfrom pathlib import Path\nfrom models.saving.saving import load\n"
    script += "load(Path(sys.argv[1]))\n"
    script += "print(*[int(line.split()[1]) // 1024 for line in open('/proc/self/status') if 'VmHWM' in line])"
    done = subprocess.run([sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 1000  # MB


def test_a_model_with_random_changes_is_refused_or_predicts(tmp_path):
    """Whatever numbers in the file are changed, the process survives and errors are ordinary ones."""
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


FLAT = np.zeros((0, 10**9), np.float32)
TEXTS = {"texts": [], "shape": [40_000_000, 0]}


@pytest.mark.parametrize("value", [FLAT, np.zeros((3, 0, 10**7)), TEXTS, {"texts": [], "shape": [0, -1]}])
def test_an_array_of_nothing_with_a_long_side_is_refused(value):
    plain = {"array": "a", "order": "C"} if isinstance(value, np.ndarray) else value
    with pytest.raises(ModelError, match=r"a side of|has the invalid shape"):
        read(plain, {"a": value} if isinstance(value, np.ndarray) else {})


@pytest.mark.parametrize("wrap", [lambda x: {"dict": [["a", x]]}, lambda x: [x], lambda x: {"tuple": [x]}])
def test_the_depth_of_nesting_is_limited(wrap):
    plain = 1
    for _ in range(300):
        plain = wrap(plain)
    with pytest.raises(ModelError, match="more than 100 deep"):
        read(plain, {})
