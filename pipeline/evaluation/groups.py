"""The leading metric for each group: each speaker, or each value of any column of the utterance table."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from common.names import suggest
from models.configuration import Configuration
from models.evaluation.intervals import Interval, group_bootstrap, resample
from models.evaluation.metrics import Metric
from models.validation.protocol import PROTOCOLS
from pipeline.corpora.utterances import COLUMNS as UTTERANCE_COLUMNS
from pipeline.corpora.utterances import read_table
from pipeline.errors import UserError, counted
from pipeline.evaluation.formatting import number, with_interval
from pipeline.evaluation.results import NAMES, by_configuration, truth_and_outputs
from pipeline.evaluation.scoring import Scores
from pipeline.reporting.tables import Block, Table
from pipeline.settings.blocks import CorpusParams, EvaluateParams
from pipeline.settings.paths import CorpusPaths

FEW = 10  # a group with fewer utterances has no interval and is never called the worst
LEAST = 3  # the least number of protocol groups to resample; two say too little about others
NAMED = 5  # the largest number of small groups that a sentence names
SHOWN = 40  # the largest number of groups in a printed table; the file has all
EMPTY = "(empty)"  # the group of the utterances whose cell is empty
COLUMNS = [*NAMES, "column", "group", "n", "metric", "value", "low", "high", "resampled"]


@dataclass(frozen=True, eq=False)
class Grouping:
    """Utterances grouped by a column of their table.

    Attributes
    ----------
    column
        The name of the column.
    of
        The group of each utterance, indexed by utterance.
    order
        The groups in the order in which they are listed.
    note
        A sentence that explains the groups if they are not the values of the column.
    """

    column: str
    of: pd.Series
    order: Sequence[str]
    note: str = ""


@dataclass(frozen=True)
class Resampling:
    """How groups are resampled.

    Attributes
    ----------
    groups
        The protocol's group of each utterance, indexed by utterance.
    unit
        What such a group is, for example ``speaker``.
    settings
        The number of resamples and their seed.
    """

    groups: pd.Series
    unit: str
    settings: EvaluateParams


def by_protocol(groups: pd.Series, corpus: CorpusParams) -> Grouping:
    """Return the grouping by the protocol's own groups; it lists no group if each utterance is a group of its own."""
    order = sorted(set(groups)) if groups.duplicated().any() else []
    return Grouping(corpus.protocol.group, groups, order)


def of_protocol(table: pd.DataFrame, groups: pd.Series, corpus: CorpusParams) -> Grouping:
    """Return the grouping by the column that the kind of protocol prescribes; without one, by the protocol's groups.

    For example, a protocol that divides by corpus prescribes the column ``corpus``.
    """
    column = PROTOCOLS[corpus.protocol.kind].column
    if not column:
        return by_protocol(groups, corpus)
    cells = table.set_index("utterance")[column].loc[list(groups.index)]
    return Grouping(column, cells, sorted(set(cells)))


def unit_of(table: pd.DataFrame, groups: pd.Series, corpus: CorpusParams) -> str:
    """Return what a group of the protocol is called: the name of its column, for example ``speaker``.

    If there is no such column, or it is empty for any predicted utterance, a group is called ``group``.

    Parameters
    ----------
    table
        The utterances.
    groups
        The group of each predicted utterance, indexed by utterance.
    corpus
        The settings of the corpus.
    """
    column = corpus.protocol.group
    own = table.set_index("utterance").get(column)
    named = own is not None and bool((own.loc[list(groups.index)].fillna("").astype(str) != "").all())
    return column if named else "group"


def by_column(table: pd.DataFrame, column: str, utterances: Sequence[str], corpus: CorpusParams) -> Grouping:
    """Return the predicted utterances grouped by a column; utterances with an empty cell form a group of their own.

    A column of numbers with fewer than `FEW` utterances per value on average is divided at its quartiles, unless the
    numbers only identify something, as in ``speaker`` or the protocol's group.

    Raises
    ------
    UserError
        If there is no such column, if all its cells are empty, or if every utterance has a different value and the
        column is not divided at its quartiles.
    """
    if column not in table.columns:
        raise UserError(f"--by {column}: the utterances have no column {column!r}; {suggest(column, table.columns)}")
    cells = table.set_index("utterance", drop=False)[column].loc[list(utterances)].map(_as_text)
    if (cells == "").all():
        raise UserError(f"--by {column}: the column is empty for every predicted utterance: choose a different one")
    numbers = pd.to_numeric(cells.replace("", None), errors="coerce")
    numeric = bool((numbers.notna() == (cells != "")).all())
    named = UTTERANCE_COLUMNS.get(column, "number") != "number" or column == corpus.protocol.group
    if numeric and not named and numbers.count() < FEW * numbers.nunique():
        return _quarters(numbers, column)
    if cells.nunique() == len(cells):
        raise UserError(f"--by {column}: every utterance has a different {column}: choose a column that makes groups")
    keys = numbers.where(numbers.notna(), math.inf) if numeric else numbers.mul(0).fillna(0)
    values = dict(zip(cells, keys, strict=True))
    order = sorted(values, key=lambda value: (value == "", values[value], value))
    return Grouping(column, cells.replace("", EMPTY), [value or EMPTY for value in order])


