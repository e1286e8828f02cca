"""The base class of extractors, which says what every extractor must provide."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, TypeVar

from common.references import Reference
from features.types import AudioStream, Features, TextStream, VideoStream

Modality = Literal["text", "audio", "video"]
MODALITIES: tuple[Modality, ...] = ("text", "audio", "video")

StreamT = TypeVar("StreamT", TextStream, AudioStream, VideoStream)


class Extractor(ABC, Generic[StreamT]):
    """Base class: turns one utterance's stream into `Features`.

    A subclass defines its name, its modality, its version (raised whenever its numbers change), a frozen dataclass
    ``Config`` for its settings, and the packages whose versions may change its numbers. Construction is cheap
    (``Config`` checks the settings), and all feature names are available after it; models are loaded on first use, once
    per process. The result of ``extract`` must not depend on other utterances.

    Attributes
    ----------
    config
        The settings, an instance of ``Config``.
    instance
        Name of the settings block, which messages mention.
    """

    name: ClassVar[str]
    modality: ClassVar[Modality]
    version: ClassVar[int]
    packages: ClassVar[tuple[str, ...]] = ()
    needs_settings: ClassVar[bool] = False  # True if it cannot run with default settings
    light: ClassVar[bool] = False  # True if reading a file takes longer than the extraction: no workers, no cache
    terms: ClassVar[str] = "not stated"  # the licence of the packaged weights, or of the library that computes
    packaged: ClassVar[str] = ""  # the name of the model for which the setting ``model: packaged`` stands
    references: ClassVar[tuple[Reference, ...]] = ()  # what to cite for the method and its packaged weights
    Config: ClassVar[type[Any]]
    instance: str = ""

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

    @property
    def is_named(self) -> bool:
        """Whether the user's settings name the model; False if the extractor uses its packaged model, or no model."""
        return False

    @property
    def licence(self) -> str:
        """The licence of the weights or library in a few words; ``as its page says`` if the settings name the model."""
        return "as its page says" if self.is_named else self.terms

    @property
    def citations(self) -> tuple[Reference, ...]:
        """References to cite for the features; empty if the settings name the model, whose origin is then not known."""
        return () if self.is_named else self.references

    def weights(self) -> tuple[Path, ...]:
        """Return the files that the features depend on, such as weights; their sha256 is part of every cache key."""
        return ()

    @abstractmethod
    def extract(self, stream: StreamT) -> Features:
        """Return the features of one utterance.

        Raises
        ------
        EmptyInput
            If the stream contains nothing that this extractor can measure.
        """
