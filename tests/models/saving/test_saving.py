"""Saved models: every strategy predicts the same bits after loading; changed and foreign files are refused."""

import functools
import json
import os

import numpy as np
import pytest

from models.errors import ModelError
from models.nets.trained_net import TrainedNet
from models.registry import strategy_names
from models.saving.saving import ABOUT, MODEL, WEIGHTS, load, save
from models.saving.traversal import iter_parts
from tests.models.saving.tampering import WORDS, rewritten, trained, with_attribute
from tests.models.test_registry import TASKS


@pytest.fixture
def saved(tmp_path):
    model, x = trained("concat", "classification")
    save(model, tmp_path / "m", {"corpus": "toy"})
    return tmp_path / "m", model, x


def same(model, x, folder):
    before = model.outputs(x).tobytes()
    save(model, folder, {"corpus": "toy"})
    found = load(folder)
    assert found.schema == {"corpus": "toy"}
    assert found.notices == ()
    return before == found.model.outputs(x).tobytes() == model.outputs(x).tobytes()


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("name", strategy_names())
def test_every_strategy_predicts_the_same_after_loading(name, task, tmp_path):
    assert same(*trained(name, task), tmp_path / "m")


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("classifier", ["linear_svm", "svm", "random_forest", "xgboost", "fcnn"])
def test_every_classifier_and_words_predict_the_same_after_loading(classifier, task, tmp_path):
    quick = {"fcnn": {"epochs": 1, "hidden": 8}, "xgboost": {"max_depth": 2}, "random_forest": {"n_estimators": 5}}
    settings = quick.get(classifier, {})
    model, x = trained("concat", task, classifier, fitted=WORDS, classifier_settings=settings)
    assert same(model, x, tmp_path / "m")


def test_the_weights_of_networks_are_among_the_arrays_under_their_paths(tmp_path):
    from safetensors.numpy import load_file

    model, _ = trained("intermediate", "classification")
    path, net = next((path, part) for path, part in iter_parts(model) if isinstance(part, TrainedNet))
    before = {name: array.copy() for name, array in net.weights.items()}
    save(model, tmp_path / "m", {})
    kept = load_file(tmp_path / "m" / WEIGHTS)
    for name, array in before.items():
        np.testing.assert_array_equal(kept[f"{path}.weights.{name}"], array)
        np.testing.assert_array_equal(net.weights[name], array)


def test_a_model_that_cannot_be_saved_stays_as_it_is_and_so_does_the_old_folder(tmp_path):
    model, x = trained("intermediate", "classification")
    save(model, tmp_path / "m", {})
    old = {file.name: file.read_bytes() for file in (tmp_path / "m").iterdir()}
    before = model.outputs(x)
    model.odd_ = functools.partial(os.system, "true")
    with pytest.raises(
        ModelError,
        match=r"cannot be saved: it holds functools\.partial at odd_, which a model may hold only if",
    ):
        save(model, tmp_path / "m", {})
    np.testing.assert_array_equal(model.outputs(x), before)
    assert {file.name: file.read_bytes() for file in (tmp_path / "m").iterdir()} == old
    assert [p.name for p in tmp_path.iterdir()] == ["m"]


def test_no_pickle_is_written(saved):
    folder, _, _ = saved
    assert sorted(file.name for file in folder.iterdir()) == sorted([ABOUT, MODEL, WEIGHTS])
    assert not any(b"\x80\x04\x95" in file.read_bytes()[:64] for file in folder.iterdir())


@pytest.mark.parametrize("name", [MODEL, WEIGHTS])
def test_a_changed_file_is_refused(saved, name):
    folder, _, _ = saved
    content = bytearray((folder / name).read_bytes())
    content[-1] ^= 1
    (folder / name).write_bytes(content)
    with pytest.raises(ModelError, match=f"{name} has been changed since it was saved"):
        load(folder)


@pytest.mark.parametrize("name", [MODEL, WEIGHTS, ABOUT])
def test_a_missing_file_is_named(saved, name):
    folder, _, _ = saved
    (folder / name).unlink()
    with pytest.raises(ModelError, match=name):
        load(folder)


