"""The union of several corpora in the settings file: their utterances in one table, with unique names."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from common.names import suggest
from models.validation.protocol import CORPUS
from pipeline.corpora.problems import Problem
from pipeline.corpora.utterances import COLUMNS, Corpus
from pipeline.errors import UserError
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.unions import UNION, UnionParams

NAMES = ("utterance", "recording", "speaker", "group")  # equal names in two corpora mean different things


def united(parts: Mapping[str, Corpus], settings: UnionParams) -> Corpus:
    """Return the union of several corpora.

    The utterances of ravdess get names such as ``ravdess:03-01-01-01-01-01-01``. Recordings, speakers, groups and the
    group column of each part's own protocol get the same prefix, so that equal names in two corpora are never confused.
    If a row has no group of its own, but the protocol of its part groups by another column, the value in that column
    becomes its group. The column `corpus` names the part.

    Parameters
    ----------
    parts
        The utterances, words and problems of each corpus, keyed by its name.
    settings
        The settings of the union, which contain the settings of its parts and the new names of labels.

    Raises
    ------
    UserError
        If a part has a column `corpus` of its own, or none of its utterances is left.
    """
    tables = [_renamed(name, part.utterances, settings.parts[name]) for name, part in parts.items()]
    table = pd.concat(tables, ignore_index=True)
    for column in table.columns:
        if COLUMNS.get(column) != "number" and not pd.api.types.is_numeric_dtype(table[column]):
            table[column] = table[column].fillna("")
    words = [part.words.assign(utterance=prefixed(name, part.words["utterance"])) for name, part in parts.items()]
    problems = [problem for part in parts.values() for problem in part.problems if not problem.alone]
    table, found = _relabelled(table, settings)
    spoken = pd.concat(words, ignore_index=True)
    return Corpus(table, spoken[spoken["utterance"].isin(table["utterance"])], [*problems, *found])


def prefixed(name: str, cells: pd.Series) -> pd.Series:
    """Return names with the name of their corpus in front; empty names stay empty.

    >>> prefixed("emodb", pd.Series(["03", ""])).tolist()
    ['emodb:03', '']
    """
    return (f"{name}:" + cells.astype(str)).where(cells != "", "").astype(object)


def _renamed(name: str, table: pd.DataFrame, part: CorpusParams) -> pd.DataFrame:
    if CORPUS in table and part.reader != UNION:
        raise UserError(f"{part.root}: {name} has a column {CORPUS!r}, which a union needs for itself: rename it")
    own = [part.protocol.group, *([part.context.by] if part.context else [])]
    table = table.assign(group=_groups(table, part.protocol.group))
    names = dict.fromkeys([*NAMES, *(column for column in own if column not in (*COLUMNS, part.label, CORPUS))])
    cells = {column: prefixed(name, table[column]) for column in names if column in table}
    return table.assign(**cells, **{CORPUS: name})


def _groups(table: pd.DataFrame, by: str) -> pd.Series:
    """Return the group of each row of a part; a row without a group gets its value in `by`, the protocol's column."""
    if by not in table or by in (CORPUS, "group"):
        return table["group"]
    own, groups = table[by].fillna("").astype(str), table["group"].fillna("").astype(str)
    given = (groups != "") & (groups != table["recording"]) & (groups != table["utterance"])
    return groups.where(given | (own == ""), own)


def _relabelled(table: pd.DataFrame, settings: UnionParams) -> tuple[pd.DataFrame, list[Problem]]:
    """Return the table with the union's labels, and warnings about labels that are left out, unknown or not shared."""
    if settings.task == "regression" or not settings.label:
        return table, []
    label, where = table[settings.label], Path(settings.root)
    messages = []
    for name in settings.labels:
        if name not in set(label):
            messages.append(f"labels: no utterance has the label {name!r}; {suggest(name, sorted(set(label)))}")
    left_out = label.map(lambda name: settings.labels.get(name, name) is None).astype(bool)
    for (name, part), count in table[left_out].groupby([settings.label, CORPUS]).size().items():
        messages.append(f"labels: all utterances of {part} with the label {name!r} are left out ({count})")
    kept = table[~left_out].reset_index(drop=True)
    kept[settings.label] = kept[settings.label].map(lambda name: settings.labels.get(name, name)).astype(object)
    for part in settings.parts:
        if not (kept[CORPUS] == part).any():
            raise UserError(
                f"{where}: no utterance of {part} is left: all its labels are set to null in the setting `labels`"
            )
    own = {name: sorted(set(rows)) for name, rows in kept.groupby(settings.label)[CORPUS]}
    alone = [f"{name} ({', '.join(where)})" for name, where in own.items() if len(where) < len(settings.parts)]
    if alone:
        messages.append(
            f"not all corpora have the labels {', '.join(alone)}: if the others use another name, map one to "
            "the other in the setting `labels`; to leave them out, set them to null there"
        )
    return kept, [Problem("warning", where, None, message) for message in messages]
