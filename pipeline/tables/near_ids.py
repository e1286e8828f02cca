"""Find ids of two files that are clearly meant to be the same but are spelt differently."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pipeline.errors import UserError
from pipeline.tables.rules import INVISIBLE, folded, quoted

# File endings that an id may carry: of recordings, and of features.
_SUFFIX = re.compile(
    r"(?<=.)\.(wav|flac|mp3|m4a|aac|ogg|opus|aif|aiff|wma|mp4|m4v|avi|mov|mkv|webm|flv|wmv|mpe?g|npy|npz|csv|tsv|txt|"
    r"json|pkl|pt|h5|mat|csd)\Z"
)
_EXAMPLES = 3
_MARKS = re.compile(r"[\s_\-\u2010-\u2015$]+")  # between the parts of an id


def nearly_equal(mine: Iterable[str], theirs: Iterable[str]) -> list[tuple[str, str]]:
    r"""Return the pairs of ids, one from each side, that differ only in spelling.

    The spelling may differ in case, Unicode form, spaces, zeros before a number (``01``), a zero fraction (``1.0``),
    marks between parts (``_``, ``-``), quotation marks and file endings. One of the two ids may also have folders in
    front. An id occurs in at most one pair.

    Parameters
    ----------
    mine, theirs
        Ids of either side that the other side does not have.

    Examples
    --------
    >>> nearly_equal(["1", "a_b", "s1/x", "q"], ["01", "A-b.wav", "x", "r"])
    [('1', '01'), ('a_b', 'A-b.wav'), ('s1/x', 'x')]
    """
    whole: dict[tuple[str, ...], str] = {}
    tails: dict[tuple[str, ...], str] = {}
    for name in theirs:
        parts = _parts(name)
        whole.setdefault(parts, name)
        for tail in _tails(parts):
            tails.setdefault(tail, name)
    pairs, paired = [], set()
    for name in mine:
        parts = _parts(name)
        found = tails.get(parts) or next((whole[tail] for tail in _tails(parts) if tail in whole), None)
        if found is not None and found not in paired:
            paired.add(found)
            pairs.append((name, found))
    return pairs


def spelling_difference(pairs: Sequence[tuple[str, str]], mine: str, theirs: str) -> str:
    """Return part of a sentence that says how many ids differ only in spelling, with examples.

    >>> spelling_difference([("1", "01")], "the corpus", "f.csv")
    "1 id differs only in spelling, such as '1' of the corpus and '01' of f.csv"
    """
    count = "1 id differs" if len(pairs) == 1 else f"{len(pairs)} ids differ"
    shown = ", ".join(f"{quoted(a)} of {mine} and {quoted(b)} of {theirs}" for a, b in pairs[:_EXAMPLES])
    return f"{count} only in spelling, such as {shown}"


def clearly_same(pairs: Sequence[tuple[str, str]], exact: int) -> bool:
    """Whether nearly equal ids are clearly meant to be the same; treating them as different would then lose much data.

    Two ids that differ only in case may be different ids, as on YouTube. They count as the same only if there are more
    such pairs than exact matches. Two ids that differ in another way, such as 1 and 01, are nearly always the same.
    They count as the same if the number of such pairs is more than a tenth of the number of exact matches.

    Parameters
    ----------
    pairs
        The pairs that `nearly_equal` returned.
    exact
        The number of ids that match exactly.

    Examples
    --------
    >>> clearly_same([("QxYz", "qXyZ")], 23), clearly_same([("1", "01")], 3), clearly_same([("s_1", "s1")], 500)
    (False, True, False)
    """
    cased = sum(folded(one) == folded(other) for one, other in pairs)
    return cased > exact or (len(pairs) - cased) * 10 > exact


def refuse_nearly_equal(mine: Iterable[str], theirs: Iterable[str], exact: int, path: Path) -> None:
    """Raise `UserError` if ids in the file `path` (`theirs`) are clearly misspelt ids of utterances (`mine`)."""
    pairs = nearly_equal(mine, theirs)
    if pairs and clearly_same(pairs, exact):
        raise UserError(f"{path}: {spelling_difference(pairs, 'the utterances', path.name)}: spell them the same")


def _parts(name: str) -> tuple[str, ...]:
    """Return the folders and the name of an id, normalised for comparison."""
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    plain = "".join(char for char in plain if char not in INVISIBLE)
    plain = plain.strip().strip("'\"").replace("\\", "/")
    return tuple(_plain(part) for part in plain.split("/") if part.strip(". ")) or ("",)


def _plain(part: str) -> str:
    bare = re.sub(r"(?<=\d)\.0+\Z", "", _SUFFIX.sub("", part.strip()))
    counted = re.sub(r"(?<![\d.])0+(?=\d)", "", bare)
    marked = _MARKS.sub("_", counted).strip("_")
    return re.sub(r"(?<!\d)_|_(?!\d)", "", marked)  # a mark is kept only between two numbers, where it separates them


def _tails(parts: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    return (parts[i:] for i in range(len(parts)))
