"""Descriptions of what a result depends on, and the keys that are made from them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from importlib.metadata import PackageNotFoundError
from typing import Any

from features.weights import version_of
from pipeline.errors import UserError


def described(parts: Mapping[str, Any]) -> str:
    """Return a description as JSON, which does not depend on the order of its entries.

    Raises
    ------
    TypeError
        If the description holds a value, such as a set, whose text may differ between processes.
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
        If a package is not installed.
    """
    versions = {}
    for package in packages:
        try:
            versions[package] = version_of(package)
        except PackageNotFoundError:
            raise UserError(f"{package} is not installed: run `crossmodal doctor` to see how to install it") from None
    return versions
