"""Keys of what is made from a whole corpus: fits, predictions, tables and the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.run.keys.description import key_of, library_versions

# Settings of a corpus's block that change no prediction.
_OF_NO_PREDICTION = ("note", "metrics", "of", "labels", "parts", "transcribe", "align", "speakers_unknown")


@dataclass(frozen=True)
class FitInputs:
    """All that a configuration fitted on one fold depends on.

    Attributes
    ----------
    configuration
        Strategy, modalities and model.
    stores
        Name and content key of each feature store that is read.
    features
        Modality -> its features, those fitted inside the fold included.
    settings
        Of the strategy and of the model.
    text_features
        Settings of the features that are fitted inside the fold, and the content hash of ready word vectors.
    preparation
        How features are scaled, put into context and cut into steps; how many settings are tried.
    utterances
        Content hash of the utterance table.
    labels
        Task, label column, column of the groups, and the seed where labels are shuffled.
    fold
        Its name, and the hash of its training and test rows and of those of each inner fold.
    code
        The code and the libraries, and the plugins.
    """

    configuration: Sequence[str]
    stores: Sequence[tuple[str, str]]
    features: Mapping[str, Sequence[str]]
    settings: Sequence[Mapping[str, Any]]
    text_features: Sequence[Any]
    preparation: Sequence[Any]
    utterances: str
    labels: Sequence[Any]
    fold: Sequence[str]
    code: Sequence[str]

    @property
    def key(self) -> str:
        """The content key of the fit."""
        return key_of(vars(self))


def code_key(sources: Mapping[str, str], packages: Sequence[str]) -> str:
    """Return the key of code: the content hash of each source file, and the versions of the libraries that it calls."""
    return key_of({**sources, **library_versions(packages)})


def plugins_key(sources: Sequence[str]) -> str:
    """Return the key of the plugins from the content hash of each."""
    return key_of({"plugins": sources})


def training_inputs(
    name: str,
    corpus: Mapping[str, Any],
    train: Mapping[str, Any],
    plugins: Sequence[str],
    contents: Mapping[str, str],
) -> dict[str, str]:
    """Return what a corpus's predictions depend on: a block of the settings or a file -> the key of its content.

    Parameters
    ----------
    name, corpus
        The corpus, and its block of the settings; its metrics and its note change no prediction, and what a union is
        made of does so only through the table of utterances.
    train
        The settings of training.
    plugins
        Content hash of each plugin.
    contents
        File -> the hash of its content.
    """
    return {
        "train": key_of(train),
        f"corpora.{name}": key_of({k: v for k, v in corpus.items() if k not in _OF_NO_PREDICTION}),
        "run.plugins": plugins_key(plugins),
        **contents,
    }


def predictions_key(record: Mapping[str, Any]) -> str:
    """Return the key of predictions: their files' hashes, the notices, scaling, devices, statuses, speakers."""
    further = {part: record[part] for part in ("devices", "statuses", "speakers") if record.get(part)}
    return key_of({part: record[part] for part in ("files", "notices", "normalise")} | further)


def evaluation_inputs(
    name: str, metrics: Sequence[str], note: str, plugins: Sequence[str], settings: Mapping[str, Any]
) -> dict[str, str]:
    """Return what a corpus's tables depend on besides the predictions: a setting -> the key of its value."""
    return {
        "run.plugins": plugins_key(plugins),
        f"corpora.{name}.metrics": key_of({"metrics": metrics}),
        f"corpora.{name}.note": key_of({"note": note}),
        **{f"evaluate.{setting}": key_of({"value": value}) for setting, value in settings.items()},
    }


def page_key(records: Sequence[Mapping[str, Any]], protocol: str, task: str, settings: Mapping[str, Any]) -> str:
    """Return the key of a page: the records of tables and predictions, the protocol, the task and the settings."""
    return key_of({"records": records, "protocol": protocol, "task": task, "report": settings})


def stamps_key(stamps: Mapping[str, Sequence[int]]) -> str:
    """Return the key of files from their stamps (`pipeline.hashing.stamp_of`)."""
    return key_of(stamps)
