"""Models of scikit-learn whose arrays do not fit one another."""

import json
import re

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from common.words import BY_LETTER, TOKEN
from models.saving.checks_libraries import PATTERNS
from models.saving.saving import MODEL, load
from tests.models.saving.tampering import WORDS, forged, kept, rearranged, refused, replaced

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
    refused(folder, "SVC has|invalid values")


@pytest.mark.parametrize("name", MACHINES)
def test_support_vectors_that_would_crash_are_refused(tmp_path, name):
    refuses_machine(tmp_path, name)


@pytest.mark.parametrize("name", [name for name in MACHINES if "counts" in name or "class" in name or "slopes" in name])
def test_sparse_support_vectors_that_would_crash_are_refused(tmp_path, name):
    refuses_machine(tmp_path, name, fitted={"text": WORDS["text"][:1]})


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
        refused(folder, "vocabulary|invalid values")
    for old, new in (
        (json.dumps(TOKEN), json.dumps("(a+)+$")),
        ('["input", "content"]', '["input", "filename"]'),
        ('["analyzer", "word"]', '["analyzer", {"type": "float64"}]'),
    ):
        forged(folder, text.replace(old, new))
        refused(folder, "TfidfVectorizer has")
    assert (TOKEN, BY_LETTER, TfidfVectorizer().token_pattern) == PATTERNS


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
        refused(folder, "sequences of|invalid values")
