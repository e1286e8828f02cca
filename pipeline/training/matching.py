"""Check that an imported store matches the utterance table: the same utterances, and frames from the same times."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from features.store import is_imported, open_store
from pipeline.corpora.utterances import place_of
from pipeline.errors import OutOfDate
from pipeline.foreign import one_line
from pipeline.run.keys.utterance import frames_key
from pipeline.settings.paths import CorpusPaths

_SHOWN = 3


def differences(path: Path, names: Sequence[str]) -> list[str]:
    """Return sentences about utterances that only the imported store or only the utterance table has.

    Raises
    ------
    OutOfDate
        If the store and the table each have utterances that the other lacks: ids are then probably written differently,
        and features would count as missing although they exist.
    """
    with open_store(path) as store:
        held = store.utterances
    known, wanted = set(held), set(names)
    unknown, missing = [n for n in held if n not in wanted], [n for n in names if n not in known]
    extra, lacking = f"{len(unknown)} of its {len(held)} ids", f"{len(missing)} of the table's {len(names)} utterances"
    if unknown and missing:
        raise OutOfDate(
            f"{path} does not match the table: {extra} are not in the table ({_some(unknown)}), and "
            f"{lacking} are not in the store ({_some(missing)}): write the ids the same way, or import the "
            "features again"
        )
    if unknown:
        return [f"{path}: {extra} belong to no utterance and are ignored ({_some(unknown)})"]
    return [f"{path}: {lacking} are not in the store and count as absent ({_some(missing)})"] if missing else []


def require_same_places(path: Path, table: pd.DataFrame) -> None:
    """Check that utterances still have the times and recordings that they had when their frames were imported.

    A store that does not hold imported frames passes.

    Raises
    ------
    OutOfDate
        If the times or the recording of an utterance have changed since its frames were imported.
    """
    with open_store(path) as store:
        config = store.attribute("config") if "config" in store.file.attrs else {}
        if not isinstance(config, dict) or config.get("format") != "frames":
            return
        source, modality = store.attribute("config_hash"), store.attribute("modality")
        keys = dict(zip(store.utterances, store.keys, strict=True))
    moved = [
        row.utterance
        for row in table.itertuples()
        if row.utterance in keys
        and keys[row.utterance] != frames_key(source, path.stem, row, place_of(row, modality)[1:])
    ]
    if moved:
        raise OutOfDate(
            f"{path}: {len(moved)} of the table's {len(table)} utterances have different times or recordings than "
            f"when their frames were imported ({_some(moved)}): run `crossmodal import frames` again"
        )


def imported_differences(name: str, features: Iterable[Sequence[str]], table: pd.DataFrame) -> list[str]:
    """Return the `differences` of all imported stores among `features`, which has one list of stores per modality.

    Raises
    ------
    OutOfDate
        As for `differences` and `require_same_places`.
    """
    paths = [CorpusPaths(name).features(one) for one in dict.fromkeys(f for names in features for f in names)]
    imported = [path for path in paths if is_imported(path)]
    for path in imported:
        require_same_places(path, table)
    return [sentence for path in imported for sentence in differences(path, table["utterance"].tolist())]


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(one_line(name, 40) for name in names[:_SHOWN])
    return shown + (", ..." if len(names) > _SHOWN else "")
