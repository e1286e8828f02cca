"""The tables that training writes: predictions, ablated predictions, attention, presence, sizes."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from models.configuration import Configuration, join_modalities
from models.data.modalities import Modalities, Task
from pipeline.settings.blocks import CorpusParams
from pipeline.training.jobs import Fit
from pipeline.training.labels import classes_of


def tables_of(
    fits: Sequence[Fit], table: pd.DataFrame, truth: NDArray[Any], corpus: CorpusParams
) -> dict[str, pd.DataFrame]:
    """Return predictions.csv, dropped.csv, attention.csv, parameters.csv and fits.csv."""
    classes = classes_of(truth) if corpus.task == "classification" else None
    costs = pd.DataFrame(
        [
            _who(f, corpus.task)
            | {"fold": f.fold, "fit_s": f.fit_s, "predict_s": f.predict_s}
            | {"parameters": f.parameters, "settings": f.settings}
            for f in fits
        ]
    )
    sizes = costs.groupby(list(_WHO), sort=False)["parameters"].mean().round().astype(int).reset_index()
    return {
        "fits.csv": costs,
        "predictions.csv": _predictions(fits, table, truth, classes),
        "dropped.csv": _dropped(fits, table, classes),
        "attention.csv": _attention(fits, table, corpus),
        "parameters.csv": sizes,
    }


_WHO = ("strategy", "modalities", "model")


def _who(fit: Fit, task: Task) -> dict[str, str]:
    return dict(zip(_WHO, fit.configuration.as_shown(task).names, strict=True))


def _task(classes: NDArray[Any] | None) -> Task:
    return "regression" if classes is None else "classification"


def _decoded(predictions: NDArray[Any], classes: NDArray[Any] | None) -> NDArray[Any]:
    return predictions if classes is None else classes[predictions]


def _predictions(
    fits: Sequence[Fit], table: pd.DataFrame, truth: NDArray[Any], classes: NDArray[Any] | None
) -> pd.DataFrame:
    """Return the tidy table of all predictions, by configuration in the order of fits, then by utterance."""
    parts, places = [], _places(fits)
    for fit in fits:
        part = {"utterance": table["utterance"].to_numpy()[fit.test], **_who(fit, _task(classes))}
        part |= {"fold": fit.fold, "truth": truth[fit.test]}
        part |= {"prediction": _decoded(fit.predictions, classes), "at": fit.test}
        if classes is None:
            part["score"] = fit.predictions
        else:
            part |= {f"p_{c}": fit.probabilities[:, k] for k, c in enumerate(classes)}
        parts.append(pd.DataFrame(part).assign(place=places[fit.configuration]))
    return pd.concat(parts).sort_values(["place", "at"], kind="stable").drop(columns=["place", "at"])


def _places(fits: Sequence[Fit]) -> dict[Configuration, int]:
    return {configuration: i for i, configuration in enumerate(dict.fromkeys(fit.configuration for fit in fits))}


def _dropped(fits: Sequence[Fit], table: pd.DataFrame, classes: NDArray[Any] | None) -> pd.DataFrame:
    """Return the predictions of each fusion with some of its modalities ablated."""
    columns, places = ["utterance", *_WHO, "dropped", "prediction"], _places(fits)
    parts = [
        pd.DataFrame({"utterance": table["utterance"].to_numpy()[fit.test]})
        .assign(**_who(fit, _task(classes)))
        .assign(
            dropped=ablated, prediction=_decoded(predictions, classes), place=places[fit.configuration], at=fit.test
        )
        for fit in fits
        for ablated, predictions in fit.ablated.items()
    ]
    if not parts:
        return pd.DataFrame(columns=columns)
    return pd.concat(parts).sort_values(["place", "dropped", "at"], kind="stable")[columns]


def _attention(fits: Sequence[Fit], table: pd.DataFrame, corpus: CorpusParams) -> pd.DataFrame:
    """Return the weight of each modality in each utterance, for the strategies that give one."""
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
    """Return presence.csv: 0 or 1 for each utterance and modality."""
    masks = {m: mask.astype(int) for m, mask in data.present.items()}
    return pd.DataFrame({"utterance": table["utterance"], **masks})
