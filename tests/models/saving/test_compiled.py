"""Sparse matrices whose indices lead outside their arrays."""

import pytest

from tests.models.saving.tampering import WORDS, at, kept, rearranged, refused


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
    refused(folder, "a sparse matrix in the model is damaged|SVC has")
