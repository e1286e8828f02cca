"""Cut texts that are too long for an encoder into parts, and combine the vectors of the parts."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

Span = tuple[int, int]  # first character, and the one after the last


def windows(text: str, pieces: Callable[[str], NDArray[np.intp]], room: int) -> list[Span]:
    r"""Cut a text into as few parts as possible, each of which has at most `room` word pieces.

    The parts have about equally many word pieces. Each cut is at a space if there is one nearby.

    Parameters
    ----------
    text
        A text that is not blank.
    pieces
        Function from a text to the ``(n, 2)`` character spans of its word pieces, without special tokens.
    room
        Maximum number of word pieces in a part.

    Returns
    -------
    The character spans of the parts, in order and without surrounding spaces.

    Examples
    --------
    >>> import re
    >>> words = lambda text: np.array([m.span() for m in re.finditer(r"\w+", text)])
    >>> windows("one two three four five", words, 3)
    [(0, 7), (8, 23)]
    """
    found = pieces(text)
    for count in range(max(ceil(len(found) / room), 1), len(found) + 1):
        edges = [0, *(_edge(text, found, round(i * len(found) / count), count) for i in range(1, count)), len(text)]
        parts = [_trimmed(text, a, b) for a, b in pairwise(edges)]
        parts = [(a, b) for a, b in parts if b > a]
        if all(len(pieces(text[a:b])) <= room for a, b in parts):
            return parts
    raise ValueError(f"the text cannot be cut into parts of at most {room} word pieces")


def _edge(text: str, pieces: NDArray[np.intp], at: int, count: int) -> int:
    """Return where to cut near piece `at`: at the start of its word, or of the piece if the word is too long."""
    for place in range(at, max(at - len(pieces) // (2 * count) - 1, 0), -1):
        start = int(pieces[place, 0])
        if text[start].isspace() or text[start - 1].isspace():
            return start
    return int(pieces[at, 0])


def _trimmed(text: str, start: int, end: int) -> Span:
    part = text[start:end]
    return end - len(part.lstrip()), start + len(part.rstrip())


def bare(model: Any) -> Any:
    """Return a sentence-transformers model without the final modules that scale vectors to length 1."""
    from sentence_transformers import SentenceTransformer

    modules = list(model.children())
    while _normalises(modules[-1]):
        modules.pop()
    return SentenceTransformer(
        modules=modules,
        prompts=model.prompts,
        default_prompt_name=model.default_prompt_name,
        device=str(model.device),  # the modules are shared: another device would move the modules of `model` too
    ).eval()


def mean_sentence(model: Any, sentences: Sequence[Any], pieces: Sequence[int]) -> NDArray[np.float32]:
    """Return the mean of the parts' sentence vectors, weighted by pieces; scaled to length 1 if `model` scales vectors.

    If the encoder averages pieces, this is the mean over the pieces of all parts.

    Parameters
    ----------
    model
        The whole encoder.
    sentences
        The sentence vector of each part, from the encoder that `bare` returns.
    pieces
        The number of word pieces of each part.
    """
    vectors = np.stack([np.asarray(vector, np.float64) for vector in sentences])
    mean = np.average(vectors, axis=0, weights=pieces).astype(np.float32)
    if _normalises(list(model.children())[-1]):
        mean /= max(float(np.linalg.norm(mean)), 1e-12)
    return mean


def _normalises(module: Any) -> bool:
    return type(module).__name__ == "Normalize"


def limit(model: Any) -> int | None:
    """Return how many word pieces `model` reads at most, special tokens included; None if there is no limit."""
    known = [model.max_seq_length]
    for name, module in model.named_modules():
        if name.endswith("position_embeddings") and hasattr(module, "num_embeddings"):
            first = 0 if module.padding_idx is None else module.padding_idx + 1
            known.append(module.num_embeddings - first)
    least = min((int(value) for value in known if value), default=0)
    return least if 0 < least < 10**6 else None  # a tokeniser without a limit reports 1e30
