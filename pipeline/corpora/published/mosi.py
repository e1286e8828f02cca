"""CMU-MOSI: opinions in video blogs, as its zip unpacks, in MMSA's layout, or with the SDK's `.csd` files."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from pipeline.corpora.base import Description, Fault, half_unpacked, listed, off_count
from pipeline.corpora.published.files import (
    EARLIEST_S,
    PICTURES,
    SOUNDS,
    Computed,
    Folder,
    Word,
    capped,
    check_label,
    csv_rows,
    decoded,
    files_in,
    folders_below,
    inside,
    interval,
    number,
    numbered,
    read_csd,
    recordings,
    utterance_row,
    wants_media,
    word_table,
)
from pipeline.corpora.utterances import Corpus, Problem
from pipeline.errors import UserError, suggest
from pipeline.settings.params import CorpusParams
from pipeline.tables.headers import column_names

SDK_37, SDK_94 = "A2Zadeh/CMU-MultimodalSDK issue 37", "A2Zadeh/CMU-MultimodalSDK issue 94"
NO_LENGTH = "2WGyTLYerpo_44"

DESCRIPTION = Description(
    title="CMU-MOSI, Multimodal Opinion-level Sentiment Intensity",
    citation=(
        "A. Zadeh, R. Zellers, E. Pincus, L.-P. Morency: MOSI: Multimodal Corpus of Sentiment Intensity and "
        "Subjectivity Analysis in Online Opinion Videos, 2016"
    ),
    licence="research only; the recordings belong to those who made them",
    obtain="CMU_MOSI.zip from the MultiComp group at Carnegie Mellon; labels also in the SDK's .csd files or from MMSA",
    folders={
        "Raw/Video/Segmented": "<video>_<n>.mp4, a clip an utterance; or Raw/Video/Full/<video>.mp4",
        "Raw/Audio/WAV_16000/Segmented": "<video>_<n>.wav; or Raw/Audio/WAV_16000/Full/<video>.wav",
        "Raw/Transcript/Segmented": "<video>.annotprocessed",
        "Raw/Labels/OpinionLevelSentiment.csv": "start, end, video, n, score; or *Opinion_Labels.csd, or label.csv",
        "Raw/<video>": "<n>.mp4, the clips as MMSA has them, with label.csv beside Raw",
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
        Fault("the clip of 2WGyTLYerpo_43 holds 43 and 44, that of 44 the frames of 45 to 63", SDK_37),
        Fault(f"the interval of {NO_LENGTH} has no length", SDK_94),
        Fault("9qR7uwkblbs_32 holds clips 32 and 33, 9qR7uwkblbs_33 is empty", SDK_37, ("9qR7uwkblbs_33",)),
        Fault("clip and text do not match in BI97DNYfe5I_17 to 21", SDK_37),
        Fault("VCslbP0mgZI_1 has a wrong text", SDK_37),
        Fault("the boundary between W8NXH0Djyww_1 and 2 is wrong", SDK_37),
        Fault("Labels is missing in many copies of the zip", "A2Zadeh/CMU-MultimodalSDK issues 141 and 163"),
    ),
)

_FOLDS = {
    "train": """
        2iD-tVS8NPw 8d-gEyoeBzc Qr1Ca94K55A Ci-AH39fi3Y 8qrpnFRGt2A Bfr499ggo-0 QN9ZIUWUXsY 9T9Hf74oK10 7JsX8y1ysxY
        1iG0909rllw Oz06ZWiO20M BioHAh1qJAQ 9c67fiY0wGQ Iu2PFX3z_1s Nzq88NnDkEk Clx4VXItLTE 9J25DZhivz8 Af8D0E4ZXaw
        TvyZBvOMOTc W8NXH0Djyww 8OtFthrtaJM 0h-zjBukYpk Vj1wYRQjB-o GWuJjcEuzt8 BI97DNYfe5I PZ-lDQFboO8 1DmNV9C1hbY
        OQvJTdtJ2H4 I5y0__X72p0 9qR7uwkblbs G6GlGvlkxAQ 6_0THN4chvY Njd1F0vZSm4 BvYR0L6f2Ig 03bSnISJMiM Dg_0XKD0Mf4
        5W7Z1C_fDaE VbQk4H8hgr0 G-xst2euQUc MLal-t_vJPM BXuRRbG0Ugk LSi-o-IrDMs Jkswaaud0hk 2WGyTLYerpo 6Egk_28TtTM
        Sqr0AcuoNnk POKffnXeBds 73jzhE8R1TQ OtBXNcAL_lE HEsqda8_d0Q VCslbP0mgZI IumbAb8q2dM""",
    "valid": """
        WKA5OygbEKI c5xsKMxpXnc atnd_PF-Lbs bvLlb-M3UXU bOL9jKpeJRs _dI--eQ6qVU ZAIRrfG22O0 X3j2zQgwYgE aiEXnCPZubE
        ZUXBRvtny7o""",
    "test": """
        tmZoasNr4rU zhpQhgha_KU lXPQBPVc5Cw iiK8YX8oH1E tStelxIAHjw nzpVDcQ0ywM etzxEpPuc6I cW1FSBF59ik d6hH302o4v8
        k5Y_838nuGo pLTX3ipuDJI jUzDDGyPkXU f_pcplsH_V0 yvsjCA6Y5Fc nbWiPyCm4g0 rnaNMUZpvvg wMbj6ajWbic cM3Yna7AavY
        yDtzw_Y-7RU vyB00TXsimI dq3Nf_lMPnE phBUpBr1hSo d3_k5Xpfmik v0zCBqDeKcE tIrG4oNLFzE fvVhgmXxadc ob23OKe5a9Q
        cXypl4FnoZo vvZ4IcEtiZc f9O3YtZ2VfI c7UH_rxdZv4""",
}
SPLIT_OF = {video: split for split, videos in _FOLDS.items() for video in videos.split()}  # the SDK's standard folds

HEADERLESS = ("start", "end", "video_id", "clip_id", "label")  # OpinionLevelSentiment.csv has these, but no header
NEEDED = ("video_id", "clip_id", "label")  # of label.csv
OPINIONS, COMPUTED, SHEET = "OpinionLevelSentiment.csv", "*Opinion_Labels*.csd", "label.csv"
TIMED_WORDS = "*TimestampedWords.csd"
PAUSE = "sp"
_INSIDE = ("Video", "Audio", "Transcript", "Labels")  # folders in Raw
HINT = (
    f"Unpack CMU_MOSI.zip; where it lacks Labels, put the SDK's CMU_MOSI_Opinion_Labels.csd or MMSA's {SHEET} beside "
    "Raw; what you do not have, take out of the corpus's modalities."
)
Rows = Iterator[tuple[int, dict[str, str]]]  # line in the label file (0 in a .csd), cells


@dataclass(frozen=True)
class Segment:
    """A labelled utterance: the n-th clip of a video, and where it lies in the whole video, in seconds."""

    video: str
    n: int
    score: float
    start: float
    end: float
    line: int

    @property
    def name(self) -> str:
        """The utterance's name."""
        return f"{self.video}_{self.n}"


