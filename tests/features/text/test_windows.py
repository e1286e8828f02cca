"""Texts are cut between words into as few parts as possible; the parts' vectors are averaged by their length."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from features.text.windows import bare, limit, mean_sentence, windows
from tests import tiny_models


def words(text: str) -> Any:
    return np.array([match.span() for match in re.finditer(r"\w+", text)], np.intp).reshape(-1, 2)


def letters(text: str) -> Any:
    return np.array([match.span() for match in re.finditer(r"\w", text)], np.intp).reshape(-1, 2)


@given(st.lists(st.text("ab", min_size=1, max_size=4), min_size=1, max_size=30), st.integers(1, 7))
def test_parts_contain_the_whole_text_in_order_and_are_short_enough(given: list[str], room: int) -> None:
    text = " ".join(given)
    parts = [text[a:b] for a, b in windows(text, words, room)]
    assert " ".join(parts) == text
    assert len(parts) == -(-len(given) // room)
    assert max(len(words(part)) for part in parts) <= room


def test_a_word_is_cut_only_if_it_is_as_long_as_half_a_part() -> None:
    text = "abcd efg hijk"  # 11 letters, so that the second part would begin with g, two letters into its word
    assert [text[a:b] for a, b in windows(text, letters, 7)] == ["abcd", "efg hijk"]
    assert windows("abcdefgh", letters, 4) == [(0, 4), (4, 8)]


def test_a_text_that_cannot_be_cut_into_parts_is_refused() -> None:
    with pytest.raises(ValueError, match="the text cannot be cut into parts of at most 1 word pieces"):
        windows("ab", lambda text: np.array([[0, 1], [0, 1]], np.intp), 1)  # each part still has two pieces


class Normalize(nn.Module):
    """Named like the last module of an encoder that scales its vectors to length 1."""


@pytest.mark.parametrize(("last", "expected"), [(nn.Identity(), [1.5, 0.5]), (Normalize(), [3 / 10**0.5, 1 / 10**0.5])])
def test_the_mean_is_weighted_by_pieces_and_scaled_as_the_encoder_does(last: nn.Module, expected: list[float]) -> None:
    model = nn.Sequential(nn.Identity(), last)
    mean = mean_sentence(model, [np.array([2.0, 0.0]), np.array([0.0, 2.0])], [3, 1])
    np.testing.assert_allclose(mean, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("longest", "positions", "expected"), [(256, 512, 256), (512, 128, 128), (None, 514, 514), (10**30, None, None)]
)
def test_the_limit_is_the_smaller_one_of_tokeniser_and_network(
    longest: int | None, positions: int | None, expected: int | None
) -> None:
    model = nn.Module()
    model.max_seq_length = longest  # type: ignore[assignment]
    if positions:
        model.position_embeddings = nn.Embedding(positions, 2)
    assert limit(model) == expected


def test_an_encoder_without_its_last_step_stays_on_the_device_of_the_encoder(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    folder = tiny_models.text_model(tmp_path)
    model = SentenceTransformer(str(folder), device="cpu").to("meta")  # a device that every machine has
    assert bare(model).device.type == model.device.type == "meta"
