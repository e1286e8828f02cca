"""Check whether a table and its protocol keep speakers apart, so that no person is in both training and test."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.data.modalities import BoolArray
from models.validation.protocol import Fold

_SHOWN = 3  # maximum number of spellings of one name, and of such names, in a message


def unknown_speakers(table: pd.DataFrame, by: str) -> BoolArray:
    """Return a mask ``(n,)`` of the utterances for which neither a speaker nor a group is given.

    An utterance has a group if its cell in the column ``group`` or in the column `by` is filled. A cell that merely
    repeats the name of the recording or of the utterance does not count: the same person may be in several recordings.

    Parameters
    ----------
    table
        One row per utterance, with the column ``utterance`` and any of ``speaker``, ``group``, ``recording`` and `by`.
    by
        The column by which the protocol groups.

    Examples
    --------
    >>> table = pd.DataFrame({"utterance": ["a", "b"], "recording": ["1", "2"], "group": ["1", "ann"]})
    >>> unknown_speakers(table, "group").tolist(), unknown_speakers(table.assign(speaker="x"), "group").tolist()
    ([True, False], [False, False])
    """
    unknown = np.ones(len(table), bool)
    own = [_names(table, column) for column in ("utterance", "recording")]
    for column in {"speaker", "group", by} - {"utterance", "recording"}:
        names = _names(table, column)
        given = names != ""
        if column != "speaker":
            given &= ~np.any([names == one for one in own], axis=0)
        unknown &= ~given
    return unknown


def scattered_speakers(table: pd.DataFrame, by: str) -> BoolArray:
    """Return a mask ``(n,)`` of utterances that have a default group, but whose speaker is in several groups.

    A default group is a value of the column ``group`` that is merely the name of the recording or of the utterance. The
    mask is all False if the protocol groups by a different column, or if there is only one speaker.

    Parameters
    ----------
    table, by
        As for `unknown_speakers`.

    Examples
    --------
    >>> table = pd.DataFrame({"utterance": list("abc"), "group": ["a", "b", "ben"], "speaker": ["ann", "ann", "ben"]})
    >>> scattered_speakers(table, "group").tolist(), scattered_speakers(table, "speaker").tolist()
    ([True, True, False], [False, False, False])
    """
    speakers, groups = pd.Series(_names(table, "speaker")), pd.Series(_names(table, "group"))
    if by != "group" or speakers.nunique() < 2:
        return np.zeros(len(table), bool)
    own = np.any([groups == _names(table, column) for column in ("utterance", "recording")], axis=0)
    several = groups.groupby(speakers).transform("nunique") > 1
    return np.asarray((speakers != "") & own & several, bool)


def speakers_note(unknown: BoolArray, scattered: BoolArray) -> str:
    """Return a sentence if the speaker of some utterances is unknown, or is in several groups; else ``""``.

    >>> speakers_note(np.array([True, True]), np.array([False, False]))
    'it is not known who speaks: the same person may be in both training and test'
    >>> speakers_note(np.array([False, False]), np.array([True, False]))
    'speakers are in several groups (1 of 2 utterances): the same person may be in both training and test'
    >>> speakers_note(np.array([False]), np.array([False]))
    ''
    """
    faults = []
    if unknown.any():
        where = "" if unknown.all() else f" in {unknown.sum()} of {len(unknown)} utterances"
        faults.append(f"it is not known who speaks{where}")
    if scattered.any():
        faults.append(f"speakers are in several groups ({scattered.sum()} of {len(scattered)} utterances)")
    return f"{' and '.join(faults)}: the same person may be in both training and test" if faults else ""


def alike_notices(folds: Sequence[Fold], table: pd.DataFrame, by: str) -> Iterator[str]:
    """Yield a sentence for each column in which a name seems to be spelled differently in training and in test.

    The speakers and the protocol's groups are compared. Values that are names of recordings or utterances are left out.

    Parameters
    ----------
    folds
        Folds of the rows of `table`.
    table, by
        As for `unknown_speakers`.
    """
    own = [_names(table, column) for column in ("utterance", "recording")]
    for column in dict.fromkeys(("speaker", by)):
        if column not in table or column in ("utterance", "recording"):
            continue
        names = _names(table, column)
        names = np.where(np.any([names == one for one in own], axis=0), "", names)
        bare = _bare_names(set(names))
        bares = np.array([bare[name] for name in names], object)
        found: dict[str, set[str]] = {}
        for fold in folds:
            for one in (set(bares[fold.train]) & set(bares[fold.test])) - {""}:
                spelled = [set(names[part[bares[part] == one]]) for part in (fold.train, fold.test)]
                if spelled[0] != spelled[1]:
                    found.setdefault(one, set()).update(*spelled)
        if found:
            rest = f"; and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
            shown = "; ".join(
                ", ".join(map(repr, sorted(one)[:_SHOWN])) for one in sorted(found.values(), key=min)[:_SHOWN]
            )
            yield (
                f"values of the column {column!r} in training and in test differ only in case, punctuation, accents or "
                f"zeros before a number ({shown}{rest}): if they name the same person, spell them alike"
            )


def _bare_names(names: Iterable[str]) -> dict[str, str]:
    """Return a plain form of each name, which is the same for all spellings of a name (see `bare_name`).

    ``ae``, ``oe`` and ``ue`` count as ä, ö and ü only if the same name is also spelt with that letter. Mueller is the
    same as Müller if both are given; Joe is not the same as Jo, since nobody is called Jö.
    """
    loose = {name: bare_name(name) for name in names}
    marked = {one for name, one in loose.items() if _UMLAUT.search(unicodedata.normalize("NFD", name.casefold()))}
    return {name: one if one in marked else bare_name(name, umlauts=False) for name, one in loose.items()}


def bare_name(name: str, *, umlauts: bool = True) -> str:
    """Return what spellings of a name share: no case, accents, punctuation, spaces, or zeros before a number.

    With `umlauts`, ``ae``, ``oe`` and ``ue`` lose their e, as ä, ö and ü lose their dots. The minus of a number stays.

    >>> [bare_name(name) for name in ("Müller", "Mueller ", "MULLER")]
    ['muller', 'muller', 'muller']
    >>> [bare_name(name) for name in ("Bob_1", "bob-01", "Bob 1", "s1_11", "s11_1")]
    ['bob1', 'bob1', 'bob1', 's1 11', 's11 1']
    >>> [bare_name(name, umlauts=False) for name in ("Mueller", "+1", "-1")]
    ['mueller', '1', '-1']
    """
    marked = unicodedata.normalize("NFKD", name.casefold())
    plain = unicodedata.normalize("NFC", re.sub(r"(?<=[a-z])[\u0300-\u036f]+", "", marked)).translate(_LETTERS)
    if umlauts:
        plain = re.sub(r"([aou])e", r"\1", plain)
    parted = re.sub(r"[\W_]+", " ", re.sub(r"(?<!\d)0+(?=\d)", "", plain)).strip()
    sign = "-" if re.match(r"\s*[-−]\d", name) else ""
    return sign + re.sub(r"(?<!\d) | (?!\d)", "", parted)


_LETTERS = str.maketrans({"æ": "ae", "ø": "o", "œ": "oe", "ł": "l", "đ": "d"})
_UMLAUT = re.compile("[aou]\u0308|[æøœ]")


def _names(table: pd.DataFrame, column: str) -> NDArray[np.object_]:
    cells = table[column].fillna("") if column in table else [""] * len(table)
    return np.array([str(cell) for cell in cells], object)
