"""The facts about one utterance, as plain data that the page, the picture and the terminal show."""

import math
from base64 import b64encode
from typing import Any

from pipeline.reporting.utterance.known import Known
from pipeline.reporting.utterance.preview import Preview

Facts = dict[str, Any]

STRIP = "image/jpeg"


def facts_of(known: Known, place: int, preview: Preview | None, why: str = "") -> Facts:
    """Return the facts about one utterance.

    Parameters
    ----------
    known
        What is known about the corpus.
    place
        The position of the utterance in the table.
    preview
        What was read from its recording and its streams; None if there is no preview.
    why
        The reason why there is no preview, or ``""``.

    Returns
    -------
    dict
        ``id``, ``text``, ``speaker``, ``group`` (that of the protocol) and ``label``; ``media``, ``start`` and
        ``seconds``, which say where the utterance is in the recording; ``sound``, ``faces`` and ``clip`` as in
        `Preview.facts`; ``words`` with times, and the ``sources`` of text and words; ``statuses`` by modality;
        ``missing`` (the stores without its features); ``failures``; and ``neighbours``.
    """
    row = known.table.iloc[place]
    utterance = str(row["utterance"])
    seen = preview.facts if preview else {}
    return {
        "id": utterance,
        "text": str(row["text"]),
        "speaker": str(row["speaker"]),
        "group": str(known.groups.iloc[place]),
        "label": known.label_at(place),
        "media": str(row["media"]),
        "start": _number(row["start"]),
        "seconds": _number(row["end"] - row["start"]),
        "sound": seen.get("sound", {}),
        "faces": seen.get("faces", {}),
        "clip": seen.get("clip", {"mime": "", "note": why}),
        "words": _words(known, utterance, float(row["start"])),
        "sources": {what: str(row[what]) for what in ("text_source", "words_source") if row.get(what)},
        "statuses": {m: list(known.status(utterance, m)) for m in known.modalities},
        "missing": _missing(known, utterance),
        "failures": [[f.stage, f.step, f.message] for f in known.failures.get(utterance, ())],
        "neighbours": _neighbours(known, place),
    }


def data_uri(content: bytes, mime: str) -> str:
    """Return bytes as a data URI; empty if there are none.

    >>> data_uri(b"a", "image/jpeg"), data_uri(b"", "image/jpeg")
    ('data:image/jpeg;base64,YQ==', '')
    """
    return f"data:{mime};base64,{b64encode(content).decode()}" if content else ""


def _words(known: Known, utterance: str, start: float) -> list[list[Any]]:
    """Return each word with its start and end in seconds from the utterance's start; None for unknown times."""
    return [
        [word, _number(first - start), _number(last - start)] for word, first, last in known.words.get(utterance, ())
    ]


def _missing(known: Known, utterance: str) -> list[list[str]]:
    """Return name, status and note of each store that has no features of an utterance."""
    found = ((name, *held.of(utterance)) for name, held in known.features.items())
    return [[name, status, note] for name, status, note in found if status != "ok"]


def _neighbours(known: Known, place: int) -> dict[str, Any]:
    names = known.table["utterance"]
    return {
        modality: {"space": space.name, "near": [[str(names.iloc[i]), similar] for i, similar in space.near[place]]}
        for modality, space in known.spaces.items()
    }


def _number(value: float) -> float | None:
    return round(float(value), 3) if math.isfinite(value) else None
