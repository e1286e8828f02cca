"""A configuration, which is one row of the results: a strategy, the modalities that it reads, and its base model."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from models.data.modalities import Task

_ORDER = ("text", "audio", "video")  # the order of modalities in tables; others follow
EXTRACTOR = "extractor"  # behind the name of a late fusion and an at sign: one base model per extractor
_SHOWN = {"logistic": "ridge"}  # names of classifiers in the tables of a score, where they differ


def join_modalities(modalities: Iterable[str]) -> str:
    """Return modalities as the tables write them.

    >>> join_modalities(("text", "audio"))
    'text+audio'
    """
    return "+".join(modalities)


def split_modalities(text: str) -> tuple[str, ...]:
    """Return the modalities of a table's cell; the inverse of `join_modalities`.

    >>> split_modalities("text+audio"), split_modalities("")
    (('text', 'audio'), ())
    """
    return tuple(text.split("+")) if text else ()


def split_fusion(entry: str) -> tuple[str, str]:
    """Return the strategy and the model that an entry of ``train.fusions`` names; the default model is "".

    >>> split_fusion("pca/lstm"), split_fusion("vote")
    (('pca', 'lstm'), ('vote', ''))
    """
    strategy, _, model = entry.partition("/")
    return strategy, model


def split_bases(strategy: str) -> tuple[str, str]:
    """Return the registered name of a strategy and what a late fusion has one base of, where its name says so.

    >>> split_bases("product@extractor"), split_bases("product")
    (('product', 'extractor'), ('product', ''))
    """
    registered, _, bases = strategy.partition("@")
    return registered, bases


@dataclass(frozen=True)
class Configuration:
    """A strategy on some modalities with a base model: what is fitted, scored and compared.

    Sorted, configurations of fewer modalities come first, then text before audio before video.

    Attributes
    ----------
    strategy
        Its name in `models.registry`; behind that of a late fusion ``@extractor`` where it has one base per extractor.
    modalities
        Those that it reads, in the order of the corpus; a baseline may read none.
    model
        The name of its base model; empty where the strategy is a model by itself.

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
        """Return the configuration that three cells of a table name; the inverse of `names`."""
        return cls(strategy, split_modalities(modalities), model)

    @property
    def names(self) -> tuple[str, str, str]:
        """The three cells of a table: strategy, modalities joined by ``+``, model."""
        return self.strategy, join_modalities(self.modalities), self.model

    @property
    def display(self) -> str:
        """The name that people read."""
        return " ".join(filter(None, self.names))

    @property
    def stem(self) -> str:
        """The name of its files and folders, without an ending."""
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
        """Whether it joins two modalities or more."""
        return len(self.modalities) > 1

    def as_shown(self, task: Task) -> "Configuration":
        """Return it as the tables name it: logistic regression for classes is ridge regression for scores.

        >>> Configuration("unimodal", ("text",), "logistic").as_shown("regression").model
        'ridge'
        """
        return replace(self, model=_SHOWN.get(self.model, self.model)) if task == "regression" else self

    def as_registered(self, task: Task) -> "Configuration":
        """Return it as the registry names it; the inverse of `as_shown`."""
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
