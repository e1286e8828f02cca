"""GRID: sentences of six words from a fixed grammar by 34 talkers, with the times of their words."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.corpora.base import Description, Fault
from pipeline.corpora.problems import Problem, capped
from pipeline.corpora.published.coded_names import Naming, meaning, read_coded
from pipeline.corpora.published.files import PICTURES, SOUNDS, decoded, numbered, word_table
from pipeline.corpora.utterances import Corpus
from pipeline.errors import counted
from pipeline.settings.blocks import CorpusParams

COMMANDS = {"b": "bin", "l": "lay", "p": "place", "s": "set"}
COLOURS = {"b": "blue", "g": "green", "r": "red", "w": "white"}
PREPOSITIONS = {"a": "at", "b": "by", "i": "in", "w": "with"}
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
DIGITS = dict(zip("z123456789", _NUMBERS, strict=True))
ADVERBS = {"a": "again", "n": "now", "p": "please", "s": "soon"}
UNITS_PER_SECOND = 25000  # time unit of .align files: 1000 units are one video frame
PAUSES = ("sil", "sp")
TALKER = r"s\d+(?![a-z0-9])"  # pattern of the name of a talker's folder

DESCRIPTION = Description(
    title="GRID audio-visual sentence corpus",
    citation=(
        "M. Cooke, J. Barker, S. Cunningham, X. Shao: An audio-visual corpus for speech perception and automatic "
        "speech recognition, Journal of the Acoustical Society of America 120(5), 2006"
    ),
    licence="CC BY 4.0",
    obtain="Zenodo, record 3625687: s1.zip to s34.zip, alignments.zip",
    folders={
        "s1 ... s34": "<command><colour><preposition><letter><digit><adverb>.mpg, such as bbaf2n.mpg; or .wav",
        "alignments/s1 ...": "words with times, named like the clips: bbaf2n.align; may be beside them, or missing",
    },
    labels={
        "command": ", ".join(COMMANDS.values()),
        "colour": ", ".join(COLOURS.values()),
        "preposition": ", ".join(PREPOSITIONS.values()),
        "letter": "a to z without w",
        "digit": ", ".join(DIGITS.values()),
        "adverb": ", ".join(ADVERBS.values()),
    },
    counts={"utterances": 34000, "speakers": 34},
    protocol="no official split; folds by talker. There are no emotions: the labels are the words of the sentence",
    block={
        "task": "classification",
        "label": "command",
        "modalities": ["text", "audio", "video"],
        "protocol": {"kind": "group-kfold", "folds": 5, "group": "speaker"},
    },
    faults=(
        Fault("there are no videos of talker 21, and some other videos are empty or damaged", "LipNet, section 4.1"),
        Fault(
            "in alignments.zip on Zenodo, the folders of several talkers have each other's names: each folder is used "
            "for the talker who spoke its sentences",
            "lhotse, pull request 1501",
        ),
    ),
)


def read(root: Path, corpus: CorpusParams) -> Corpus:
    """Read the names of the clips below the root, and the .align files with the same names.

    An utterance is named ``<talker>_<name>``. The talker is the nearest folder above the clip with a name such as
    ``s12``; without such a folder, it is the clip's own folder. Videos are preferred to sound files if video is one of
    the modalities.

    Raises
    ------
    UserError
        If there are no recordings, if none is named as in GRID, or if GRID does not have the label that the settings
        name.
    """
    films = (".mpg", *PICTURES)
    suffixes = (*films, *SOUNDS) if "video" in corpus.modalities else (*SOUNDS, *films)
    whole = root.resolve()

    def decode(clip: Path, parts: re.Match[str]) -> dict[str, Any]:
        speaker, labels = talker(clip, whole), words_of(parts)
        text = " ".join(labels.values())
        return {"utterance": f"{speaker}_{clip.stem}", "text": text, "speaker": speaker, **labels}

    def take(clip: Path, _: re.Match[str]) -> str:
        return f"{talker(clip, whole)}_{clip.stem}"

    code = r"([a-z])([a-z])([a-z])([a-z])([z1-9])([a-z])"
    found = read_coded(root, corpus, DESCRIPTION, Naming(code, decode, suffixes, take))
    if found.utterances.empty:
        return found
    problems = [*found.problems, *_unnamed(found.utterances, root)]
    words = list(_words(whole, found, problems))
    return replace(found, words=word_table(words), problems=problems)


def talker(file: Path, root: Path) -> str:
    """Return the talker to whom a file belongs, taken from the names of its folders up to the root.

    >>> [talker(Path(p), Path("/grid")) for p in ("/grid/s12/video/bbaf2n.mpg", "/grid/s1_processed/bbaf2n.mpg")]
    ['s12', 's1']
    >>> talker(Path("/s3/clips/bbaf2n.mpg"), Path("/s3/clips"))
    'clips'
    """
    folder = file.parent.resolve()
    inside = [part for part in (folder, *folder.parents) if part == root or root in part.parents]
    names = [re.match(TALKER, part.name.lower()) for part in inside]
    return next((name[0] for name in names if name), folder.name)


def _unnamed(table: pd.DataFrame, root: Path) -> list[Problem]:
    """Return a warning for each talker whose folder does not have a talker's name, such as ``s12``."""
    others = table.loc[~table["speaker"].str.fullmatch(TALKER), "speaker"].value_counts(sort=False)
    return [
        Problem(
            "warning",
            root,
            None,
            f"{counted(int(count), 'clip')} in {name} count as one talker, since no folder above them has a name "
            "such as s12: put the clips of each talker in a folder s1, s2 and so on",
        )
        for name, count in others.items()
    ]


