"""Divide the facts about a corpus's utterances into parts, which are inside the page or in files beside it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common.atomic import replacing_folder
from pipeline.reporting.rendering import plain_json
from pipeline.reporting.utterance.facts import STRIP, Facts, data_uri, facts_of
from pipeline.reporting.utterance.known import Known
from pipeline.reporting.utterance.preview import Preview
from pipeline.reporting.utterance.previewing import Previews
from pipeline.reporting.utterance.shortening import shortening_of

PART = 25  # utterances per part
FEW = 200  # clips are put into the page if there are at most this many utterances ...
LIGHT = 5_000_000  # ... and their clips and pictures have at most this many bytes together
FOLDER = "report_files"
KEYS = "previews.json"  # in that folder: the list of the cached previews from which the page was made

Where = str  # inside, beside or none


@dataclass(frozen=True)
class Parts:
    """The facts about utterances in the page and in the files beside it.

    Attributes
    ----------
    where
        Where clips and pictures are: ``inside`` the page, ``beside`` it, or ``none``.
    blocks
        The data of the page's JSON blocks, keyed by their names.
    measures
        Measures of each utterance: ``seconds``, ``voice_s``, ``gain_db``, the share of sampled frames with a ``face``,
        and the number of timed ``words``; unknown ones are left out.
    unshown
        The utterances that have a recording but no clip, grouped by the reason; empty if `where` is ``none``.
    """

    where: Where
    blocks: Mapping[str, Any]
    measures: list[dict[str, float]]
    unshown: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Judge:
    """The row of results by whose predictions the page calls an utterance right or wrong.

    Attributes
    ----------
    name
        The name of its configuration; empty without predictions.
    words
        What it is, for example ``best fusion``.
    """

    name: str = ""
    words: str = ""


def place_for(clips: str, known: Known, previews: Previews) -> Where:
    """Return where clips go.

    `clips` is returned unless it is ``auto``. With ``auto``, clips go inside the page if they are few and small, and
    beside the page otherwise.
    """
    if clips != "auto":
        return clips
    if len(known.table) > FEW:
        return "beside"
    found = (previews.of(utterance) for utterance in known.table["utterance"])
    return "inside" if sum(len(one.clip) + len(one.strip) for one in found if one) <= LIGHT else "beside"


def parts_of(known: Known, previews: Previews, where: Where, judge: Judge, folder: Path) -> Parts:
    """Return the blocks of the page, and write the files beside it.

    Parameters
    ----------
    known, previews
        What is known about the utterances, and their previews.
    where
        Where clips go, from `place_for`.
    judge
        The row of results by whose predictions the page calls an utterance right or wrong.
    folder
        The folder beside the page. It is always written. If everything about the utterances is inside the page, it
        holds only the list of the previews' keys.
    """
    inside = where == "inside" or (where == "none" and len(known.table) <= FEW)
    parts = Parts(where, {"corpus": _corpus(known, where, judge)}, [])
    blocks: dict[str, Any] = dict(parts.blocks)
    shorten = shortening_of(known)
    with replacing_folder(folder, lambda path: path.suffix in (".js", ".json", ".mp4", *_SUFFIXES.values())) as made:
        for number, first in enumerate(range(0, len(known.table), PART)):
            part = [
                shorten.facts(_one(known, place, previews, parts, made if not inside else None))
                for place in range(first, min(first + PART, len(known.table)))
            ]
            if inside:
                blocks[f"part-{number}"] = part
            else:
                text = f"receivePart({number}, {plain_json(part)});\n"
                (made / f"part-{number}.js").write_text(text, encoding="utf-8")
        (made / KEYS).write_text(json.dumps(sorted(previews.keys.values()), indent=0) + "\n", encoding="utf-8")
    return Parts(where, blocks, parts.measures, parts.unshown)


_SUFFIXES = {"video/webm": ".webm", "audio/flac": ".flac", "audio/wav": ".wav", "audio/mpeg": ".mp3"}


def _one(known: Known, place: int, previews: Previews, parts: Parts, beside: Path | None) -> Facts:
    """Return the facts about one utterance with its pictures; add its measures to `parts`, and write its clip."""
    utterance = str(known.table["utterance"].iloc[place])
    preview = previews.of(utterance)
    facts = facts_of(known, place, preview, previews.why.get(utterance, ""))
    parts.measures.append(dict(measures_of(facts)))
    if parts.where != "none" and facts["media"] and not (preview and preview.clip):
        parts.unshown.setdefault(facts["clip"]["note"], []).append(utterance)
    if parts.where == "none" or preview is None:
        return facts | {"strip": "", "clip_src": ""}
    return facts | {
        "strip": data_uri(preview.strip, STRIP),
        "clip_src": _clip(preview, place, beside),
    }


def _clip(preview: Preview, place: int, beside: Path | None) -> str:
    """Return the address of a clip: a data URI, or the path of a file, which is written beside the page."""
    mime = preview.facts["clip"]["mime"]
    if not preview.clip or beside is None:
        return data_uri(preview.clip, mime)
    name = f"clip-{place}{_SUFFIXES.get(mime, '.mp4')}"
    (beside / name).write_bytes(preview.clip)
    return f"{FOLDER}/{name}"


def read_keys(path: Path) -> list[str]:
    """Return the keys of the cached previews from which a page was made; an empty list if the file is damaged.

    Previews that are not listed may be deleted from the cache: they can be made again.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return []
    return [key for key in found if isinstance(key, str)] if isinstance(found, list) else []


def _corpus(known: Known, where: Where, judge: Judge) -> dict[str, Any]:
    """Return the page's block about the corpus: mainly lists with a value per utterance, such as ids, texts and labels.

    Statuses are abbreviated to one letter.
    """
    names = known.table["utterance"].astype(str).tolist()
    return {
        "name": known.name,
        "clips": where,
        "part": PART,
        "best": judge.name,
        "judge": judge.words,
        "ids": names,
        "texts": known.table["text"].astype(str).tolist(),
        "speakers": known.table["speaker"].astype(str).tolist(),
        "groups": known.groups.tolist(),
        "labels": [known.label_at(place) for place in range(len(names))],
        "statuses": {m: "".join(known.status(name, m)[0][0] for name in names) for m in known.modalities},
    }


def measures_of(facts: Facts) -> Iterator[tuple[str, float]]:
    """Yield the measures of an utterance that `Parts.measures` lists."""
    if facts["seconds"] is not None:
        yield "seconds", facts["seconds"]
    if kept := facts["sound"].get("kept"):
        yield "voice_s", kept[1] - kept[0]
        yield "gain_db", facts["sound"]["gain_db"]
    if scores := facts["faces"].get("scores"):
        yield "face", sum(score is not None for score in scores) / len(scores)
    if words := facts["words"]:
        yield "words", sum(word[1] is not None for word in words)
