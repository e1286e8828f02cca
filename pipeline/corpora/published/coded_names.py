"""What corpora with labels in the names of their recordings share: one clip per utterance, no label file."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.corpora.base import Description, count_warnings, half_unpacked
from pipeline.corpora.problems import Problem, listed
from pipeline.corpora.published.files import STRAY, check_label, utterance_row, word_table
from pipeline.corpora.utterances import Corpus
from pipeline.errors import UserError
from pipeline.settings.blocks import CorpusParams

# A clip and the parts of its name -> cells of the utterance table; ValueError: a code that the corpus does not have.
Decode = Callable[[Path, re.Match[str]], Mapping[str, Any]]


def clips_below(root: Path, suffixes: Sequence[str]) -> list[Path]:
    """Return all recordings below a folder, by name; hidden files and folders are skipped.

    Raises
    ------
    UserError
        If it is not a folder, or holds no recordings.
    """
    found = [
        path
        for path in (sorted(root.rglob("*")) if root.is_dir() else [])
        if path.suffix.lower() in suffixes
        and not any(part.startswith((".", STRAY)) for part in path.relative_to(root).parts)
        and not path.is_dir()
    ]
    if not found:
        raise half_unpacked(root, {f"recordings ({', '.join(suffixes)})": False}, "Name the unpacked folder as root.")
    return sorted(found, key=lambda path: path.name)


def read_coded(
    root: Path,
    corpus: CorpusParams,
    description: Description,
    clips: Sequence[Path],
    code: str,
    decode: Decode,
    *,
    kinds: str = "",
) -> Corpus:
    """Read a corpus from the names of its clips.

    Parameters
    ----------
    root
        The unpacked folder.
    corpus
        Its settings.
    description
        Its description.
    clips
        The recordings, one per utterance.
    code
        Pattern of a whole name without its suffix, in either case; an utterance is named as its clip is.
    decode
        What a name's parts mean.
    kinds
        Column of kinds of recording that are to be had apart from each other, and so are counted apart.

    Raises
    ------
    UserError
        If no clip is named as the corpus names them, or the corpus does not have the label.
    """
    check_label(description.title, corpus, description.labels)
    problems: list[Problem] = []
    rows, others = [], []
    for clip in clips:
        match = re.fullmatch(code, clip.stem, re.IGNORECASE)
        if match is None:
            others.append(clip.name)
            continue
        try:
            rows.append(utterance_row(**{"utterance": clip.stem, "media": clip.as_posix(), **decode(clip, match)}))
        except ValueError as error:
            problems.append(Problem("error", clip, None, f"{error}: rename the clip, or move it away"))
    if not rows and not problems:
        raise UserError(
            f"{root} holds recordings such as {clips[0].name}, none of them named as {description.title} names them"
        )
    problems += listed("warning", root, "{} is not named as the corpus names its clips and is not used", others)
    problems += _twice(rows, root)
    table = pd.DataFrame(rows)
    return Corpus(table, word_table(()), problems + _other_counts(description, table, kinds, root))


def _other_counts(description: Description, table: pd.DataFrame, kinds: str, root: Path) -> list[Problem]:
    if table.empty:
        return []
    found = {f"{kind} utterances": int(n) for kind, n in table[kinds].value_counts().items()} if kinds else {}
    found |= {"utterances": len(table), "speakers": table["speaker"].nunique()}
    there = {what: count for what, count in description.counts.items() if what in found}
    return count_warnings(replace(description, counts=there), found, root)


def _twice(rows: Sequence[Mapping[str, Any]], root: Path) -> list[Problem]:
    """Return an error for each utterance that has two clips."""
    first: dict[str, str] = {}
    twice = []
    for row in rows:
        other = first.setdefault(row["utterance"], row["media"])
        if other != row["media"]:
            twice.append(f"{other} and {row['media']}")
    return listed("error", root, "{} are one utterance: keep one of them", twice)


def meaning(codes: Mapping[str, str], part: str, what: str) -> str:
    """Return what a part of a name means; one that the corpus does not have raises ValueError.

    >>> meaning({"01": "neutral"}, "01", "emotion")
    'neutral'
    """
    if part not in codes:
        raise ValueError(f"{part!r} is not a known {what}; available: {', '.join(codes)}")
    return codes[part]
