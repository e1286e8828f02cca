from types import SimpleNamespace

import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.evaluation.results import read_attention
from tests.conftest import bind

CORPUS = SimpleNamespace(modalities=("text", "audio", "video"))
HEAD = "utterance,strategy,modalities,text,audio,video\n"


def test_attention_on_what_a_strategy_does_not_read_is_undefined(tmp_path):
    path = tmp_path / "attention.csv"
    path.write_text(HEAD + "007,modality_attention,text+audio,0.25,0.75,\nu2,modality_attention,audio+video,,1,0\n")
    bind(tmp_path, "train.json")
    found = read_attention(path, CORPUS)
    assert list(found["utterance"]) == ["007", "u2"]
    np.testing.assert_array_equal(found[["text", "audio", "video"]], [[0.25, 0.75, np.nan], [np.nan, 1, 0]])


def test_attention_that_is_no_number_is_named_with_its_file(tmp_path):
    path = tmp_path / "attention.csv"
    path.write_text(HEAD + "u1,modality_attention,text+audio,much,0.75,\n")
    bind(tmp_path, "train.json")
    with pytest.raises(UserError, match=r"attention\.csv is damaged.*much"):
        read_attention(path, CORPUS)


def test_without_attention_there_is_nothing_to_read(tmp_path):
    assert read_attention(tmp_path / "attention.csv", CORPUS) is None
