"""The section *Data* of the page: what the corpus has, what is missing and why, lengths, levels and labels."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from markupsafe import Markup
from numpy.typing import NDArray

from features.store import STATUSES
from pipeline.errors import counted
from pipeline.reporting.tables import Table
from pipeline.reporting.utterance.known import Known
from pipeline.reporting.utterance.parts import Parts
from pipeline.reporting.utterance.shortening import shortening_of

MOST_GROUPS = 40  # the table of labels lists at most this many groups
BINS = 24
_MEASURES = {
    "seconds": ("Length of utterances", "s"),
    "voice_s": ("Length of the sound after trimming", "s"),
    "gain_db": ("Gain that levels the voice", "dB"),
    "face": ("Share of sampled frames with the followed face", ""),
    "words": ("Words with times per utterance", "words"),
}


@dataclass(frozen=True)
class Reason:
    """Why some utterances lack a modality."""

    modality: str
    status: str
    note: str
    utterances: Sequence[str]


@dataclass(frozen=True)
class Histogram:
    """The distribution of a measure: its title, a drawing, and a caption with range and median."""

    title: str
    drawing: Markup
    caption: str


@dataclass(frozen=True)
class Overview:
    """The content of the section *Data*.

    Attributes
    ----------
    utterances
        The number of utterances.
    statuses
        A table of the number of utterances with each status, for each modality.
    reasons
        Why utterances lack a modality, the most frequent reason first.
    unshown
        The utterances without a clip, keyed by the reason.
    histograms
        The distributions of lengths, levels, faces and words.
    labels
        A table of the labels of each group, and of the folds in which the group is tested; None without labels.
    remarks
        The remarks of the leak guard and of training.
    where
        Where clips are: ``inside`` the page, in files ``beside`` it, or ``none``.
    """

    utterances: int
    statuses: Table
    reasons: Sequence[Reason]
    unshown: dict[str, list[str]]
    histograms: Sequence[Histogram]
    labels: Table | None
    remarks: Sequence[str]
    where: str


def overview_of(known: Known, parts: Parts, folds: pd.Series | None, by: str, remarks: Sequence[str]) -> Overview:
    """Return the content of the section *Data*.

    Parameters
    ----------
    known, parts
        What is known about the utterances, and what was measured.
    folds
        The fold in which each utterance is tested, indexed by utterance; None before training.
    by
        The column of the groups.
    remarks
        The remarks of the leak guard and of training.
    """
    shorten = shortening_of(known)
    unshown: dict[str, list[str]] = {}
    for why, utterances in parts.unshown.items():
        unshown.setdefault(shorten(why), []).extend(utterances)
    lines = [[m, *(str(counts.get(s, 0)) for s in STATUSES)] for m, counts in _counts(known).items()]
    return Overview(
        len(known.table),
        Table(["modality", *STATUSES], lines),
        [replace(reason, note=shorten(reason.note)) for reason in _reasons(known)],
        unshown,
        [h for name in _MEASURES if (h := _histogram(name, [one[name] for one in parts.measures if name in one]))],
        _labels(known, folds, by),
        [shorten(remark) for remark in remarks],
        parts.where,
    )


def _counts(known: Known) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for modality in known.modalities:
        counts = found.setdefault(modality, {})
        for utterance in known.table["utterance"]:
            status = known.status(utterance, modality)[0]
            counts[status] = counts.get(status, 0) + 1
    return found


def _reasons(known: Known) -> list[Reason]:
    found: dict[tuple[str, str, str], list[str]] = {}
    for modality in known.modalities:
        for utterance in known.table["utterance"].astype(str):
            status, note = known.status(utterance, modality)
            if status != "ok":
                found.setdefault((modality, status, note), []).append(utterance)
    return [Reason(*key, names) for key, names in sorted(found.items(), key=lambda one: (-len(one[1]), one[0]))]


def _labels(known: Known, folds: pd.Series | None, by: str) -> Table | None:
    """Return a table with a line for all utterances, and one for each of the first groups; None without labels.

    A line has the folds in which the group is tested, and the counts of its labels or the mean and range of its scores.
    Up to `MOST_GROUPS` groups have a line; a last line counts the others.
    """
    if not known.label:
        return None
    labels = known.table[known.label]
    column = known.table[by if by in known.table else "group"].astype(str)
    tested = pd.Series("", known.table.index) if folds is None else known.table["utterance"].map(folds).fillna("")
    scores = labels.dtype.kind == "f"
    classes = [] if scores else sorted(labels.dropna().astype(str).unique())
    head = [
        by,
        *(["tested in"] if folds is not None else []),
        "utterances",
        *(["mean", "lowest", "highest"] if scores else classes),
    ]
    lines = []
    groups = list(column.groupby(column).indices.items())
    for name, rows in [("all", range(len(labels))), *groups[:MOST_GROUPS]]:
        own = labels.iloc[list(rows)].dropna()
        where = (
            [] if folds is None else [", ".join(sorted(set(tested.iloc[list(rows)]) - {""})) if name != "all" else ""]
        )
        cells = _scores(own) if scores else [str(int((own.astype(str) == one).sum())) for one in classes]
        lines.append([str(name), *where, str(len(rows)), *cells])
    if len(groups) > MOST_GROUPS:
        lines.append([f"and {len(groups) - MOST_GROUPS} more", *[""] * (len(head) - 1)])
    return Table(head, lines)


def _scores(own: pd.Series) -> list[str]:
    return [f"{value:.3g}" for value in (own.mean(), own.min(), own.max())] if len(own) else ["", "", ""]


def _histogram(name: str, values: Sequence[float]) -> Histogram | None:
    """Return the histogram of some values; None if there are no values."""
    if not values:
        return None
    title, unit = _MEASURES[name]
    low, middle, high = (float(value) for value in np.percentile(values, (0, 50, 100)))
    counts, _ = np.histogram(values, bins=BINS, range=(low, high) if high > low else (low - 0.5, low + 0.5))
    ends = [f"{value:.3g} {unit}".strip() for value in (low, high)]
    if ends[0] == ends[1]:
        known = f"{ends[0]} in {'all ' if len(values) > 1 else ''}{counted(len(values), 'utterance')}"
    else:
        known = f"{low:.3g} to {ends[1]}, median {middle:.3g}; {counted(len(values), 'utterance')}"
    return Histogram(title, _bars(counts, ends, f"{title}: {known}"), known)


def _bars(counts: NDArray[np.intp], ends: Sequence[str], label: str) -> Markup:
    """Draw a histogram as SVG, with the texts `ends` at the ends of its axis, and a line as high as its tallest bar."""
    width, top, foot = 10 * BINS, 14, 74
    tall = counts.max()
    heights = [(foot - top) * count / tall for count in counts]
    bars = "".join(
        f'<rect x="{10 * i + 0.5}" y="{foot - high:.1f}" width="9" height="{high:.1f}"/>'
        for i, high in enumerate(heights)
    )
    places = [("start", 0), ("end", width)] if ends[0] != ends[1] else [("middle", width // 2)]
    names = "".join(
        f'<text x="{x}" y="{foot + 13}" text-anchor="{anchor}">{end}</text>'
        for (anchor, x), end in zip(places, ends, strict=False)
    )
    lines = "".join(f'<path class="{kind}" d="M0 {y}H{width}"/>' for kind, y in (("tallest", top), ("axis", foot)))
    svg = f'<svg viewBox="0 0 {width} {foot + 17}" role="img" aria-label="{label}">'
    return Markup(f'{svg}{bars}{lines}<text x="0" y="{top - 3}">{counted(int(tall), "utterance")}</text>{names}</svg>')
