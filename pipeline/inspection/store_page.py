"""Show the facts about a store as paragraphs and tables."""

from collections.abc import Iterator, Sequence
from typing import Any

from pipeline.errors import counted
from pipeline.inspection.store_facts import Incomplete, Range, StoreFacts
from pipeline.reporting.tables import Block, Table, literal, plain

MOST = 40  # at most this many features, and reasons, are printed without --all
NAMED = 3  # at most this many utterances are named for each reason


def page_of_store(facts: StoreFacts, *, every: bool = False) -> Iterator[Block]:
    """Yield paragraphs and tables: what the store is, what is missing and why, and the ranges of features.

    Parameters
    ----------
    facts
        The facts about the store.
    every
        Whether to list all features, and all utterances that are not ok or have a note.
    """
    yield f"# {literal(facts.file)}"
    yield plain(_origin(facts))
    yield plain(_counts(facts))
    if facts.incomplete:
        yield _reasons(facts.incomplete, every)
    if facts.remarks:
        yield f"{counted(len(facts.remarks), 'utterance')} with a note, but usable:"
        yield _reasons(facts.remarks, every)
    if facts.features and facts.statuses["ok"]:
        yield plain(_about_features(facts, every))
        yield _ranges(facts.features if every else facts.features[:MOST])
    columns = ", ".join(f"{name} {what}" for name, what in facts.columns.items() if not name.startswith("digests/"))
    yield plain(f"Columns: {columns}")


def _origin(facts: StoreFacts) -> str:
    version = f", version {facts.version}" if facts.version is not None else ""
    kind = {"stream": "the stream", "features": "features", "imported": "imported features"}.get(facts.kind, "data")
    modality = f" of {facts.modality}" if facts.modality else ""
    parts = {"Settings": facts.config, "Libraries": facts.libraries, "Weights": facts.weights}
    listed = [f"{title}: {_pairs(own)}" for title, own in parts.items() if own]
    device = [f"Computed on: {facts.device}"] if facts.device else []
    return ". ".join([f"{facts.name}: {kind}{modality}{version}", *listed, *device]) + "."


def _pairs(own: Any) -> str:
    return ", ".join(f"{key} {value}" for key, value in own.items()) if isinstance(own, dict) else str(own)


def _counts(facts: StoreFacts) -> str:
    shown = ", ".join(f"{n} {status}" for status, n in facts.statuses.items() if n)
    rows = facts.rows
    if rows.min is None:
        lengths = ""
    elif rows.min == rows.max:
        lengths = f"; {counted(int(rows.min), 'row')} each"
    else:
        lengths = f"; {rows.min:g} to {rows.max:g} rows each, {rows.median:g} at the median"
    return f"{counted(facts.utterances, 'utterance')} ({shown or 'none'}){lengths}."


def _reasons(found: Sequence[Incomplete], every: bool) -> Table:
    """Return a table with one line per status and reason: how many utterances have them, and which.

    Without `every`, only the `MOST` most frequent reasons have lines, and each line names at most `NAMED` utterances.
    """
    alike: dict[tuple[str, str], list[str]] = {}
    for one in found:
        alike.setdefault((one.status, one.note), []).append(one.utterance)
    ranked = sorted(alike.items(), key=lambda entry: -len(entry[1]))
    lines = [[status, str(len(own)), _named(own, every), note] for (status, note), own in ranked]
    if not every and len(lines) > MOST:
        rest = sum(len(own) for _, own in ranked[MOST:])
        lines = [*lines[:MOST], ["...", str(rest), "--all lists them", ""]]
    return Table(["status", "number", "utterances", "why"], lines)


def _named(own: Sequence[str], every: bool) -> str:
    shown = own if every else own[:NAMED]
    return ", ".join(shown) + (f" and {len(own) - len(shown)} more" if len(own) > len(shown) else "")


def _about_features(facts: StoreFacts, every: bool) -> str:
    """Return sentences about all features: their number, and which are undefined or the same everywhere.

    Without `every`, at most `NAMED` names are listed for each of the two.
    """
    undefined = [one.name for one in facts.features if one.min is None]
    constant = [one.name for one in facts.features if one.min is not None and one.min == one.max]
    what = "Columns of one number" if facts.kind == "stream" else counted(len(facts.features), "feature")
    left = len(facts.features) - MOST
    notes = [f"{what} per {facts.features_per}, over the utterances that are ok"]
    notes += [f"Undefined everywhere: {_named(undefined, every)}"] if undefined else []
    notes += [f"The same everywhere: {_named(constant, every)}"] if constant and facts.statuses["ok"] > 1 else []
    notes += [f"The table has the first {MOST}; --all prints the other {left}"] if left > 0 and not every else []
    return ". ".join(notes) + ":"


def _ranges(features: Sequence[Range]) -> Table:
    lines = [[one.name, *map(_number, (one.min, one.median, one.max)), str(one.undefined)] for one in features]
    return Table(["feature", "min", "median", "max", "undefined"], lines)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
