"""Read the label files of IEMOCAP: evaluations, transcriptions, and the forced alignment."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from pipeline.corpora.problems import Problem, listed
from pipeline.corpora.published.files import (
    EARLIEST_S,
    Bad,
    decoded,
    files_in,
    inside,
    interval,
    number,
    numbered,
)
from pipeline.corpora.utterances import Word
from pipeline.errors import UserError, refuse_pipe

# code of the raters' majority -> class; xxx means that there was no majority
EMOTIONS = {
    "neu": "neutral",
    "fru": "frustrated",
    "ang": "angry",
    "sad": "sad",
    "exc": "excited",
    "hap": "happy",
    "sur": "surprised",
    "fea": "fearful",
    "oth": "other",
    "dis": "disgusted",
    "xxx": "",
}

SIX = ("happy", "sad", "neutral", "angry", "excited", "frustrated")

FOUR = ("happy", "neutral", "sad", "angry")

SCORES = ("valence", "activation", "dominance")  # in the order of the files

LOW, HIGH = 0.5, 5.5  # accepted range of mean scores; the scale is 1 to 5, but 5.5 occurs

# The utterances that the pickles used for emotion recognition in conversation (7433 utterances) label as happy in
# addition to the 6 classes of the release (7380 utterances).
_ERC_HAPPY = """
    Ses01F_impro03_F007 Ses01F_impro03_F011 Ses01F_impro03_F014 Ses01F_impro03_M012 Ses01F_impro06_M017
    Ses01F_impro07_F007 Ses01M_impro03_F000 Ses01M_impro07_F002 Ses02F_impro03_F002 Ses02F_impro03_F005
    Ses02F_impro03_F006 Ses02F_impro03_F007 Ses02F_impro03_F020 Ses02M_impro03_F010 Ses02M_impro03_F026
    Ses02M_impro03_F027 Ses03F_impro02_M003 Ses03F_impro03_F000 Ses03F_impro03_F003 Ses03F_impro03_F010
    Ses03F_impro03_M003 Ses03F_impro03_M008 Ses03F_impro03_M013 Ses03F_impro03_M016 Ses03F_impro03_M019
    Ses03F_impro04_M020 Ses03F_impro07_F000 Ses03F_impro07_F002 Ses03F_impro07_F006 Ses03F_impro07_M016
    Ses03F_impro07_M020 Ses03F_impro07_M031 Ses03M_impro02_F001 Ses03M_impro03_F000 Ses03M_impro03_F019
    Ses03M_impro03_M005 Ses03M_impro03_M006 Ses03M_impro03_M008 Ses03M_impro03_M009 Ses03M_impro03_M010
    Ses03M_impro03_M024 Ses03M_impro03_M025 Ses03M_impro03_M026 Ses03M_impro03_M027 Ses03M_impro03_M034
    Ses03M_impro03_M036 Ses03M_impro03_M037 Ses03M_impro05a_F017 Ses03M_impro07_F020 Ses03M_impro07_M001
    Ses03M_impro07_M012 Ses03M_impro07_M021 Ses05F_impro07_M010
"""

ERC_HAPPY = frozenset(_ERC_HAPPY.split())

NEEDED = ("dialog/EmoEvaluation", "dialog/transcriptions")

_HEADER = "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]"

DIALOGUE = re.compile(r"Ses0(?P<session>[1-5])(?P<wearer>[FM])_(?:impro0[1-8][ab]?|script0[1-3]_[1-3]b?)")

_HEAD = re.compile(r"\[(.+?) - (.+?)\]\s+(\S+)\s+(\S+)\s+\[([^\]]*)\]\s*")

_TURN = re.compile(r"(Ses\S+)\s+\[(.+?)-(.+?)\]:(.*)")

_NO_WORD = re.compile(r"<.*>|\+\+.*\+\+|\[.*\]")

FRAME_S = 0.01  # unit of the forced alignment

MOVED_S = 0.05  # a larger difference between the times of transcription and evaluation is reported


@dataclass
class Log:
    """Collects the problems in the files; those that differ only in the name of an utterance are listed at the end."""

    problems: list[Problem] = field(default_factory=list)
    names: dict[tuple[Path, str], list[str]] = field(default_factory=dict)

    def error(self, file: Path, line: int, message: str) -> None:
        """Report a faulty row."""
        self.problems.append(Problem("error", file, line, message))

    def warn(self, file: Path, message: str, line: int | None = None) -> None:
        """Report a problem that does not stop the corpus from being read."""
        self.problems.append(Problem("warning", file, line, message))

    def name(self, where: Path, message: str, name: str) -> None:
        """Report a warning that may also hold for other names; ``{}`` in `message` stands for the name."""
        self.names.setdefault((where, message), []).append(name)

    def all(self) -> list[Problem]:
        """Return all problems, with those that differ only in a name at the end."""
        groups = (listed("warning", where, message, names) for (where, message), names in self.names.items())
        return [*self.problems, *chain.from_iterable(groups)]


@dataclass(frozen=True)
class Evaluated:
    """An utterance, as described by a line ``[start - end] name emotion [v, a, d]`` in the folder EmoEvaluation.

    `code` is the emotion in the file's spelling, such as ``neu``. Times are in seconds from the start of the dialogue.
    """

    name: str
    dialogue: str
    start: float
    end: float
    code: str
    scores: tuple[float, float, float]
    file: Path
    line: int

    @property
    def session(self) -> str:
        """Name of the session's folder."""
        return f"Session{self.dialogue[4]}"

    @property
    def labels(self) -> dict[str, Any]:
        """The values of all label columns; ``""`` or NaN if the utterance has no such label."""
        emotion = EMOTIONS[self.code]
        six = emotion if emotion in SIX else ""
        four = {"excited": "happy"}.get(emotion, emotion)
        return {
            "emotion4": four if four in FOUR else "",
            "emotion6": six,
            "emotion6_erc": "happy" if self.name in ERC_HAPPY else six,
            "emotion": emotion,
            **dict(zip(SCORES, self.scores, strict=True)),
        }

    def has(self, label: str) -> bool:
        """Return whether the utterance has a value for a label."""
        value = self.labels[label]
        return value != "" and not (isinstance(value, float) and math.isnan(value))


