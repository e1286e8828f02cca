"""Check that the names, texts and words of an imported bundle are valid in a corpus."""

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from features.store import Item
from pipeline.errors import UserError, counted
from pipeline.exchange.bundle import Bundle, FeatureSet
from pipeline.foreign import one_line
from pipeline.tables.intervals import REACH_S
from pipeline.tables.rules import fault_of_name, fault_of_text, trimmed

NAMES = ("recording", "speaker", "group", "split")  # columns of names, in addition to `utterance`
_SUSPECT = re.compile("[\0\ud800-\udfff]")  # characters that are not allowed in text; this search is fast


def checked(bundle: Bundle, path: Path) -> Bundle:
    """Check a bundle, and return it without the spaces around its names.

    Raises
    ------
    UserError
        If the bundle has no utterances; if two utterances have the same name; if a name or text is not allowed in
        tables; or if there are features of utterances that the bundle does not contain.
    """
    table = bundle.utterances.copy()
    if not len(table):
        raise UserError(f"{path} holds no utterances: check that it is the right file")
    for column in table.columns:
        if fault := fault_of_name(str(column)):
            raise UserError(f"{path}: the column name {str(column)!r} {fault}")
    given = [str(name) for name in table["utterance"]]
    names = _ids(given, path)
    table["utterance"] = pd.Series(names, dtype="str")
    for column in [c for c in table.columns if c != "utterance" and table[c].dtype.kind not in "biuf"]:
        cells = [str(cell) for cell in table[column].fillna("")]
        if column in NAMES:
            cells = [trimmed(cell) for cell in cells]
        _refuse_faults(str(column), cells, names, path)
        table[column] = pd.Series(cells, dtype="str")
    renamed = dict(zip(given, names, strict=True))
    stores = tuple(_renamed(store, renamed, path) for store in bundle.features)
    return replace(bundle, utterances=table, features=stores, words=_words(bundle.words, renamed, path))


def _ids(given: Sequence[str], path: Path) -> list[str]:
    names = [trimmed(name) for name in given]
    first: dict[str, str] = {}
    for name, written in zip(names, given, strict=True):
        if fault := fault_of_name(name):
            raise UserError(f"{path}: the id {name!r} {fault}")
        if not name:
            raise UserError(f"{path} has an utterance with an empty id: give every utterance its own id")
        if name in first:
            spaces = "" if first[name] == written else ", apart from spaces around it"
            raise UserError(f"{path} has the id {name!r} more than once{spaces}: each utterance needs its own id")
        first[name] = written
    return names


def _refuse_faults(column: str, cells: Sequence[str], names: Sequence[str], path: Path) -> None:
    for cell, name in zip(cells, names, strict=True):
        fault = fault_of_name(cell) if column in NAMES else fault_of_text(cell) if _SUSPECT.search(cell) else ""
        if fault:
            raise UserError(f"{path}: the {column} of {name!r} {fault}")


def _renamed(store: FeatureSet, renamed: dict[str, str], path: Path) -> FeatureSet:
    """Return a store whose utterances have their new names, the values of `renamed`.

    The keys of `renamed` are the utterances of the bundle. If the store has any other utterance, raise `UserError`.
    """
    others = [item.utterance for item in store.items if item.utterance not in renamed]
    if others:
        raise UserError(
            f"{path}: the features {store.name} hold {counted(len(others), 'id')} (such as "
            f"{one_line(others[0], 40)!r}) that no utterance has: use the same ids for utterances and features"
        )
    items: Sequence[Item] = [replace(item, utterance=renamed[item.utterance]) for item in store.items]
    return replace(store, items=items)


def _words(words: pd.DataFrame, renamed: dict[str, str], path: Path) -> pd.DataFrame:
    if not len(words):
        return words
    for word, name in zip(words["word"], words["utterance"], strict=True):
        if _SUSPECT.search(str(word)) and (fault := fault_of_text(str(word))):
            raise UserError(f"{path}: a word of {str(name)!r} {fault}")
    return words.assign(utterance=pd.Series([renamed.get(n, trimmed(n)) for n in words["utterance"]], dtype="str"))


def words_cut(words: pd.DataFrame, table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Shorten words that reach far beyond their utterance; return all words, and a notice if any were shortened.

    Parameters
    ----------
    words
        ``utterance, word, start, end``.
    table
        The utterances; without the columns `start` and `end`, no word is shortened.
    """
    if not len(words) or not {"start", "end"} <= {*table.columns}:
        return words, []
    spans = table.set_index("utterance")[["start", "end"]].astype(float)
    first, last = (words["utterance"].map(spans[side]) for side in ("start", "end"))
    first = first.fillna(0.0)
    start, end = words["start"].astype(float), words["end"].astype(float)
    inside = (start < last) & (end > first)
    late, early = inside & (end - last > REACH_S), inside & (first - start > REACH_S)
    if not (late | early).any():
        return words, []
    count = int((late | early).sum())
    notice = f"shortened {counted(count, 'word')} that reached far beyond the utterance ({_named(words, late | early)})"
    return words.assign(start=start.mask(early, first), end=end.mask(late, last)), [notice]


def _named(words: pd.DataFrame, rows: pd.Series) -> str:
    row = words[rows].iloc[0]
    return f"such as {one_line(row['word'], 40)!r} of {one_line(row['utterance'], 40)!r}"
