"""Lists of extractors and corpus readers, and the description of a published corpus."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from textwrap import wrap
from typing import Any

import yaml

from features.base import Extractor
from features.errors import ExtractorError, names_setting
from pipeline.corpora.base import Description
from pipeline.corpora.registry import description, reader_names
from pipeline.errors import UserError
from pipeline.inspection.speed import measured, speed_key
from pipeline.settings.params import Params
from pipeline.settings.unions import UNION

WIDTH = 80  # the number of columns that a terminal has at least
_LINE = "{:16} {:8} {:>6} {:>7} {:>5} {:8} {:18} {}"

# Readers of corpora that are not published: their line in the list, and what they read and where it is described.
_OWN = {
    "manifest": ("your own folder with a manifest.csv", "your own folders: README.md describes their manifest.csv"),
    UNION: (
        "several corpora of the settings file as one",
        "other corpora of the settings file: docs/corpora/union.md describes it",
    ),
}


@dataclass(frozen=True)
class Instance:
    """An instance of an extractor in the settings.

    Attributes
    ----------
    instance, extractor, modality
        The name of the instance, the name of its extractor, and the modality that the extractor reads.
    pooled, per_row
        The number of values per utterance, and the number per frame, word or window.
    ms
        The measured processor time per clip in ms; None if it was not measured with these settings.
    weights
        ``none``, ``packaged``, or ``named`` if the settings name them.
    licence
        What the weights may be used for.
    runs
        Whether `features.extract` lists the instance.
    settings
        All settings, including defaults.
    fault
        Why the instance cannot be used; empty if it can. If there is a fault, only `instance` and `runs` are known,
        and all other attributes keep their defaults.
    """

    instance: str
    runs: bool
    extractor: str = ""
    modality: str = ""
    pooled: int = 0
    per_row: int = 0
    ms: float | None = None
    weights: str = ""
    licence: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    fault: str = ""


def extractors(params: Params) -> list[Instance]:
    """Return all instances of extractors; those that cannot work with their settings have a `fault`."""
    found = []
    for name in params.features:
        runs = name in params.extract
        try:
            with names_setting(name):
                found.append(_instance(name, params.extractor(name), runs=runs))
        except ExtractorError as error:
            found.append(Instance(name, runs, fault=str(error)))
    return found


def _instance(name: str, extractor: Extractor[Any], *, runs: bool) -> Instance:
    config = asdict(extractor.config)
    return Instance(
        instance=name,
        runs=runs,
        extractor=extractor.name,
        modality=extractor.modality,
        pooled=len(extractor.pooled_names),
        per_row=len(extractor.feature_names),
        ms=measured().ms.get(speed_key(extractor.name, config)),
        weights="named" if extractor.is_named else "packaged" if extractor.weights() else "none",
        licence=extractor.licence,
        settings=config,
    )


def table_of(instances: Sequence[Instance]) -> Iterator[str]:
    """Yield the lines of a table: each instance with its settings, or what is wrong with it; notes come last."""
    yield _LINE.format("instance", "modality", "pooled", "per row", "ms", "weights", "licence", "runs")
    for one in instances:
        yield from _sentence(one.fault) if one.fault else _lines(one)
    speed = measured()
    yield "pooled: values per utterance; per row: values per frame, word or window."
    yield from wrap(
        f"ms: processor time for a clip of {speed.clip_s:g} s on one core of {speed.machine}; -: not measured.", WIDTH
    )


def _sentence(text: str) -> list[str]:
    return wrap(text, WIDTH, subsequent_indent=" " * 4, break_long_words=False, break_on_hyphens=False)


def _lines(one: Instance) -> Iterator[str]:
    time = "-" if one.ms is None else f"{one.ms:.0f}" if one.ms >= 10 else f"{one.ms:.1f}"
    widths, runs = (one.pooled, one.per_row), "yes" if one.runs else "no"
    yield _LINE.format(one.instance, one.modality, *widths, time, one.weights, one.licence, runs)
    settings = [f"{key}={value}" for key, value in one.settings.items()]
    other = [f"extractor={one.extractor}"] if one.extractor != one.instance else []
    yield from wrap(", ".join(other + settings), WIDTH, initial_indent=" " * 4, subsequent_indent=" " * 4)


@dataclass(frozen=True)
class Reader:
    """A corpus reader: its name, what it reads, and whether it reads a published corpus."""

    name: str
    title: str
    published: bool = False

    def __str__(self) -> str:
        """Return the line about this reader in the list of readers."""
        return f"{self.name:15} {self.title}"


def readers() -> Iterator[Reader]:
    """Yield every corpus reader."""
    for name in reader_names():
        published = description(name)
        own, _ = _OWN.get(name, ("a reader without a description", ""))
        yield Reader(name, published.title, published=True) if published else Reader(name, own)
    yield Reader(UNION, _OWN[UNION][0])


def described(name: str) -> Description:
    """Return the description of a published corpus.

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
    return published


def block_of(name: str, published: Description) -> dict[str, Any]:
    """Return the settings of a published corpus, as `crossmodal add-corpus` writes them."""
    return {"corpora": {name: {"reader": name, "root": f"data/raw/{name}", **published.block}}}


def lines_of(name: str, published: Description) -> Iterator[str]:
    """Yield the lines that describe a published corpus."""
    yield published.title
    parts = {"Cite": published.citation, "Licence": published.licence, "How to obtain": published.obtain}
    yield from (f"{title}: {text}" for title, text in parts.items())
    yield f"Protocol: {published.protocol}"
    yield from _listing("Folder", published.folders)
    yield from _listing("Labels", published.labels)
    yield from _listing("Counts", {what: str(count) for what, count in published.counts.items()})
    yield "Settings (crossmodal add-corpus writes them):"
    block = yaml.safe_dump(block_of(name, published), sort_keys=False, default_flow_style=None)
    yield from ("  " + line for line in block.splitlines())
    yield "Known faults:"
    yield from (f"  {fault.what} ({fault.source})" for fault in published.faults)


def _listing(title: str, entries: Mapping[str, str]) -> Iterator[str]:
    yield f"{title}:"
    width = max((len(name) for name in entries), default=0)
    yield from (f"  {name:{width}}  {text}" for name, text in entries.items())
