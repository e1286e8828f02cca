"""Divide a table into the folds of a protocol: training rows, test rows, and inner folds for all choices."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from common.names import Registry
from models.data.modalities import IntArray, Pairs, Task
from models.errors import ModelError, TooFewError
from models.validation.classes import lone_classes, never_trained, nothing_to_learn
from models.validation.folds import INNER_FOLDS, inner_folds, numbered

SPLITS = ("train", "valid", "test")
CORPUS = "corpus"  # the column that names the corpus of an utterance in a union


@dataclass(frozen=True, eq=False)
class Fold:
    """One division of the table into a training part and a test part.

    Attributes
    ----------
    name
        ``test``, ``fold-1``, or the name of the group that is tested.
    train, test
        Positions of rows in the table.
    inner
        Pairs of (training, validation) positions **within** `train`, as in ``model.fit(x[fold.train], y[fold.train],
        fold.inner)``.
    """

    name: str
    train: IntArray
    test: IntArray
    inner: Pairs


@dataclass(frozen=True)
class Plan:
    """A protocol applied to a table.

    Attributes
    ----------
    folds
        The folds; each row is in the test part of at most one fold.
    notices
        Sentences about the folds that the user should know; they do not stop a run.
    """

    folds: tuple[Fold, ...]
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Protocol:
    """The settings of a protocol.

    Attributes
    ----------
    kind
        ``official`` (the published split), ``crossfit``, ``group-kfold``, ``leave-one-group-out`` or
        ``leave-one-corpus-out`` (each corpus of a union is tested once). ``crossfit`` divides the groups of the
        published test part into folds. For each fold, models trained on the published training part are tried on the
        other folds, and the best settings are chosen. The fold is then predicted by a model with these settings that is
        trained on the published training part and the other folds together. Use ``crossfit`` for features that were
        computed with the training labels: they fit the training part too well for settings to be chosen there.
    by
        The column of groups that are never split, such as ``speaker``, ``group`` or ``recording``.
    folds
        The number of folds of ``group-kfold`` and ``crossfit``; with fewer groups than this, each group is a fold.
    inner_folds
        Maximum number of inner folds.
    """

    kind: str
    by: str = "group"
    folds: int = 5
    inner_folds: int = INNER_FOLDS


Divided = list[
    tuple[str, IntArray, IntArray, Pairs | None]
]  # name, train, test, and inner folds if the corpus publishes them


def _official(table: pd.DataFrame, protocol: Protocol) -> Divided:  # noqa: ARG001 - all such functions take both
    split = _split_of(table)
    train, test = np.flatnonzero(split != "test"), np.flatnonzero(split == "test")
    valid = split[train] == "valid"
    inner = ((np.flatnonzero(~valid), np.flatnonzero(valid)),) if valid.any() else None
    return [("test", train, test, inner)]


def _crossfit(table: pd.DataFrame, protocol: Protocol) -> Divided:
    split, parts = _split_of(table), Divided()
    tested = np.flatnonzero(split == "test")
    for name, others, test, _ in _group_kfold(table.iloc[tested], protocol):
        train = np.setdiff1d(np.arange(len(table)), tested[test])
        valid = np.isin(train, tested[others])
        parts.append((name, train, tested[test], ((np.flatnonzero(~valid), np.flatnonzero(valid)),)))
    return parts


def _split_of(table: pd.DataFrame) -> Any:
    if "split" not in table:
        raise ModelError("this protocol needs a column 'split' that says train, valid or test for each utterance")
    split = table["split"].fillna("").astype(str).to_numpy()
    wrong = np.flatnonzero(~np.isin(split, SPLITS))
    if len(wrong):
        row = int(wrong[0])
        name = table["utterance"].iloc[row]
        raise ModelError(f"utterance {name!r} (row {row + 1}) has the split {split[row]!r}: write train, valid or test")
    for part in ("train", "test"):
        if not (split == part).any():
            raise ModelError(f"the official split has no {part} utterances: mark some in the column 'split'")
    return split


def _group_kfold(table: pd.DataFrame, protocol: Protocol) -> Divided:
    from sklearn.model_selection import GroupKFold

    groups, count = numbered(_groups(table, protocol.by))
    if protocol.folds < 2:
        raise ModelError(f"{protocol.kind} needs at least 2 folds, not {protocol.folds}")
    if count < 2:
        raise TooFewError(_one_group(table, protocol))
    pairs = GroupKFold(min(protocol.folds, count)).split(groups, groups=groups)
    return [(f"fold-{number}", train, test, None) for number, (train, test) in enumerate(pairs, 1)]


def _leave_one_group_out(table: pd.DataFrame, protocol: Protocol) -> Divided:
    groups = _groups(table, protocol.by)
    found = np.unique(groups)
    if len(found) < 2:
        raise TooFewError(_one_group(table, protocol))
    return [(str(g), np.flatnonzero(groups != g), np.flatnonzero(groups == g), None) for g in found]


def _one_group(table: pd.DataFrame, protocol: Protocol) -> str:
    """Return a sentence that says that there is only one group, and what the user can do."""
    only = f"the value {_groups(table, protocol.by)[0]!r} in the column {protocol.by!r}"
    what = f"{protocol.kind} needs at least 2 groups, but every utterance has {only}"
    if protocol.by not in ("group", "recording") and "recording" in table and table["recording"].nunique() > 1:
        return f"{what}: set protocol.group to recording; the results then hold for this {protocol.by} alone"
    return f"{what}: add recordings with a different value"


def _leave_one_corpus_out(table: pd.DataFrame, protocol: Protocol) -> Divided:
    if CORPUS not in table:
        raise ModelError(
            f"{protocol.kind} needs a column {CORPUS!r} with the corpus of each utterance: list corpora in a union "
            "(reader: union, of: [ravdess, crema_d]), and give it this protocol"
        )
    found = sorted(set(_groups(table, CORPUS)))
    if len(found) < 2:
        raise ModelError(
            f"{protocol.kind} needs at least 2 corpora, but all utterances are from {found[0]}: list another "
            "corpus in the union's `of`"
        )
    return _leave_one_group_out(table, replace(protocol, by=CORPUS))


def _groups(table: pd.DataFrame, by: str) -> Any:
    if by not in table:
        there = ", ".join(map(str, table.columns))
        raise ModelError(f"the protocol groups by {by!r}, but the table has no such column: choose one of {there}")
    groups = table[by].fillna("").astype(str).to_numpy(dtype=object)
    empty = np.flatnonzero(groups == "")
    if len(empty):
        who = f"the protocol groups by {by!r}, but utterance {table['utterance'].iloc[empty[0]]!r}"
        rest = f" (and {len(empty) - 1} more)" if len(empty) > 1 else ""
        if by == CORPUS:
            raise ModelError(f"{who}{rest} has no corpus: write there which corpus it is from, or use another protocol")
        raise ModelError(f"{who}{rest} has no group: fill in the column, or set protocol.group to another column")
    return groups


Divide = Callable[[pd.DataFrame, Protocol], Divided]


@dataclass(frozen=True)
class Entry:
    """The registry entry of a protocol.

    Attributes
    ----------
    divide
        Function ``(table, protocol) -> Divided`` that divides the table into folds.
    takes_folds
        Whether the settings determine the number of folds; if not, the data determine it.
    needs_splits
        Whether the protocol reads the column ``split``, whose values must then be train, valid or test.
    needs_groups
        Whether the protocol groups by the column `Protocol.by`, which must then have a value in every row.
    column
        A column by which the protocol always groups, whatever the settings say; folds are named after its values.
        Empty if there is no such column.
    """

    divide: Divide
    takes_folds: bool = True
    needs_splits: bool = False
    needs_groups: bool = True
    column: str = ""


# A new protocol is one function and one line here (or one call of `register` in a plugin).
PROTOCOLS: Registry[Entry] = Registry(
    "protocol",
    ModelError,
    {
        "official": Entry(_official, takes_folds=False, needs_splits=True, needs_groups=False),
        "crossfit": Entry(_crossfit, needs_splits=True),
        "group-kfold": Entry(_group_kfold),
        "leave-one-group-out": Entry(_leave_one_group_out, takes_folds=False),
        "leave-one-corpus-out": Entry(_leave_one_corpus_out, takes_folds=False, needs_groups=False, column=CORPUS),
    },
)


def register(
    name: str,
    divide: Divide,
    *,
    takes_folds: bool = True,
    needs_splits: bool = False,
    needs_groups: bool = True,
    column: str = "",
) -> None:
    """Add a protocol, with the attributes of `Entry`; raise `ModelError` if a different one already has this name."""
    PROTOCOLS.register(name, Entry(divide, takes_folds, needs_splits, needs_groups, column))


def protocol_names() -> tuple[str, ...]:
    """Return the names of all protocols."""
    return tuple(PROTOCOLS)


def plan(protocol: Protocol, table: pd.DataFrame, *, label: str, task: Task) -> Plan:
    """Divide an utterance table into folds; the same table gives the same folds.

    Parameters
    ----------
    protocol
        The protocol and its settings.
    table
        One row per utterance. It has the columns ``utterance`` and `label` and, depending on the protocol, ``split`` or
        the column of groups.
    label
        Name of the column of classes or scores.
    task
        ``classification`` or ``regression``.

    Raises
    ------
    ModelError
        If the protocol is unknown; if the table is empty or lacks a column or value that the protocol needs; if a part
        is empty; if there are fewer than two groups or folds; or if a training part has only one class.
    """
    entry = PROTOCOLS[protocol.kind]
    if not len(table):
        raise ModelError("the table has no utterances")
    labels = table[label].to_numpy(dtype=object if task == "classification" else np.float64)
    labels = labels.astype(str) if task == "classification" else labels
    divided, folds, groups = entry.divide(table, protocol), [], groups_of(table, protocol.by)
    notices = _fewer_folds(len(divided), protocol) if entry.takes_folds else []
    for name, train, test, inner in divided:
        if task == "classification" and (sentence := nothing_to_learn(name, labels, train)):
            raise TooFewError(sentence)
        pairs = inner or inner_folds(groups[train], labels[train], task, protocol.inner_folds)
        folds.append(Fold(name, train, test, pairs))
        notices += never_trained(name, labels[train], labels[test]) if task == "classification" else []
    notices += _single_groups(folds, groups)
    if protocol.kind == "crossfit":
        notices.append(
            "crossfit: settings and weights for each part of the test groups were chosen on the other test groups,"
            " which were then trained on too; no prediction depends on the labels of its own group"
        )
    if entry.column:
        notices += [_trained_on(fold, _groups(table, entry.column)) for fold in folds]
    if task == "classification":
        notices += lone_classes(labels, groups, table["utterance"].to_numpy(object))
    return Plan(tuple(folds), tuple(notices))


def groups_of(table: pd.DataFrame, by: str) -> Any:
    """Return ``(n,)`` groups for inner folds and resampling.

    The group is taken from the column `by`; where that is empty or missing, from ``group``, then from ``recording``,
    and last from ``utterance``.
    """
    own = table["utterance"].astype(str).to_numpy(dtype=object)
    for column in ("recording", "group", by):
        if column in table:
            values = table[column].fillna("").astype(str).to_numpy(dtype=object)
            own = np.where(values != "", values, own)
    return np.asarray(own, object)


def grouped(table: pd.DataFrame, by: str) -> bool:
    """Whether the table says which utterances belong together.

    It does if two utterances share a group, or if a group is not named after its own utterance or recording.

    >>> table = pd.DataFrame({"utterance": ["a", "b"], "recording": ["1.wav", "2.wav"]})
    >>> grouped(table, "group"), grouped(table.assign(group=["1.wav", "2.wav"]), "group")
    (False, False)
    >>> grouped(table.assign(group=["x", "x"]), "group"), grouped(table.assign(group=["ann", "bob"]), "group")
    (True, True)
    """
    groups = groups_of(table, by)
    if len(set(groups)) < len(groups):
        return True
    alone = [table[c].fillna("").astype(str).to_numpy(object) for c in ("utterance", "recording") if c in table]
    return not np.any([groups == names for names in alone], axis=0).all()


def _fewer_folds(count: int, protocol: Protocol) -> list[str]:
    """Return a list with a sentence if there are fewer folds than the settings say; else an empty list."""
    if count >= protocol.folds:
        return []
    what = f"{protocol.kind}: {count} folds instead of {protocol.folds}"
    return [f"{what}, since there are no more groups ({protocol.by}) to divide"]


def _single_groups(folds: Sequence[Fold], groups: Any) -> list[str]:
    """Return a list with a sentence if some folds train on a single group; else an empty list.

    The inner folds of such a fold cannot keep groups apart.
    """
    alone = [fold.name for fold in folds if len(set(groups[fold.train])) == 1]
    if not alone:
        return []
    one = len(alone) == 1
    who = f"{alone[0]} trains" if one else f"{len(alone)} of {len(folds)} folds ({alone[0]}, ...) train"
    return [f"{who} on a single group: settings are chosen on utterances of that same group"]


def _trained_on(fold: Fold, parts: Any) -> str:
    """Return a sentence that says how many utterances a fold tests, and how many of each part it trains on.

    `parts` names the part of each row, for example its corpus.
    """
    names, counts = np.unique(parts[fold.train], return_counts=True)
    trained = ", ".join(f"{name} ({count} utterances)" for name, count in zip(names, counts, strict=True))
    return f"{fold.name} ({len(fold.test)} utterances) is predicted by models that were trained on {trained}"