@dataclass(frozen=True)
class Turn:
    """A timed line of a transcription."""

    name: str
    start: float
    end: float
    text: str
    line: int


def _dialogue_files(session: Path, name: str, log: Log) -> Iterator[Path]:
    """Yield the .txt files in a session's folder `name` that are named after one of its dialogues; log all others.

    Subfolders are not searched.
    """
    files, stray = files_in(inside(session, name))
    for file in files:
        found = DIALOGUE.fullmatch(file.stem)
        if file.suffix.lower() == ".txt" and found and session.name.casefold() == f"session{found['session']}":
            yield file
        else:
            log.name(session / name, "stray file: {} is not a dialogue of this session and is ignored", file.name)
    for file in stray:
        log.name(session / name, "stray file: {} is ignored", file.name)


def evaluations(session: Path, log: Log) -> Iterator[Evaluated]:
    """Yield the utterances in a session's evaluations; faulty lines are reported and left out.

    Each utterance begins with a head line of the form ``[start - end] name emotion [v, a, d]``.
    """
    for file in _dialogue_files(session, NEEDED[0], log):
        first: dict[str, int] = {}
        refuse_pipe(file)
        lines = list(numbered(file.read_bytes().decode("utf-8-sig", "replace")))  # raters' comments may hold any bytes
        place, header = lines[0] if lines else (1, "")
        if header.split() != _HEADER.split():
            raise UserError(f"{file}:{place}: an evaluation begins with {_HEADER!r}, this one with {header[:80]!r}")
        for line, content in lines[1:]:
            found = _head(file, line, content, log)
            if found and found.name in first:
                log.error(file, line, f"{found.name} is in line {first[found.name]} too: names must be unique")
            elif found:
                first[found.name] = line
                yield found


def _head(file: Path, line: int, content: str, log: Log) -> Evaluated | None:
    """Return the utterance that a head line describes; None for a faulty head line and for any other line.

    A head line has the form ``[start - end] name emotion [v, a, d]``. All lines that give None are reported, except
    those of raters, which begin with, for example, ``C-E2:``.
    """
    if not content.startswith("["):
        if not re.match(r"[CA]-\w+:", content):
            log.name(file, "{} is neither a head line nor a rater's line and is ignored", f"line {line}, {content!r},")
        return None
    found = _HEAD.fullmatch(content)
    if not found:
        log.error(file, line, f"{content!r} does not have the form [start - end] name emotion [v, a, d]")
        return None
    start, end, name, code, scores = found.groups()
    errors: list[str] = []
    if not _is_turn_of(file.stem, name):
        errors.append(f"{name} is not an utterance of {file.stem}")
    if code not in EMOTIONS:
        errors.append(f"{name}: the emotion is {code!r}; it must be one of {', '.join(EMOTIONS)}")
    first, last = _times(name, start, end, errors.append, lambda message: log.warn(file, message, line))
    values = _scores(name, scores, errors.append, lambda message: log.warn(file, message, line))
    for message in errors:
        log.error(file, line, message)
    return None if errors else Evaluated(name, file.stem, first, last, code, values, file, line)


def _is_turn_of(dialogue: str, name: str) -> bool:
    return re.fullmatch(re.escape(dialogue) + r"_[FM]\d{3}", name) is not None


def _times(name: str, start: str, end: str, bad: Bad, odd: Bad) -> tuple[float, float]:
    first, last = (
        number(cell, f"{name}: {what}", EARLIEST_S, math.inf, bad) for what, cell in (("start", start), ("end", end))
    )
    return interval(first, last, lambda message: bad(f"{name}: {message}"), lambda message: odd(f"{name}: {message}"))


