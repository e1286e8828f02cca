"""Unions of corpora in the same settings file: which corpora they join, and whether these can be joined."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from common.names import suggest
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.validation import Fault

UNION = "union"  # name of the reader


@dataclass(frozen=True)
class UnionParams(CorpusParams):
    """A corpus that is the union of others.

    Attributes
    ----------
    parts
        Settings of each corpus in `of`, keyed by its name.
    """

    parts: Mapping[str, CorpusParams] = field(default_factory=dict)


def filled_in(blocks: Mapping[str, Any]) -> dict[str, Any]:
    """Return the blocks of a settings file, with default values for settings that a corpus leaves out.

    The default root of a union is ``data/raw/NAME``. The default label is ``""``, which means that there are no
    labels. The task then has no effect, so it may be missing, too.
    """
    corpora = blocks.get("corpora")
    if not isinstance(corpora, dict):
        return dict(blocks)
    return {**blocks, "corpora": {name: _filled_in(name, block) for name, block in corpora.items()}}


def _filled_in(name: str, block: Any) -> Any:
    if not isinstance(block, dict):
        return block
    root = {"root": f"data/raw/{name}"} if block.get("reader") == UNION else {}
    label = {"label": block.get("label") if block.get("label") is not None else ""}
    task = {} if label["label"] else {"task": "classification"}
    return {**root, **task, **block, **label}


def with_parts(corpora: Mapping[str, CorpusParams]) -> dict[str, CorpusParams]:
    """Return the corpora, and give each union the settings of its parts; `union_faults` must have found no fault."""
    return {name: _with_parts(corpus, corpora) for name, corpus in corpora.items()}


def _with_parts(corpus: CorpusParams, corpora: Mapping[str, CorpusParams]) -> CorpusParams:
    if corpus.reader != UNION:
        return corpus
    return UnionParams(**vars(corpus), parts={part: _with_parts(corpora[part], corpora) for part in corpus.of})


def union_faults(corpora: Mapping[str, CorpusParams]) -> Iterator[Fault]:
    """Yield each fault of a union, such as a part that is unknown, contains the union, or has a different label."""
    for name, corpus in corpora.items():
        place = ("corpora", name)
        if corpus.reader != UNION:
            for key, value in (("of", corpus.of), ("labels", corpus.labels)):
                if value:
                    yield (*place, key), f"is set, but only a union has it: write reader: {UNION}, or remove {key}"
            continue
        for key, own in (("transcribe", corpus.transcribe), ("align", corpus.align)):
            if own is not None:
                yield (*place, key), "is set, but the words of a union come from its parts: set it in their blocks"
        if not corpus.of:
            yield (*place, "of"), "is missing: list the corpora that the union is made of, as in of: [ravdess, emodb]"
        if corpus.labels and corpus.task == "regression":
            yield (*place, "labels"), "is set, but scores have no names that could be changed: remove labels"
        elif corpus.labels and not corpus.label:
            yield (*place, "labels"), "is set, but the union has no label whose names could be changed: remove labels"
        for at, part in enumerate(corpus.of):
            if fault := _fault_of_part(name, part, corpora):
                yield (*place, "of", at), fault


def _fault_of_part(name: str, part: str, corpora: Mapping[str, CorpusParams]) -> str:
    """Return why a corpus cannot be a part of a union, or ``""`` if it can."""
    if part == name:
        return f"is {part!r}: a corpus cannot be a part of itself"
    if part not in corpora:
        others = [other for other in corpora if other != name]
        return f"is {part!r:.200}, which is not among the corpora of this file; {suggest(part, others)}"
    if name in _below(part, corpora):
        return f"is {part!r}, which itself contains {name}: remove one from the other"
    own, theirs = corpora[name], corpora[part]
    if theirs.task != own.task:
        return f"is {part!r}, whose task is {theirs.task}, not {own.task}: only corpora of the same task can be joined"
    if theirs.label != own.label:
        return (
            f"is {part!r}, whose label is the column {theirs.label!r}, not {own.label!r}: set the same label in both "
            "blocks, and in a manifest.csv rename the column"
        )
    return ""


def _below(name: str, corpora: Mapping[str, CorpusParams]) -> set[str]:
    """Return all corpora that a union is made of, directly or through other unions."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        corpus = corpora.get(waiting.pop())
        parts = {*corpus.of} if corpus is not None and corpus.reader == UNION else set()
        waiting += sorted(parts - found)
        found |= parts
    return found
