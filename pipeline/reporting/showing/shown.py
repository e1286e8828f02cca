"""`crossmodal show`: the facts of one utterance or recording as text, as JSON, as a page or as a picture."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from common.atomic import write_bytes, write_text
from pipeline.errors import Untrainable, UserError
from pipeline.evaluation.results import read_predictions
from pipeline.evaluation.table_files import read_scores
from pipeline.foreign import one_line
from pipeline.reporting.predictions import predictions_block
from pipeline.reporting.rendering import render
from pipeline.reporting.showing.finding import Place, found
from pipeline.reporting.utterance.facts import STRIP, Facts, data_uri, facts_of
from pipeline.reporting.utterance.known import known_of
from pipeline.reporting.utterance.parts import PART
from pipeline.reporting.utterance.preview import Preview
from pipeline.reporting.utterance.previewing import previews
from pipeline.reporting.utterance.shortening import Shortening, shortening_of
from pipeline.run.pool.cluster import Pool
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.training.current import evaluated


@dataclass(frozen=True)
class Shown:
    """Everything that is shown of an utterance.

    Attributes
    ----------
    facts
        The facts from `facts_of`.
    preview
        The pictures and the clip; None if there is no recording, or it cannot be read.
    predictions
        The predictions in the form of `predictions_block`, for this utterance alone; None if there are none to show.
    remarks
        Sentences on how the facts were made, for the user.
    shorten
        Shortens the paths of this machine in the page.
    """

    facts: Facts
    preview: Preview | None
    predictions: Mapping[str, Any] | None = None
    remarks: tuple[str, ...] = field(default=())
    shorten: Shortening = field(default=Shortening(()))


def shown(params: Params, wanted: str, corpus: str = "", text: str | None = None) -> Shown:
    """Return what is known about an utterance, given its id, or about any recording, given its path.

    Raises
    ------
    UserError
        If neither sound nor picture of a recording can be read, and in the cases that `finding.found` lists.
    """
    with found(params, wanted, corpus, text) as place:
        known = known_of(place.params, place.name)
        with Pool(0) as pool:
            made = previews(place.params, place.name, pool, pictures=True, only=place.utterance)
        at = known.table["utterance"].astype(str).tolist().index(place.utterance)
        preview = made.of(place.utterance)
        facts = facts_of(known, at, preview, made.why.get(place.utterance, ""))
        if not place.corpus:
            _require_readable(wanted, facts)
        predictions, why = _predictions(params, place)
    facts |= {"corpus": place.corpus}
    return Shown(facts, preview, predictions, (*place.remarks, *why), shortening_of(known))


def _require_readable(recording: str, facts: Facts) -> None:
    statuses = [facts["statuses"][modality] for modality in ("audio", "video")]
    if all(status == "failed" for status, _ in statuses):
        raise UserError(
            f"{recording} cannot be shown, since neither its sound nor its picture can be read: {statuses[0][1]}"
        )


def _predictions(params: Params, place: Place) -> tuple[Mapping[str, Any] | None, tuple[str, ...]]:
    """Return one utterance's predictions or None; also return a remark if predictions exist but cannot be shown."""
    if not place.corpus or not CorpusPaths(place.corpus).predictions.exists():
        return None, ()
    corpus = params.corpus(place.corpus)
    try:
        with evaluated(params, place.corpus):
            scores = read_scores(place.corpus, corpus)
            predictions = read_predictions(CorpusPaths(place.corpus).predictions, corpus)
    except (UserError, Untrainable) as error:
        return None, (f"predictions are not shown: {error}",)
    known = known_of(params, place.corpus)
    return only(predictions_block(scores, predictions, known.table, corpus), place.utterance), ()


def only(block: Mapping[str, Any], utterance: str) -> dict[str, Any] | None:
    """Return a block of predictions reduced to one utterance; None if the utterance was not tested."""
    if utterance not in block["utterances"]:
        return None
    at, count = block["utterances"].index(utterance), len(block["classes"])
    rows = []
    for row in block["configurations"]:
        shares = row.get("shares")
        own = {"prediction": [row["prediction"][at]]}
        rows.append({**row, **own, **({"shares": shares[at * count : (at + 1) * count]} if shares else {})})
    one = {name: [block[name][at]] for name in ("utterances", "texts", "speakers", "truth")}
    return {**block, **one, "configurations": rows}


