"""Design matrices: blocks of columns, fitted on training rows, zero where a modality is missing."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from models.classical.unimodal import Unimodal
from models.data.design import Block, OneModality, joined, width
from models.data.modalities import Modalities
from models.data.scaling import total_variance
from models.errors import ModelError
from tests.models.classical.planted import data
from tests.models.data.test_scaling import drawn, learned


def test_a_block_scales_present_rows_and_dense_transformers_by_the_same_name():
    values = drawn(40).astype(np.float32)
    here = np.arange(40) % 4 > 0
    words = np.array(["a " * (i**2 % 50) for i in range(40)], object)
    counts = make_pipeline(
        CountVectorizer(token_pattern="a"), FunctionTransformer(lambda m: m.toarray(), accept_sparse=True)
    )
    x = Modalities({"text": values}, {"text": here}, words, np.arange(40))
    pooled, counted = Block("text", [("counts", counts)], normalise="quantile").fit(x).transform(x)
    lengths = np.array([[i**2 % 50] for i in range(40)], float)
    for found, raw in ((pooled, values.astype(np.float64)), (counted, lengths)):
        assert (found[~here] == 0).all()
        np.testing.assert_allclose(found[here], learned(raw[here], 30).transform(raw[here]), atol=1e-9)


def test_sparse_and_dense_parts_join():
    texts = np.array(["good film", None, "bad film", "good"], object)
    x = Modalities(
        {"text": np.arange(8, dtype=np.float32).reshape(4, 2)},
        {"text": np.array([True, False, True, True])},
        texts,
        np.arange(4),
    )
    block = Block("text", [("counts", TfidfVectorizer())]).fit(x)
    matrix = joined(block.transform(x))
    assert matrix.shape == (4, 2 + 3)
    assert np.abs(matrix[[1]].toarray()).sum() == 0
    counts = matrix[:, 2:]
    assert total_variance(counts[[0, 2, 3]]) == pytest.approx(100)


def test_text_transformers_are_fitted_on_training_rows_alone():
    n = 40
    texts = np.array([("good" if i % 2 else "bad") + f" word{i}" for i in range(n)], object)
    x = Modalities({}, {"text": np.ones(n, bool)}, texts, np.arange(n) % 5)
    words = {"text": [("counts", CountVectorizer())]}
    model = Unimodal("text", fitted=words).fit(x[:30], np.arange(30) % 2)
    (fitted,) = model.model_.design.block.transformers_
    assert "word29" in fitted.vocabulary_
    assert "word30" not in fitted.vocabulary_
    assert not hasattr(words["text"][0][1], "vocabulary_")
    assert (model.predict(x[30:]) == np.arange(30, n) % 2).all()


def test_a_modality_without_features_is_refused():
    x, score = data()
    empty = Modalities({}, x.present, x.text, x.groups)
    with pytest.raises(ModelError, match="neither pooled features nor a fitted transformer"):
        Unimodal("audio", task="regression").fit(empty, score)


def test_texts_without_words_give_no_columns():
    assert width(np.zeros((3, 7))) == 7
    assert width(csr_matrix(([1.0, 1.0, 1.0], ([0, 0, 1], [5, 9000, 3])), shape=(3, 10000))) == 1


def test_an_indicator_marks_rows_with_the_modality_if_that_varies():
    pooled, present = np.arange(4, dtype=np.float32)[:, None], np.array([True, True, False, True])
    x = Modalities({"audio": pooled}, {"audio": present}, np.full(4, None), np.arange(4))
    values, flags = Block("audio", indicator=True).fit(x).transform(x)
    assert values[2].tolist() == [0]
    assert (flags[present] > 0).all()
    assert flags[~present].tolist() == [[pytest.approx(-np.sqrt(3))]]
    assert len(Block("audio", indicator=True).fit(x[[0, 1, 3]]).transform(x)) == 1


def test_only_one_extractor_and_its_neighbours_are_read():
    columns = ("egemaps.0", "pitch.0", "egemaps@-1.0")
    x = Modalities(
        {"audio": np.eye(3, dtype=np.float32)},
        {"audio": np.full(3, True)},
        np.full(3, None),
        np.arange(3),
        {"audio": columns},
    )
    (matrix,) = Block("audio", only="egemaps").fit(x).transform(x)
    assert matrix.shape == (3, 2)
    with pytest.raises(ModelError, match="the modality 'audio', of which only 'mfcc' is read, has neither"):
        Block("audio", only="mfcc").fit(x)


def test_a_row_can_be_used_where_the_extractor_itself_has_a_number():
    """Not where only its neighbours in the dialogue have, another extractor has, or the whole modality is masked."""
    nan = np.nan
    matrix = np.array([[1, nan, 3, 4], [nan, nan, 3, 4], [nan, nan, nan, 4], [1, 2, 3, 4]], np.float32)
    names = {"audio": ("a.0", "a.1", "b.0", "a@-1.0")}
    present = np.array([True, True, True, False])
    x = Modalities({"audio": matrix}, {"audio": present}, np.full(4, None), np.arange(4), names)
    assert OneModality("audio", None, "a").usable(x).tolist() == [True, False, False, False]
    assert OneModality("audio", None, "b").usable(x).tolist() == [True, True, False, False]
    assert OneModality("audio", None).usable(x).tolist() == present.tolist()
    with pytest.raises(ModelError, match="of which only 'mfcc' is read, has neither"):
        OneModality("audio", None, "mfcc").usable(x)


def test_a_transformer_can_use_a_row_with_a_transcript():
    text = np.array(["good", "", None, "bad"], object)
    present = np.array([True, True, True, False])
    vectors = np.ones((4, 1), np.float32)
    x = Modalities({"text": vectors}, {"text": present}, text, np.arange(4), {"text": ("bert.0",)})
    fitted = {"text": [("tfidf", TfidfVectorizer())]}
    assert OneModality("text", fitted, "tfidf").usable(x).tolist() == [True, False, False, False]
    assert OneModality("text", fitted, "bert").usable(x).tolist() == present.tolist()
    assert OneModality("text", fitted).usable(x).tolist() == present.tolist()


class Broken:
    def __init__(self, gives=None):
        self.gives = gives

    def get_params(self, deep=True):
        return {"gives": self.gives}

    def fit(self, texts):
        return self

    def transform(self, texts):
        if self.gives is None:
            raise KeyError("no such word")
        return self.gives


@pytest.mark.parametrize(
    ("gives", "message"),
    [
        (None, r"'mine' failed on 2 texts \(KeyError: 'no such word'\)"),
        (np.zeros(2), r"'mine' gave ndarray of shape \(2,\) for 2 texts"),
        (np.array([[0.0], [np.inf]]), "gave an infinite value, or NaN in sparse columns, for the transcript 'two'"),
        (csr_matrix([[0.0], [np.nan]]), "gave an infinite value, or NaN in sparse columns, for the transcript 'two'"),
    ],
)
def test_a_text_transformer_that_fails_is_named(gives, message):
    x = Modalities({}, {"text": np.full(2, True)}, np.array(["one", "two"], object), np.arange(2))
    with pytest.raises(ModelError, match=message):
        Block("text", [("mine", Broken(gives))]).fit(x)