def read(root: Path, corpus: CorpusParams) -> Corpus:
    """Read the labels, the transcripts and the folders of clips; `root` holds `Raw`, or it lies below.

    Utterances are named ``<video>_<n>``; `group` is the video, `order` is n, `split` the official fold. Of the three
    kinds of label file the first that is there is read. Clips are preferred to whole videos, which need the labels'
    times. Where the SDK's timed words lie beside the labels, they are read too.

    Raises
    ------
    UserError
        If labels, transcripts or recordings are missing while others are there, a label file has another header or
        cannot be read, or the label is not MOSI's.
    """
    check_label("CMU-MOSI", corpus, DESCRIPTION.labels)
    problems: list[Problem] = []
    raw = _raw(root)
    places = _places(root, raw)
    segments = _labels(root, raw, places, problems)
    clips, voices = _recordings(root, raw, segments, corpus, problems) if wants_media(corpus) else (None, None)
    whole = clips is not None and clips.whole
    spoken = _spoken(segments, places, problems)
    texts = _texts(root, raw, places, segments, spoken, corpus, problems)
    rows = [_row(segment, texts.get(name, ""), clips, voices, problems) for name, segment in segments.items()]
    table = pd.DataFrame(rows)
    problems += off_count(DESCRIPTION, _counts(table), root)
    return Corpus(table, word_table(_words(segments.values(), spoken, whole)), problems)


def _counts(table: pd.DataFrame) -> dict[str, int]:
    by_split = table.groupby("split")
    found = {f"{name} utterances": int(n) for name, n in by_split["utterance"].size().items()}
    return found | {f"{name} videos": int(n) for name, n in by_split["group"].nunique().items()}


