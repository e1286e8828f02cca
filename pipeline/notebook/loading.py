"""Load a corpus in the form that scikit-learn's tools expect, and build unfitted models like those in its table."""

import warnings
from collections import Counter
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from models.registry import build
from pipeline.corpora.sources import changed_sources
from pipeline.corpora.utterances import read_utterances
from pipeline.inference.fit import configuration_of
from pipeline.notebook.utterances import Utterances
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.training.fit_keys import recipe_of
from pipeline.training.inputs import load_modalities, settings_of, step_settings
from pipeline.training.labels import classes_of, labelled, labels_of, require_label
from pipeline.training.trained import require_features

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 6  # classes in a short description


class Loaded(NamedTuple):
    """The inputs, labels and groups of n utterances: ``X, y, groups = cm.load("demo")``.

    Attributes
    ----------
    X
        The features.
    y
        Classes or scores, indexed by utterance.
    groups
        What must not be split between training and test (speaker, session, video), indexed by utterance.
    """

    X: Utterances
    y: "pd.Series[Any]"
    groups: "pd.Series[Any]"

    def __repr__(self) -> str:
        values = self.y.dropna()
        if values.dtype.kind == "f":
            labels = f"scores from {values.min():g} to {values.max():g}" if len(values) else "no scores"
        else:
            counts = Counter(map(str, values)).most_common()
            labels = ", ".join(f"{count} {name}" for name, count in counts[:_SHOWN]) or "no labels"
            labels += f" and {len(counts) - _SHOWN} more" * (len(counts) > _SHOWN)
        return f"X: {self.X!r}\ny: {self.y.name}, {labels}\ngroups: {self.groups.nunique()} (column {self.groups.name})"

    def _repr_html_(self) -> str:
        return f"<pre>{escape(repr(self))}</pre>"


def load(params: Params, name: str, *, sequences: bool, unlabelled: bool) -> Loaded:
    """Return the inputs, labels and groups of a corpus; the parameters are those of `crossmodal.load`.

    Raises
    ------
    UserError
        If the corpus is unknown or has no labels (unless `unlabelled`), or if its features are missing or out of date.
    """
    import pandas as pd

    corpus = params.corpus(name)
    if warning := changed_sources(params, name):
        warnings.warn(warning, stacklevel=4)
    if not unlabelled:
        require_label(params, name)
    table = read_utterances(CorpusPaths(name).utterances, corpus.label)
    require_features(params, name)
    settings = settings_of(params, name)
    if sequences:
        settings, notices = step_settings(name, settings, corpus, table)
        for notice in notices:
            warnings.warn(notice, stacklevel=4)
    rows = np.arange(len(table)) if unlabelled else labelled(table, corpus)
    data = load_modalities(name, settings, corpus, table, sequences=sequences)[rows]
    index = pd.Index(table["utterance"].to_numpy(object)[rows], name="utterance")
    groups = pd.Series(data.groups, index, name=corpus.protocol.group)
    return Loaded(Utterances.of(data, index), _labels(table, corpus, rows, index), groups)


def _labels(table: Any, corpus: Any, rows: Any, index: Any) -> Any:
    """Return the labels of utterances; a missing label is None, or NaN in a regression task."""
    import pandas as pd

    if not corpus.label:
        return pd.Series([None] * len(rows), index, object)
    labels = labels_of(table, corpus)[rows]
    if corpus.task == "regression":
        return pd.Series(labels, index, name=corpus.label)
    return pd.Series([label or None for label in labels.tolist()], index, object, name=corpus.label)


def estimator(params: Params, name: str, strategy: str, modalities: Sequence[str], model: str | None) -> Any:
    """Return an unfitted model of the given strategy, modalities and base classifier, with the training settings.

    Raises
    ------
    UserError
        If the corpus is unknown or has no labels, or if a modality or the model is unknown or does not suit the
        strategy.
    ModelError
        If there is no such strategy.
    """
    require_label(params, name)
    corpus = params.corpus(name)
    configuration = configuration_of(params, name, strategy, tuple(modalities), model)
    table = read_utterances(CorpusPaths(name).utterances, corpus.label)
    classes = tuple(classes_of(labels_of(table, corpus)).tolist()) if corpus.task == "classification" else None
    return build(configuration.strategy, recipe_of(configuration, corpus, settings_of(params, name), classes))
