"""Read the files that `train` wrote into results/<corpus>: predictions and optional tables."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.configuration import Configuration
from models.evaluation import metrics
from models.evaluation.metrics import Metric
from models.outputs import ROUNDING
from models.validation.protocol import groups_of
from pipeline.corpora.utterances import read_table
from pipeline.errors import UserError
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.paths import CorpusPaths
from pipeline.tables.bound import is_there
from pipeline.training.trained import Record, read_record

NAMES = ["strategy", "modalities", "model"]  # the columns that name a configuration
NOT_BEST = "so no row is called best, and differences between rows may come from recognising people"
PROBABILITY = "p_"  # prefix of the columns that hold class probabilities


def metrics_of(corpus: CorpusParams) -> tuple[Metric, ...]:
    """Return the metrics of a corpus's table, the leading one first."""
    return metrics.metrics_of(corpus.task, corpus.metrics)


def leading_of_predictions(corpus: CorpusParams) -> Metric:
    """Return the first metric of a corpus's table that reads predictions rather than probabilities.

    This metric scores models whose probabilities are not kept. If all metrics of the table read probabilities, the
    first metric of the task that reads predictions is returned.
    """
    both = (*metrics_of(corpus), *metrics.metrics_of(corpus.task))
    return next(metric for metric in both if metric.reads == "predictions")


def truth_and_outputs(metric: Metric, part: pd.DataFrame) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the two arrays that a metric compares: the labels ``(n,)``, and the predictions or the probabilities.

    Predictions are ``(n,)``. Probabilities are ``(n, classes)``, and the labels are then positions of their columns. If
    the model has no probabilities, all are NaN, so that the metric is undefined.

    Parameters
    ----------
    metric
        The metric.
    part
        The predictions of one configuration, as `read_predictions` returns them.

    Raises
    ------
    UserError
        If there are probabilities, but none for a class that occurs in the labels.
    """
    if metric.reads == "predictions":
        return part["truth"].to_numpy(), part["prediction"].to_numpy()
    columns = [column for column in part.columns if column.startswith(PROBABILITY)]
    if not columns:
        classes, positions = np.unique(part["truth"], return_inverse=True)
        return positions, np.full((len(part), len(classes)), np.nan)
    positions = pd.Index(columns).get_indexer(PROBABILITY + part["truth"])
    if (positions < 0).any():
        lost = part["truth"].to_numpy()[positions < 0][0]
        raise UserError(f"the predictions have no column {PROBABILITY + lost!r}: run `crossmodal train` again")
    return positions, part[columns].to_numpy(np.float64)


def read_predictions(path: Path, corpus: CorpusParams, *, checked: bool = True) -> pd.DataFrame:
    """Read predictions.csv, including class probabilities if it has any.

    Raises
    ------
    UserError
        If the file is missing, differs from its record (only if `checked`), or has an invalid probability.
    """
    if not path.exists():
        raise UserError(f"{path} does not exist: run `crossmodal train` for this corpus first")
    label = _label_type(corpus)
    types = dict.fromkeys(("utterance", *NAMES, "fold"), str) | {"truth": label, "prediction": label}
    if corpus.task == "regression":
        return _read(path, types, checked=checked)
    found = _read(path, types, checked=checked, prefix=PROBABILITY)
    for column in found.columns.difference(list(types)):
        found[column] = _probabilities(found[column], path)
    return found


def read_dropped(name: str, corpus: CorpusParams) -> pd.DataFrame | None:
    """Read dropped.csv, the predictions of each fusion with some modalities ablated; None if it does not exist."""
    types = dict.fromkeys(("utterance", *NAMES, "dropped"), str) | {"prediction": _label_type(corpus)}
    return _read_if_there(CorpusPaths(name).results / "dropped.csv", types)


def read_attention(path: Path, corpus: CorpusParams) -> pd.DataFrame | None:
    """Read attention.csv, the weight of each modality in each utterance; None if it does not exist."""
    types = dict.fromkeys(("utterance", "strategy", "modalities"), str) | dict.fromkeys(corpus.modalities, float)
    empty = dict.fromkeys(corpus.modalities, "")  # the weight of a modality that the strategy does not read
    return _read_if_there(path, types, na_values=empty)


def read_presence(name: str) -> pd.DataFrame | None:
    """Read presence.csv, which has 0 or 1 for each modality of each utterance; None if it does not exist."""
    path = CorpusPaths(name).results / "presence.csv"
    if not is_there(path):
        return None
    found = read_table(path, dtype={"utterance": str})
    if "utterance" not in found.columns or not found.drop(columns="utterance").isin([0, 1]).all(axis=None):
        raise UserError(
            f"{path} must have the column 'utterance', and only 0 or 1 in all others: run `crossmodal train` again"
        )
    return found


def read_parameters(name: str) -> dict[Configuration, int]:
    """Read parameters.csv, the number of parameters of each configuration's model; empty if it does not exist."""
    path = CorpusPaths(name).results / "parameters.csv"
    found = _read_if_there(path, dict.fromkeys(NAMES, str) | {"parameters": int})
    parts = {} if found is None else by_configuration(found)
    return {one: int(part["parameters"].iloc[0]) for one, part in parts.items()}


