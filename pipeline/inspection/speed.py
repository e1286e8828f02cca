"""How long extractors take: what `python -m benchmarks.run extractors` measured."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("speed.json")


@dataclass(frozen=True)
class Speed:
    """Measured times.

    Attributes
    ----------
    machine
        The processor, one core of which was used.
    clips, clip_s
        How many clips, and their mean length in seconds.
    ms
        `speed_key` -> milliseconds of processor time per clip.
    """

    machine: str
    clips: int
    clip_s: float
    ms: Mapping[str, float]


def speed_key(extractor: str, config: Mapping[str, Any]) -> str:
    """Return the name under which the time of an extractor with these settings is kept.

    >>> speed_key("mfcc", {"count": 40})
    'mfcc {"count": 40}'
    """
    return f"{extractor} {json.dumps(config, sort_keys=True)}"


@cache
def measured() -> Speed:
    """Return the times that were measured last."""
    return Speed(**json.loads(FILE.read_text(encoding="utf-8")))
