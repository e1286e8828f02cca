"""Read the label file of CMU-MOSI (the first of three kinds that exists), and define the official folds."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np

from common.names import suggest
from pipeline.corpora.base import half_unpacked
from pipeline.corpora.problems import Problem, capped, listed
from pipeline.corpora.published.files import (
    EARLIEST_S,
    csv_rows,
    files_in,
    inside,
    interval,
    named_cells,
    number,
    read_csd,
)
from pipeline.errors import UserError
from pipeline.tables.headers import column_names

SDK_37, SDK_94 = "A2Zadeh/CMU-MultimodalSDK issue 37", "A2Zadeh/CMU-MultimodalSDK issue 94"

NO_LENGTH = "2WGyTLYerpo_44"

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

HEADERLESS = (
    "start",
    "end",
    "video_id",
    "clip_id",
    "label",
)  # columns of OpinionLevelSentiment.csv, which has no header

NEEDED = ("video_id", "clip_id", "label")  # columns of label.csv

OPINIONS, COMPUTED, SHEET = "OpinionLevelSentiment.csv", "*Opinion_Labels*.csd", "label.csv"

INSIDE = ("Video", "Audio", "Transcript", "Labels")  # folders in Raw

HINT = (
    f"Unpack CMU_MOSI.zip; if it has no folder Labels, put the SDK's CMU_MOSI_Opinion_Labels.csd or MMSA's {SHEET} "
    "next to Raw; if you lack a modality, take it out of the corpus's settings."
)

Rows = Iterator[tuple[int, dict[str, str]]]  # line in the label file (0 for a .csd), cells


@dataclass(frozen=True)
class Segment:
    """A labelled utterance: the n-th clip of a video, with its times in the whole video in seconds."""

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


def find(places: Iterable[Path], pattern: str) -> Path | None:
    """Return the first file in the folders `places` whose name fits a pattern, whatever its case; None if none does."""
    return next(
        (f for place in places for f in files_in(place)[0] if fnmatchcase(f.name.casefold(), pattern.casefold())), None
    )


def expected(raw: Path, labels: bool = True) -> dict[str, bool]:
    """Return whether this copy has each part of the corpus, keyed by the name of the part.

    `labels` says whether a label file was found; the other parts are looked for in the folder `raw`.
    """
    names = ("Video/Segmented", "Video/Full", "Audio/WAV_16000/Segmented", "Audio/WAV_16000/Full")
    folders = {name: bool(files_in(inside(raw, name))[0]) for name in (*names, "Transcript/Segmented")}
    return {f"{OPINIONS}, {COMPUTED} or {SHEET}": labels, **folders}


def read_labels(root: Path, raw: Path, places: Iterable[Path], problems: list[Problem]) -> dict[str, Segment]:
    """Return the segments of the first label file that is in one of the folders `places`, keyed by utterance name.

    If there is no label file, the error lists which parts of the corpus the folder `raw` holds.
    """
    readers = {OPINIONS: _opinion_rows, COMPUTED: _computed_rows, SHEET: sheet_rows}
    there = [(path, rows) for pattern, rows in readers.items() if (path := find(places, pattern))]
    if not there:
        raise half_unpacked(root, expected(raw, labels=False), HINT)
    path, rows = there[0]
    if others := ", ".join(other.name for other, _ in there[1:]):
        problems.append(Problem("warning", path, None, f"the labels are read from here, not from {others}"))
    segments = _segments(path, rows(path), problems)
    if not segments:
        raise UserError(f"{path}: no row could be read; the first problem: {problems[-1] if problems else 'no rows'}")
    if sheet := find(places, SHEET):
        problems += capped(list(_modes(sheet)))
    gaps = list(_gaps(segments.values()))
    problems += listed("warning", path, "{} has no row, but later clips of its video have one", gaps)
    return segments


def _opinion_rows(path: Path) -> Rows:
    """Yield the rows of OpinionLevelSentiment.csv, which has no header."""
    for i, (line, cells) in enumerate(csv_rows(path)):
        if i == 0 and (len(cells) != len(HEADERLESS) or not re.match(r"[-+.\d]", cells[0])):
            raise UserError(
                f"{path}:{line}: this file must have five columns (start, end, video, segment, score) and no header, "
                f"but it begins with {','.join(cells)!r}"
            )
        yield line, named_cells(HEADERLESS, cells)


def sheet_rows(path: Path) -> Rows:
    """Yield the rows of MMSA's label.csv, whose columns may be in any order."""
    rows = csv_rows(path)
    first, names = rows[0] if rows else (1, [])
    header = column_names(names, (*NEEDED, "text", "mode"), (), str(path))
    for name in NEEDED:
        if name not in header:
            raise UserError(f"{path}:{first}: the header has no column {name!r}; {suggest(name, header)}")
    for line, cells in rows[1:]:
        yield line, named_cells(header, cells)


