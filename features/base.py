"""The contract of a frozen extractor."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, TypeVar

from common.references import Reference
from features.types import AudioStream, Features, TextStream, VideoStream

Modality = Literal["text", "audio", "video"]
MODALITIES: tuple[Modality, ...] = ("text", "audio", "video")

StreamT = TypeVar("StreamT", TextStream, AudioStream, VideoStream)


class Extractor(ABC, Generic[StreamT]):
    """Turns one utterance's stream into `Features`.

    A subclass states its name, its modality and its version (raised whenever its numbers change), a frozen dataclass
    ``Config`` of its settings, and the packages whose versions may change its numbers. Construction is cheap: it checks
    settings and knows all feature names; models are loaded on first use, once per process. ``extract`` must not depend
    on any clip seen before.

    Attributes
    ----------
    config
        Its settings.
    instance
        The name of its block in the settings, which messages name.
    """

    name: ClassVar[str]
    modality: ClassVar[Modality]
    version: ClassVar[int]
    packages: ClassVar[tuple[str, ...]] = ()
    needs_settings: ClassVar[bool] = False  # True if it cannot run with the defaults of its settings
    light: ClassVar[bool] = False  # True if it is so cheap that starting workers would cost more than the work itself
    terms: ClassVar[str] = "not stated"  # the licence of its packaged weights, or of the library that measures
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
        """Whether it reads weights that the user names, instead of weights of a package."""
        return False

    @property
    def licence(self) -> str:
        """What its weights may be used for; docs/licences.md says more."""
        return "as its page says" if self.is_named else self.terms

    @property
    def citations(self) -> tuple[Reference, ...]:
        """What to cite for its numbers; nothing that we know of where the user names the weights."""
        return () if self.is_named else self.references

    def weights(self) -> tuple[Path, ...]:
        """Return the files of learnt weights that the numbers depend on; their sha256 is part of every cache key."""
        return ()

    @abstractmethod
    def extract(self, stream: StreamT) -> Features:
        """Measure one utterance.

        Raises
        ------
        EmptyInput
            If the stream holds nothing that this extractor can measure.
        """
