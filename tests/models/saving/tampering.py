"""Fitted models to save, and ways to change their files as an attacker would: with digests that fit."""

import json
import time
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from features.text import fitted
from models.data.modalities import Ragged
from models.errors import ModelError
from models.registry import Recipe, build, strategy
from models.saving import saving
from models.saving.saving import ABOUT, MODEL, WEIGHTS, load, save
from tests.models.test_registry import THREE, labels, toy

WORDS = {"text": (("tfidf", fitted.build("tfidf", {})), ("word2vec", fitted.build("word2vec", {"size": 8})))}


SETTINGS = {
    "random_forest": {"n_estimators": 3},
    "xgboost": {"max_depth": 2},
    "svm": {"C": 3.0},
    "logistic": {"C": 3.0},
}
QUICK = {"C": 3.0, "alpha": 1.0}


def with_sequences(n=60):
    """The toy modalities, each with steps over time, and a spectrogram."""
    x, score = toy(n)
    rng = np.random.default_rng(1)
    steps = {m: [rng.normal(size=(rng.integers(1, 5), 3)).astype(np.float32) for _ in range(n)] for m in THREE}
    frames = [rng.normal(size=(rng.integers(20, 40), 16)).astype(np.float32) for _ in range(n)]
    return replace(x, sequences={m: Ragged.of(s) for m, s in (steps | {"spectrogram": frames}).items()}), score


def trained(name, task, classifier="logistic", **more):
    x, score = with_sequences()
    found = strategy(name)
    few = ("audio",) if found.kind == "unimodal" else THREE
    own = {"settings": {"epochs": 1, "dropout": 0.1}} if found.sequences else {"classifier_settings": QUICK}
    recipe = Recipe(task, few, classifier, **{**own, **more})
    return build(name, recipe).fit(x, labels(score, task)), x


def rewritten(folder, **changes):
    """Change the description and update its digest, as an attacker would."""
    about = json.loads((folder / ABOUT).read_text()) | changes
    about.pop("digest")
    (folder / ABOUT).write_text(json.dumps(about | {"digest": saving._digest(about)}))


def summed(folder):
    """Put the current checksums of a folder's files into its description."""
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
    """Change the arrays whose names end with `name`."""
    arrays = load_file(folder / WEIGHTS)
    found = [key for key in arrays if key.endswith(name)]
    assert found, sorted(arrays)
    for key in found:
        arrays[key] = np.ascontiguousarray(change(arrays[key]))
    save_file(arrays, folder / WEIGHTS)
    summed(folder)


def replaced(folder, old, new):
    """Replace a text in the objects' file."""
    text = (folder / MODEL).read_text()
    assert old in text
    forged(folder, text.replace(old, new))


def refused(folder, message=""):
    started = time.monotonic()
    with pytest.raises(ModelError, match=message) as caught:
        load(folder)
    assert time.monotonic() - started < 5
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


def kept(tmp_path, classifier="logistic", task="classification", name="concat", **more):
    model, x = trained(name, task, classifier, **{"classifier_settings": SETTINGS.get(classifier, {}), **more})
    save(model, tmp_path / "m", {})
    return tmp_path / "m", x


def an_object(name, **state):
    return {"object": name, "state": {"dict": [[key, value] for key, value in state.items()]}}


def net(build, **options):
    own = {"build": build, "options": {"dict": [list(pair) for pair in options.items()]}, "precision": "float64"}
    return an_object("models.nets.trained_net.TrainedNet", **own, weights={"dict": []}, losses=[])


def at(place, value):
    def change(array):
        array = array.copy()
        array[place] = value
        return array

    return change


def parts_of(plain, name):
    """Yield the entries of a class in the plain values of a model."""
    if isinstance(plain, dict):
        if name in (plain.get("compiled"), plain.get("object")):
            yield plain
        plain = list(plain.values())
    for value in plain if isinstance(plain, list) else ():
        yield from parts_of(value, name)


def compounds(plain):
    """Return how many values are numbered in an entry of the objects' file."""
    if isinstance(plain, list):
        return 1 + sum(map(compounds, plain))
    if not isinstance(plain, dict) or plain.keys() & {"same", "float", "number", "type"}:
        return 0
    if "dict" in plain:
        return 1 + sum(compounds(part) for pair in plain["dict"] for part in pair)
    if plain.keys() & {"tuple", "set"}:
        return 1 + sum(map(compounds, plain.get("tuple", plain.get("set"))))
    return 1 + (compounds(plain["state"]) if "state" in plain else 0)
