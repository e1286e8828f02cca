"""Find the positions of cleaned tokens in their transcript."""

import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray


def token_spans(text: str, tokens: Sequence[str]) -> NDArray[np.intp]:
    """Find the position of each token in its transcript, by comparing the transcript's letters and digits in order.

    Case, punctuation and the encoding of accents do not matter.

    Parameters
    ----------
    text
        The transcript as written.
    tokens
        Its n cleaned words.

    Returns
    -------
    ndarray
        ``(n, 2)``: for each token, the position of its first character, and the position after its last character. Both
        are 0 if the token is not found.

    Examples
    --------
    >>> token_spans("A well-known FACT.", ["a", "well", "known", "fact"]).tolist()
    [[0, 1], [2, 6], [7, 12], [13, 17]]
    """
    written = [(plain, place) for place, char in enumerate(text) for plain in _plain(char)]
    wanted = [(plain, row) for row, token in enumerate(tokens) for char in token for plain in _plain(char)]
    spans = np.zeros((len(tokens), 2), np.intp)
    for i, j in _pairs([plain for plain, _ in written], [plain for plain, _ in wanted]):
        place, row = written[i][1], wanted[j][1]
        start = place if spans[row, 1] == 0 else int(spans[row, 0])
        spans[row] = (start, place + 1)
    return spans


def _plain(char: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", char.casefold()) if unicodedata.category(c)[0] in "LN")


def _pairs(written: Sequence[str], wanted: Sequence[str]) -> list[tuple[int, int]]:
    if list(written) == list(wanted):
        return [(i, i) for i in range(len(written))]
    blocks = SequenceMatcher(None, written, wanted, autojunk=False).get_matching_blocks()
    return [(block.a + k, block.b + k) for block in blocks for k in range(block.size)]