def _raw(root: Path) -> Path:
    """Return the folder Raw: in the root, else the first below it that holds a video of MOSI, else the root itself.

    What is in Raw may lie where Raw would be; the case of these names does not matter.
    """
    if (root / "Raw").is_dir() or any((root / name).is_dir() for name in _INSIDE):
        return root / "Raw" if (root / "Raw").is_dir() else root
    below = list(folders_below(root))
    found = [raw for folder in below if (raw := inside(folder, "Raw")).is_dir()]
    found += [folder for folder in below if any(inside(folder, name).is_dir() for name in _INSIDE)]
    return next((raw for raw in found if _is_mosi(raw)), root)


def _is_mosi(raw: Path) -> bool:
    """Whether a folder holds a file or folder that is named by a video of MOSI."""
    names = (path.name for folder in folders_below(raw) for path in (folder, *files_in(folder)[0]))
    return any(re.split(r"\.|_\d+\.", name)[0] in SPLIT_OF for name in names)


def _places(root: Path, raw: Path) -> tuple[Path, ...]:
    """Return where labels may lie: beside and in Raw; if none are there, anywhere below the root."""
    labels = inside(raw, "Labels")
    near = tuple(dict.fromkeys((labels, root, raw.parent, raw) if raw != root else (labels, root)))
    if any(_find(near, pattern) for pattern in (OPINIONS, COMPUTED, SHEET)):
        return near
    return tuple(dict.fromkeys((*near, *folders_below(root))))


def _find(places: Iterable[Path], pattern: str) -> Path | None:
    """Return the first file in `places` whose name fits the pattern."""
    return next(
        (f for place in places for f in files_in(place)[0] if fnmatchcase(f.name.casefold(), pattern.casefold())), None
    )


def _expected(raw: Path, labels: bool = True) -> dict[str, bool]:
    names = ("Video/Segmented", "Video/Full", "Audio/WAV_16000/Segmented", "Audio/WAV_16000/Full")
    folders = {name: bool(files_in(inside(raw, name))[0]) for name in (*names, "Transcript/Segmented")}
    return {f"{OPINIONS}, {COMPUTED} or {SHEET}": labels, **folders}


# ---- labels


def _labels(root: Path, raw: Path, places: Iterable[Path], problems: list[Problem]) -> dict[str, Segment]:
    """Return the segments of the first label file that is there, by name."""
    readers = {OPINIONS: _opinion_rows, COMPUTED: _computed_rows, SHEET: _sheet_rows}
    there = [(path, rows) for pattern, rows in readers.items() if (path := _find(places, pattern))]
    if not there:
        raise half_unpacked(root, _expected(raw, labels=False), HINT)
    path, rows = there[0]
    if others := ", ".join(other.name for other, _ in there[1:]):
        problems.append(Problem("warning", path, None, f"the labels are read from here, not from {others}"))
    segments = _segments(path, rows(path), problems)
    if not segments:
        raise UserError(f"{path}: no row could be read; the first problem: {problems[-1] if problems else 'no rows'}")
    if sheet := _find(places, SHEET):
        problems += capped(list(_modes(sheet)))
    gaps = list(_gaps(segments.values()))
    problems += listed("warning", path, "{} has no row of its own, but later clips of its video have", gaps)
    return segments


def _opinion_rows(path: Path) -> Rows:
    """Yield the rows of OpinionLevelSentiment.csv, which has no header."""
    for i, (line, cells) in enumerate(csv_rows(path)):
        if i == 0 and (len(cells) != len(HEADERLESS) or not re.match(r"[-+.\d]", cells[0])):
            raise UserError(
                f"{path}:{line}: this file has no header and five columns, start, end, video, segment and score; its "
                f"first line reads {','.join(cells)!r}"
            )
        yield line, _named(HEADERLESS, cells)


def _sheet_rows(path: Path) -> Rows:
    """Yield the rows of MMSA's label.csv, whose columns stand in any order."""
    rows = csv_rows(path)
    first, names = rows[0] if rows else (1, [])
    header = column_names(names, (*NEEDED, "text", "mode"), (), str(path))
    for name in NEEDED:
        if name not in header:
            raise UserError(f"{path}:{first}: the header has no column {name!r}; {suggest(name, header)}")
    for line, cells in rows[1:]:
        yield line, _named(header, cells)