def words_of(parts: re.Match[str]) -> dict[str, str]:
    """Return the six words that a name stands for; a letter that the grammar does not have raises ValueError."""
    command, colour, preposition, letter, digit, adverb = (part.lower() for part in parts.groups())
    if letter == "w":
        raise ValueError("the corpus has no letter 'w', only a to v and x to z")
    return {
        "command": meaning(COMMANDS, command, "command"),
        "colour": meaning(COLOURS, colour, "colour"),
        "preposition": meaning(PREPOSITIONS, preposition, "preposition"),
        "letter": letter,
        "digit": meaning(DIGITS, digit, "digit"),
        "adverb": meaning(ADVERBS, adverb, "adverb"),
    }


def _words(root: Path, corpus: Corpus, problems: list[Problem]) -> Iterator[tuple[str, str, float, float]]:
    """Yield the timed words of all utterances that have an .align file."""
    named: dict[str, set[str]] = {}
    for media, speaker in zip(corpus.utterances["media"], corpus.utterances["speaker"], strict=True):
        named.setdefault(speaker, set()).add(Path(media).stem)
    folders: dict[Path, dict[str, Path]] = {}
    for align in sorted(root.rglob("*.align")):
        folders.setdefault(align.parent, {})[align.stem] = align
    aligns: dict[tuple[str, str], Path] = {}
    for folder, files in folders.items():
        own = talker(folder / "_", root)
        whose = owner(own, files.keys(), named)
        if whose != own:
            message = f"names the sentences of talker {whose}, not of {own}: its word times are used for {whose}"
            problems.append(Problem("warning", folder, None, message))
        aligns |= {(whose, stem): path for stem, path in files.items()}
    bad: list[Problem] = []
    for row in corpus.utterances.itertuples():
        path = aligns.get((row.speaker, Path(row.media).stem))
        if path is not None:
            yield from ((row.utterance, *word) for word in timed_words(path, bad))
    problems += capped(bad)


def owner(own: str, aligned: Iterable[str], named: Mapping[str, set[str]]) -> str:
    """Return the talker whose clips have the most names in common with the .align files of one folder.

    `own` is the talker after whom the folder is named, and wins a tie. `aligned` holds the names of the .align files,
    and `named` the names of each talker's clips.

    >>> owner("s5", {"bbaf2n", "lgbz9s"}, {"s5": {"bbaf2n"}, "s6": {"bbaf2n", "lgbz9s"}})
    's6'
    """
    shared = Counter({speaker: len(clips & set(aligned)) for speaker, clips in named.items()})
    best = max(shared.values(), default=0)
    return own if shared[own] == best else next(speaker for speaker, count in shared.items() if count == best)


def timed_words(path: Path, bad: list[Problem]) -> Iterator[tuple[str, float, float]]:
    """Yield the words of an .align file except pauses, with start and end in seconds; add malformed lines to `bad`."""
    for line, content in numbered(decoded(path)):
        cells = content.split()
        try:
            start, end, word = int(cells[0]), int(cells[1]), cells[2]
        except (IndexError, ValueError):
            bad.append(Problem("error", path, line, f"{content!r} is not `start end word`: get the file again"))
            continue
        if word not in PAUSES:
            yield word, start / UNITS_PER_SECOND, end / UNITS_PER_SECOND
