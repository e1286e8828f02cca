"""The public Python interface: what a notebook needs from a project.

>>> import crossmodal as cm
>>> X, y, groups = cm.load("demo")  # doctest: +SKIP
>>> from sklearn.model_selection import GroupKFold, cross_val_score
>>> model = cm.estimator("demo", "product")  # doctest: +SKIP
>>> cross_val_score(model, X, y, groups=groups, cv=GroupKFold(5))  # doctest: +SKIP

Corpora are looked up in the project around the working directory (the closest folder upwards with a params.yaml), or
in the project that ``project=`` names. Paths may be strings. Every mistake that a user can correct raises a
`CrossmodalError`, whose message says what to do; notices are Python warnings.

The functions change the working directory while they run, so calls from several threads run one after the other.
"""

import sys
from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

_PACKAGES = ("common", "features", "models", "pipeline")


class HiddenPackageError(ImportError):
    """One of the user's files has the same name as one of this program's packages, and Python finds it first."""

    def _render_traceback_(self) -> list[str]:
        """Return what a notebook shows instead of a traceback (a hook of IPython)."""
        return [f"{type(self).__name__}: {self}"]


def _refuse_hidden_packages() -> None:
    home = Path(__file__).resolve().parents[1]
    for name in _PACKAGES:
        module = sys.modules.get(name)
        found = getattr(module, "__file__", None) if module else getattr(find_spec(name), "origin", None)
        if found is not None and Path(found).resolve().parent != home / name:
            raise HiddenPackageError(
                f"{found} has the name of a package of crossmodal, {name!r}, and Python finds it first: rename it, or "
                "move it to another folder, and start Python again"
            )


_refuse_hidden_packages()

from pipeline.notebook.errors import CrossmodalError, in_one_sentence  # noqa: E402 - only if it is this program's

if TYPE_CHECKING:
    import pandas as pd

    from pipeline.notebook.features import Features
    from pipeline.notebook.loading import Loaded
    from pipeline.notebook.results import Answered

__all__ = [
    "CrossmodalError",
    "HiddenPackageError",
    "answer",
    "estimator",
    "extract",
    "features",
    "fit",
    "load",
    "predict",
    "table",
]

Place = str | PathLike[str]


def __dir__() -> list[str]:
    """Return the public names, without those that this module imports, for ``dir`` and for completion in a notebook."""
    return sorted(__all__)


@in_one_sentence
def load(corpus: str, *, sequences: bool = False, unlabelled: bool = False, project: Place | None = None) -> "Loaded":
    """Return the features, labels and groups of a corpus: ``X, y, groups = load("demo")``.

    Parameters
    ----------
    corpus
        Name of a corpus whose features have been extracted.
    sequences
        Whether sequences over time are read too; LSTMs, transformers and attention need them.
    unlabelled
        Whether utterances without a label are returned as well; their label is None, or NaN in a regression task.
    project
        Folder of the project, or its settings file; by default the project around the working directory.

    Returns
    -------
    Loaded
        ``X`` (n utterances by modalities, accepted by scikit-learn's tools; ``X.to_frame()`` is a table of features),
        and ``y`` and ``groups``, both indexed by utterance.

    Raises
    ------
    CrossmodalError
        If there is no such corpus, if it has no labels (unless `unlabelled`), or if features are missing or out of
        date.
    """
    from pipeline.notebook import project as projects
    from pipeline.notebook.loading import load as run

    with projects.project(project) as params:
        return run(params, corpus, sequences=sequences, unlabelled=unlabelled)


@in_one_sentence
def estimator(
    corpus: str,
    strategy: str,
    *,
    modalities: Sequence[str] = (),
    model: str | None = None,
    project: Place | None = None,
) -> Any:
    """Return the unfitted scikit-learn estimator of a strategy, with the settings that `train` uses for the corpus.

    Parameters
    ----------
    corpus
        Name of a corpus.
    strategy
        A strategy such as ``unimodal``, ``concat`` or ``product``.
    modalities
        Modalities that the model reads; by default all modalities of the corpus. ``unimodal`` needs exactly one.
    model
        Base classifier, such as ``svm``; by default the setting ``train.fusion_classifier``.
    project
        As for `load`.

    Raises
    ------
    CrossmodalError
        If a name is unknown, or the strategy, modalities and base classifier cannot be combined.
    """
    from pipeline.notebook import project as projects
    from pipeline.notebook.loading import estimator as run

    with projects.project(project) as params:
        return run(params, corpus, strategy, _names(modalities), model)