def read_seconds(name: str) -> dict[Configuration, tuple[float, float]]:
    """Read fits.csv: the mean seconds of fitting and of predicting a fold; empty if it does not exist."""
    path = CorpusPaths(name).results / "fits.csv"
    found = _read_if_there(path, dict.fromkeys(NAMES, str) | {"fit_s": float, "predict_s": float})
    parts = {} if found is None else by_configuration(found)
    return {one: (part["fit_s"].mean(), part["predict_s"].mean()) for one, part in parts.items()}


def notices_of(name: str) -> list[str]:
    """Return the notices of the training run, such as those of the protocol and the leak guard."""
    record = read_record(name)
    return list(record.notices) if record else []


def unranked(record: Record | None, corpus: CorpusParams) -> str:
    """Return why no row of the table is called best; empty if rows are ranked."""
    return record.speakers if record is not None and not corpus.speakers_unknown else ""


def speakers_of(name: str, corpus: CorpusParams) -> str:
    """Return the note about unknown speakers that stands below the table; empty if there is none."""
    record = read_record(name)
    return speakers_sentence(record.speakers, corpus) if record else ""


def speakers_sentence(note: str, corpus: CorpusParams) -> str:
    """Return a note about unknown speakers and what follows from it, without a full stop; empty for an empty note.

    If the settings accept unknown speakers, the sentence says so; otherwise it says that no row is called best.
    """
    return f"{note}, {'which speakers_unknown accepts' if corpus.speakers_unknown else NOT_BEST}" if note else ""


def group_by_utterance(table: pd.DataFrame, corpus: CorpusParams, predictions: pd.DataFrame) -> pd.Series:
    """Return the group of each utterance, indexed by utterance; resampling keeps groups together.

    Raises
    ------
    UserError
        If the predictions name an utterance that the corpus does not have.
    """
    groups = pd.Series(groups_of(table, corpus.protocol.group), index=table["utterance"])
    unknown = set(predictions["utterance"]) - set(groups.index)
    if unknown:
        raise UserError(
            f"the predictions name {min(unknown)!r}, which is not in the corpus: run `crossmodal train` again"
        )
    return groups


def count_groups(groups: pd.Series, predictions: pd.DataFrame) -> int:
    """Return the number of groups to which the predicted utterances belong.

    `groups` comes from `group_by_utterance`.
    """
    return int(groups[predictions["utterance"].unique()].nunique())


def by_configuration(table: pd.DataFrame) -> dict[Configuration, pd.DataFrame]:
    """Return the lines of each configuration, with configurations in the order of the file."""
    return {Configuration.parse(*names): part for names, part in table.groupby(NAMES, sort=False)}


def _label_type(corpus: CorpusParams) -> type[Any]:
    return float if corpus.task == "regression" else str


def _read_if_there(path: Path, types: dict[str, type[Any]], **options: Any) -> pd.DataFrame | None:
    return _read(path, types, **options) if is_there(path) else None


def _probabilities(column: pd.Series, path: Path) -> pd.Series:
    """Return a column of probabilities as numbers; an empty cell is NaN."""
    try:
        numbers = pd.to_numeric(column.replace("", None))
        if not numbers.dropna().between(-ROUNDING, 1 + ROUNDING).all():
            raise ValueError("a value is not between 0 and 1")
    except ValueError as error:
        raise UserError(
            f"{path}: column {column.name!r} does not hold probabilities ({error}): run `crossmodal train` again"
        ) from error
    return numbers


def _read(
    path: Path, types: dict[str, type[Any]], *, checked: bool = True, prefix: str | None = None, **options: Any
) -> pd.DataFrame:
    """Read the required columns of a table, and any columns whose names begin with `prefix`."""

    def wanted(column: str) -> bool:
        return column in types or (prefix is not None and column.startswith(prefix))

    found = read_table(path, checked=checked, dtype=types, usecols=wanted, **options)
    if missing := [column for column in types if column not in found.columns]:
        raise UserError(f"{path} has no column {missing[0]!r}: run `crossmodal train` again")
    return found