@pytest.mark.parametrize("content", [{"schema": {"corpus": "other"}}, {"libraries": {}}, {"files": {}}])
def test_a_changed_description_is_refused(saved, content):
    folder, _, _ = saved
    about = json.loads((folder / ABOUT).read_text())
    (folder / ABOUT).write_text(json.dumps({**about, **content}))
    with pytest.raises(ModelError, match=r"model\.json has been changed since it was saved"):
        load(folder)


def test_a_description_laid_out_in_another_way_is_read(saved):
    folder, _, _ = saved
    (folder / ABOUT).write_text(json.dumps(json.loads((folder / ABOUT).read_text())))
    assert load(folder).schema == {"corpus": "toy"}


def test_equal_models_give_equal_arrays(tmp_path):
    for name in ("a", "b"):
        save(trained("stacking", "classification")[0], tmp_path / name, {})
    assert (tmp_path / "a" / WEIGHTS).read_bytes() == (tmp_path / "b" / WEIGHTS).read_bytes()


@pytest.mark.parametrize(
    ("found", "message"), [(99, "use a newer crossmodal"), (3, "fit the model again with `crossmodal")]
)
def test_another_format_is_refused(saved, found, message):
    folder, _, _ = saved
    rewritten(folder, format_version=found)
    with pytest.raises(ModelError, match=f"model format {found}.*{message}"):
        load(folder)


DAMAGED = [
    "",
    "[]",
    "{}",
    '{"format": "other", "format_version": 1}',
    "[" * 100_000,
    '{"a": 1, "a": 2}',
    "\x00",
    "1e999",
]


@pytest.mark.parametrize("text", [*DAMAGED, json.dumps({"format": "crossmodal-model", "format_version": True})])
def test_a_damaged_description_is_refused(saved, text):
    folder, _, _ = saved
    (folder / ABOUT).write_text(text)
    with pytest.raises(ModelError, match=ABOUT):
        load(folder)


@pytest.mark.parametrize(
    "changes", [{"files": []}, {"files": {MODEL: 1, WEIGHTS: 2}}, {"libraries": {"torch": [1]}}, {"schema": "x"}]
)
def test_a_description_of_another_shape_is_refused(saved, changes):
    folder, _, _ = saved
    rewritten(folder, **changes)
    with pytest.raises(ModelError, match=r"model\.json (lacks one of|names other files)"):
        load(folder)


def nested(depth):
    value = {}
    for _ in range(depth):
        value = {"a": [value]}
    return value


@pytest.mark.parametrize("depth", [30, 100, 400])
def test_a_description_nested_deep_is_refused(saved, depth):
    folder, _, _ = saved
    rewritten(folder, schema=nested(depth))
    with pytest.raises(ModelError, match=r"deep|damaged"):
        load(folder)


@pytest.mark.parametrize("libraries", [{"torch": "2\nError: fake"}, {"torch": "2" * 999}, {"a\x1b": "1"}])
def test_impossible_library_names_and_versions_are_refused(saved, libraries):
    folder, _, _ = saved
    rewritten(folder, libraries=libraries)
    with pytest.raises(ModelError, match="a library with an invalid name or version"):
        load(folder)


@pytest.mark.parametrize("name", [MODEL, ABOUT, WEIGHTS])
def test_a_file_larger_than_can_be_read_is_not_read(saved, name):
    folder, _, _ = saved
    os.truncate(folder / name, 1 << 43)
    with pytest.raises(ModelError, match=f"{name} has {1 << 43} bytes, but at most"):
        load(folder)


def test_another_library_version_is_noticed(saved):
    folder, _, x = saved
    rewritten(folder, libraries={"scikit-learn": "0.1.2", "xgboost": "", "torch": ""})
    found = load(folder)
    assert any("was saved with scikit-learn 0.1.2, but " in notice for notice in found.notices)
    assert found.model.outputs(x).shape == (60, 3)


def test_a_model_that_is_refused_may_be_corrected_or_fitted_again(saved):
    folder, _, _ = saved
    with_attribute(folder, {"object": "theirs.Odd", "state": {"dict": []}})
    with pytest.raises(ModelError, match=r"lists the plugin that defines it.*; correct this, or fit the model again$"):
        load(folder)
