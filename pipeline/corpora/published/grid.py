"""GRID: sentences of six words from a fixed grammar, 34 talkers, with the times of their words."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.corpora.base import Description, Fault
from pipeline.corpora.problems import Problem, capped
from pipeline.corpora.published.coded_names import clips_below, meaning, read_coded
from pipeline.corpora.published.files import PICTURES, SOUNDS, decoded, numbered, word_table
from pipeline.corpora.utterances import Corpus
from pipeline.settings.blocks import CorpusParams

COMMANDS = {"b": "bin", "l": "lay", "p": "place", "s": "set"}
COLOURS = {"b": "blue", "g": "green", "r": "red", "w": "white"}
PREPOSITIONS = {"a": "at", "b": "by", "i": "in", "w": "with"}
_NUMBERS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
DIGITS = dict(zip("z123456789", _NUMBERS, strict=True))
ADVERBS = {"a": "again", "n": "now", "p": "please", "s": "soon"}
UNITS_PER_SECOND = 25000  # in an .align file; a picture takes 1000
PAUSES = ("sil", "sp")

DESCRIPTION = Description(
    title="GRID audio-visual sentence corpus",
    citation=(
        "M. Cooke, J. Barker, S. Cunningham, X. Shao: An audio-visual corpus for speech perception and automatic "
        "speech recognition, Journal of the Acoustical Society of America 120(5), 2006"
    ),
    licence="CC BY 4.0",
    obtain="Zenodo, record 3625687: s1.zip to s34.zip, alignments.zip",
    folders={
        "s1 ... s34": "<command><colour><preposition><letter><digit><adverb>.mpg, as bbaf2n.mpg; or .wav",
        "align": "the same names as .align, in any folder below the root: words and their times",
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
    protocol="none is official; folds by talker. No emotions: the labels are what was said",
    block={
        "task": "classification",
        "label": "command",
        "modalities": ["text", "audio", "video"],
        "protocol": {"kind": "group-kfold", "folds": 5, "group": "speaker"},
    },
    faults=(Fault("there are no pictures of talker 21", "Cooke et al., 2006"),),
)


def read(root: Path, corpus: CorpusParams) -> Corpus:
    """Read the names of the clips below the root, and the .align files of the same names.

    An utterance is named ``<talker>_<name>``; the talker is the nearest folder above the clip that is called s and a
    number, or the clip's own folder. Films are preferred to sounds where video matters.

    Raises
    ------
    UserError
        If there are no recordings, none is named so, or GRID has no such label.
    """
    clips = clips_below(root, (*SOUNDS, ".mpg", *PICTURES))
    films = [clip for clip in clips if clip.suffix.lower() not in SOUNDS]
    sounds = [clip for clip in clips if clip.suffix.lower() in SOUNDS]
    chosen = (films or sounds) if "video" in corpus.modalities else (sounds or films)
    found = read_coded(root, corpus, DESCRIPTION, chosen, r"([a-z])([a-z])([a-z])([a-z])([z1-9])([a-z])", _decode)
    problems = list(found.problems)
    words = list(_words(root, found, problems))
    return replace(found, words=word_table(words), problems=problems)


def talker(clip: Path) -> str:
    """Return who speaks in a clip, from the folders above it.

    >>> talker(Path("grid/s12/video/bbaf2n.mpg")), talker(Path("clips/bbaf2n.mpg"))
    ('s12', 'clips')
    """
    return next((f.name.lower() for f in clip.parents if re.fullmatch(r"s\d+", f.name.lower())), clip.parent.name)


def _decode(clip: Path, parts: re.Match[str]) -> dict[str, Any]:
    command, colour, preposition, letter, digit, adverb = (part.lower() for part in parts.groups())
    if letter == "w":
        raise ValueError("'w' is not a known letter; available: a to z without w")
    labels = {
        "command": meaning(COMMANDS, command, "command"),
        "colour": meaning(COLOURS, colour, "colour"),
        "preposition": meaning(PREPOSITIONS, preposition, "preposition"),
        "letter": letter,
        "digit": meaning(DIGITS, digit, "digit"),
        "adverb": meaning(ADVERBS, adverb, "adverb"),
    }
    speaker = talker(clip.resolve())
    return labels | {
        "utterance": f"{speaker}_{clip.stem}",
        "text": " ".join(labels.values()),
        "speaker": speaker,
        "group": speaker,
    }


def _words(root: Path, corpus: Corpus, problems: list[Problem]) -> Iterator[tuple[str, str, float, float]]:
    """Yield the timed words of all utterances that have an .align file."""
    aligns: dict[tuple[str, str], Path] = {}
    for align in sorted(root.rglob("*.align")):
        aligns[talker(align.resolve()), align.stem] = align
    for utterance, media in zip(corpus.utterances["utterance"], corpus.utterances["media"], strict=True):
        clip = Path(media)
        beside = clip.with_suffix(".align")
        path = beside if beside.is_file() else aligns.get((talker(clip.resolve()), clip.stem))
        if path is not None:
            bad: list[Problem] = []
            yield from ((utterance, word, start, end) for word, start, end in timed_words(path, bad))
            problems += capped(bad)


def timed_words(path: Path, bad: list[Problem]) -> Iterator[tuple[str, float, float]]:
    """Yield the words of an .align file with start and end in seconds, without its pauses."""
    for line, content in numbered(decoded(path)):
        cells: Sequence[str] = content.split()
        try:
            start, end, word = int(cells[0]), int(cells[1]), cells[2]
        except (IndexError, ValueError):
            bad.append(Problem("error", path, line, f"{content!r} is not `start end word`: get the file again"))
            continue
        if word not in PAUSES:
            yield word, start / UNITS_PER_SECOND, end / UNITS_PER_SECOND