def _as_text(cell: object) -> str:
    """Return a cell as text; a missing number becomes the empty text."""
    if isinstance(cell, float):
        return "" if math.isnan(cell) else f"{cell:.12g}"
    return str(cell)


def _quarters(numbers: pd.Series, column: str) -> Grouping:
    quarter = pd.qcut(numbers, 4, labels=False, duplicates="drop")
    spans = numbers.groupby(quarter).agg(["min", "max"])
    names = {place: f"{low:g} to {high:g}" if high > low else f"{low:g}" for place, low, high in spans.itertuples()}
    order = [*dict.fromkeys(names.values()), *([EMPTY] if numbers.isna().any() else [])]
    note = f"{column} has {numbers.nunique()} different numbers: the utterances are divided at its quartiles."
    return Grouping(column, quarter.map(names).fillna(EMPTY), order, note)


def best_of_each_kind(scores: Scores) -> list[Configuration]:
    """Return the best fusion, the best single modality and the best baseline, leaving out kinds without a row."""
    baseline = scores.best(row for row in scores.rows if row.is_baseline)
    return [row.configuration for row in (scores.best_fusion, scores.best_unimodal, baseline) if row]


def by_group(
    parts: Mapping[Configuration, pd.DataFrame], grouping: Grouping, metric: Metric, resampling: Resampling
) -> pd.DataFrame:
    """Return the metric of each configuration in each group.

    If a group contains at least `LEAST` of the protocol's groups, its interval comes from resampling these. If it
    contains only one of them, its interval comes from resampling its utterances. A group has no interval if it contains
    two of the protocol's groups, if it has fewer than `FEW` utterances, if all its resamples have the same value, or if
    the metric is defined in none of them.

    Parameters
    ----------
    parts
        The predictions of the configurations.
    grouping
        The groups of the utterances.
    metric
        The metric.
    resampling
        The groups of the protocol.

    Returns
    -------
    DataFrame
        With the columns `COLUMNS`; ``resampled`` says what was resampled, and is empty if there is no interval.
    """
    lines = []
    for one, part in parts.items():
        member = grouping.of[list(part["utterance"])].to_numpy()
        for group in grouping.order:
            own = part[member == group]
            if len(own):
                found, resampled = _in_group(own, metric, resampling)
                values = (found.value, found.low, found.high, resampled)
                lines.append((*one.names, grouping.column, group, len(own), metric.name, *values))
    return pd.DataFrame(lines, columns=COLUMNS)


def _in_group(own: pd.DataFrame, metric: Metric, resampling: Resampling) -> tuple[Interval, str]:
    """Return the metric of some utterances with its interval, and what was resampled, such as ``speaker``.

    If there is no interval, its ends are NaN and the second value is ``""``.
    """
    truth, outputs = truth_and_outputs(metric, own)
    units: NDArray[np.object_] = resampling.groups[list(own["utterance"])].to_numpy()
    several = len(set(units)) > 1
    if len(own) < FEW or (several and len(set(units)) < LEAST):
        return Interval(metric(truth, outputs), math.nan, math.nan), ""
    settings = resampling.settings
    drawn = resample(units if several else np.arange(len(own)), draws=settings.resamples, seed=settings.seed)
    found = group_bootstrap(metric, truth, outputs, drawn)
    if not found.low < found.high:  # utterances that all score alike, or not at all, say nothing about others
        return replace(found, low=math.nan, high=math.nan), ""
    return found, resampling.unit if several else "utterance"


def read_by_group(name: str) -> pd.DataFrame:
    """Read by_group.csv as `evaluate` wrote it; raises `UserError` if it is missing or damaged."""
    path = CorpusPaths(name).results / "by_group.csv"
    if not path.exists():
        raise UserError(f"{path} does not exist: run `crossmodal evaluate --corpus {name}` first")
    types = dict.fromkeys(COLUMNS, str) | {"n": int} | dict.fromkeys(("value", "low", "high"), float)
    return read_table(path, dtype=types, na_values={name: [""] for name, kind in types.items() if kind is float})