def _computed_rows(path: Path) -> Rows:
    """Yield the rows of the .csd file of opinion labels; its row i, counted from 0, is clip i + 1."""
    for video, computed in read_csd(path).items():
        if computed.features.dtype.kind not in "fiu" or computed.features[:1].size > 1:
            raise UserError(
                f"{path}: {video} has features {computed.features.shape}, where one score per row is expected"
            )
        for i, (score, (start, end)) in enumerate(zip(computed.features, computed.intervals.tolist(), strict=True)):
            label = f"{float(score.item()):.7g}"  # the file stores single precision
            yield 0, {"video_id": video, "clip_id": f"{i + 1}", "label": label, "start": f"{start}", "end": f"{end}"}


def _segments(path: Path, rows: Rows, problems: list[Problem]) -> dict[str, Segment]:
    """Return the segments of a label file; faulty rows are reported and left out."""
    segments: dict[str, Segment] = {}
    for line, cells in rows:
        errors: list[str] = []
        odd: list[str] = []
        segment = _segment(cells, line, errors, odd)
        name = segment.name if segment else f"{cells['video_id']}_{cells['clip_id']}"
        if segment and name in segments:
            errors.append(f"this name is in line {segments[name].line} too: names must be unique")
        problems += [Problem("error", path, line or None, f"{name}: {message}") for message in errors]
        problems += [Problem("warning", path, line or None, f"{name}: {message}") for message in odd]
        if segment and not errors:
            segments[name] = segment
    return segments


def _segment(cells: Mapping[str, str], line: int, errors: list[str], odd: list[str]) -> Segment | None:
    """Return the segment of a row, or None if the row has errors.

    Errors are described in `errors`, and times that are unusual but can be used in `odd`.
    """
    video, n = cells["video_id"], cells["clip_id"]
    if "" in cells:
        errors.append(f"the row has {cells['']}")
    if video not in SPLIT_OF:
        errors.append(f"the video {video!r} is not in any official fold")
    if not re.fullmatch(r"0*[1-9]\d{0,5}", n):
        errors.append(f"the clip is {n!r}, but clips are numbered 1, 2, 3")
    score = number(cells["label"], "the score", -3, 3, errors.append)
    times = [number(cells[k], k, EARLIEST_S, np.inf, errors.append) if k in cells else np.nan for k in ("start", "end")]
    known = f" (known fault: {SDK_94})" if f"{video}_{n}" == NO_LENGTH else ""
    start, end = interval(times[0], times[1], errors.append, lambda message: odd.append(message + known))
    return None if errors else Segment(video, int(n), score, start, end, line)


def _modes(sheet: Path) -> Iterator[Problem]:
    """Yield a warning for each utterance whose fold in label.csv is not the official one."""
    for line, cells in sheet_rows(sheet):
        official = SPLIT_OF.get(cells["video_id"], "")
        if official and cells.get("mode", official) != official:
            message = f"mode is {cells['mode']!r}, but the official fold is {official} and is used"
            yield Problem("warning", sheet, line, f"{sheet_name(cells)}: {message}")


def sheet_name(cells: Mapping[str, str]) -> str:
    """Return the name of the utterance in a row of MMSA's label.csv."""
    n = cells["clip_id"]
    return f"{cells['video_id']}_{int(n) if n.isdecimal() else n}"


def _gaps(segments: Iterable[Segment]) -> Iterator[str]:
    """Yield the names of clips that are missing between clip 1 and the last clip of each video."""
    by_video: dict[str, set[int]] = {}
    for segment in segments:
        by_video.setdefault(segment.video, set()).add(segment.n)
    for video, numbers in by_video.items():
        yield from (f"{video}_{n}" for n in range(1, max(numbers)) if n not in numbers)
