"""How long extractors take, as `python -m benchmarks.run extractors` measured it."""

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
        The processor, of which one core was used.
    clips, clip_s
        The number of clips, and their mean length in seconds.
    ms
        Milliseconds of processor time per clip, keyed by `speed_key`.
    """

    machine: str
    clips: int
    clip_s: float
    ms: Mapping[str, float]


def speed_key(extractor: str, config: Mapping[str, Any]) -> str:
    """Return the key in `Speed.ms` for an extractor with these settings.

    >>> speed_key("mfcc", {"count": 40})
    'mfcc {"count": 40}'
    """
    return f"{extractor} {json.dumps(config, sort_keys=True)}"


@cache
def measured() -> Speed:
    """Return the most recent measurements."""
    return Speed(**json.loads(FILE.read_text(encoding="utf-8")))
