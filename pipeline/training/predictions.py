"""Make the tables that training writes: predictions, ablated predictions, attention, presence, sizes, costs."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.configuration import Configuration, join_modalities
from models.data.modalities import Modalities, Task
from pipeline.settings.blocks import CorpusParams
from pipeline.training.jobs import Fit
from pipeline.training.labels import classes_of

WHO = ("strategy", "modalities", "model")  # columns that name a configuration
COSTS = "fits.csv"


def tables_of(
    fits: Sequence[Fit], table: pd.DataFrame, truth: NDArray[Any], corpus: CorpusParams
) -> dict[str, pd.DataFrame]:
    """Return the tables predictions.csv, dropped.csv, attention.csv, parameters.csv and fits.csv, keyed by name."""
    classes = classes_of(truth) if corpus.task == "classification" else None
    costs = pd.DataFrame(
        [
            _who(f, corpus.task)
            | {"fold": f.fold, "fit_s": f.fit_s, "predict_s": f.predict_s}
            | {"parameters": f.parameters, "settings": f.settings}
            for f in fits
        ]
    )
    sizes = costs.groupby(list(WHO), sort=False)["parameters"].mean().round().astype(int).reset_index()
    return {
        COSTS: costs,
        "predictions.csv": _predictions(fits, table, truth, classes),
        "dropped.csv": _dropped(fits, table, classes),
        "attention.csv": _attention(fits, table, corpus),
        "parameters.csv": sizes,
    }


def _who(fit: Fit, task: Task) -> dict[str, str]:
    return dict(zip(WHO, fit.configuration.as_shown(task).names, strict=True))


def _task(classes: NDArray[Any] | None) -> Task:
    return "regression" if classes is None else "classification"


def _decoded(predictions: NDArray[Any], classes: NDArray[Any] | None) -> NDArray[Any]:
    return predictions if classes is None else classes[predictions]


def _predictions(
    fits: Sequence[Fit], table: pd.DataFrame, truth: NDArray[Any], classes: NDArray[Any] | None
) -> pd.DataFrame:
    """Return the tidy table of all predictions, sorted by configuration (in the order of fits), then by utterance."""
    parts, places, names = [], _places(fits), table["utterance"].to_numpy()
    for fit in fits:
        part = {"utterance": names[fit.test], **_who(fit, _task(classes))}
        part |= {"fold": fit.fold, "truth": truth[fit.test]}
        part |= {"prediction": _decoded(fit.predictions, classes), "at": fit.test, "place": places[fit.configuration]}
        if classes is None:
            part["score"] = fit.predictions
        else:
            part |= {f"p_{c}": fit.probabilities[:, k] for k, c in enumerate(classes)}
        parts.append(part)
    return _frame(parts).sort_values(["place", "at"], kind="stable").drop(columns=["place", "at"])


def _frame(parts: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return one frame of all parts; a value that is not an array is repeated in every row of its part.

    There are thousands of small parts, and a frame of each would take seconds.
    """
    lengths = [len(part["utterance"]) for part in parts]
    columns = {}
    for name, value in parts[0].items():
        cells = [part[name] for part in parts]
        columns[name] = np.concatenate(cells) if isinstance(value, np.ndarray) else np.repeat(cells, lengths)
    return pd.DataFrame(columns)


def _places(fits: Sequence[Fit]) -> dict[Configuration, int]:
    return {configuration: i for i, configuration in enumerate(dict.fromkeys(fit.configuration for fit in fits))}


def _dropped(fits: Sequence[Fit], table: pd.DataFrame, classes: NDArray[Any] | None) -> pd.DataFrame:
    """Return the predictions of each fusion with some of its modalities ablated."""
    columns, places = ["utterance", *WHO, "dropped", "prediction"], _places(fits)
    names = table["utterance"].to_numpy()
    parts = [
        {"utterance": names[fit.test], **_who(fit, _task(classes)), "dropped": ablated}
        | {"prediction": _decoded(predictions, classes), "place": places[fit.configuration], "at": fit.test}
        for fit in fits
        for ablated, predictions in fit.ablated.items()
    ]
    if not parts:
        return pd.DataFrame(columns=columns)
    return _frame(parts).sort_values(["place", "dropped", "at"], kind="stable")[columns]


def _attention(fits: Sequence[Fit], table: pd.DataFrame, corpus: CorpusParams) -> pd.DataFrame:
    """Return the attention weight of each modality in each utterance, for strategies with attention."""
    columns, places = ["utterance", "strategy", "modalities", *corpus.modalities], _places(fits)
    parts = [
        pd.DataFrame(fit.weights, columns=list(fit.configuration.modalities))
        .assign(utterance=table["utterance"].to_numpy()[fit.test], place=places[fit.configuration], at=fit.test)
        .assign(strategy=fit.configuration.strategy, modalities=join_modalities(fit.configuration.modalities))
        for fit in fits
        if fit.weights.size
    ]
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat(parts).sort_values(["place", "at"], kind="stable").reindex(columns=columns)


def presence_of(data: Modalities, table: pd.DataFrame) -> pd.DataFrame:
    """Return the table presence.csv: 1 if an utterance has a modality, 0 if it lacks the modality."""
    masks = {m: mask.astype(int) for m, mask in data.present.items()}
    return pd.DataFrame({"utterance": table["utterance"], **masks})
