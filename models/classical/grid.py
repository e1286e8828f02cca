"""Settings as a grid: defaults, some of which are choices, overruled by what a user names."""

from collections.abc import Mapping
from difflib import get_close_matches
from itertools import product
from typing import Any

from models.errors import ModelError


def expanded(defaults: Mapping[str, Any], chosen: Mapping[str, Any] | None, owner: str) -> list[dict[str, Any]]:
    """Return all settings to try: `defaults`, overruled by `chosen`, where a list or a tuple is a choice.

    Parameters
    ----------
    defaults
        Setting -> its value, or a tuple of values.
    chosen
        What a user names instead.
    owner
        Whose settings they are, for messages.

    Raises
    ------
    ModelError
        If a setting is unknown, a choice is among nothing, or a number is true or false.

    Examples
    --------
    >>> expanded({"hidden": 32, "dropout": (0.1, 0.5)}, {"hidden": 8}, "LSTM")
    [{'hidden': 8, 'dropout': 0.1}, {'hidden': 8, 'dropout': 0.5}]
    """
    for key in chosen or {}:
        if key not in defaults:
            close = get_close_matches(str(key), defaults, n=1)
            hint = f"did you mean {close[0]!r}? " if close else ""
            raise ModelError(f"{owner} has no setting {key!r}: {hint}there are {', '.join(sorted(defaults))}")
    refuse_truth_values(chosen or {}, defaults, owner)
    own = {**defaults, **(chosen or {})}
    choices = {key: list(v) if isinstance(v, list | tuple) else [v] for key, v in own.items()}
    empty = [key for key, values in choices.items() if not values]
    if empty:
        raise ModelError(f"the setting {empty[0]!r} of {owner} is an empty list: name a value, or several")
    return [dict(zip(choices, values, strict=True)) for values in product(*choices.values())]


def refuse_truth_values(chosen: Mapping[str, Any], defaults: Mapping[str, Any], owner: str) -> None:
    """Raise `ModelError` where a setting that is a number is true or false, which Python would take for 1 or 0."""
    for key, value in chosen.items():
        default = defaults.get(key)
        usual = default if isinstance(default, list | tuple) else [default]
        values = value if isinstance(value, list | tuple) else [value]
        if any(isinstance(v, bool) for v in values) and not any(isinstance(v, bool) for v in usual):
            raise ModelError(f"the setting {key!r} of {owner} is {value!r}: write a number or a name")
