"""The allowed values of each setting of a classifier, reducer or strategy, and further values worth trying.

For the models of plugins, only the names of settings are known, so that no value is refused or suggested.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from common.names import suggest
from models.errors import ModelError

_DIGITS = 2  # significant digits of a suggested value


@dataclass(frozen=True)
class Domain:
    """The allowed values of a setting.

    Attributes
    ----------
    text
        A description of the values, which messages put after "it must be".
    low, high
        Bounds of a number; no number is allowed if `low` is NaN.
    above, below
        Whether the lower bound is excluded, and whether the upper bound is.
    whole
        Whether a number must be whole.
    multiple
        A whole number must be a multiple of this.
    share
        Whether numbers below 1 are allowed even if larger numbers must be whole.
    names
        Allowed values that are not numbers, such as words or None.
    advised
        Bounds within which a further value is worth trying; None if the order of the numbers has no meaning.
    """

    text: str
    low: float = math.nan
    high: float = math.inf
    above: bool = False
    below: bool = False
    whole: bool = False
    multiple: int = 1
    share: bool = False
    names: tuple[Any, ...] = ()
    advised: tuple[float, float] | None = (0.0, math.inf)

    def allows(self, value: Any) -> bool:
        """Whether a setting may have this value."""
        if not isinstance(value, int | float) or isinstance(value, bool):
            return any(value is name or (isinstance(value, str) and value == name) for name in self.names)
        inside = self.low <= value <= self.high and not (self.above and value == self.low)
        fits = not self.whole or (isinstance(value, int) and value % self.multiple == 0) or (self.share and value < 1)
        return math.isfinite(value) and inside and fits and not (self.below and value == self.high)

    def next(self, tried: tuple[float, ...]) -> float | None:
        """Return the number that comes next in the series `tried`, which has at least two numbers.

        The last number is multiplied by the ratio of the last two, or, if one of them is not positive, increased by
        their difference. The result is rounded. It is None if the number is not allowed, is in `tried`, or is outside
        `advised`, and so not worth trying.

        >>> POSITIVE.next((0.3, 1.5, 6.0)), SHARE.next((0.4, 0.7)), COUNT.next((2, 1)), COUNT.next((2, 4, 8))
        (24.0, None, None, 16)
        """
        before, last = tried[-2:]
        further = last * last / before if before > 0 and last > 0 else 2 * last - before
        number: float = float(f"{further:.{_DIGITS}g}")
        if self.whole and not (self.share and last < 1):
            number = self.multiple * round(further / self.multiple)
        if self.advised is None or number in tried or not self.advised[0] <= number <= self.advised[1]:
            return None
        return number if self.allows(number) and (number > last) == (last > before) else None


def _named(*names: str) -> Domain:
    return Domain(f"one of {', '.join(names)}", names=names)


COUNT = Domain("a whole number of at least 1", 1, whole=True)
POSITIVE = Domain("a number above 0", 0, above=True)
NOT_NEGATIVE = Domain("a number of at least 0", 0)
SHARE = Domain("a share of at least 0 and below 1", 0, 1, below=True, advised=(0, 0.9))
PART = Domain("a share above 0 and at most 1", 0, 1, above=True)
SEED = Domain("a whole number from 0 to 4294967295", 0, 2**32 - 1, whole=True, advised=None)
_RATE = replace(POSITIVE, advised=(0, 1))
_EVEN = Domain("an even number of at least 2, since two attention heads share it", 2, whole=True, multiple=2)
_LAYERS = Domain("a whole number of at least 0", 0, whole=True)
_DEPTH = Domain("a whole number of at least 1, or 0 for no limit", 0, whole=True, names=(None,), advised=(1, math.inf))
_LEAF = Domain("a whole number of at least 1, or a share above 0 and below 1", 0, above=True, whole=True, share=True)
_COMPONENTS = Domain(
    "a whole number of at least 1, or a share of variance above 0 and below 1", 0, above=True, whole=True, share=True
)
_CLASS_WEIGHT = Domain("null, balanced, or a mapping of class names to weights of at least 0", names=(None, "balanced"))

_LEARNING = {"learning_rate": _RATE, "weight_decay": NOT_NEGATIVE, "epochs": COUNT, "patience": COUNT, "seed": SEED}
_NET = {**_LEARNING, "batch": COUNT, "hidden": COUNT, "dropout": SHARE}
_FUSED = {**_NET, "modality_dropout": SHARE}
_MARGIN = {"C": POSITIVE, "epsilon": NOT_NEGATIVE, "class_weight": _CLASS_WEIGHT}
_PENALTY = {"C": POSITIVE, "alpha": NOT_NEGATIVE, "class_weight": _CLASS_WEIGHT}
_WEIGHTING = {"weighting": _named("block", "column")}

# classifier, reducer or strategy -> setting -> allowed values
DOMAINS: dict[str, dict[str, Domain]] = {
    "logistic": _PENALTY,
    "linear_svm": _MARGIN,
    "svm": _MARGIN,
    "random_forest": {"n_estimators": COUNT, "min_samples_leaf": _LEAF, "seed": SEED},
    "xgboost": {
        "max_depth": _DEPTH,
        "n_estimators": COUNT,
        "learning_rate": _RATE,
        "subsample": PART,
        "colsample_bytree": PART,
        "seed": SEED,
    },
    "fcnn": {**_LEARNING, "hidden": COUNT, "layers": _LAYERS, "dropout": SHARE},
    "lstm": {**_FUSED, "pooling": _named("mean", "last")},
    "majority": {},
    "tfidf": _PENALTY,
    "unimodal": {},
    "concat": _WEIGHTING,
    "pca": {"components": _COMPONENTS, **_WEIGHTING},
    "cca": {"components": COUNT, "shrinkage": Domain("a share from 0 to 1", 0, 1), "keep": COUNT},
    "autoencoder": {"components": COUNT, "hidden": COUNT, "epochs": COUNT, "noise": SHARE, "seed": SEED},
    "vote": {"voting": _named("all", "chosen")},
    "weighted": {"pool": _named("geometric", "arithmetic")},
    "product": {},
    "stacking": {},  # in addition to meta and settings: a classifier and its settings
    "intermediate": {**_FUSED, "encoder": _named("lstm", "cnn"), "auxiliary": NOT_NEGATIVE},
    "transformer": {**_FUSED, "hidden": _EVEN, "layers": COUNT},
    "modality_attention": _FUSED,
    "cross_attention": {**_FUSED, "hidden": _EVEN},
    "self_attention": {**_FUSED, "hidden": _EVEN, "layers": _LAYERS},
    "spectrogram_cnn": {**_NET, "crop_s": POSITIVE},
}
Place = tuple[str | int, ...]  # the keys and list positions that lead to a value


def domain(owner: str, setting: str) -> Domain | None:
    """Return the allowed values of a setting, or None if they are not known."""
    from models.classical.classifiers import classifier_names

    owners = (
        classifier_names() if owner == "stacking" else (owner,)
    )  # the settings of a stack are those of its meta-classifier
    return next((DOMAINS[o][setting] for o in owners if setting in DOMAINS.get(o, {})), None)


def has_order(owner: str, setting: str) -> bool:
    """Whether the order of a setting's values has a meaning; the order of seeds, for example, has none."""
    found = domain(owner, setting)
    return found.advised is not None if found is not None else setting not in ("seed", "random_state")


