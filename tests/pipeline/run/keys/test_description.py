"""Descriptions and their keys: equal descriptions give equal keys, and every part of one changes its key."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.run.keys.description import described, key_of, library_versions


def test_a_key_is_the_hash_of_the_description_as_sorted_json() -> None:
    assert described({"b": (1, 2.5), "a": {"d": None, "c": True}}) == '{"a": {"c": true, "d": null}, "b": [1, 2.5]}'
    assert key_of({"a": "ü"}) == hashlib.sha256(b'{"a": "\\u00fc"}').hexdigest()


@dataclass(frozen=True)
class Settings:
    step_s: float
    names: tuple[str, ...]


def test_equal_descriptions_in_other_containers_have_equal_keys() -> None:
    plain = {"config": {"step_s": 0.5, "names": ["a", "b"]}, "x": 1}
    others: list[Any] = [
        {"x": 1, "config": {"names": ("a", "b"), "step_s": 0.5}},
        {"x": 1, "config": Settings(0.5, ("a", "b"))},
        {"x": 1, "config": MappingProxyType({"step_s": 0.5, "names": ["a", "b"]})},
    ]
    assert {key_of(other) for other in others} == {key_of(plain)}


def test_every_part_and_the_order_of_lists_count() -> None:
    base = {"step": "mfcc", "version": 1, "config": {"count": 40}, "streams": ["s", "t"]}
    changed = [{"version": 2}, {"config": {"count": 41}}, {"streams": ["t", "s"]}, {"step": "m"}, {"version": "1"}]
    assert len({key_of(base), *(key_of(base | change) for change in changed)}) == 6


@pytest.mark.parametrize(
    "value", [{"a", "b"}, frozenset("ab"), np.arange(3), np.float32(1), Path("x"), object(), b"bytes", Settings]
)
def test_a_value_without_stable_text_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match=f"a key cannot depend on a {type(value).__name__}"):
        key_of({"settings": [{"names": value}]})


def test_a_missing_library_is_named() -> None:
    with pytest.raises(UserError, match="no-such-thing is not installed: run `crossmodal doctor` to see how"):
        library_versions(["numpy", "no-such-thing"])
