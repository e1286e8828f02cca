"""The page: a corpus's plots, table and confusion matrices as one self-contained HTML file."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from models.configuration import Configuration
from models.evaluation.intervals import Interval
from pipeline.evaluation.formatting import lower_is_better
from pipeline.evaluation.groups import blocks, heading, how_resampled, read_by_group
from pipeline.evaluation.results import by_configuration, encoders_of, leading_of_predictions, notices_of, speakers_of
from pipeline.evaluation.scoring import Scores
from pipeline.reporting.tables import Table
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.paths import CorpusPaths
from pipeline.tables.bound import is_there, require_written
from pipeline.training.current import page_mark

_TEMPLATES = Path(__file__).parent / "templates"
_DRAWINGS = ("forest", "robustness", "attention", "reliability")


@dataclass(frozen=True)
class Confusion:
    """A confusion matrix: ``counts[i][j]`` utterances of class `i` were predicted to be of class `j`."""

    title: str
    configuration: Configuration
    classes: Sequence[str]
    counts: Sequence[Sequence[int]]


@dataclass(frozen=True)
class Groups:
    """The leading metric by group: a title, a table, and sentences on it."""

    title: str
    table: Table
    sentences: Sequence[str]


def page_of(name: str, scores: Scores, predictions: pd.DataFrame, corpus: CorpusParams, key: str) -> str:
    """Return the page as HTML; names, labels and notes are escaped, so they are shown as text.

    Parameters
    ----------
    name, corpus
        The corpus and its settings.
    scores
        The scores in table.csv.
    predictions
        The rows of predictions.csv.
    key
        The key of everything that the page is made from.
    """
    return render(
        "report.html",
        name=name,
        mark=Markup(page_mark(key)),
        note=corpus.note,
        protocol=corpus.protocol.kind,
        notices=[*([note] if (note := speakers_of(name, corpus)) else []), *notices_of(name)],
        encoders=encoders_of(name),
        leading=scores.leading.name,
        ablated=leading_of_predictions(corpus).name,
        drawings=_drawings(CorpusPaths(name).results / "images"),
        metrics=scores.metrics,
        rows=scores.rows,
        groups=_groups(name, scores, corpus),
        lower_is_better=lower_is_better(scores.metrics),
        value=_value,
        confusions=list(_confusions(scores, predictions)) if corpus.task == "classification" else [],
    )


def render(file: str, **values: Any) -> str:
    """Return a template of the page filled in; all text is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    templates = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return str(templates.get_template(file).render(**values))


def _groups(name: str, scores: Scores, corpus: CorpusParams) -> Groups | None:
    """Return the figures by group that `evaluate` wrote; None without groups."""
    found = blocks(read_by_group(name), scores, "", "by_group.csv")
    tables = [block for block in found if isinstance(block, Table)]
    sentences = [block for block in found if isinstance(block, str)]
    if not tables:
        return None
    return Groups(heading(scores, tables[0].header[0]), tables[0], [*sentences, how_resampled(corpus)])


def _drawings(folder: Path) -> dict[str, Markup]:
    """Return the drawings that `evaluate` wrote as SVG, empty if it had nothing to draw."""
    found = {}
    for name in _DRAWINGS:
        path = folder / f"{name}.svg"
        if name == "forest" or is_there(path):
            require_written(path)
            found[name] = Markup(path.read_text(encoding="utf-8"))
    return {name: found.get(name, Markup()) for name in _DRAWINGS}


def _value(found: Interval) -> Markup | str:
    """Return a cell: the value and, smaller, its interval."""
    if not math.isfinite(found.value):
        return "undefined"
    there = math.isfinite(found.low)
    interval = f"[{found.low:.3f}, {found.high:.3f}]" if there else "[no interval: one group]"
    return Markup("{:.3f} <small>{}</small>").format(found.value, interval)


def _confusions(scores: Scores, predictions: pd.DataFrame) -> Iterator[Confusion]:
    """Yield the confusion matrices of the best single modality and of the best fusion."""
    parts = by_configuration(predictions)
    first = scores.top.capitalize()
    for title, best in ((f"{first} single modality", scores.best_unimodal), (f"{first} fusion", scores.best_fusion)):
        if best is None:
            continue
        own = parts[best.configuration]
        counts = pd.crosstab(own["truth"], own["prediction"])
        classes = sorted(set(counts.index) | set(counts.columns))
        counts = counts.reindex(index=classes, columns=classes, fill_value=0)
        yield Confusion(title, best.configuration, classes, counts.to_numpy().tolist())