def detailed(block: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return, for each set of modalities, the first row with ``shares``, or else the first row; leave out baselines."""
    firsts: dict[tuple[str, ...], Mapping[str, Any]] = {}
    for row in block["configurations"]:
        key = tuple(row["modalities"])
        if row["kind"] != "baseline" and (key not in firsts or ("shares" in row and "shares" not in firsts[key])):
            firsts[key] = row
    return list(firsts.values())


def as_page(one: Shown) -> str:
    """Return the page of one utterance as HTML that needs no other files."""
    preview = one.preview or Preview()
    facts = one.shorten.facts(one.facts) | {
        "strip": data_uri(preview.strip, STRIP),
        "clip_src": data_uri(preview.clip, one.facts["clip"]["mime"]),
    }
    corpus = {
        "name": one.facts["corpus"],
        "clips": "inside",
        "part": PART,
        "best": "",
        "judge": "",
        "ids": [facts["id"]],
        "texts": [facts["text"]],
        "speakers": [facts["speaker"]],
        "groups": [facts["group"]],
        "labels": [facts["label"]],
        "statuses": {m: status[0] for m, (status, _) in facts["statuses"].items()},
    }
    blocks = {"corpus": corpus, "part-0": [facts]} | ({"predictions": one.predictions} if one.predictions else {})
    return render("glass.html", facts=facts, remarks=[one.shorten(remark) for remark in one.remarks], blocks=blocks)


def write_page(one: Shown, path: Path) -> None:
    """Write the page of one utterance."""
    write_text(path, as_page(one))


def write_picture(one: Shown, path: Path) -> None:
    """Write the picture of one utterance as PNG."""
    from pipeline.reporting.showing.picture import picture

    write_bytes(path, picture(one.facts, one.preview or Preview(), one.predictions))


def lines(one: Shown) -> Iterator[str]:
    """Yield the facts as lines of text for a terminal."""
    facts, sound, faces = one.facts, one.facts["sound"], one.facts["faces"]
    yield f"{one_line(facts['id'])}" + (f" of {facts['corpus']}" if facts["corpus"] else "")
    yield f"  text       {one_line(facts['text']) or 'no transcript'}"
    if facts["start"] is not None and facts["seconds"] is not None:
        end_s = facts["start"] + facts["seconds"]
        yield f"  span       {facts['start']:.2f} to {end_s:.2f} s of {one_line(facts['media']) or 'no recording'}"
    for name in ("speaker", "label"):
        if facts[name]:
            yield f"  {name:10} {one_line(facts[name])}"
    for modality, (status, note) in facts["statuses"].items():
        yield f"  {modality:10} {status}" + (f": {one_line(note)}" if note else "")
    if kept := sound.get("kept"):
        after_s = max(0.0, facts["seconds"] - kept[1])
        yield f"  trimmed    {kept[0]:.2f} s at the start, {after_s:.2f} s at the end; gain {sound['gain_db']:+.1f} dB"
    if scores := faces.get("scores"):
        seen = sum(score is not None for score in scores)
        yield f"  face       found in {seen} of {len(scores)} sampled frames"
    timed = sum(word[1] is not None for word in facts["words"])
    if facts["words"]:
        yield f"  words      {timed} of {len(facts['words'])} have times"
    if one.predictions:
        yield from _predicted(one.predictions)
    for modality, space in facts["neighbours"].items():
        near = ", ".join(f"{one_line(i)} ({similar:.2f})" for i, similar in space["near"])
        yield f"  nearest    by {modality} ({space['space']}, cosine): {near}" if near else ""


def _predicted(block: Mapping[str, Any]) -> Iterator[str]:
    classes = block["classes"]
    truth = block["truth"][0]
    yield f"  truth      {one_line(classes[truth]) if classes else truth}"
    for row in detailed(block):
        value = row["prediction"][0]
        shares = ", ".join(f"{one_line(c)} {s} %" for c, s in zip(classes, row.get("shares", ()), strict=False))
        yield f"  {row['name']}: {one_line(classes[value]) if classes else value}" + (f" ({shares})" if shares else "")
