"""Read ELAN files (.eaf): their annotations have times, or refer to annotations of another tier.

Source: EAF Annotation Format 3.0 and ELAN (Max Planck Institute for Psycholinguistics), the schema EAFv3.0.xsd.
"""

import xml.sax
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.sax.handler import ContentHandler

from pipeline.errors import refuse_pipe
from pipeline.ingest.timed_text.base import TimedText, fault, plain


@dataclass
class _Annotation:
    """An annotation as the file has it: with two time slots, or with the id of the annotation that it refers to."""

    line: int
    id: str
    slots: tuple[str, str] = ("", "")
    parent: str = ""
    previous: str = ""
    text: str = ""


@dataclass
class _Tier:
    name: str
    speaker: str
    annotations: list[_Annotation] = field(default_factory=list)


class _Handler(ContentHandler):
    """Collects the time slots in milliseconds, the tiers, and the recordings with their offsets."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._depth = 0
        self._value: list[str] | None = None
        self.slots: dict[str, float | None] = {}
        self.tiers: list[_Tier] = []
        self.origins: list[tuple[str, float]] = []  # names of recordings, and their offsets in milliseconds

    def line(self) -> int:
        return int(self._locator.getLineNumber())  # type: ignore[attr-defined]  # set by the parser

    def startElement(self, name: str, attrs: Any) -> None:
        self._depth += 1
        if self._depth == 1 and name != "ANNOTATION_DOCUMENT":
            raise fault(self._path, self.line(), f"this is not an ELAN annotation: it begins with <{name}>")
        try:
            self._start(name, attrs)
        except KeyError as error:
            raise fault(self._path, self.line(), f"<{name}> has no {error.args[0]}") from None

    def _start(self, name: str, attrs: Any) -> None:
        if name == "HEADER" and attrs.get("TIME_UNITS", "milliseconds") != "milliseconds":
            units = attrs["TIME_UNITS"]
            raise fault(self._path, self.line(), f"times are in {units}: save the annotation with milliseconds")
        if name == "MEDIA_DESCRIPTOR":
            media = unquote(attrs["MEDIA_URL"]).replace("\\", "/").rpartition("/")[2]
            self.origins.append((media, self._number(attrs.get("TIME_ORIGIN", "0"))))
        elif name == "TIME_SLOT":
            value = attrs.get("TIME_VALUE")
            self.slots[attrs["TIME_SLOT_ID"]] = None if value is None else self._number(value)
        elif name == "TIER":
            self.tiers.append(_Tier(attrs["TIER_ID"], plain(attrs.get("PARTICIPANT", ""))))
        elif name == "ALIGNABLE_ANNOTATION":
            slots = (attrs["TIME_SLOT_REF1"], attrs["TIME_SLOT_REF2"])
            self._annotations(name).append(_Annotation(self.line(), attrs["ANNOTATION_ID"], slots))
        elif name == "REF_ANNOTATION":
            parent, previous = attrs["ANNOTATION_REF"], attrs.get("PREVIOUS_ANNOTATION", "")
            found = _Annotation(self.line(), attrs["ANNOTATION_ID"], parent=parent, previous=previous)
            self._annotations(name).append(found)
        elif name == "ANNOTATION_VALUE":
            if not self._annotations(name):
                raise fault(self._path, self.line(), f"<{name}> is outside an annotation")
            self._value = []

    def _annotations(self, name: str) -> list[_Annotation]:
        """Return the annotations that the current tier has so far."""
        if not self.tiers:
            raise fault(self._path, self.line(), f"<{name}> is outside a tier")
        return self.tiers[-1].annotations

    def _number(self, value: str) -> float:
        if not value.isascii() or not value.removeprefix("-").isdecimal():
            raise fault(self._path, self.line(), f"the time {value!r} is not a number of milliseconds")
        return float(value)

    def characters(self, content: str) -> None:
        if self._value is not None:
            self._value.append(content)

    def endElement(self, name: str) -> None:
        self._depth -= 1
        if name == "ANNOTATION_VALUE" and self._value is not None:
            self.tiers[-1].annotations[-1].text = plain("".join(self._value))
            self._value = None


def read(path: Path) -> tuple[TimedText, ...]:
    """Read all annotations that have a text; the participant of their tier is the speaker.

    Annotations that refer to the same annotation of another tier divide its time evenly, as ELAN displays them.
    Consecutive annotations without times divide the time between the two nearest time slots that are set. Times are on
    the clock of the first recording.

    Raises
    ------
    UserError
        If the file is not XML or not ELAN's, or the times of an annotation are missing; the message names the line.
    """
    handler = _parsed(path)
    times = _times(path, handler)
    shift = handler.origins[0][1] / 1000 if handler.origins else 0.0
    found = []
    for tier in handler.tiers:
        for annotation in tier.annotations:
            start, end = (time + shift for time in times[annotation.id])
            if end < start or start < 0:
                what = f"the annotation {annotation.id} lasts from {start:g} to {end:g} s: correct these times"
                raise fault(path, annotation.line, what)
            if annotation.text:
                found.append(TimedText(annotation.text, start, end, tier.name, speaker=tier.speaker))
    return tuple(found)


def shift_s(path: Path, recording: str) -> float:
    """Return the offset of a recording relative to the first recording that the file names, in seconds.

    An ELAN file may name several recordings of the same event, such as from several cameras, each with an offset. The
    result is 0 for a recording that the file does not name.
    """
    origins = _parsed(path).origins
    own = [origin for name, origin in origins if name.casefold() == recording.casefold()]
    return (own[0] - origins[0][1]) / 1000 if own else 0.0


def _parsed(path: Path) -> _Handler:
    refuse_pipe(path)
    handler = _Handler(path)
    if not path.stat().st_size:
        return handler
    try:
        xml.sax.parse(str(path), handler)
    except xml.sax.SAXParseException as error:
        raise fault(
            path, error.getLineNumber() or 1, f"this is not XML ({error.getMessage()}): save it in ELAN again"
        ) from None
    return handler


def _times(path: Path, handler: _Handler) -> dict[str, tuple[float, float]]:
    """Return the start and end of each annotation in seconds, without the offset of a recording."""
    times: dict[str, tuple[float, float]] = {}
    for tier in handler.tiers:
        slots = _filled(path, tier, handler.slots)
        for found in tier.annotations:
            if not found.parent:
                times[found.id] = (slots[found.slots[0]] / 1000, slots[found.slots[1]] / 1000)
    waiting = [tier for tier in handler.tiers if any(found.parent for found in tier.annotations)]
    while waiting:
        ready = [tier for tier in waiting if all(a.parent in times for a in tier.annotations if a.parent)]
        if not ready:
            lost = next(a for a in waiting[0].annotations if a.parent and a.parent not in times)
            what = f"the annotation {lost.id} refers to {lost.parent}, which has no time or is missing"
            raise fault(path, lost.line, what)
        for tier in ready:
            times |= _referring(tier, times)
        waiting = [tier for tier in waiting if tier not in ready]
    return times


def _filled(path: Path, tier: _Tier, slots: dict[str, float | None]) -> dict[str, float]:
    """Return the times of a tier's slots in milliseconds; slots without a time are spread evenly between the others."""
    alignable = [found for found in tier.annotations if not found.parent]
    next_of = {found.slots[0]: found.slots[1] for found in alignable}
    for found in alignable:
        for slot in found.slots:
            if slot not in slots:
                raise fault(path, found.line, f"the annotation {found.id} refers to the missing time slot {slot}")
    used = {slot for found in alignable for slot in found.slots}
    filled = {slot: value for slot in used if (value := slots[slot]) is not None}
    for begin in [slot for slot in next_of if slot in filled]:
        chain = [begin, next_of[begin]]
        while chain[-1] not in filled and chain[-1] in next_of and len(chain) <= len(next_of):
            chain.append(next_of[chain[-1]])
        if chain[-1] in filled:
            step = (filled[chain[-1]] - filled[begin]) / (len(chain) - 1)
            filled |= {slot: filled[begin] + step * at for at, slot in enumerate(chain[:-1]) if at}
    for found in alignable:
        if not filled.keys() >= set(found.slots):
            raise fault(path, found.line, f"the annotation {found.id} has no time: set it in ELAN")
    return filled


def _referring(tier: _Tier, times: dict[str, tuple[float, float]]) -> dict[str, tuple[float, float]]:
    """Return the times of annotations that refer to others: children of a parent divide its time evenly, in order."""
    children: dict[str, list[_Annotation]] = defaultdict(list)
    for found in tier.annotations:
        if found.parent:
            children[found.parent].append(found)
    shared = {}
    for parent, together in children.items():
        start, end = times[parent]
        ordered = _in_order(together)
        for at, annotation in enumerate(ordered):
            width = (end - start) / len(ordered)
            last = at == len(ordered) - 1
            shared[annotation.id] = (start + at * width, end if last else start + (at + 1) * width)
    return shared


def _in_order(found: list[_Annotation]) -> list[_Annotation]:
    """Return the children of one parent in order: each after the annotation that it names as its predecessor."""
    after = {annotation.previous: annotation for annotation in found if annotation.previous}
    ids = {annotation.id for annotation in found}
    ordered = []
    for first in found:
        annotation: _Annotation | None = first if first.previous not in ids else None
        while annotation is not None and annotation not in ordered:
            ordered.append(annotation)
            annotation = after.get(annotation.id)
    return ordered + [annotation for annotation in found if annotation not in ordered]