def _named(header: Sequence[str], cells: Sequence[str]) -> dict[str, str]:
    """Return cells by name; under the empty name, what is wrong with their number."""
    named = dict(zip(header, [*cells, *[""] * len(header)], strict=False))
    return named if len(cells) == len(header) else named | {"": f"{len(cells)} cells, not {len(header)}"}


def _computed_rows(path: Path) -> Rows:
    """Yield the rows of the opinion labels' .csd; row i, counted from 0, is clip i + 1."""
    for video, computed in read_csd(path).items():
        if computed.features.dtype.kind not in "fiu" or computed.features[:1].size > 1:
            raise UserError(f"{path}: {video} has features {computed.features.shape}, but a score is one number a row")
        for i, (score, (start, end)) in enumerate(zip(computed.features, computed.intervals.tolist(), strict=True)):
            label = f"{float(score.item()):.7g}"  # it was stored in single precision
            yield 0, {"video_id": video, "clip_id": f"{i + 1}", "label": label, "start": f"{start}", "end": f"{end}"}


def _segments(path: Path, rows: Rows, problems: list[Problem]) -> dict[str, Segment]:
    """Check the rows of a label file; those that contradict themselves are noted and left out."""
    segments: dict[str, Segment] = {}
    for line, cells in rows:
        errors: list[str] = []
        odd: list[str] = []
        segment = _segment(cells, line, errors, odd)
        name = segment.name if segment else f"{cells['video_id']}_{cells['clip_id']}"
        if segment and name in segments:
            errors.append(f"it is in line {segments[name].line} too: names must be unique")
        problems += [Problem("error", path, line or None, f"{name}: {message}") for message in errors]
        problems += [Problem("warning", path, line or None, f"{name}: {message}") for message in odd]
        if segment and not errors:
            segments[name] = segment
    return segments


def _segment(cells: Mapping[str, str], line: int, errors: list[str], odd: list[str]) -> Segment | None:
    """Return a row's segment; None, and why, for a row that has none."""
    video, n = cells["video_id"], cells["clip_id"]
    if "" in cells:
        errors.append(f"the row has {cells['']}")
    if video not in SPLIT_OF:
        errors.append(f"the video {video!r} is in none of the official folds")
    if not re.fullmatch(r"0*[1-9]\d{0,5}", n):
        errors.append(f"the clip is {n!r}, but clips are counted 1, 2, 3")
    score = number(cells["label"], "the score", -3, 3, errors.append)
    times = [number(cells[k], k, EARLIEST_S, np.inf, errors.append) if k in cells else np.nan for k in ("start", "end")]
    known = f" (known fault: {SDK_94})" if f"{video}_{n}" == NO_LENGTH else ""
    start, end = interval(times[0], times[1], errors.append, lambda message: odd.append(message + known))
    return None if errors else Segment(video, int(n), score, start, end, line)


def _modes(sheet: Path) -> Iterator[Problem]:
    """Say where label.csv puts an utterance in another fold than the official one."""
    for line, cells in _sheet_rows(sheet):
        official = SPLIT_OF.get(cells["video_id"], "")
        if official and cells.get("mode", official) != official:
            message = f"mode is {cells['mode']!r}, but the official fold, which is used, is {official}"
            yield Problem("warning", sheet, line, f"{_sheet_name(cells)}: {message}")


def _sheet_name(cells: Mapping[str, str]) -> str:
    n = cells["clip_id"]
    return f"{cells['video_id']}_{int(n) if n.isdecimal() else n}"


def _gaps(segments: Iterable[Segment]) -> Iterator[str]:
    """Yield the clips that are missing between 1 and the last of each video."""
    by_video: dict[str, set[int]] = {}
    for segment in segments:
        by_video.setdefault(segment.video, set()).add(segment.n)
    for video, numbers in by_video.items():
        yield from (f"{video}_{n}" for n in range(1, max(numbers)) if n not in numbers)


# ---- words and texts


