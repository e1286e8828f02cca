"""Every content key is made here, from a description of all that the keyed thing depends on.

A key is the hash of such a description, so an entry under it is right or missing, never out of date. Equal
descriptions give equal keys in every process. What each kind of thing depends on is listed in its function or class:

======================  ==============================================================================
an utterance's stream   `stream_program`, then `text_key`, `audio_key`, `video_key`
its words, if missing   `word_program`, then `word_key`
its features            `extractor_program`, then `feature_key`
imported features       `import_key`, `frames_key`
a fit on a fold         `FitInputs`
the predictions         `training_inputs`, `predictions_key`
the tables, the page    `evaluation_inputs`, `page_key`
an utterance's preview  `preview_key` of `pipeline.reporting.utterance.previewing`
======================  ==============================================================================
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from importlib import import_module
from importlib.metadata import PackageNotFoundError
from os.path import commonpath
from pathlib import Path
from typing import Any

from features.base import Extractor, Modality
from features.errors import ExtractorError, names_setting
from features.store import Store
from features.weights import version_of
from pipeline.errors import UserError
from pipeline.hashing import HashMemo
from pipeline.settings.paths import CACHE

Word = tuple[str, float, float]

# in the block of a corpus
_OF_NO_PREDICTION = ("note", "metrics", "of", "labels", "parts", "transcribe", "align", "speakers_unknown")

_STREAM_PACKAGES: Mapping[Modality, tuple[str, ...]] = {
    "text": (),
    "audio": ("av", "scipy", "numpy"),
    "video": ("av", "mediapipe", "opencv-contrib-python", "numpy"),
}


_SOUND_PACKAGES = ("av", "soxr", "numpy")


def described(parts: Mapping[str, Any]) -> str:
    """Return a description as JSON, the same for equal descriptions whatever the order of their entries.

    Raises
    ------
    TypeError
        If it holds anything whose text is not the same in every process, such as a set.
    """
    return json.dumps(parts, sort_keys=True, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(
        f"a key cannot depend on a {type(value).__name__} ({value!r:.80}): give it as text, numbers, lists and mappings"
    )


def key_of(parts: Mapping[str, Any]) -> str:
    """Return the content key of a description.

    >>> key_of({"a": 1, "b": 2}) == key_of({"b": 2, "a": 1})
    True
    """
    return hashlib.sha256(described(parts).encode()).hexdigest()


def library_versions(packages: Sequence[str]) -> dict[str, str]:
    """Return the installed versions of packages.

    Raises
    ------
    UserError
        If one is not installed.
    """
    versions = {}
    for package in packages:
        try:
            versions[package] = version_of(package)
        except PackageNotFoundError:
            raise UserError(f"{package} is not installed: `crossmodal doctor` says what installs it") from None
    return versions


def stream_program(modality: Modality, config: Any) -> dict[str, Any]:
    """Return what a stream depends on besides the recording and its transcript: algorithm, settings, libraries."""
    return {
        "step": modality,
        "version": int(import_module(f"pipeline.streams.{modality}").VERSION),
        "config": (settings := config.of_content()),
        "libraries": library_versions((*_STREAM_PACKAGES[modality], *(("scipy",) if "follow" in settings else ()))),
    }


def text_key(program: Mapping[str, Any], text: str, words: Sequence[Word], start_s: float) -> str:
    """Return the key of a text stream: the transcript, its timed words, and where the utterance starts."""
    return key_of({**program, "text": text, "words": words, "start": start_s})


def audio_key(
    program: Mapping[str, Any],
    sha256: str,
    span: tuple[float, float],
    track: str,
    channel: str,
    timed_words: Mapping[str, float],
) -> str:
    """Return the key of an audio stream: the recording's content, what is read from it, and when words are spoken."""
    return key_of({**_span_of(program, sha256, span, track), "channel": channel, "words": timed_words})


def video_key(
    program: Mapping[str, Any],
    sha256: str,
    span: tuple[float, float],
    track: str,
    region: str,
    voice: Sequence[Any] = (),
) -> str:
    """Return the key of a video stream: the content of its recording and of its voice, and what is read from them."""
    heard = {"voice": voice} if voice else {}
    return key_of({**_span_of(program, sha256, span, track), "channel": "", "region": region, **heard})