def faults(owner: str, settings: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """Yield the place of each unknown or invalid setting, with the end of a sentence that says what is wrong.

    Parameters
    ----------
    owner
        The classifier, reducer or strategy. If it has no line in `DOMAINS`, only the names of its settings are checked;
        if these are not known either, nothing is checked.
    settings
        The value of each setting, or a list of alternative values.

    Examples
    --------
    >>> list(faults("fcnn", {"epochs": [10, 0]}))
    [(('epochs', 1), 'is 0: it must be a whole number of at least 1')]
    """
    if owner not in DOMAINS:
        from models.registry import settings_of

        names = settings_of(owner)
        yield from (
            ((key,), _unknown(owner, key, [*names])) for key in settings if names is not None and key not in names
        )
        return
    known = DOMAINS[owner]
    for key, value in settings.items():
        if owner == "stacking" and key in ("meta", "settings"):
            yield from _of_meta(key, value, settings)
        elif key not in known:
            yield (key,), _unknown(owner, key, [*known, *(("meta", "settings") if owner == "stacking" else ())])
        elif isinstance(value, list | tuple):
            yield from _of_list(owner, key, value)
        elif fault := _fault(known[key], value):
            yield (key,), fault


def require(owner: str, **settings: Any) -> None:
    """Raise `ModelError` if a setting of the classifier, reducer or strategy `owner` is invalid."""
    for place, fault in faults(owner, settings):
        raise ModelError(f"{owner}: {'.'.join(map(str, place))} {fault}")


def _unknown(owner: str, key: str, known: list[str]) -> str:
    return f"is not a setting of {owner}; {suggest(key, sorted(known)) if known else 'it has no settings'}"


def _of_list(owner: str, key: str, values: Any) -> Iterator[tuple[Place, str]]:
    fixed = _fixed(owner)
    if fixed:
        yield (key,), f"is a list, but the settings of {owner} are not searched: give one value"
    elif not values:
        yield (key,), "is an empty list: give one value or several"
    for i, value in enumerate(() if fixed else values):
        if fault := _fault(DOMAINS[owner][key], value):
            yield (key, i), fault


def _fixed(owner: str) -> bool:
    """Whether `owner` is a reducer or a rule that combines models: each of their settings takes a single value."""
    from models.registry import STRATEGIES

    return owner in STRATEGIES and STRATEGIES[owner].kind == "fusion" and not STRATEGIES[owner].sequences


def _fault(allowed: Domain, value: Any) -> str:
    if allowed.allows(value) or (allowed is _CLASS_WEIGHT and _weighs(value)):
        return ""
    if allowed is _COMPONENTS and isinstance(value, float) and value.is_integer() and allowed.allows(int(value)):
        return ""
    return f"is {value!r:.80}: it must be {allowed.text}{as_number(value)}"


def _weighs(value: Any) -> bool:
    return isinstance(value, Mapping) and bool(value) and all(NOT_NEGATIVE.allows(weight) for weight in value.values())


def as_number(value: Any) -> str:
    """Return advice on how to write a number that YAML reads as text, such as ``1e-3``; ``""`` for any other value."""
    try:
        number = float(value) if isinstance(value, str) else math.nan
    except ValueError:
        return ""
    if not math.isfinite(number):
        return ""
    return f"; write the number as {int(number) if number.is_integer() else number!r}"


def _of_meta(key: str, value: Any, settings: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    from models.classical.classifiers import classifier_names

    if key == "meta" and value not in classifier_names():
        yield ("meta",), f"is {value!r:.80}: it must be one of {', '.join(classifier_names())}"
    if key == "settings" and not isinstance(value, Mapping | None):
        yield ("settings",), f"is {value!r:.80}: it must map settings of the meta-classifier to values"
    elif key == "settings" and value:
        for place, fault in faults(str(settings.get("meta", "logistic")), value):
            yield ("settings", *place), fault
