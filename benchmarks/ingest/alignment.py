"""Measure how well given words are aligned, on clips of GRID and on transcripts of MELD that espeak-ng speaks.

Run as ``python -m benchmarks.ingest.alignment [--transcripts N]``; the part on MELD needs requirements-demo.txt.
"""

import argparse
import csv
import importlib.util
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

from benchmarks.tools.recordings import DATA
from benchmarks.tools.table import table
from features.errors import EmptyInput
from pipeline.corpora.published.grid import timed_words
from pipeline.ingest.alignment.align import RATE_HZ, align
from pipeline.ingest.words import Spoken, Word
from pipeline.settings.streams import AudioConfig
from pipeline.streams.audio import read_sound
from pipeline.streams.decode import probe
from pipeline.streams.spans import Span

DEMO = Path(__file__).parents[2] / "data" / "raw" / "demo"
VOICES = ("en-us", "en-us+f1", "en-us+m3", "en-us+f4", "en-us+m7")
SPEECH = {"rate": 165.0, "volume": 100.0, "pitch": 50.0, "range": 50.0}
MARGIN_S = 0.3
SEED = 0

Sound = NDArray[np.float32]


def grid() -> Iterator[tuple[Sound, list[tuple[str, float, float]]]]:
    """Yield the sound and the timed words of each sentence of GRID's first speaker."""
    for path in sorted((DATA / "grid" / "s1").glob("*.mpg")):
        yield sound(path), list(timed_words(path.with_suffix(".align"), []))


def sound(path: Path) -> Sound:
    """Return the entire audio of a recording, mono at 16 kHz."""
    span = Span(0.0, probe(path).duration_s)
    ((_, found),) = read_sound(path, [span], replace(AudioConfig(), rate_hz=RATE_HZ))
    if isinstance(found, Exception):
        raise found
    return found


def starts(name: str, sentences: Sequence[tuple[Sound, Spoken, Sequence[float]]]) -> list[object]:
    """Align sentences, and return a table row, called `name`, with the errors of their word starts."""
    errors, right = [], []
    for samples, known, true in sentences:
        words = align(samples, known).words
        errors += [abs(word.start_s - start_s) for word, start_s in zip(words, true, strict=True)]
        right += [word.confidence for word in words]
    off_ms = 1000 * np.array(errors)
    middle, far = (float(np.quantile(off_ms, share)) for share in (0.5, 0.95))
    return [name, len(off_ms), middle, far, f"{np.mean(off_ms < 100):.1%}", float(np.mean(right))]


def grid_rows() -> Iterator[list[object]]:
    """Yield a row for each condition under which the same sentences are aligned."""
    found = list(grid())
    text = [Spoken(" ".join(word for word, _, _ in words)) for _, words in found]
    true = [[start for _, start, _ in words] for _, words in found]
    yield starts("as recorded", list(zip([x for x, _ in found], text, true, strict=True)))
    cut = [(max(0.0, words[0][1] - 0.1), words[-1][2] + 0.1) for _, words in found]
    parts = [x[round(a * RATE_HZ) : round(b * RATE_HZ)] for (x, _), (a, b) in zip(found, cut, strict=True)]
    shifted = [[start - a for start in s] for s, (a, _) in zip(true, cut, strict=True)]
    yield starts("cut 0.1 s before and after the words", list(zip(parts, text, shifted, strict=True)))
    cues = [
        Spoken("", tuple(Word(word, max(0.0, words[0][1] - 0.4), words[-1][2] + 0.3) for word, _, _ in words))
        for _, words in found
    ]
    sounds = [samples for samples, _ in found]
    yield starts(
        "time of a subtitle, from 0.4 s before the words to 0.3 s after", list(zip(sounds, cues, true, strict=True))
    )
    noisy = [noise_added(samples, i) for i, samples in enumerate(sounds)]
    yield starts("white noise 20 dB below", list(zip(noisy, text, true, strict=True)))


def noise_added(samples: Sound, seed: int) -> Sound:
    """Return a sound with white noise added, 20 dB below it."""
    noise = np.random.default_rng(seed).normal(0, np.std(samples) / 10, len(samples))
    return (samples + noise).astype(np.float32)


def transcripts(count: int) -> Iterator[list[object]]:
    """Yield table rows on how well `count` random transcripts of MELD, spoken by espeak-ng, are aligned."""
    texts = [row["Utterance"] for file in sorted((DATA / "meld").glob("*.csv")) for row in rows_of(file)]
    chosen = random.Random(SEED).sample(texts, min(count, len(texts)))
    reasons: list[str] = []
    means, unlike = [], []
    for number, text in enumerate(chosen):
        samples = spoken(text, VOICES[number % len(VOICES)], number)
        try:
            means.append(np.mean([word.confidence for word in align(samples, Spoken(text)).words if word.timed]))
        except EmptyInput as error:
            reasons.append(f"{text!r}: {error}")
            continue
        other = chosen[(number + 1) % len(chosen)]
        try:
            unlike.append(np.mean([word.confidence for word in align(samples, Spoken(other)).words if word.timed]))
        except EmptyInput:
            unlike.append(0.0)
    yield ["clips", len(chosen)]
    yield ["aligned", f"{len(means) / len(chosen):.2%}"]
    low, middle = np.quantile(means, (0.05, 0.5))
    yield ["mean confidence: 5th percentile, median", f"{low:.2f}, {middle:.2f}"]
    middle, high = np.quantile(unlike, (0.5, 0.95))
    yield ["with a different transcript: median, 95th percentile", f"{middle:.2f}, {high:.2f}"]
    yield from (["not aligned", reason] for reason in reasons)


def rows_of(file: Path) -> list[dict[str, str]]:
    """Return the rows of one of MELD's CSV files."""
    with file.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def spoken(text: str, voice: str, seed: int) -> Sound:
    """Return the sound of a text spoken by espeak-ng, in soft noise that begins before it and ends after it."""
    sys.path.insert(0, str(DEMO))
    demo_voice: Any = importlib.import_module("voice")
    raw, rate_hz, _ = demo_voice.synthesise(text, voice, SPEECH)
    speech = 0.3 * soxr.resample(raw.astype(np.float32) / 32768, rate_hz, RATE_HZ)
    margin = round(MARGIN_S * RATE_HZ)
    samples = np.random.default_rng(seed).normal(0, 4e-4, len(speech) + 2 * margin).astype(np.float32)
    samples[margin : margin + len(speech)] += speech
    return samples


def main() -> None:
    """Print a table on GRID and a table on MELD."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--transcripts", type=int, default=300, help="MELD transcripts to speak (default: 300)")
    arguments = parser.parse_args()
    header = ["GRID, 40 sentences", "words", "median ms", "95th percentile ms", "within 100 ms", "mean confidence"]
    print(table(header, grid_rows()))
    if importlib.util.find_spec("espeakng_loader") is None:
        print("MELD is left out because espeak-ng is not installed: pip install -r requirements-demo.txt")
        return
    print()
    print(table(["MELD, synthetic speech", ""], transcripts(arguments.transcripts)))


if __name__ == "__main__":
    main()
