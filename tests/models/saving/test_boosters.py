"""Boosters whose numbers would crash XGBoost, and texts that XGBoost would read differently from Python."""

import json
import re
import shutil
import subprocess
import sys
from itertools import product

import pytest

from models.errors import ModelError
from models.saving.saving import MODEL, load
from tests.models.saving.tampering import forged, kept, parts_of, refused, replaced


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
LOAD = """
import sys
from pathlib import Path

from models.errors import ModelError
from models.saving.saving import load
from tests.models.saving.tampering import with_sequences

x, _ = with_sequences()
for folder in sys.argv[1:]:
    try:
        print(load(Path(folder)).model.outputs(x).tobytes().hex())
    except ModelError:
        print("refused")
"""


def with_a_second_list(plain, key, spelling, first):
    """Return plain values whose booster has a second list under the name of a checked one, with wrong indices."""
    plain = json.loads(json.dumps(plain))
    (booster,) = parts_of(plain, "xgboost.core.Booster")
    good = next(m[0] for m in re.finditer(rf'"{key}":\[[^\]]*,[^\]]*\]', booster["state"]))
    bad = re.sub(r"\d+", "100000000", good, count=1)
    spelt = good.replace(key, spelling)
    booster["state"] = booster["state"].replace(good, f"{spelt},{bad}" if first else f"{bad},{spelt}", 1)
    return plain


def test_xgboost_is_given_only_the_lists_that_were_checked(tmp_path):
    """Python takes the last of two equal keys, XGBoost may take the other.

    A list that leads XGBoost outside its memory crashes the process, so the models are loaded in another one.
    """
    folder, x = kept(tmp_path, "xgboost")
    before, plain = load(folder).model.outputs(x), json.loads((folder / MODEL).read_text())
    folders = []
    for key, escaped in ESCAPED.items():
        for spelling, first in product((key, escaped), (False, True)):
            folders.append(shutil.copytree(folder, tmp_path / str(len(folders))))
            forged(folders[-1], with_a_second_list(plain, key, spelling, first))
    done = subprocess.run([sys.executable, "-c", LOAD, *map(str, folders)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) == len(folders) == 12
    assert set(done.stdout.split()) <= {"refused", before.tobytes().hex()}


def test_a_booster_with_other_parents_is_refused(tmp_path):
    folder, _ = kept(tmp_path, "xgboost")
    text = (folder / MODEL).read_text()
    forged(folder, re.sub(r'\\"parents\\": ?\[(\d+)', r'\\"parents\\":[7777777', text))
    refused(folder, "parents that do not match its children")


NO_PROBABILITIES = ("binary:logitraw", "binary:hinge", "multi:softmax", "reg:squarederror", "count:poisson", "rank:map")


@pytest.mark.parametrize("objective", NO_PROBABILITIES)
def test_boosters_whose_outputs_are_not_probabilities_are_refused(tmp_path, objective):
    folder, _ = kept(tmp_path, "xgboost")
    replaced(folder, r"\"name\":\"multi:softprob\"", rf"\"name\":\"{objective}\"")
    refused(folder, "objective|invalid values")


def test_messages_of_xgboost_have_no_stack_trace(tmp_path):
    folder, _ = kept(tmp_path, "xgboost")
    replaced(folder, r"\"name\":\"multi:softprob\"", r"\"name\":\"reg:no such loss\"")
    with pytest.raises(ModelError) as caught:
        load(folder)
    assert "Stack trace" not in str(caught.value)
