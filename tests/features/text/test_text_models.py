"""Text encoders: widths from configuration files, and models that cannot be used."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from features.errors import ExtractorError
from features.registry import build
from features.text.text_models import widths
from features.types import TextStream
from tests import tiny_models

STREAM = TextStream("good film", ("good", "film"), np.array([[0.0, 1.0], [1.0, 2.0]]))


def test_widths_follow_the_configuration(tmp_path: Path) -> None:
    for name, config in (
        ("", {"hidden_size": 12, "num_hidden_layers": 2}),
        ("1_Pooling", {"word_embedding_dimension": 12}),
    ):
        (tmp_path / name).mkdir(exist_ok=True)
        (tmp_path / name / "config.json").write_text(json.dumps(config))
    both = {"word_embedding_dimension": 12, "pooling_mode_mean_tokens": True, "pooling_mode_max_tokens": True}
    (tmp_path / "1_Pooling" / "config.json").write_text(json.dumps(both))
    assert widths(tmp_path) == (12, 12, 2)
    modules = [{"path": "", "type": "x.Transformer"}, {"path": "1_Pooling", "type": "x.Pooling"}]
    (tmp_path / "modules.json").write_text(json.dumps(modules))
    widths.cache_clear()
    assert widths(tmp_path) == (12, 24, 2)
    widths.cache_clear()


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda folder: tiny_models.text_model(folder, "GPT2"), "reads each word without the words after it, as text"),
        (lambda folder: tiny_models.waveform_encoder(folder, "wav2vec2"), r"\(model of the type 'wav2vec2'\): "),
        (tiny_models.vision_encoder, "a model of the type 'vit', which does not read text: use an encoder such as"),
        (tiny_models.whisper, "a model of the type 'whisper', which does not read text: use an encoder such as BERT"),
    ],
)
def test_a_model_that_gives_no_vectors_of_whole_texts_is_refused(
    make: Callable[[Path], Path], sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(ExtractorError, match=sentence):
        build("bert", {"model": str(make(tmp_path / "model"))}).extract(STREAM)


def test_a_model_of_pictures_and_texts_is_refused(tmp_path: Path) -> None:
    clip = build("bert", {"model": str(tiny_models.vision_encoder(tmp_path, "CLIP"))})
    with pytest.raises(
        ExtractorError,
        match="does not contain a text encoder: the configuration of its model of the type 'clip' states no",
    ):
        clip.feature_names  # noqa: B018


def test_a_text_encoder_that_lacks_weights_is_refused_and_a_complete_one_is_not(tmp_path: Path) -> None:
    folder = tiny_models.text_model(tmp_path / "bert")
    assert build("bert", {"model": str(folder)}).extract(STREAM).values.shape == (2, 8)
    lacking = Path(shutil.copytree(folder, tmp_path / "lacking"))
    config = json.loads((folder / "config.json").read_text())
    (lacking / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 3}))
    with pytest.raises(ExtractorError, match=r"lacking lacks \d+ of its model's weights, such as encoder\.layer\.2\."):
        build("bert", {"model": str(lacking)}).extract(STREAM)
