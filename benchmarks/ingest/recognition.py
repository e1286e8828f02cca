"""Measure how well words are recognised: word errors on RAVDESS and GRID, and the confidence of the recogniser.

Run as ``python -m benchmarks.ingest.recognition [--clips N] [--seed N] [--model MODEL]``.
"""

import argparse
import random
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.tools.recordings import DATA
from benchmarks.tools.table import table
from features.errors import EmptyInput
from pipeline.corpora.published.grid import timed_words
from pipeline.ingest.recognise import recognise, speech_share
from pipeline.ingest.voice import RATE_HZ, speech_spans
from pipeline.ingest.words import Spoken
from pipeline.settings.streams import AudioConfig, WordsConfig
from pipeline.streams.audio import read_sound
from pipeline.streams.decode import probe
from pipeline.streams.spans import Span

# The sentences of RAVDESS, by the fifth number in the name of a clip.
SENTENCES = {"01": "kids are talking by the door", "02": "dogs are sitting by the door"}


def ravdess() -> Iterator[tuple[Path, str]]:
    """Yield the path of each clip and the sentence that is spoken in it."""
    for path in sorted((DATA / "ravdess" / "speech").glob("*.flac")):
        yield path, SENTENCES[path.stem.split("-")[4]]


def grid() -> Iterator[tuple[Path, str]]:
    """Yield the path of each clip and the sentence that is spoken in it."""
    for path in sorted((DATA / "grid" / "s1").glob("*.mpg")):
        yield path, " ".join(word for word, _, _ in timed_words(path.with_suffix(".align"), []))


def errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """Return the minimum number of words that were replaced, left out or added (Levenshtein, 1966).

    >>> errors("kids are talking".split(), "the kids talking".split())
    2
    """
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        before, row = row, [i]
        for j, other in enumerate(heard, 1):
            row.append(min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (word != other)))
    return row[-1]


def heard_in(path: Path, settings: WordsConfig) -> tuple[Spoken, float]:
    """Return what is recognised in a whole recording (empty if nothing is), and the recording's share of speech."""
    span = Span(0.0, probe(path).duration_s)
    [(_, sound)] = read_sound(path, [span], AudioConfig(rate_hz=RATE_HZ))
    if isinstance(sound, Exception):
        raise sound
    share = speech_share(sound, speech_spans(sound))
    try:
        return recognise(sound, settings), share
    except EmptyInput:
        return Spoken(""), share


def row(name: str, clips: Sequence[tuple[Path, str]], settings: WordsConfig) -> list[object]:
    """Recognise the words of all clips, and return a row for the table in `main`, which names the columns."""
    wrong = words = nothing = 0
    sure, shares, length_s, began = [], [], 0.0, time.process_time()
    for path, text in clips:
        spoken, share = heard_in(path, settings)
        shares.append(share)
        wrong += errors(text.split(), re.findall(r"[a-z']+", spoken.text.lower()))
        words += len(text.split())
        nothing += not spoken.words
        length_s += probe(path).duration_s
        sure += [float(np.mean([word.confidence for word in spoken.words]))] if spoken.words else []
    speed = length_s / (time.process_time() - began)
    return [
        name,
        len(clips),
        f"{wrong / words:.1%}",
        nothing,
        f"{np.median(sure):.2f}",
        f"{min(shares):.2f}",
        f"{speed:.1f}",
    ]


def main() -> None:
    """Print a table with a row for RAVDESS and a row for GRID."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=int, default=100, help="number of RAVDESS clips (default: 100)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the choice of clips (default: 0)")
    parser.add_argument("--model", default="packaged", help="recogniser (default: packaged)")
    arguments = parser.parse_args()
    clips = list(ravdess())
    chosen = random.Random(arguments.seed).sample(clips, min(arguments.clips, len(clips)))
    settings = WordsConfig(model=arguments.model)
    header = [
        "",
        "clips",
        "word errors",
        "clips without words",
        "confidence, median",
        "least speech",
        "times real time, one core",
    ]
    print(table(header, [row("RAVDESS", chosen, settings), row("GRID", list(grid()), settings)]))


if __name__ == "__main__":
    main()