def _spoken(segments: Mapping[str, Segment], places: Iterable[Path], problems: list[Problem]) -> dict[str, list[Word]]:
    """Return the timed words of each video, in its own seconds, where the SDK's file of them is there."""
    path = _find(places, TIMED_WORDS)
    if path is None:
        return {}
    if all(np.isnan(segment.start) for segment in segments.values()):
        message = f"word times are not used: they need the utterances' times, from {OPINIONS} or {COMPUTED}"
        problems.append(Problem("warning", path, None, message))
        return {}
    untimed: list[str] = []
    spoken = {video: list(_timed(path, video, computed, untimed)) for video, computed in read_csd(path).items()}
    problems += listed("warning", path, "the word {} is not used: these are no times", untimed)
    silent = sorted({segment.video for segment in segments.values()} - spoken.keys())
    problems += listed("warning", path, "the video {} has no timed words", silent)
    return spoken


def _timed(path: Path, video: str, computed: Computed, untimed: list[str]) -> Iterator[Word]:
    """Yield the words of one video without its pauses; name those whose times are none."""
    if computed.features.shape[1:] != (1,) or computed.features.dtype.kind not in "SO":
        raise UserError(f"{path}: {video} has features {computed.features.shape}, but there is one word a row")
    for cell, (start, end) in zip(computed.features[:, 0], computed.intervals.tolist(), strict=True):
        word = (cell.decode("utf-8", "replace") if isinstance(cell, bytes) else str(cell)).strip()
        if not 0 <= start <= end < np.inf:
            untimed.append(f"{word!r} of {video} at {start:g} to {end:g} s")
        elif word not in ("", PAUSE):
            yield word, start, end


def _words(
    segments: Iterable[Segment], spoken: Mapping[str, Sequence[Word]], whole: bool
) -> Iterator[tuple[str, str, float, float]]:
    """Yield the words heard in each utterance; in a clip, times count from the clip's start."""
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
    """Return the texts: of the transcripts, else of label.csv, else the timed words in a row."""
    where = inside(raw, "Transcript/Segmented")
    files = [file for file in files_in(where)[0] if file.suffix == ".annotprocessed"]
    sheet = _find(places, SHEET)
    if files:
        texts = {name: text for file in files for name, text in _transcript(file, problems)}
    elif sheet and any("text" in cells for _, cells in _sheet_rows(sheet)):
        where, texts = sheet, {_sheet_name(cells): cells["text"] for _, cells in _sheet_rows(sheet)}
    elif spoken:
        where, texts = root, {name: _joined(segment, spoken) for name, segment in segments.items()}
    elif "text" in corpus.modalities and "text" not in corpus.features:
        raise half_unpacked(root, _expected(raw), HINT)
    else:
        return {}
    problems += listed("warning", where, "{} has no text", [name for name in segments if not texts.get(name)])
    unused = sorted(texts.keys() - segments.keys())
    problems += listed("warning", where, "{} has a text, but no label, and is not used", unused)
    return {name: " ".join(text.split()) for name, text in texts.items()}


def _transcript(file: Path, problems: list[Problem]) -> Iterator[tuple[str, str]]:
    """Yield utterance and text of a ``<video>.annotprocessed``, whose lines read ``<n>_DELIM_<text>``."""
    seen: dict[str, int] = {}
    for line, content in numbered(decoded(file)):
        n, separator, text = content.partition("_DELIM_")
        if not separator or not n.strip().isdecimal():
            problems.append(Problem("error", file, line, f"{content!r} does not read <n>_DELIM_<text>"))
            continue
        name = f"{file.stem}_{int(n)}"
        if name in seen:
            problems.append(Problem("error", file, line, f"{name} is in line {seen[name]} too: names must be unique"))
        seen.setdefault(name, line)
        yield name, text


def _joined(segment: Segment, spoken: Mapping[str, Sequence[Word]]) -> str:
    """Return the words whose middle lies in a segment, so that none is in two."""
    words = spoken.get(segment.video, ())
    return " ".join(word for word, start, end in words if segment.start <= (start + end) / 2 < segment.end)


# ---- recordings


@dataclass(frozen=True)
class Recordings:
    """A folder of clips, or of whole videos."""

    folder: Folder
    whole: bool

    def _name(self, segment: Segment) -> str:
        return segment.video if self.whole else segment.name

    def file(self, segment: Segment) -> Path:
        """Return the file that holds an utterance, or where it would have been."""
        return self.folder.file(self._name(segment), video=segment.video, n=segment.n)

    def has(self, segment: Segment) -> bool:
        """Whether that file is there."""
        return self._name(segment) in self.folder.files

    def remarks(self, segments: Iterable[Segment]) -> list[Problem]:
        """Name the files that are no content, and those that no label row needs."""
        extra = sorted(self.folder.files.keys() - {self._name(segment) for segment in segments})
        stray = [file.name for file in self.folder.stray]
        return [
            *listed("warning", self.folder.path, "extra recording: {} has no label and is not used", extra),
            *listed("warning", self.folder.path, "stray file: {} is ignored", stray),
        ]


