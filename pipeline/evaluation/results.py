"""Reading what `train` wrote into results/<corpus>: predictions, and what may be missing beside them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from models.evaluation import metrics
from models.evaluation.metrics import Metric
from models.validation.protocol import groups_of
from pipeline.corpora.utterances import read_table
from pipeline.errors import UserError
from pipeline.foreign import one_line
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.paths import CorpusPaths
from pipeline.tables.bound import is_there
from pipeline.training.trained import read_record

WHO = ["strategy", "modalities", "model"]
Key = tuple[str, str, str]  # strategy, modalities joined by +, model


def metrics_of(corpus: CorpusParams) -> tuple[Metric, ...]:
    """Return the metrics of a corpus's table, the leading one first."""
    return metrics.metrics_of(corpus.task, corpus.metrics)


def read_metrics(name: str, needed: Sequence[Metric]) -> pd.DataFrame:
    """Read table.csv: one line per configuration and metric, the needed metrics in every configuration.

    Raises
    ------
    UserError
        If the corpus has not been evaluated, or with other metrics than are needed.
    """
    path, command = CorpusPaths(name).results / "table.csv", f"run `crossmodal evaluate --corpus {name}`"
    if not path.exists():
        raise UserError(f"{path} does not exist: {command} first")
    table = read_table(path, dtype=dict.fromkeys([*WHO, "metric"], str))
    try:
        for column in ("value", *(c for c in ("low", "high") if c in table)):
            table[column] = pd.to_numeric(table[column])
        held = [set(part["metric"]) for _, part in table.groupby(WHO, sort=False)]
    except (KeyError, ValueError) as error:
        raise UserError(f"{path} is damaged ({one_line(error)}): {command} again") from error
    missing = [one.name for one in needed if not all(one.name in names for names in held)]
    if missing or not held:
        raise UserError(f"{path} lacks {', '.join(missing) or 'all rows'}, which the settings ask for: {command} again")
    return table


def read_predictions(path: Path, corpus: CorpusParams, *, checked: bool = True) -> pd.DataFrame:
    """Read predictions.csv; a missing one raises `UserError`, and so does one without its record if it is `checked`."""
    if not path.exists():
        raise UserError(f"{path} does not exist: run `crossmodal train` for this corpus first")
    label = _label_type(corpus)
    types = dict.fromkeys(("utterance", *WHO, "fold"), str) | {"truth": label, "prediction": label}
    return _read(path, types, checked=checked)


def read_dropped(name: str, corpus: CorpusParams) -> pd.DataFrame | None:
    """Read dropped.csv: what each fusion predicts without some of its modalities; None if it is not there."""
    types = dict.fromkeys(("utterance", *WHO, "dropped"), str) | {"prediction": _label_type(corpus)}
    return _read_if_there(CorpusPaths(name).results / "dropped.csv", types)


def read_attention(path: Path, corpus: CorpusParams) -> pd.DataFrame | None:
    """Read attention.csv: the weight of each modality in each utterance; None if it is not there."""
    types = dict.fromkeys(("utterance", "strategy", "modalities"), str) | dict.fromkeys(corpus.modalities, float)
    empty = dict.fromkeys(corpus.modalities, "")  # the weight of a modality that the strategy does not read
    return _read_if_there(path, types, na_values=empty)


def read_presence(name: str) -> pd.DataFrame | None:
    """Read presence.csv: a line an utterance, 0 or 1 by modality; None if it is not there."""
    path = CorpusPaths(name).results / "presence.csv"
    if not is_there(path):
        return None
    found = read_table(path, dtype={"utterance": str})
    if "utterance" not in found.columns or not found.drop(columns="utterance").isin([0, 1]).all(axis=None):
        raise UserError(f"{path} must have the column 'utterance' and 0 or 1 elsewhere: run `crossmodal train` again")
    return found


def read_parameters(name: str) -> dict[Key, int]:
    """Read parameters.csv: how many numbers each row's model learns; empty if it is not there."""
    path = CorpusPaths(name).results / "parameters.csv"
    found = _read_if_there(path, dict.fromkeys(WHO, str) | {"parameters": int})
    return {} if found is None else dict(zip(_keys(found), found["parameters"].tolist(), strict=True))


def read_seconds(name: str) -> dict[Key, tuple[float, float]]:
    """Read fits.csv: seconds of fitting and of predicting by row, means over the folds; empty if it is not there."""
    path = CorpusPaths(name).results / "fits.csv"
    found = _read_if_there(path, dict.fromkeys(WHO, str) | {"fit_s": float, "predict_s": float})
    if found is None:
        return {}
    means = found.groupby(WHO, sort=False)[["fit_s", "predict_s"]].mean().reset_index()
    return dict(zip(_keys(means), zip(means["fit_s"], means["predict_s"], strict=True), strict=True))


def notices_of(name: str) -> list[str]:
    """Return what the protocol and the leak guard remarked on when the corpus was trained."""
    record = read_record(name)
    return list(record.notices) if record else []


def group_by_utterance(table: pd.DataFrame, corpus: CorpusParams, predictions: pd.DataFrame) -> pd.Series:
    """Return the group of each utterance, by utterance: what resampling keeps together.

    Raises
    ------
    UserError
        If the predictions name an utterance that the corpus does not have.
    """
    groups = pd.Series(groups_of(table, corpus.protocol.group), index=table["utterance"])
    unknown = set(predictions["utterance"]) - set(groups.index)
    if unknown:
        raise UserError(
            f"the predictions name {min(unknown)!r}, which is no utterance of the corpus: run `crossmodal train` again"
        )
    return groups


def systems(predictions: pd.DataFrame) -> dict[Key, pd.DataFrame]:
    """Return the predictions of each row of the table, in the file's order."""
    return dict(iter(predictions.groupby(WHO, sort=False)))


def label_of(key: Key) -> str:
    """Return a row's name in one string.

    >>> label_of(("concat", "text+audio", "logistic"))
    'concat text+audio logistic'
    """
    return " ".join(part for part in key if part)


def _keys(table: pd.DataFrame) -> list[Key]:
    return list(table[WHO].itertuples(index=False, name=None))


def _label_type(corpus: CorpusParams) -> type[Any]:
    return float if corpus.task == "regression" else str


def _read_if_there(path: Path, types: dict[str, type[Any]], **options: Any) -> pd.DataFrame | None:
    return _read(path, types, **options) if is_there(path) else None


def _read(path: Path, types: dict[str, type[Any]], *, checked: bool = True, **options: Any) -> pd.DataFrame:
    found = read_table(path, checked=checked, dtype=types, usecols=lambda column: column in types, **options)
    if missing := [column for column in types if column not in found.columns]:
        raise UserError(f"{path} has no column {missing[0]!r}: run `crossmodal train` again")
    return found
