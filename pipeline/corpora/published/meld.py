"""MELD: dialogues of the series Friends, read from `MELD.Raw` unpacked in any usual way, or from the sheets alone."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from common.names import suggest
from pipeline.corpora.base import Description, Fault, count_warnings, half_unpacked
from pipeline.corpora.problems import Problem, listed
from pipeline.corpora.published.files import (
    Folder,
    check_label,
    counts_by_split,
    csv_rows,
    folders_below,
    inside,
    named_cells,
    recordings,
    utterance_row,
    wants_media,
    word_table,
)
from pipeline.corpora.utterances import Corpus
from pipeline.errors import UserError, refuse_pipe
from pipeline.settings.blocks import CorpusParams
from pipeline.tables.headers import column_names

EMOTIONS = ("neutral", "surprise", "fear", "sadness", "joy", "disgust", "anger")
SENTIMENTS = ("neutral", "positive", "negative")
LABELS = {"emotion": EMOTIONS, "sentiment": SENTIMENTS}
SPLITS = {"train": "train", "dev": "valid", "test": "test"}  # the release's name -> ours
CLIPS = {"train": "train_splits", "dev": "dev_splits_complete", "test": "output_repeated_splits_test"}
SUFFIXES = (".mp4", ".mkv", ".avi", ".mov", ".wav", ".flac")  # suffixes of clips; the first that exists is used
HEADER = ("Utterance", "Speaker", "Emotion", "Sentiment", "Dialogue_ID", "Utterance_ID", "StartTime", "EndTime")

DESCRIPTION = Description(
    title="MELD, Multimodal EmotionLines Dataset",
    citation=(
        "S. Poria, D. Hazarika, N. Majumder, G. Naik, E. Cambria, R. Mihalcea: MELD: A Multimodal Multi-Party Dataset "
        "for Emotion Recognition in Conversations, ACL 2019"
    ),
    licence="annotations GPL-3.0; the clips are cut from a television series and are for research only",
    obtain="MELD.Raw.tar.gz from the authors' page; the sheets alone from their repository, folder data/MELD",
    folders={
        "train_sent_emo.csv": "sheet of the training part (inside train.tar.gz), or one folder further down",
        "dev_sent_emo.csv": "sheet of the validation part",
        "test_sent_emo.csv": "sheet of the test part",
        "train_splits": "clips dia<D>_utt<U>.mp4 of the training part; also train, or train/train_splits",
        "dev_splits_complete": "clips of the validation part; also dev, or dev/dev_splits_complete",
        "output_repeated_splits_test": "clips of the test part; also test, or test/output_repeated_splits_test",
    },
    labels={
        "emotion": "7 classes: " + ", ".join(EMOTIONS),
        "sentiment": "3 classes: " + ", ".join(SENTIMENTS),
    },
    counts={
        "train utterances": 9989,
        "dev utterances": 1109,
        "test utterances": 2610,
        "train dialogues": 1038,
        "dev dialogues": 114,
        "test dialogues": 280,
    },
    protocol=(
        "official train, validation and test parts, by dialogue; choices are made on the validation part. Weighted F1 "
        "leads; majority 31.3, TF-IDF with logistic regression 56.1 (7 emotions) and 63.9 (3 sentiments)"
    ),
    block={
        "task": "classification",
        "label": "emotion",
        "modalities": ["text", "audio", "video"],
        "protocol": {"kind": "official", "group": "group"},
        "metrics": ["weighted_f1", "accuracy", "macro_f1", "uar"],
        "classifiers": ["logistic", "random_forest", "xgboost", "fcnn"],  # a kernel machine takes an hour on 11000 rows
    },
    faults=(
        Fault("dev dia110_utt7 has a row but no clip", "declare-lab/MELD issues 22 and 27", ("dev_dia110_utt7",)),
        Fault("train dia125_utt3 cannot be decoded", "declare-lab/MELD issues 39 and 52", ("train_dia125_utt3",)),
        Fault("dev dia49_utt4, dia49_utt5, dia66_utt9, dia66_utt10 are clips without a row", "gaps of the sheets' ids"),
        Fault("test dia93_utt5 to 7, dia108_utt1 and 2 are clips without a row", "gaps of the sheets' ids"),
        Fault(
            "132 test clips exist twice; final_videos_test<name> is cut correctly and is used, the clip with the "
            "plain name is not",
            "readers of several public projects",
        ),
        Fault("test dia38_utt4 (305 s) and dia220_utt0 (235 s) are cut much too long", "declare-lab/MELD issue 20"),
        Fault(
            "sound of train dia793_utt0, dia164_utt5, dia682_utt1, dia529_utt2, dia1029_utt1, dia1008_utt1 is "
            "disturbed; text and clip are shifted in dia241, dia757_utt7, dia485_utt0",
            "declare-lab/MELD issue 9",
        ),
        Fault("dialogue 60 of train does not exist, so there are 1038, not 1039", "the sheets"),
        Fault("336 test lines, such as 'Yeah.', occur word for word in training", "the sheets"),
        Fault("some sheets hold Windows-1252 characters as C1 controls; they are mapped back", "the sheets' history"),
    ),
)


def read(root: Path, corpus: CorpusParams) -> Corpus:
    """Read the three sheets and find the clip of each row.

    Utterances are named ``<split>_dia<D>_utt<U>`` with the split names of the release; `group` is the dialogue, and
    `order` the position in it. Times in the sheets count from the start of the episode, not of the clip, so they are
    kept as `episode_start` and `episode_end`, in seconds.

    Raises
    ------
    UserError
        If a sheet is missing, if a folder of clips is missing while others exist, if a sheet lacks a column or has no
        rows, or if MELD does not have the label that the settings name.
    """
    check_label("MELD", corpus, LABELS)
    sheets = {name: _find(root, f"{name}_sent_emo.csv") for name in SPLITS}
    clips = {name: _clips(root, name) for name in SPLITS} if wants_media(corpus) else {}
    _check_whole(root, sheets, clips)
    problems: list[Problem] = []
    rows = [row for name, sheet in sheets.items() if sheet for row in _rows(name, sheet, problems)]
    empty = [name for name in SPLITS if not any(row["line_split"] == name for row in rows)]
    if empty and not problems:
        raise UserError(f"{sheets[empty[0]]} has a header but no rows: get the sheet again")
    if not rows:
        raise UserError(f"{root}: no row of the sheets could be read; the first problem: {problems[0]}")
    table = pd.DataFrame(rows)
    if clips and not any(clips.values()):
        message = "there are no clips, only sheets: audio and video count as absent"
        problems.append(Problem("warning", root, None, message))
    for name, folder in clips.items():
        if folder:
            table.loc[table["line_split"] == name, "media"] = _media(table, name, folder, problems)
    problems += count_warnings(DESCRIPTION, counts_by_split(table, "line_split", "dialogues"), root)
    return Corpus(table.drop(columns="line_split"), word_table(()), problems)


def _check_whole(root: Path, sheets: dict[str, Path | None], clips: dict[str, "Clips | None"]) -> None:
    there = {f"{name}_sent_emo.csv": sheet is not None for name, sheet in sheets.items()}
    folders = {CLIPS[name]: clip is not None for name, clip in clips.items()}
    hint = "Unpack MELD.Raw.tar.gz and train.tar.gz, dev.tar.gz, test.tar.gz inside it"
    if not all(there.values()):
        raise half_unpacked(root, there | folders, f"{hint}; train_sent_emo.csv is inside train.tar.gz.")
    if any(folders.values()) and not all(folders.values()):
        raise half_unpacked(root, there | folders, f"{hint}, or take audio and video out of the corpus's modalities.")


def _find(root: Path, name: str) -> Path | None:
    return next((file for folder in folders_below(root) if (file := inside(folder, name)).is_file()), None)


@dataclass(frozen=True)
class Clips:
    """The clips of one split, keyed by names such as ``dia1_utt2``.

    `plain` holds the files with just such a name, and `recut` those named like ``final_videos_testdia1_utt2``.
    """

    plain: Folder
    recut: Mapping[str, Path]


_CLIP = re.compile(r"(final_videos_test)?(dia\d+_utt\d+)")


def _clips(root: Path, split: str) -> Clips | None:
    """Return the clips of a split, from the folder with the release's name or else from one named after the split.

    If there are no clips, return None.
    """
    for name in (CLIPS[split], split):
        for folder in folders_below(root):
            if folder.name.casefold() == name.casefold() and (found := _clips_in(folder)):
                return found
    return None


def _clips_in(path: Path) -> Clips | None:
    folder = recordings(path, SUFFIXES)
    named = [(found, file) for stem, file in folder.files.items() if (found := _CLIP.fullmatch(stem.casefold()))]
    plain, recut = ({found[2]: file for found, file in named if bool(found[1]) == again} for again in (False, True))
    return Clips(replace(folder, files=plain), recut) if named else None


def _media(table: pd.DataFrame, split: str, clips: Clips, problems: list[Problem]) -> list[str]:
    """Return the path of the clip of each row of a split, ``""`` for a clip that every copy of MELD lacks.

    Such missing clips, extra clips, stray files and re-cut clips are reported.
    """
    folder = clips.plain
    known = DESCRIPTION.known_bad()
    rows = table[table["line_split"] == split]
    stems = [name.removeprefix(f"{split}_") for name in rows["utterance"]]
    media = []
    for utterance, stem in zip(rows["utterance"], stems, strict=True):
        file = clips.recut.get(stem) or folder.file(stem)
        lost = utterance in known and not file.exists()
        if lost:
            fault = known[utterance]
            problems.append(Problem("warning", folder.path, None, f"known fault: {fault.what} ({fault.source})"))
        media.append("" if lost else file.as_posix())  # any other missing clip fails when it is opened
    extra = sorted((folder.files.keys() | clips.recut.keys()) - set(stems))
    problems += listed("warning", folder.path, "extra clip: {} has no row in the sheet, so it is not used", extra)
    stray = [file.name for file in folder.stray]
    problems += listed("warning", folder.path, "stray file: {} is ignored", stray)
    if clips.recut:
        twins = len(clips.recut.keys() & folder.files.keys())
        message = f"{len(clips.recut)} re-cut clips final_videos_test* are used; {twins} with their plain names are not"
        problems.append(Problem("warning", folder.path, None, message))
    return media


def _rows(split: str, path: Path, problems: list[Problem]) -> Iterator[dict[str, Any]]:
    """Yield the rows of one sheet; faulty rows are reported and left out."""
    rows = csv_rows(path, _decoded(path, problems))
    header = column_names(rows[0][1] if rows else (), HEADER, (), str(path))
    if missing := [name for name in HEADER if name not in header]:
        found = ", ".join(header) or "nothing"
        raise UserError(f"{path}:1: MELD's sheets have a column {missing[0]!r}, this header has: {found}")
    seen: dict[str, int] = {}
    for line, cells in rows[1:]:
        row = named_cells(header, cells)
        wide = "the row has more cells than the header: quote cells that contain a comma"
        faults = [wide] if len(cells) > len(header) else list(_faults(row))
        made = {} if faults else _row(split, row, line)
        if made and (first := seen.setdefault(made["utterance"], line)) != line:
            named = f"dialogue {row['Dialogue_ID']}, utterance {row['Utterance_ID']}"
            faults = [f"{named} is also in line {first}: ids are unique"]
        problems += [Problem("error", path, line, fault) for fault in faults]
        if not faults:
            yield made


def _decoded(path: Path, problems: list[Problem]) -> str:
    """Return the text of a sheet, decoded from UTF-8 or else from Windows-1252.

    In some sheets, C1 control characters stand for characters of Windows-1252; these are replaced.

    >>> f"I don{chr(0x92)}t know".translate(_C1)
    'I don’t know'
    """
    refuse_pipe(path)
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        problems.append(Problem("warning", path, line, "not UTF-8: read as Windows-1252"))
        text = raw.decode("cp1252", errors="replace")
    return text.translate(_C1).replace("\u00a0", " ")


_C1 = {code: bytes([code]).decode("cp1252", errors="ignore") or None for code in range(0x80, 0xA0)}


def _faults(row: dict[str, str]) -> Iterator[str]:
    for name in ("Dialogue_ID", "Utterance_ID"):
        if not row[name].strip().isdecimal() or len(row[name]) > 9:
            yield f"{name} is {row[name]!r}, but must be a whole number"
    for name, known in (("Emotion", EMOTIONS), ("Sentiment", SENTIMENTS)):
        if row[name].strip().lower() not in known:
            yield f"{name} is {row[name]!r}; {suggest(row[name], known)}"
    times = []
    for name in ("StartTime", "EndTime"):
        try:
            times.append(seconds(row[name]))
        except ValueError as error:
            yield f"{name}: {error}"
    if len(times) == 2 and times[1] < times[0]:
        yield f"EndTime {row['EndTime']} is before StartTime {row['StartTime']}"


def _row(split: str, row: dict[str, str], line: int) -> dict[str, Any]:
    dialogue, utterance = int(row["Dialogue_ID"]), int(row["Utterance_ID"])
    name = f"{split}_dia{dialogue}_utt{utterance}"
    return utterance_row(
        utterance=name,
        recording=name,
        text=" ".join(row["Utterance"].split()),
        speaker=row["Speaker"],
        group=f"{split}_dia{dialogue}",
        order=float(utterance),
        split=SPLITS[split],
        emotion=row["Emotion"].lower(),
        sentiment=row["Sentiment"].lower(),
        season=row.get("Season", ""),
        episode=row.get("Episode", ""),
        episode_start=seconds(row["StartTime"]),
        episode_end=seconds(row["EndTime"]),
        line=line,
        line_split=split,
    )


_TIME = re.compile(r"(\d{1,2}):([0-5]?\d):([0-5]?\d)[,.](\d{1,3})")


def seconds(text: str) -> float:
    """Convert a time ``HH:MM:SS,mmm`` to seconds; fewer digits are accepted, anything else raises ValueError.

    >>> seconds("0:16:16,059"), seconds("00:06:47,28")
    (976.059, 407.28)
    """
    found = _TIME.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is not a time of the form HH:MM:SS,mmm")
    hours, minutes, whole, tail = found.groups()
    return int(hours) * 3600 + int(minutes) * 60 + int(whole) + float(f"0.{tail}")