def _scores(name: str, cells: str, bad: Bad, odd: Bad) -> tuple[float, float, float]:
    """Return valence, activation and dominance from `cells`, such as ``2.5, 3.0, 2.5``.

    Blank and faulty scores become NaN; blank ones are reported to `odd`, and faulty ones to `bad`.
    """
    parts = [part.strip() for part in cells.split(",")]
    if len(parts) != len(SCORES):
        bad(f"{name}: [{cells}] does not hold valence, activation and dominance")
        parts = [""] * len(SCORES)
    elif missing := [score for score, part in zip(SCORES, parts, strict=True) if not part]:
        odd(f"{name}: {' and '.join(missing)} left blank: the utterance has no such label")
    values = [
        number(part, f"{name}: {score}", LOW, HIGH, bad) if part else math.nan
        for score, part in zip(SCORES, parts, strict=True)
    ]
    return values[0], values[1], values[2]


def transcriptions(session: Path, log: Log) -> Iterator[tuple[str, list[Turn]]]:
    """Yield each dialogue of a session with its timed turns, in the order of the file."""
    for file in _dialogue_files(session, NEEDED[1], log):
        first: dict[str, int] = {}
        turns = []
        for line, content in numbered(decoded(file)):
            turn = _turn(file, line, content, log)
            if turn and turn.name in first and "XX" not in turn.name:
                log.error(file, line, f"{turn.name} is in line {first[turn.name]} too: names must be unique")
            elif turn:
                first.setdefault(turn.name, line)
                turns.append(turn)
        yield file.stem, turns


def _turn(file: Path, line: int, content: str, log: Log) -> Turn | None:
    """Return the turn in a line of a transcription; None for a line without a name (``M: ...``) or with a fault.

    Faults are reported.
    """
    found = _TURN.fullmatch(content.strip())
    if not found:
        if content.startswith("Ses"):
            log.warn(file, f"{content!r} has no times and is ignored", line)
        return None
    name, start, end, text = found.groups()
    if not name.startswith(f"{file.stem}_"):
        log.warn(file, f"{name} is not an utterance of {file.stem} and is ignored", line)
        return None
    errors: list[str] = []
    first, last = _times(name, start, end, errors.append, lambda message: log.warn(file, message, line))
    for message in errors:
        log.error(file, line, message)
    return None if errors else Turn(name, first, last, " ".join(text.split()), line)


def check_turns(evaluated: Mapping[str, Evaluated], turns: Mapping[str, Sequence[Turn]], log: Log) -> None:
    """Report where evaluations and transcriptions disagree."""
    by_name = {turn.name: turn for found in turns.values() for turn in found}
    for name, utterance in evaluated.items():
        folder = utterance.file.parents[1] / "transcriptions"
        turn = by_name.get(name)
        if turn is None:
            log.name(folder, "{} has an evaluation but no transcription: it has no text", name)
        elif not turn.text:
            log.name(folder, "{} has an empty transcription", name)
        if turn and max(abs(turn.start - utterance.start), abs(turn.end - utterance.end)) > MOVED_S:
            log.name(folder, "the times of {} differ from the times in its evaluation, which are used", name)


def orders_of(evaluated: Mapping[str, Evaluated], turns: Mapping[str, Sequence[Turn]]) -> dict[str, float]:
    """Return the rank (from 1) of each evaluated utterance among all turns of its dialogue, by start time."""
    starts: dict[str, list[tuple[float, float, str]]] = {}
    for dialogue, found in turns.items():
        starts[dialogue] = [(turn.start, turn.end, turn.name) for turn in found if turn.name not in evaluated]
    for e in evaluated.values():
        starts.setdefault(e.dialogue, []).append((e.start, e.end, e.name))
    return {name: float(rank) for found in starts.values() for rank, (_, _, name) in enumerate(sorted(found), 1)}


def texts_of(turns: Mapping[str, Sequence[Turn]]) -> dict[str, str]:
    """Return the text of each turn, keyed by the name of the turn."""
    return {turn.name: turn.text for found in turns.values() for turn in found}


def alignment(file: Path) -> list[Word]:
    """Return the words of a .wdseg file, without pauses and noises.

    Times are in seconds from the start of the utterance's sound file.

    Rows are ``SFrm EFrm SegAScr Word`` in frames of 10 ms; the last frame belongs to the word.

    Raises
    ------
    ValueError
        If the file is missing or has a different layout.
    """
    if not file.is_file():
        raise ValueError("is missing")
    lines = [(line, content.split()) for line, content in numbered(file.read_bytes().decode("latin-1"))]
    if not lines or lines[0][1] != ["SFrm", "EFrm", "SegAScr", "Word"]:
        raise ValueError("does not begin with SFrm EFrm SegAScr Word")
    words = []
    for line, cells in lines[1:]:
        if cells[:2] == ["Total", "score:"]:
            continue
        if len(cells) != 4 or not (cells[0].isdecimal() and cells[1].isdecimal()) or int(cells[1]) < int(cells[0]):
            raise ValueError(f"has a bad row in line {line}, {' '.join(cells)!r}")
        if not _NO_WORD.fullmatch(cells[3]):
            word = re.sub(r"\(\d+\)$", "", cells[3])  # THE(2) is another pronunciation of THE
            words.append((word, int(cells[0]) * FRAME_S, (int(cells[1]) + 1) * FRAME_S))
    return words
