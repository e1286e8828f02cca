"""Keys of results that are made from a whole corpus: fits, predictions, tables and the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.run.keys.description import key_of, library_versions

# Settings in the block of a corpus on which predictions do not depend.
_OF_NO_PREDICTION = ("note", "metrics", "of", "labels", "parts", "transcribe", "align", "speakers_unknown")


@dataclass(frozen=True)
class FitInputs:
    """Everything that the fit of a configuration on one fold depends on.

    Attributes
    ----------
    configuration
        Strategy, modalities and model.
    stores
        Name and content key of each feature store that is read.
    features
        Modality -> its features, including those that are fitted inside the fold.
    settings
        The settings of the strategy and of the model.
    text_features
        The settings of features that are fitted inside the fold, and the content hash of the word-vector file.
    preparation
        The settings of normalisation, context and time steps, and the number of settings that are tried.
    utterances
        Content hash of the utterance table.
    labels
        Task, label column, group column, and the seed if labels are shuffled.
    fold
        The name of the fold, and hashes of its training rows, its test rows and the rows of each inner fold.
    code
        The content key of the code and libraries, and the content hash of each plugin.
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
    """Return the key of code; it covers the content hash of each source file and the versions of libraries."""
    return key_of({**sources, **library_versions(packages)})


def plugins_key(sources: Sequence[str]) -> str:
    """Return the key of the plugins; it covers the content hash of each plugin."""
    return key_of({"plugins": sources})


def training_inputs(
    name: str,
    corpus: Mapping[str, Any],
    train: Mapping[str, Any],
    plugins: Sequence[str],
    contents: Mapping[str, str],
) -> dict[str, str]:
    """Return what a corpus's predictions depend on: each settings block and each file -> the key of its content.

    Parameters
    ----------
    name, corpus
        The name of the corpus and its block of the settings. Settings on which no prediction depends, such as metrics
        and the note, are ignored. The parts of a union are ignored, too: they matter only through the utterance table.
    train
        The settings of training.
    plugins
        Content hash of each plugin.
    contents
        Content hash of each file, keyed by its path.
    """
    return {
        "train": key_of(train),
        f"corpora.{name}": key_of({k: v for k, v in corpus.items() if k not in _OF_NO_PREDICTION}),
        "run.plugins": plugins_key(plugins),
        **contents,
    }


def predictions_key(record: Mapping[str, Any]) -> str:
    """Return the key of predictions, given their train.json.

    It covers the hashes of the written files, notices, normalisation, devices, statuses and speakers.
    """
    further = {part: record[part] for part in ("devices", "statuses", "speakers") if record.get(part)}
    return key_of({part: record[part] for part in ("files", "notices", "normalise")} | further)


def evaluation_inputs(
    name: str, metrics: Sequence[str], note: str, plugins: Sequence[str], settings: Mapping[str, Any]
) -> dict[str, str]:
    """Return what a corpus's tables depend on besides the predictions: each setting -> the key of its value."""
    return {
        "run.plugins": plugins_key(plugins),
        f"corpora.{name}.metrics": key_of({"metrics": metrics}),
        f"corpora.{name}.note": key_of({"note": note}),
        **{f"evaluate.{setting}": key_of({"value": value}) for setting, value in settings.items()},
    }


def page_key(records: Sequence[Mapping[str, Any]], protocol: str, task: str, settings: Mapping[str, Any]) -> str:
    """Return the key of a page; `records` are those that `evaluate` and `train` wrote, `settings` those of the page."""
    return key_of({"records": records, "protocol": protocol, "task": task, "report": settings})


def stamps_key(stamps: Mapping[str, str]) -> str:
    """Return a key made from the sizes and times of files, as `pipeline.hashing.stamp_of` returns them."""
    return key_of(stamps)