def _recordings(
    root: Path, raw: Path, segments: Mapping[str, Segment], corpus: CorpusParams, problems: list[Problem]
) -> tuple[Recordings | None, Recordings | None]:
    """Return where utterances are seen (or only heard), and where they are heard if that is elsewhere."""
    sounds = inside(raw, "Audio/WAV_16000")
    heard = _first(recordings(inside(sounds, "Segmented"), SOUNDS), recordings(inside(sounds, "Full"), SOUNDS))
    clips = recordings(inside(raw, "Video/Segmented"), PICTURES) or _nested(raw)
    seen = _first(clips, recordings(inside(raw, "Video/Full"), PICTURES))
    if (inside(raw, "Video").is_dir() and not seen) or (inside(raw, "Audio").is_dir() and not heard):
        raise half_unpacked(root, _expected(raw), HINT)
    found = [place for place in (seen, heard) if place]
    if not found:
        message = "there are no recordings, only labels: audio and video count as absent"
        problems.append(Problem("warning", root, None, message))
        return None, None
    for place in found:
        problems += place.remarks(segments.values())
    if not seen and "video" in corpus.modalities:
        problems.append(Problem("warning", root, None, "there are no pictures, only sound: video counts as absent"))
    if heard and (not seen or "video" not in corpus.modalities):
        seen, heard = heard, None
    untimed = any(np.isnan(segment.start) for segment in segments.values())
    if seen and seen.whole and untimed:
        raise half_unpacked(root, _expected(raw), f"Whole videos need the times of {OPINIONS} or {COMPUTED}. {HINT}")
    apart = heard and "audio" in corpus.modalities and not (heard.whole and untimed)
    return seen, heard if apart else None


def _first(clips: Folder, whole: Folder) -> Recordings | None:
    if clips:
        return Recordings(clips, whole=False)
    return Recordings(whole, whole=True) if whole else None


def _nested(raw: Path) -> Folder:
    """Return the clips as MMSA has them, ``<video>/<n>.mp4``, under the names that they have in the zip."""
    children = sorted(raw.iterdir()) if raw.is_dir() else []
    folders = [recordings(child, PICTURES) for child in children if child.is_dir() and not child.name.startswith(".")]
    files = {
        f"{folder.path.name}_{int(stem) if stem.isdecimal() else stem}": file
        for folder in folders
        for stem, file in folder.files.items()
    }
    return Folder(raw, files, tuple(file for folder in folders for file in folder.stray), "{video}/{n}.mp4")


def _row(
    segment: Segment, text: str, seen: Recordings | None, voices: Recordings | None, problems: list[Problem]
) -> dict[str, Any]:
    """Return an utterance's row of the table."""
    cells: dict[str, Any] = {"recording": segment.name, "sentiment": segment.score, "line": segment.line}
    fault = DESCRIPTION.known_bad().get(segment.name)
    if seen and fault and not seen.has(segment):
        message = f"{segment.name} has no recording. Known fault: {fault.what} ({fault.source})"
        problems.append(Problem("warning", seen.folder.path, None, message))
    elif seen:
        cells["media"] = seen.file(segment).as_posix()
        cells |= {"recording": segment.video, "start": segment.start, "end": segment.end} if seen.whole else {}
        cells |= _sound(segment, voices, problems) if voices else {}
    return utterance_row(
        utterance=segment.name,
        text=text,
        group=segment.video,
        order=float(segment.n),
        split=SPLIT_OF[segment.video],
        **cells,
    )


def _sound(segment: Segment, voices: Recordings, problems: list[Problem]) -> dict[str, Any]:
    """Return where the voice is, if not in the recording itself."""
    if voices.has(segment):
        sound_start = segment.start if voices.whole else 0.0
        return {"sound": voices.file(segment).as_posix(), "sound_start": sound_start}
    message = f"{segment.name} has no sound file: its voice is heard from its video"
    problems.append(Problem("warning", voices.folder.path, None, message))
    return {}
