"""A configuration is what one row of the results shows: a strategy, the modalities it reads, and its base model."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from models.data.modalities import Task

_ORDER = ("text", "audio", "video")  # the order of modalities in tables; all others come last
EXTRACTOR = "extractor"  # "@extractor" after the name of a late fusion: it has one base model per extractor
_SHOWN = {"logistic": "ridge"}  # classifiers that have another name in the tables of regression tasks


def join_modalities(modalities: Iterable[str]) -> str:
    """Return modalities as they are written in tables.

    >>> join_modalities(("text", "audio"))
    'text+audio'
    """
    return "+".join(modalities)


def split_modalities(text: str) -> tuple[str, ...]:
    """Return the modalities in a cell of a table; the inverse of `join_modalities`.

    >>> split_modalities("text+audio"), split_modalities("")
    (('text', 'audio'), ())
    """
    return tuple(text.split("+")) if text else ()


def split_fusion(entry: str) -> tuple[str, str]:
    """Return the strategy and the model that an entry of ``train.fusions`` names; the model may be empty.

    >>> split_fusion("pca/lstm"), split_fusion("vote")
    (('pca', 'lstm'), ('vote', ''))
    """
    strategy, _, model = entry.partition("/")
    return strategy, model


def split_bases(strategy: str) -> tuple[str, str]:
    """Return the registered name of a strategy, and the part of its name after ``@``, which may be empty.

    >>> split_bases("product@extractor"), split_bases("product")
    (('product', 'extractor'), ('product', ''))
    """
    registered, _, bases = strategy.partition("@")
    return registered, bases


@dataclass(frozen=True)
class Configuration:
    """What is fitted, scored and compared as one unit: a strategy, its modalities and its base model.

    Configurations are sorted by the number of modalities, then text before audio before video.

    Attributes
    ----------
    strategy
        Name of the strategy in `models.registry`. ``@extractor`` is appended if it is a late fusion of several
        modalities that has one base model per extractor.
    modalities
        The modalities that the strategy reads, in the order of the corpus; a baseline may read none.
    model
        Name of the base model; empty if the strategy has none.

    Examples
    --------
    >>> one = Configuration.parse("concat", "text+audio", "svm")
    >>> one.modalities, one.stem, str(one), one.is_fusion
    (('text', 'audio'), 'concat-text_audio-svm', 'concat text+audio svm', True)
    """

    strategy: str
    modalities: tuple[str, ...] = ()
    model: str = ""

    @classmethod
    def parse(cls, strategy: str, modalities: str = "", model: str = "") -> "Configuration":
        """Return the configuration that three cells of a table describe; the inverse of `names`."""
        return cls(strategy, split_modalities(modalities), model)

    @property
    def names(self) -> tuple[str, str, str]:
        """The three cells in a table: strategy, modalities joined by ``+``, and model."""
        return self.strategy, join_modalities(self.modalities), self.model

    @property
    def display(self) -> str:
        """The name for people, such as ``vote text+audio svm``."""
        return " ".join(filter(None, self.names))

    @property
    def stem(self) -> str:
        """The name of the configuration's files and folders, without an extension."""
        return "-".join(name.replace("+", "_") for name in self.names if name)

    @property
    def registered_strategy(self) -> str:
        """The strategy's name in `models.registry`, under which ``train.settings`` has its settings.

        >>> Configuration("product@extractor", ("text", "audio")).registered_strategy
        'product'
        """
        return split_bases(self.strategy)[0]

    @property
    def is_fusion(self) -> bool:
        """Whether the configuration reads two or more modalities."""
        return len(self.modalities) > 1

    def as_shown(self, task: Task) -> "Configuration":
        """Return the configuration as tables name it: in regression tasks, ``logistic`` is called ``ridge``.

        >>> Configuration("unimodal", ("text",), "logistic").as_shown("regression").model
        'ridge'
        """
        return replace(self, model=_SHOWN.get(self.model, self.model)) if task == "regression" else self

    def as_registered(self, task: Task) -> "Configuration":
        """Undo `as_shown`: in regression tasks, the model ``ridge`` gets back its registered name ``logistic``."""
        names = {shown: registered for registered, shown in _SHOWN.items()}
        return replace(self, model=names.get(self.model, self.model)) if task == "regression" else self

    def __str__(self) -> str:
        return self.display

    def __lt__(self, other: "Configuration") -> bool:
        return self._place < other._place

    @property
    def _place(self) -> tuple[int, list[int], tuple[str, str, str]]:
        order = [_ORDER.index(m) if m in _ORDER else len(_ORDER) for m in self.modalities]
        return len(self.modalities), order, self.names
