"""Which clips there are, their labels, and what each modality shows of the label.

Every speaker has four clips of each class. In every clip, two of the three modalities show the clip's own score, and
the third misleads: it shows a score of another class. A single modality therefore tells the class of at most two clips
in three. Two modalities do no better, since nothing says which is right where they disagree. The majority of all three
tells the class of every clip, so that fusion wins on this corpus by design.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sentences import write_sentence
from speakers import SPEAKERS, Speaker

SEED = 20
MODALITIES = ("text", "audio", "video")
SCORES = {"negative": (-3.0, -2.4), "neutral": (-0.3, 0.3), "positive": (2.4, 3.0)}
"""The range of each class's scores."""


@dataclass(frozen=True)
class Clip:
    """One utterance to be made."""

    utterance: str
    speaker: Speaker
    order: int
    """Position among the speaker's clips, from 0."""
    text: str
    score: float
    sentiment: str
    misleading: str
    """The modality that does not show the score."""
    shown: dict[str, float]
    """The score that each modality shows."""
    seed: int
    """Seed of the corpus that the clip belongs to."""

    def rng(self, purpose: str) -> np.random.Generator:
        """Return a generator of random numbers for one purpose; it depends only on the clip and the corpus's seed."""
        return np.random.default_rng([self.seed, zlib.crc32(f"{self.utterance}/{purpose}".encode())])


def plan_corpus(seed: int = SEED) -> list[Clip]:
    """Return all clips, in order of speaker and position.

    Parameters
    ----------
    seed : int
        Seed of all random numbers; the committed corpus has the default one.

    Returns
    -------
    list of Clip
        The clips; the same seed gives the same list.
    """
    rng = np.random.default_rng(seed)
    texts: set[str] = set()
    return [clip for index in range(len(SPEAKERS)) for clip in _plan_speaker(index, seed, rng, texts)]


def _plan_speaker(index: int, seed: int, rng: np.random.Generator, texts: set[str]) -> Iterator[Clip]:
    """Yield one speaker's clips in random order."""
    speaker = SPEAKERS[index]
    cells = [cell for rank in range(len(SCORES)) for cell in _cells(index, rank)]
    for order, cell in enumerate(rng.permutation(len(cells))):
        sentiment, misleading, wrong = cells[cell]
        score = _draw(sentiment, rng)
        shown = {name: score if name != misleading else _draw(wrong, rng) for name in MODALITIES}
        text = _new_text(sentiment if misleading != "text" else wrong, rng, texts)
        name = f"{speaker.name}-{order + 1:02d}"
        yield Clip(name, speaker, order, text, score, sentiment, misleading, shown, seed)


def _cells(index: int, rank: int) -> Iterator[tuple[str, str, str]]:
    """Yield class, misleading modality and the class that this modality shows, for a speaker's four clips of one class.

    One of the three modalities misleads in two of these clips, the others in one each. The one that misleads twice
    changes with the speaker and the class. Over all speakers, misleading modalities show both other classes equally
    often.
    """
    classes = list(SCORES)
    own = classes.pop(rank)
    twice = (index + rank) % len(MODALITIES)
    for number, modality in enumerate(MODALITIES):
        first = (index // len(MODALITIES) + number + rank) % len(classes)
        yield own, modality, classes[first]
        if number == twice:
            yield own, modality, classes[1 - first]


def _draw(sentiment: str, rng: np.random.Generator) -> float:
    """Draw a score of a class."""
    return round(float(rng.uniform(*SCORES[sentiment])), 2)


def _new_text(sentiment: str, rng: np.random.Generator, texts: set[str]) -> str:
    """Draw a sentence that no other clip has, and remember it."""
    text = write_sentence(sentiment, rng)
    while text in texts:
        text = write_sentence(sentiment, rng)
    texts.add(text)
    return text
