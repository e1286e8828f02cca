"""Sentences of the methods text about streams and features: extractors, versions, settings and references."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from common.references import Reference, cited
from features.encoder import Encoder
from features.store import IMPORTED, Store, open_store
from features.text import fitted
from pipeline.errors import counted
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths

_NAMES = {"text": "Words", "audio": "Voice", "video": "Face"}
_SHOWN = 6  # at most this many settings of an extractor are listed


@dataclass(frozen=True)
class Used:
    """Features that a run read.

    Attributes
    ----------
    name, modality
        The name of the store or transformer, and its modality.
    sentence
        The part of the methods text about these features.
    libraries
        The packages and their versions, as the store records them; empty for a transformer or imported features.
    licence
        What the weights or the library of the extractor may be used for; empty for a transformer.
    references
        The publications to cite.
    """

    name: str
    modality: str
    sentence: str
    libraries: Mapping[str, str]
    licence: str
    references: tuple[Reference, ...]


def used_features(params: Params, name: str) -> Iterator[Used]:
    """Yield the features that the corpus is trained on, except those whose store does not exist."""
    for modality in params.corpus(name).modalities:
        for feature in params.features_of(name, modality):
            if feature in fitted.fitted_names():
                yield _fitted(params, feature, modality)
            elif (path := CorpusPaths(name).features(feature)).exists():
                with open_store(path) as store:
                    yield _stored(params, feature, modality, store)


def feature_sentences(used: list[Used]) -> Iterator[str]:
    """Yield one sentence per modality, which lists its features."""
    for modality in dict.fromkeys(one.modality for one in used):
        own = [one.sentence for one in used if one.modality == modality]
        yield f"{_NAMES.get(modality, modality)}: {'; '.join(own)}."


def stream_sentences(params: Params, name: str) -> Iterator[str]:
    """Yield sentences on how the stream of each modality was made, if this program made it."""
    for modality in params.corpus(name).modalities:
        path = CorpusPaths(name).stream(modality)
        if path.exists():
            with open_store(path) as store:
                yield _STREAMS[modality](dict(store.attribute("config")))


def _text(config: Mapping[str, Any]) -> str:
    changes = ["lower-cased"] if config["lowercase"] else []
    changes += ["stripped of punctuation"] if config["strip_punctuation"] else []
    return f"Transcripts were {', '.join([*changes, 'tokenised'])}; encoders read them as they were written."


def _audio(config: Mapping[str, Any]) -> str:
    return (
        f"Sound was mixed to mono (channel: {config['channel']}), resampled to {config['rate_hz']} Hz, filtered "
        f"from {config['low_hz']:g} to {config['high_hz']:g} Hz (Butterworth, order {config['order']}, forwards and "
        f"backwards), trimmed up to the first and the last 10 ms that are at most {config['trim_db']:g} dB below the "
        f"loudest, and brought to {config['level_db']:g} dB of full scale."
    )


def _video(config: Mapping[str, Any]) -> str:
    speaking = config.get("follow") == "speaking"
    followed = "the one whose mouth moves with the voice" if speaking else "the largest"
    every, between = config.get("detect_every_s", 0), ""
    if every * config["fps"] > 1:
        where = "In utterances that show a single face" if speaking else "While there was a single face"
        between = (
            f" {where}, the detector ran every {every:g} s, and whenever that face was lost; in "
            "between, the face was found again by normalised cross-correlation."
        )
    return (
        f"Frames were sampled at {config['fps']:g} per second; faces were detected by {config['detector']} (score "
        f"of at least {config['min_score']:g}), {followed} was followed, and cut out with a margin of "
        f"{config['margin']:g} at {config['size']} x {config['size']} pixels.{between}"
    )


_STREAMS = {"text": _text, "audio": _audio, "video": _video}


def _fitted(params: Params, feature: str, modality: str) -> Used:
    settings = dict(getattr(params.train, feature, {}))
    references = tuple(getattr(fitted.build(feature, settings), "references", ()))
    sentence = f"{feature}, fitted on the training part of each fold{_settings(settings)}{cited(references)}"
    return Used(feature, modality, sentence, {}, "", references)


def _stored(params: Params, feature: str, modality: str, store: Store) -> Used:
    columns = counted(len(store.attribute("pooled_names")), "feature")
    if store.file.attrs.get("kind") == IMPORTED or feature not in params.features:
        sentence = f"{feature}, imported from a file ({columns}); how they were made is not recorded"
        return Used(feature, modality, sentence, {}, "imported: ask whoever made them", ())
    extractor = params.extractor(feature)
    named = "" if extractor.name == feature else f" (extractor {extractor.name})"
    version, config = store.attribute("version"), dict(store.attribute("config"))
    if extractor.packaged and not extractor.is_named:
        config["model"] = extractor.packaged
    frozen = ", not trained further" if isinstance(extractor, Encoder) else ""
    sentence = f"{feature}{named}, version {version}{_settings(config)}{frozen}, {columns}{cited(extractor.citations)}"
    libraries = dict(store.attribute("libraries"))
    return Used(feature, modality, sentence, libraries, extractor.licence, extractor.citations)


def _settings(config: Mapping[str, Any]) -> str:
    """Return the first `_SHOWN` settings as text in parentheses, without those whose value is a mapping.

    The text is empty if there are none.
    """
    shown = [f"{key} {value}" for key, value in list(config.items())[:_SHOWN] if not isinstance(value, dict)]
    return f" ({', '.join(shown)})" if shown else ""
