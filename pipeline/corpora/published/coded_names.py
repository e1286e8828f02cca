"""Read corpora whose labels are coded in the names of their clips: one utterance per clip, and no label file."""

import filecmp
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.corpora.base import Description, count_warnings, half_unpacked
from pipeline.corpora.problems import Problem, listed
from pipeline.corpora.published.files import STRAY, check_label, utterance_row, word_table
from pipeline.corpora.utterances import Corpus
from pipeline.errors import UserError
from pipeline.settings.blocks import CorpusParams

Match = re.Match[str]


def _stem(clip: Path, _: Match) -> str:
    return clip.stem


@dataclass(frozen=True)
class Naming:
    """How a corpus names its clips.

    Attributes
    ----------
    code
        Regular expression for a whole name without its suffix; case does not matter.
    decode
        Function from (clip, match of its name) to cells of the utterance table. It raises ValueError for a code that
        the corpus does not have. Without a cell `utterance`, the utterance gets the name of its clip.
    suffixes
        Suffixes of recordings, the preferred ones first.
    take
        Function from (clip, match of its name) to a text that is the same for all recordings of one utterance.
    rank
        Function from a clip to a number, which is lowest for the best recording of an utterance; by default, the
        position of its suffix in `suffixes`.
    kinds
        The column that says which part of the corpus a clip belongs to, if parts can be downloaded separately. Each
        part is then counted separately. The name is empty if there are no such parts.
    """

    code: str
    decode: Callable[[Path, Match], Mapping[str, Any]]
    suffixes: Sequence[str]
    take: Callable[[Path, Match], str] = _stem
    rank: Callable[[Path], int] | None = None
    kinds: str = ""

    def best(self, clips: Iterable[Path]) -> list[Path]:
        """Return the best of several recordings of an utterance; several if they are equally good."""
        rank = self.rank or (lambda clip: self.suffixes.index(clip.suffix.lower()))
        ranks = {clip: rank(clip) for clip in clips}
        return [clip for clip, found in ranks.items() if found == min(ranks.values())]


def clips_below(root: Path, suffixes: Sequence[str]) -> list[Path]:
    """Return all recordings below a folder, sorted by name; hidden files and folders are left out.

    Raises
    ------
    UserError
        If `root` is not a folder, or holds no recordings.
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


def read_coded(root: Path, corpus: CorpusParams, description: Description, naming: Naming) -> Corpus:
    """Read a corpus from the names of its clips, which may be anywhere below the root.

    If there are several recordings of one utterance, the best is used. If several are equally good and have the same
    content (for example because an archive was unpacked twice), the first is used, with a warning. If their content
    differs, the corpus gets a problem of severity ``error``.

    Raises
    ------
    UserError
        If there are no clips, if no name matches the corpus's pattern, or if the corpus does not have the label that
        the settings name.
    """
    check_label(description.title, corpus, description.labels)
    clips = clips_below(root, naming.suffixes)
    matches = {clip: re.fullmatch(naming.code, clip.stem, re.IGNORECASE) for clip in clips}
    named = {clip: match for clip, match in matches.items() if match}
    if not named:
        raise UserError(
            f"{root} holds recordings such as {clips[0].name}, but none is named like those of {description.title}: "
            "give the unpacked corpus as root, and keep the names of its files"
        )
    others = [clip.name for clip in clips if clip not in named]
    problems = listed("warning", root, "{} is not named like the clips of the corpus, so it is not used", others)
    rows = []
    for clip in _one_per_take(named, naming, root, problems):
        try:
            cells = {"utterance": clip.stem, "media": clip.as_posix(), **naming.decode(clip, named[clip])}
        except ValueError as error:
            problems.append(Problem("error", clip, None, f"{error}: rename the clip, or move it out of the folder"))
        else:
            rows.append(utterance_row(**{"recording": cells["utterance"], **cells}))
    table = pd.DataFrame(rows)
    return Corpus(table, word_table(()), [*problems, *_other_counts(description, table, naming.kinds, root)])


def _one_per_take(named: Mapping[Path, Match], naming: Naming, root: Path, problems: list[Problem]) -> list[Path]:
    takes: dict[str, list[Path]] = {}
    for clip, match in named.items():
        takes.setdefault(naming.take(clip, match).lower(), []).append(clip)
    chosen: list[Path] = []
    copies: list[str] = []
    different: list[str] = []
    for found in takes.values():
        first, *more = naming.best(found)
        chosen.append(first)
        for clip in more:
            (copies if filecmp.cmp(first, clip, shallow=False) else different).append(f"{first} and {clip}")
    problems += listed("error", root, "{} are the same utterance with different content: keep only one", different)
    if copies:
        what = f"{len(copies)} {'clip is' if len(copies) == 1 else 'clips are'} there twice with the same content"
        problems.append(Problem("warning", root, None, f"{what}, such as {copies[0]}: the first is used"))
    return chosen


def _other_counts(description: Description, table: pd.DataFrame, kinds: str, root: Path) -> list[Problem]:
    """Return a warning for each count that differs from that of the release.

    Parts of the corpus (`kinds`) that are missing altogether are ignored.
    """
    if table.empty:
        return []
    found = {f"{kind} utterances": int(n) for kind, n in table[kinds].value_counts().items()} if kinds else {}
    found |= {"utterances": len(table), "speakers": table["speaker"].nunique()}
    there = {what: count for what, count in description.counts.items() if what in found}
    return count_warnings(replace(description, counts=there), found, root)


def meaning(codes: Mapping[str, str], part: str, what: str) -> str:
    """Return what one code in a clip's name stands for; raise ValueError if the corpus has no such code.

    >>> meaning({"01": "neutral"}, "01", "emotion")
    'neutral'
    """
    if part not in codes:
        raise ValueError(f"the corpus has no {what} {part!r}, only {', '.join(codes)}")
    return codes[part]
