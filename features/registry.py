"""The registry of extractors, and the construction of extractor instances from their settings."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from common.names import Registry, suggest
from features.audio.mfcc import Mfcc
from features.audio.opensmile import OpenSmile
from features.audio.prosody import Prosody
from features.audio.spectrogram import Spectrogram
from features.audio.speech_encoder import SpeechEncoder
from features.base import MODALITIES, Extractor
from features.errors import ExtractorError, names_setting
from features.text.bert import Bert
from features.text.vader import Vader
from features.video.face_cnn import FaceCnn
from features.video.face_encoder import FaceEncoder
from features.video.landmarks import Landmarks
from features.video.posture import Posture

# A new extractor is one file and one line here (or one call of `register` in a plugin).
_OURS: tuple[type[Extractor[Any]], ...] = (
    Bert,
    Vader,
    Prosody,
    Mfcc,
    OpenSmile,
    SpeechEncoder,
    Spectrogram,
    FaceCnn,
    FaceEncoder,
    Landmarks,
    Posture,
)
EXTRACTOR = "extractor"  # key in the settings of an instance: the name of its extractor

# Instances that exist without a settings block, in addition to one instance of each extractor under its own name.
_INSTANCES: Mapping[str, Mapping[str, Any]] = {
    "egemaps": {EXTRACTOR: OpenSmile.name, "feature_set": "eGeMAPSv02"},
    "compare": {EXTRACTOR: OpenSmile.name, "feature_set": "ComParE_2016"},
}

_EXTRACTORS: Registry[type[Extractor[Any]]] = Registry("extractor", ExtractorError, {own.name: own for own in _OURS})


def register(extractor: type[Extractor[Any]]) -> None:
    """Add an extractor class; raise `ExtractorError` if it is not a complete extractor class, or its name is taken."""
    if not (isinstance(extractor, type) and issubclass(extractor, Extractor)):
        raise ExtractorError(f"register takes the class of an extractor, not {extractor!r}")
    for attribute, fault in _faults_of(extractor):
        raise ExtractorError(f"the extractor {extractor.__name__} cannot be used: {attribute} {fault}")
    _EXTRACTORS.register(extractor.name, extractor)


def _faults_of(extractor: type[Extractor[Any]]) -> Iterator[tuple[str, str]]:
    """Yield the first missing attribute of an extractor class, or else each invalid one, and what is wrong with it."""
    for attribute in ("name", "modality", "version", "Config"):
        if not hasattr(extractor, attribute):
            yield attribute, "is missing"
            return
    if extractor.modality not in MODALITIES:
        yield "modality", f"is {extractor.modality!r}; {suggest(str(extractor.modality), MODALITIES)}"
    if not isinstance(extractor.version, int) or extractor.version < 1:
        yield "version", f"is {extractor.version!r}: it must be a whole number of at least 1"
    if not is_dataclass(extractor.Config):
        yield "Config", "is not a dataclass"


def extractor_names() -> tuple[str, ...]:
    """Return the names of all known extractors."""
    return tuple(_EXTRACTORS)


def default_extractors() -> tuple[str, ...]:
    """Return the names of the instances that run by default: one for each extractor that needs no settings."""
    names = (name for name, extractor in _EXTRACTORS.items() if not extractor.needs_settings)
    return tuple("egemaps" if name == OpenSmile.name else name for name in names)


def with_defaults(blocks: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of all instances, keyed by name: instances that exist by default, and those in `blocks`.

    A block without the key ``extractor`` changes the settings of the existing instance of the same name; None stands
    for an empty block.
    """
    plain: dict[str, Mapping[str, Any]] = {name: {} for name, cls in _EXTRACTORS.items() if not cls.needs_settings}
    known = {**plain, **_INSTANCES}
    found: dict[str, Any] = dict(known)
    for name, block in blocks.items():
        own = {} if block is None else block
        changes = isinstance(own, Mapping) and EXTRACTOR not in own
        found[name] = {**known.get(name, {}), **own} if changes else own
    return found


def extractor_class(name: str) -> type[Extractor[Any]]:
    """Return the class registered as `name`; an unknown name raises `ExtractorError`, which suggests known ones."""
    return _EXTRACTORS[name]


def class_of(name: str, settings: Mapping[str, Any]) -> type[Extractor[Any]]:
    """Return the class of the instance `name`: the extractor that its settings name, or else the extractor `name`.

    Raises
    ------
    ExtractorError
        If the extractor is unknown, or the instance has the name of a different extractor.
    """
    named = settings.get(EXTRACTOR, name)
    if named != name and name in _EXTRACTORS:
        raise ExtractorError(
            f"{name} is the name of another extractor: choose another name for this instance of {named}"
        )
    return extractor_class(str(named))


def build(name: str, settings: Mapping[str, Any]) -> Extractor[Any]:
    """Construct an instance of an extractor from its settings block.

    Parameters
    ----------
    name
        Name of the instance.
    settings
        The settings of the extractor; its name is given under ``extractor`` if it differs from the instance's name.

    Raises
    ------
    ExtractorError
        If the extractor or a key is unknown, or a value is invalid.
    """
    with names_setting(name):
        cls = class_of(name, settings)
        own = {key: value for key, value in settings.items() if key != EXTRACTOR}
        known = [f.name for f in fields(cls.Config)]
        for key in own:
            if key not in known:
                raise ExtractorError(f"unknown setting {key!r}; {suggest(key, known)}")
        lists_as_tuples = {k: tuple(v) if isinstance(v, list) else v for k, v in own.items()}
        try:
            extractor = cls(cls.Config(**lists_as_tuples))
        except (TypeError, ValueError) as error:
            raise ExtractorError(str(error)) from error
    extractor.instance = name
    return extractor
