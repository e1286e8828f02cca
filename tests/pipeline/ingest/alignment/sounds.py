"""Sounds whose words and times are known: GRID's sentences with their .align files, decoded here by PyAV alone."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
import soxr
from numpy.typing import NDArray

from tests.conftest import DATA

GRID = DATA / "grid" / "s1"
UNITS_PER_S = 25000  # of .align files

Timed = tuple[str, float, float]


class Sentence(NamedTuple):
    name: str
    samples: NDArray[np.float32]
    words: list[Timed]

    @property
    def text(self) -> str:
        return " ".join(word for word, _, _ in self.words)


def decoded(path: Path) -> NDArray[np.float32]:
    """The whole sound at 16 kHz, its channels mixed."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        parts = [
            np.atleast_2d(frame.to_ndarray()).astype(np.float32).mean(axis=0) for frame in container.decode(stream)
        ]
        scale = 1.0 if "flt" in stream.format.name else 32768.0
        mixed = soxr.resample(np.concatenate(parts) / scale, stream.rate, 16000)
    return mixed.astype(np.float32)


def timed_words(align: Path) -> list[Timed]:
    rows = [line.split() for line in align.read_text().splitlines() if line.strip()]
    return [
        (word, int(start) / UNITS_PER_S, int(end) / UNITS_PER_S)
        for start, end, word in rows
        if word not in ("sil", "sp")
    ]


def sentences(step: int = 1) -> Iterator[Sentence]:
    for path in sorted(GRID.glob("*.mpg"))[::step]:
        yield Sentence(path.stem, decoded(path), timed_words(path.with_suffix(".align")))
