"""Whether an imported store holds the utterances of the utterance table."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from features.store import open_store
from pipeline.errors import UserError
from pipeline.foreign import one_line
from pipeline.settings.paths import CorpusPaths
from pipeline.training.inputs import is_imported

_SHOWN = 3


def differences(path: Path, names: Sequence[str]) -> list[str]:
    """Return sentences about how the utterances of an imported store differ from those of the table.

    Raises
    ------
    UserError
        If each has utterances that the other lacks: ids are probably written differently, and existing features would
        count as missing.
    """
    with open_store(path) as store:
        held = store.utterances
    known, wanted = set(held), set(names)
    unknown, missing = [n for n in held if n not in wanted], [n for n in names if n not in known]
    extra, lacking = f"{len(unknown)} of its {len(held)} ids", f"{len(missing)} of the table's {len(names)} utterances"
    if unknown and missing:
        raise UserError(
            f"{path} does not match the table: {extra} are unknown ({_some(unknown)}), and {lacking} are "
            f"not in it ({_some(missing)}): write the ids the same way, or import the features again"
        )
    if unknown:
        return [f"{path}: {extra} belong to no utterance and are ignored ({_some(unknown)})"]
    return [f"{path}: {lacking} are not in it and count as absent ({_some(missing)})"] if missing else []


def imported_differences(name: str, features: Iterable[Sequence[str]], table: pd.DataFrame) -> list[str]:
    """Return `differences` of all imported stores among the features of a corpus, by modality."""
    paths = [CorpusPaths(name).features(one) for one in dict.fromkeys(f for names in features for f in names)]
    return [sentence for p in paths if is_imported(p) for sentence in differences(p, table["utterance"].tolist())]


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(one_line(name, 40) for name in names[:_SHOWN])
    return shown + (", ..." if len(names) > _SHOWN else "")