def _span_of(program: Mapping[str, Any], sha256: str, span: tuple[float, float], track: str) -> dict[str, Any]:
    return {**program, "media": sha256, "start": span[0], "end": span[1], "track": track}


def word_program(kind: str, depends: Mapping[str, Any], audio: Any) -> dict[str, Any]:
    """Return what machine-made words of an utterance depend on besides the recording and what is known of its words.

    Parameters
    ----------
    kind
        What is made: recognised words, or times of words.
    depends
        Algorithm, settings, models and libraries of that kind.
    audio
        The settings of the audio stream, of which track and channel count.
    """
    return {
        "step": kind,
        "depends": depends,
        "track": str(audio.track),
        "channel": str(audio.channel),
        "libraries": library_versions(_SOUND_PACKAGES),
    }


def word_key(
    program: Mapping[str, Any],
    sha256: str,
    span: tuple[float, float],
    track: str,
    channel: str,
    known: Sequence[Any],
) -> str:
    """Return the key of machine-made words: the recording's content, what is read from it, and the words known."""
    return key_of({**program, "media": sha256, "span": span, "own": [track, channel], "known": known})


def extractor_program(extractor: Extractor[Any]) -> dict[str, Any]:
    """Return what an extractor's numbers depend on besides the stream: algorithm, settings, weights, libraries."""
    return {
        "name": extractor.name,
        "version": extractor.version,
        "config": asdict(extractor.config),
        "weights": weights_sha256(extractor),
        "libraries": library_versions(extractor.packages),
    }


def weights_sha256(extractor: Extractor[Any]) -> dict[str, str]:
    """Return the content hash of each weights file, keyed by its path relative to their common folder.

    Raises
    ------
    UserError
        If a file is missing, or cannot be used; the message names the setting.
    """
    instance = extractor.instance or extractor.name
    try:
        with names_setting(instance):
            return files_sha256(extractor.weights())
    except ExtractorError as error:
        raise UserError(str(error)) from error
    except OSError as error:
        raise UserError(f"features.{instance}: its weights cannot be read: {error}") from error


def files_sha256(files: Sequence[Path]) -> dict[str, str]:
    """Return the content hash of each file by its path relative to their common folder; OSError if one is missing."""
    memo = HashMemo(CACHE / "hashes.json")
    root = Path(commonpath([path.parent for path in files])) if files else Path()
    hashes = {path.relative_to(root).as_posix(): memo.sha256(path) for path in files}
    memo.save()
    return hashes


def feature_key(program: Mapping[str, Any], store: Store, i: int) -> str:
    """Return the key of an extractor's features of utterance i, made from the stream's key and content."""
    return key_of({**program, "stream": [store.keys[i], store.digest_of(i)]})


def import_key(origin: Mapping[str, Any], store: str, utterance: str) -> str:
    """Return the key of one utterance of imported features: its origin (file and options), store and name."""
    return key_of({"store": store, **origin, "utterance": utterance})


def frames_key(origin: str, store: str, row: Any, span: Sequence[float]) -> str:
    """Return the key of the imported frames of an utterance: their origin, and where the utterance is.

    Parameters
    ----------
    origin
        The key of the origin (files and options).
    store
        Its name.
    row
        The row of the utterance table, with the columns as attributes, which says the recording and its content.
    span
        Start and end by which frames were chosen, in seconds; to a microsecond, as the table holds them.
    """
    place = [row.recording, row.media_sha256, row.sound_sha256, *(round(time, 6) for time in span)]
    return key_of({"store": store, "origin": origin, "utterance": row.utterance, "place": place})


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
    """Return the key of a page: the records of the tables and images that it shows, the protocol, task and settings."""
    return key_of({"records": records, "protocol": protocol, "task": task, "report": settings})


def stamps_key(stamps: Mapping[str, Sequence[int]]) -> str:
    """Return the key of files from their stamps (`pipeline.hashing.stamp_of`)."""
    return key_of(stamps)