def below_table(table: pd.DataFrame, scores: Scores, corpus: CorpusParams) -> str:
    """Return the sentence about groups that follows the corpus's table; empty if no row is called best.

    If the protocol divides by corpus, the sentence gives the score of the best row in each corpus. Otherwise it is
    the sentence that `worst` returns.
    """
    best, leading = scores.best_row, scores.leading
    if scores.unranked:
        return ""
    if best is None or not PROTOCOLS[corpus.protocol.kind].column:
        return worst(table, scores)
    found = by_configuration(table).get(best.configuration, table.head(0))
    cells = [f"{line['group']} {_cell(line, leading)} on {line['n']} utterances" for _, line in found.iterrows()]
    return f"{leading.name} of the best row, {best.configuration}, in each corpus: {', '.join(cells)}." if cells else ""


def worst(table: pd.DataFrame, scores: Scores) -> str:
    """Return a sentence about the group in which the best row of the corpus's table is worst.

    The sentence is empty if fewer than two groups have at least `FEW` utterances, or if no row is called best.
    """
    best, leading = scores.best_row, scores.leading
    found = by_configuration(table).get(best.configuration) if best else None
    if best is None or found is None or scores.unranked:
        return ""
    ranked = found[(found["n"] >= FEW) & np.isfinite(found["value"])]
    if len(ranked) < 2:
        return ""
    line = ranked.loc[(leading.sign * ranked["value"]).idxmin()]
    return (
        f"The best row, {best.configuration}, is worst for {line['column']} {line['group']}: {leading.name} "
        f"{_cell(line, leading)} on {line['n']} utterances, against {number(leading, best.values[leading.name].value)} "
        f"on all. Even by chance, one of {len(ranked)} groups is the worst."
    )


def blocks(table: pd.DataFrame, scores: Scores, note: str, file: str) -> list[Block]:
    """Return the table for one column, with one line per group, and sentences about it; empty if there are no groups.

    Parameters
    ----------
    table
        The table that `by_group` returned.
    scores
        The scores of the corpus.
    note
        The note of the `Grouping`.
    file
        The file that has all groups.
    """
    if table.empty:
        return []
    sizes = table.drop_duplicates("group").set_index("group")["n"]
    small = sizes[sizes < FEW]
    listed = list(sizes.index if len(small) == len(sizes) else sizes[sizes >= FEW].index)
    parts, leading = by_configuration(table), scores.leading
    lines = []
    for group in listed[:SHOWN]:
        cells = (_cell(part[part["group"] == group].iloc[0], leading) for part in parts.values())
        lines.append([group, str(sizes[group]), *cells])
    shown = Table([table["column"].iloc[0], "n", *(one.display for one in parts)], lines)
    sentences = [note, worst(table, scores)]
    if len(listed) > SHOWN:
        more = len(listed) - SHOWN
        sentences.append(f"{counted(more, 'more group')} {'is' if more == 1 else 'are'} in {file}.")
    if len(small):
        rest = [f"{len(small) - NAMED} more"] if len(small) > NAMED else []
        those = f"{len(small)} of the groups ({', '.join([*small.index[:NAMED], *rest])})"
        those = "All groups" if len(small) == len(sizes) else those
        verbs = ("has", "it has", "is") if len(small) == 1 < len(sizes) else ("have", "they have", "are")
        sentences.append(
            "{} {} fewer than {} utterances, so {} no interval and {} not called the worst.".format(
                those, verbs[0], FEW, *verbs[1:]
            )
        )
    return [shown, *(["\n".join(filter(None, sentences))] if any(sentences) else [])]


def heading(scores: Scores, column: str) -> str:
    """Return the heading of a table by group, for example ``accuracy, percent, by speaker``."""
    return f"{scores.leading.name}{', percent,' if scores.leading.share else ''} by {column}"


def how_resampled(table: pd.DataFrame, corpus: CorpusParams) -> str:
    """Return sentences that say how the intervals of a table were computed, and why some lines have none.

    Parameters
    ----------
    table
        The table that `by_group` returned, or several of them joined.
    corpus
        The settings of the corpus.
    """
    unit = corpus.protocol.group
    drawn = set(table["resampled"]) - {""}
    if drawn == {"utterance"}:
        how = f"95 % intervals resample the utterances of each {unit}."
    else:
        how = f"95 % intervals resample the groups ({unit}) of a line, or its utterances if it has only one group."
    bare = table[(table["n"] >= FEW) & ~np.isfinite(table["low"]) & np.isfinite(table["value"])]
    two = "it has two groups, which say too little about others, or if " if drawn != {"utterance"} else ""
    why = (
        f"A line of {FEW} or more utterances has no interval if {two}all of its resamples have the same value, as when "
        "all of its utterances are right. That does not make its value certain."
    )
    return " ".join([*([how] if drawn else []), *([why] if len(bare) else [])])


def _cell(line: pd.Series, metric: Metric) -> str:
    """Return a metric with its interval, if there is one."""
    found = Interval(line["value"], line["low"], line["high"])
    return with_interval(metric, found) if math.isfinite(found.low) else number(metric, found.value)
