"""The contract of a frozen extractor, and the registry of all of them."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, TypeVar

from features.errors import ExtractorError
from features.types import AudioStream, Features, TextStream, VideoStream

Modality = Literal["text", "audio", "video"]
MODALITIES: tuple[Modality, ...] = ("text", "audio", "video")

StreamT = TypeVar("StreamT", TextStream, AudioStream, VideoStream)


class Extractor(ABC, Generic[StreamT]):
    """Turns one utterance's stream into `Features`.

    A subclass names itself, its modality and its version (raised whenever its numbers change), a frozen dataclass
    ``Config`` of its settings, and the packages whose versions may change its numbers. Construction is cheap: it checks
    settings and knows all feature names; models are loaded on first use, once a process. ``extract`` must not depend
    on any clip seen before.
    """

    name: ClassVar[str]
    modality: ClassVar[Modality]
    version: ClassVar[int]
    packages: ClassVar[tuple[str, ...]] = ()
    light: ClassVar[bool] = False  # so cheap that starting workers would cost more than the work itself
    Config: ClassVar[type[Any]]

    def __init__(self, config: Any) -> None:
        self.config = config

    @property
    @abstractmethod
    def feature_names(self) -> tuple[str, ...]:
        """Names of the d columns of ``Features.values``."""

    @property
    @abstractmethod
    def pooled_names(self) -> tuple[str, ...]:
        """Names of the p entries of ``Features.pooled``."""

    def weights(self) -> tuple[Path, ...]:
        """Files of learnt weights that the numbers depend on; their sha256 is part of every cache key."""
        return ()

    @abstractmethod
    def extract(self, stream: StreamT) -> Features:
        """Measure one utterance.

        Raises
        ------
        EmptyInput
            If the stream holds nothing that this extractor can measure.
        """


# name -> "module:class"; a new extractor is one file and one line here (or one `register` call in a plugin).
_EXTRACTORS: dict[str, str] = {
    "bert": "features.text.bert:Bert",
    "vader": "features.text.vader:Vader",
    "prosody": "features.audio.prosody:Prosody",
    "mfcc": "features.audio.mfcc:Mfcc",
    "opensmile": "features.audio.opensmile:OpenSmile",
    "spectrogram": "features.audio.spectrogram:Spectrogram",
    "face_cnn": "features.video.face_cnn:FaceCnn",
    "landmarks": "features.video.landmarks:Landmarks",
    "posture": "features.video.posture:Posture",
}


def register(name: str, target: str) -> None:
    """Add an extractor as ``"module:class"``; a name that is taken raises `ExtractorError`."""
    if _EXTRACTORS.get(name, target) != target:
        raise ExtractorError(f"an extractor named {name!r} exists already ({_EXTRACTORS[name]})")
    _EXTRACTORS[name] = target


def extractor_names() -> tuple[str, ...]:
    """Return the names of all known extractors."""
    return tuple(_EXTRACTORS)


def extractor_class(name: str) -> type[Extractor[Any]]:
    """Return the class registered as `name`; an unknown name raises `ExtractorError` with the closest one."""
    if name not in _EXTRACTORS:
        close = get_close_matches(name, _EXTRACTORS, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise ExtractorError(f"no extractor is named {name!r}: {hint}there are {', '.join(_EXTRACTORS)}")
    module, _, attribute = _EXTRACTORS[name].partition(":")
    found: type[Extractor[Any]] = getattr(import_module(module), attribute)
    return found


def build(name: str, settings: Mapping[str, Any]) -> Extractor[Any]:
    """Construct an extractor from its settings block.

    Raises
    ------
    ExtractorError
        If the name or a key is unknown, or a value is impossible.
    """
    cls = extractor_class(name)
    if not is_dataclass(cls.Config):
        raise ExtractorError(f"the extractor {name!r} has no Config dataclass")
    known = [f.name for f in fields(cls.Config)]
    for key in settings:
        if key not in known:
            close = get_close_matches(key, known, n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise ExtractorError(f"features.{name}: unknown setting {key!r}: {hint}there are {', '.join(known)}")
    lists_as_tuples = {k: tuple(v) if isinstance(v, list) else v for k, v in settings.items()}
    try:
        return cls(cls.Config(**lists_as_tuples))
    except (TypeError, ValueError) as error:
        raise ExtractorError(f"features.{name}: {error}") from error
