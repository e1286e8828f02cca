"""CMU-MOSI: opinions in video blogs, in the layout of its zip file or of MMSA, or with the SDK's `.csd` files."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.corpora.base import Description, Fault, count_warnings, half_unpacked
from pipeline.corpora.problems import Problem, listed
from pipeline.corpora.published.files import (
    Computed,
    check_label,
    counts_by_split,
    decoded,
    files_in,
    folders_below,
    inside,
    numbered,
    read_csd,
    utterance_row,
    wants_media,
    word_table,
)
from pipeline.corpora.published.mosi_labels import (
    COMPUTED,
    HINT,
    INSIDE,
    NO_LENGTH,
    OPINIONS,
    SDK_37,
    SDK_94,
    SHEET,
    SPLIT_OF,
    Segment,
    expected,
    find,
    read_labels,
    sheet_name,
    sheet_rows,
)
from pipeline.corpora.published.mosi_recordings import Recordings, find_recordings, sound
from pipeline.corpora.utterances import Corpus, Word
from pipeline.errors import UserError
from pipeline.settings.blocks import CorpusParams

DESCRIPTION = Description(
    title="CMU-MOSI, Multimodal Opinion-level Sentiment Intensity",
    citation=(
        "A. Zadeh, R. Zellers, E. Pincus, L.-P. Morency: MOSI: Multimodal Corpus of Sentiment Intensity and "
        "Subjectivity Analysis in Online Opinion Videos, 2016"
    ),
    licence="research only; the recordings belong to those who made them",
    obtain="CMU_MOSI.zip from the MultiComp group at Carnegie Mellon; labels also in the SDK's .csd files or from MMSA",
    folders={
        "Raw/Video/Segmented": "<video>_<n>.mp4, one clip per utterance; or Raw/Video/Full/<video>.mp4",
        "Raw/Audio/WAV_16000/Segmented": "<video>_<n>.wav; or Raw/Audio/WAV_16000/Full/<video>.wav",
        "Raw/Transcript/Segmented": "<video>.annotprocessed",
        "Raw/Labels/OpinionLevelSentiment.csv": "start, end, video, n, score; or *Opinion_Labels.csd, or label.csv",
        "Raw/<video>": "<n>.mp4, the clips as MMSA has them, with label.csv next to Raw",
    },
    labels={"sentiment": "score from -3 to 3, the mean of several raters"},
    counts={
        "train utterances": 1284,
        "valid utterances": 229,
        "test utterances": 686,
        "train videos": 52,
        "valid videos": 10,
        "test videos": 31,
    },
    protocol=(
        "official folds by video, 52 train, 10 valid, 31 test; choices are made on valid. Mean absolute error leads, "
        "then Pearson's r, two-class accuracy with and without 0, five-class and seven-class accuracy"
    ),
    block={
        "task": "regression",
        "label": "sentiment",
        "modalities": ["text", "audio", "video"],
        "protocol": {"kind": "official", "group": "group"},
        "metrics": ["mae", "r", "has0_acc", "has0_f1", "non0_acc", "non0_f1", "acc5", "acc7"],
    },
    faults=(
        Fault(
            "the clip of 2WGyTLYerpo_43 holds utterances 43 and 44, and the clip of 44 holds the frames of 45 to 63",
            SDK_37,
        ),
        Fault(f"the interval of {NO_LENGTH} has no length", SDK_94),
        Fault("9qR7uwkblbs_32 holds clips 32 and 33, 9qR7uwkblbs_33 is empty", SDK_37, ("9qR7uwkblbs_33",)),
        Fault("clip and text do not match in BI97DNYfe5I_17 to 21", SDK_37),
        Fault("VCslbP0mgZI_1 has a wrong text", SDK_37),
        Fault("the boundary between W8NXH0Djyww_1 and 2 is wrong", SDK_37),
        Fault("the folder Labels is missing in many copies of the zip", "A2Zadeh/CMU-MultimodalSDK issues 141 and 163"),
    ),
)


TIMED_WORDS = "*TimestampedWords.csd"
PAUSE = "sp"


def read(root: Path, corpus: CorpusParams) -> Corpus:
    """Read the labels, the transcripts and the folders of clips; `Raw` is in `root` or further down.

    Utterances are named ``<video>_<n>``; `group` is the video, `order` is n, and `split` is the official fold. The
    labels come from OpinionLevelSentiment.csv, else from the SDK's .csd file of labels, else from label.csv. Clips are
    preferred to whole videos, for which the labels must have times. The SDK's timed words are read, too, if they are
    next to the labels.

    Raises
    ------
    UserError
        If there are no labels; if transcripts are needed but missing; if a folder for recordings holds none; if whole
        videos have no utterance times; if a file cannot be read; or if CMU-MOSI does not have the label that the
        settings name.
    """
    check_label("CMU-MOSI", corpus, DESCRIPTION.labels)
    problems: list[Problem] = []
    raw = _raw(root)
    places = _places(root, raw)
    segments = read_labels(root, raw, places, problems)
    clips, voices = find_recordings(root, raw, segments, corpus, problems) if wants_media(corpus) else (None, None)
    whole = clips is not None and clips.whole
    spoken = _spoken(segments, places, problems)
    texts = _texts(root, raw, places, segments, spoken, corpus, problems)
    rows = [_row(segment, texts.get(name, ""), clips, voices, problems) for name, segment in segments.items()]
    table = pd.DataFrame(rows)
    problems += count_warnings(DESCRIPTION, counts_by_split(table, "split", "videos"), root)
    return Corpus(table, word_table(_words(segments.values(), spoken, whole)), problems)


def _raw(root: Path) -> Path:
    """Return the folder Raw in the root or, if there is none, the first one further down that holds a video of MOSI.

    A folder that itself holds the content of Raw counts as Raw. The case of names does not matter. If nothing is found,
    the root is returned.
    """
    if (root / "Raw").is_dir() or any((root / name).is_dir() for name in INSIDE):
        return root / "Raw" if (root / "Raw").is_dir() else root
    below = list(folders_below(root))
    found = [raw for folder in below if (raw := inside(folder, "Raw")).is_dir()]
    found += [folder for folder in below if any(inside(folder, name).is_dir() for name in INSIDE)]
    return next((raw for raw in found if _is_mosi(raw)), root)


def _is_mosi(raw: Path) -> bool:
    """Return whether a folder holds a file or folder that is named after a video of MOSI."""
    names = (path.name for folder in folders_below(raw) for path in (folder, *files_in(folder)[0]))
    return any(re.split(r"\.|_\d+\.", name)[0] in SPLIT_OF for name in names)


def _places(root: Path, raw: Path) -> tuple[Path, ...]:
    """Return the folders to search for label files: the root, Raw, the folder that contains Raw, and Raw/Labels.

    If none of these holds a label file, the folders below the root are added.
    """
    labels = inside(raw, "Labels")
    near = tuple(dict.fromkeys((labels, root, raw.parent, raw) if raw != root else (labels, root)))
    if any(find(near, pattern) for pattern in (OPINIONS, COMPUTED, SHEET)):
        return near
    return tuple(dict.fromkeys((*near, *folders_below(root))))


def _spoken(segments: Mapping[str, Segment], places: Iterable[Path], problems: list[Problem]) -> dict[str, list[Word]]:
    """Return the timed words of each video, in seconds from its start, from a file in one of the folders `places`.

    If there is no such file, or if no utterance has times, the result is empty.
    """
    path = find(places, TIMED_WORDS)
    if path is None:
        return {}
    if all(np.isnan(segment.start) for segment in segments.values()):
        message = f"word times are not used without utterance times, which {OPINIONS} or {COMPUTED} would give"
        problems.append(Problem("warning", path, None, message))
        return {}
    untimed: list[str] = []
    spoken = {video: list(_timed(path, video, computed, untimed)) for video, computed in read_csd(path).items()}
    problems += listed("warning", path, "the word {} is not used: its times are impossible", untimed)
    silent = sorted({segment.video for segment in segments.values()} - spoken.keys())
    problems += listed("warning", path, "the video {} has no timed words", silent)
    return spoken


def _timed(path: Path, video: str, computed: Computed, untimed: list[str]) -> Iterator[Word]:
    """Yield the words of one video except pauses; words with impossible times are added to `untimed` instead."""
    if computed.features.shape[1:] != (1,) or computed.features.dtype.kind not in "SO":
        raise UserError(f"{path}: {video} has features {computed.features.shape}, where one word per row is expected")
    for cell, (start, end) in zip(computed.features[:, 0], computed.intervals.tolist(), strict=True):
        word = (cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)).strip()
        if not 0 <= start <= end < np.inf:
            untimed.append(f"{word!r} of {video} at {start:g} to {end:g} s")
        elif word not in ("", PAUSE):
            yield word, start, end


def _words(
    segments: Iterable[Segment], spoken: Mapping[str, Sequence[Word]], whole: bool
) -> Iterator[tuple[str, str, float, float]]:
    """Yield each word spoken in an utterance as ``(utterance, word, start, end)``, in seconds.

    If recordings are whole videos (`whole`), times count from the start of the video, otherwise from that of the clip.
    """
    for segment in segments:
        origin = 0.0 if whole else segment.start
        for word, start, end in spoken.get(segment.video, ()):
            if start < segment.end and end > segment.start:
                yield segment.name, word, max(start, segment.start) - origin, min(end, segment.end) - origin


def _texts(
    root: Path,
    raw: Path,
    places: Iterable[Path],
    segments: Mapping[str, Segment],
    spoken: Mapping[str, Sequence[Word]],
    corpus: CorpusParams,
    problems: list[Problem],
) -> dict[str, str]:
    """Return the text of each utterance: from the transcripts, else from label.csv, else from the timed words.

    The transcripts are in the folder `raw`; label.csv is searched for in the folders `places`.
    """
    where = inside(raw, "Transcript/Segmented")
    files = [file for file in files_in(where)[0] if file.suffix == ".annotprocessed"]
    sheet = find(places, SHEET)
    if files:
        texts = {name: text for file in files for name, text in _transcript(file, problems)}
    elif sheet and any("text" in cells for _, cells in sheet_rows(sheet)):
        where, texts = sheet, {sheet_name(cells): cells["text"] for _, cells in sheet_rows(sheet)}
    elif spoken:
        where, texts = root, {name: _joined(segment, spoken) for name, segment in segments.items()}
    elif "text" in corpus.modalities and "text" not in corpus.features:
        raise half_unpacked(root, expected(raw), HINT)
    else:
        return {}
    problems += listed("warning", where, "{} has no text", [name for name in segments if not texts.get(name)])
    unused = sorted(texts.keys() - segments.keys())
    problems += listed("warning", where, "{} has text but no label, so it is not used", unused)
    return {name: " ".join(text.split()) for name, text in texts.items()}


def _transcript(file: Path, problems: list[Problem]) -> Iterator[tuple[str, str]]:
    """Yield utterance and text from a file ``<video>.annotprocessed``, whose lines are ``<n>_DELIM_<text>``."""
    seen: dict[str, int] = {}
    for line, content in numbered(decoded(file)):
        n, separator, text = content.partition("_DELIM_")
        if not separator or not n.strip().isdecimal():
            problems.append(Problem("error", file, line, f"{content!r} does not have the form <n>_DELIM_<text>"))
            continue
        name = f"{file.stem}_{int(n)}"
        if name in seen:
            problems.append(Problem("error", file, line, f"{name} is in line {seen[name]} too: names must be unique"))
        seen.setdefault(name, line)
        yield name, text


def _joined(segment: Segment, spoken: Mapping[str, Sequence[Word]]) -> str:
    """Return the words whose middle lies in a segment, joined by spaces; no word is in two segments."""
    words = spoken.get(segment.video, ())
    return " ".join(word for word, start, end in words if segment.start <= (start + end) / 2 < segment.end)


def _row(
    segment: Segment, text: str, seen: Recordings | None, voices: Recordings | None, problems: list[Problem]
) -> dict[str, Any]:
    """Return the row of an utterance in the table."""
    cells: dict[str, Any] = {"recording": segment.name, "sentiment": segment.score, "line": segment.line}
    fault = DESCRIPTION.known_bad().get(segment.name)
    if seen and fault and not seen.has(segment):
        message = f"{segment.name} has no recording. Known fault: {fault.what} ({fault.source})"
        problems.append(Problem("warning", seen.folder.path, None, message))
    elif seen:
        cells["media"] = seen.file(segment).as_posix()
        cells |= {"recording": segment.video, "start": segment.start, "end": segment.end} if seen.whole else {}
        cells |= sound(segment, voices, problems) if voices else {}
    return utterance_row(
        utterance=segment.name,
        text=text,
        group=segment.video,
        order=float(segment.n),
        split=SPLIT_OF[segment.video],
        **cells,
    )