@in_one_sentence
def features(store: Place, *, corpus: str | None = None, project: Place | None = None) -> "Features":
    """Return the content of a feature store or a stream: ``features("data/work/demo/features/egemaps.h5")``.

    Parameters
    ----------
    store
        Path of any store; or, with `corpus`, the name of an extractor or stream: ``features("egemaps",
        corpus="demo")``.
    corpus, project
        Name of a corpus, and its project, as for `load`.

    Returns
    -------
    Features
        Has the method ``sequence(utterance)`` (its rows over time) and, except for a stream, ``to_frame()`` (one row
        per utterance) and ``to_xarray()``.

    Raises
    ------
    CrossmodalError
        If the corpus or the name is unknown, or if the file is missing, damaged, or not a store.
    """
    from pipeline.notebook import project as projects
    from pipeline.notebook.features import path_of, read_features

    if corpus is None:
        return read_features(projects.absolute(store))
    with projects.project(project) as params:
        return read_features(path_of(params, corpus, str(store)))


@in_one_sentence
def table(corpus: str, *, project: Place | None = None) -> "pd.DataFrame":
    """Return the results of an evaluated corpus, one row per configuration and metric.

    The columns are ``corpus, strategy, modalities, model, metric, value, low, high, n``.

    Parameters
    ----------
    corpus, project
        As for `load`.

    Raises
    ------
    CrossmodalError
        If there is no table, or it does not match the present features and settings.
    """
    from pipeline.notebook import project as projects
    from pipeline.notebook.results import table as run

    with projects.project(project) as params:
        return run(params, corpus)


@in_one_sentence
def answer(corpus: str, *, project: Place | None = None) -> "Answered":
    """Return the answer to the question whether fusion helps on an evaluated corpus; a notebook shows it as sentences.

    Parameters
    ----------
    corpus, project
        As for `load`.

    Returns
    -------
    Answered
        ``sentences``, and the numbers behind them as ``facts``.

    Raises
    ------
    CrossmodalError
        As for `table`.
    """
    from pipeline.notebook import project as projects
    from pipeline.notebook.results import answer as run

    with projects.project(project) as params:
        return run(params, corpus)


@in_one_sentence
def fit(
    corpus: str,
    strategy: str | None = None,
    *,
    modalities: Sequence[str] = (),
    model: str | None = None,
    project: Place | None = None,
) -> Path:
    """Fit a strategy on all labelled utterances of a corpus, save the model, and return its folder for `predict`.

    Parameters
    ----------
    corpus, project
        As for `load`.
    strategy
        By default the best fusion in the corpus's table among those that read the most modalities.
    modalities, model
        As for `estimator`; may only be given together with `strategy`.

    Raises
    ------
    CrossmodalError
        If the strategy cannot be fitted; the message says why.
    """
    from pipeline.notebook import project as projects
    from pipeline.notebook.results import fit as run

    with projects.project(project) as params:
        return run(params, corpus, strategy, _names(modalities), model)


@in_one_sentence
def predict(
    clips: Place | Iterable[Place],
    model: Place,
    *,
    text: str | None = None,
    workers: int = 0,
    project: Place | None = None,
) -> "pd.DataFrame":
    """Return what a saved model predicts for recordings, one row per utterance.

    Parameters
    ----------
    clips
        A recording, several of them, or a manifest.csv.
    model
        The folder that `fit` returned.
    text
        The transcript of a single recording; by default the content of the .txt file with the same name. Without
        such a file, the words are recognised if `streams.text.transcribe` allows it.
    workers
        Number of worker processes; 0 computes in the current process.
    project
        As for `load`; outside a project the default settings are used.

    Returns
    -------
    pandas.DataFrame
        Indexed by utterance: ``prediction``, ``p_<class>`` or ``score``, ``prior`` (the prediction without any
        modality), ``share_<modality>`` (what each modality adds to it), and ``remark`` (what was missing, or why there
        is no prediction).

    Raises
    ------
    CrossmodalError
        If the model or a recording cannot be read, or features would be computed differently than in training.
    """
    from pipeline.notebook import project as projects
    from pipeline.notebook.recordings import predict as run

    sources = [clips] if isinstance(clips, str | PathLike) else list(clips)
    paths, folder = [projects.absolute(clip) for clip in sources], projects.absolute(model)
    with projects.project_or_defaults(project) as params:
        return run(params, folder, paths, text=text, workers=workers)


@in_one_sentence
def extract(
    clip: Place, extractors: str | Sequence[str] = (), *, text: str | None = None, project: Place | None = None
) -> "dict[str, Features]":
    """Return the features of one recording, keyed by extractor and computed as for a corpus.

    Parameters
    ----------
    clip
        A video or a sound file.
    extractors
        Names of extractors; by default those that the settings list.
    text
        The transcript; by default as for `predict`.
    project
        As for `predict`.

    Raises
    ------
    CrossmodalError
        If the recording cannot be read, if an extractor is unknown, or if no features can be computed.
    """
    from pipeline.notebook import project as projects
    from pipeline.notebook.recordings import extract as run

    path = projects.absolute(clip)
    with projects.project_or_defaults(project) as params:
        return run(params, path, extractors=_names(extractors), text=text)


def _names(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)
