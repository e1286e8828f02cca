"""Lists of extractors, of corpora that can be read, and of the cache keys in use."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from textwrap import wrap
from typing import Any

import yaml

from features.base import Extractor
from features.errors import ExtractorError, names_setting
from features.store import open_store
from pipeline.corpora.registry import description, reader_names
from pipeline.corpora.sources import MADE_WORDS
from pipeline.errors import UserError, counted
from pipeline.inspection.speed import measured, speed_key
from pipeline.settings.params import Params
from pipeline.settings.unions import UNION
from pipeline.tables.bound import TABLES, of_this_version, read_record
from pipeline.training.trained import record_in

_LINE = "{:16} {:8} {:>6} {:>7} {:>5} {:8} {:18} {}"

# Built-in readers for corpora that are not published: their line in the list, and what they read and where to find it.
_OWN = {
    "manifest": ("your own folder with a manifest.csv", "your own folders: README.md describes their manifest.csv"),
    UNION: (
        "several corpora of the settings file as one",
        "other corpora of the settings file: docs/corpora/union.md describes it",
    ),
}


def extractors(params: Params) -> Iterator[str]:
    """Yield a table of all instances of extractors: two lines each, the second with the settings.

    Raises
    ------
    UserError
        After the last line, if some cannot work with their settings; their lines say why.
    """
    yield _LINE.format("instance", "modality", "pooled", "per row", "ms", "weights", "licence", "runs")
    failed = 0
    for name in params.features:
        runs = "yes" if name in params.extract else "no"
        try:
            with names_setting(name):
                yield from _instance(name, params.extractor(name), runs)
        except ExtractorError as error:
            failed += 1
            yield str(error)
    speed = measured()
    yield "pooled: numbers per utterance; per row: numbers per frame, word or window."
    yield f"ms: processor time for a clip of {speed.clip_s:g} s on one core of {speed.machine}; -: not measured."
    if failed:
        raise UserError(f"{counted(failed, 'extractor')} cannot be used: see the lines above")


def _instance(name: str, extractor: Extractor[Any], runs: str) -> Iterator[str]:
    config = asdict(extractor.config)
    ms = measured().ms.get(speed_key(extractor.name, config))
    weights = "named" if extractor.is_named else "packaged" if extractor.weights() else "none"
    widths = len(extractor.pooled_names), len(extractor.feature_names)
    time = "-" if ms is None else f"{ms:.0f}" if ms >= 10 else f"{ms:.1f}"
    yield _LINE.format(name, extractor.modality, *widths, time, weights, extractor.licence, runs)
    settings = [f"{key}={value}" for key, value in config.items()]
    other = [f"extractor={extractor.name}"] if extractor.name != name else []
    yield from wrap(", ".join(other + settings), 92, initial_indent=" " * 4, subsequent_indent=" " * 4)


def used_keys() -> set[str]:
    """Return every cache key that a store or table under data/work, or a table under results, was made from.

    Raises
    ------
    StoreError
        If a store cannot be read: the keys that it uses are then unknown.
    UserError
        If a tables.json or a train.json is damaged.
    """
    keys: set[str] = set()
    for path in Path("data/work").glob("*/*/*.h5"):
        with open_store(path) as store:
            keys.update(store.keys)
    for path in Path("data/work").glob(f"*/{TABLES}"):
        if of_this_version(path):
            keys.update(read_record(path).get(MADE_WORDS, {}).get("keys", []))
    for path in Path("results").rglob("train.json"):
        if of_this_version(path):  # a fit of another version is never used again, since its key depends on the code
            keys.update(record_in(path).fits)
    return keys


def readers() -> Iterator[str]:
    """Yield one line per reader of corpora: its name and the title of the corpus."""
    for name in reader_names():
        published = description(name)
        own, _ = _OWN.get(name, ("a reader without a description", ""))
        yield f"{name:15} {published.title if published else own}"
    yield f"{UNION:15} {_OWN[UNION][0]}"


def described(name: str) -> Iterator[str]:
    """Yield the lines that describe a published corpus.

    Raises
    ------
    UserError
        If the reader is unknown, or does not read a published corpus.
    """
    if name in _OWN:
        raise UserError(f"{name} reads {_OWN[name][1]}")
    published = description(name)
    if published is None:
        raise UserError(f"the reader {name!r} has no description to show")
    yield published.title
    parts = {"Cite": published.citation, "Licence": published.licence, "How to obtain": published.obtain}
    yield from (f"{title}: {text}" for title, text in parts.items())
    yield f"Protocol: {published.protocol}"
    yield from _listing("Folder", published.folders)
    yield from _listing("Labels", published.labels)
    yield from _listing("Counts", {what: str(count) for what, count in published.counts.items()})
    yield "Settings (crossmodal add-corpus writes them):"
    block = {"corpora": {name: {"reader": name, "root": f"data/raw/{name}", **published.block}}}
    yield from ("  " + line for line in yaml.safe_dump(block, sort_keys=False, default_flow_style=None).splitlines())
    yield "Known faults:"
    yield from (f"  {fault.what} ({fault.source})" for fault in published.faults)


def _listing(title: str, entries: Mapping[str, str]) -> Iterator[str]:
    yield f"{title}:"
    width = max((len(name) for name in entries), default=0)
    yield from (f"  {name:{width}}  {text}" for name, text in entries.items())
