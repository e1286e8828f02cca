"""Which clips there are, their labels, and what each modality shows of the label.

Every speaker has five clips of each class. A clip's words, voice and face each follow a *latent*: the score plus
noise. In four of the five clips one of the three fails: on a negative or positive clip it stays flat, on a neutral
clip it looks mildly positive or negative. Never do two fail together, so the three together still tell the class
where one alone is lost. That is why fusing wins on this corpus: by design.
"""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from sentences import write_sentence
from speakers import SPEAKERS, Speaker

SEED = 20
MODALITIES = ("text", "audio", "video")
CLASS_RANGES = {"negative": (-3.0, -1.6), "neutral": (-0.3, 0.3), "positive": (1.6, 3.0)}
CLIPS_PER_CLASS = 5
LATENT_SD = 0.3
FLAT = 0.1
"""Share of the score that a failing modality still shows on a negative or positive clip."""
FALSE_RANGE = (1.4, 2.0)
"""Size of what a failing modality shows on a neutral clip, either sign."""


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
    latents: dict[str, float]
    """What each modality shows, on the scale of the score."""
    failing: str | None
    """The modality that does not show the score, if any."""

    def rng(self, purpose: str) -> np.random.Generator:
        """Return this clip's own random numbers, the same whichever other clips are made."""
        return np.random.default_rng([SEED, zlib.crc32(f"{self.utterance}/{purpose}".encode())])


def plan_corpus() -> list[Clip]:
    """Lay out all clips, in order of speaker and position.

    Returns
    -------
    list of Clip
        The same list on every call.
    """
    rng = np.random.default_rng(SEED)
    texts: set[str] = set()
    return [clip for index in range(len(SPEAKERS)) for clip in _plan_speaker(index, rng, texts)]


def _plan_speaker(index: int, rng: np.random.Generator, texts: set[str]) -> Iterator[Clip]:
    """Lay out one speaker's clips, classes and failures in random order."""
    speaker = SPEAKERS[index]
    cells = [
        (sentiment, failing)
        for rank, sentiment in enumerate(CLASS_RANGES)
        for failing in (*MODALITIES, MODALITIES[(index + rank) % len(MODALITIES)], None)
    ]
    for order, cell in enumerate(rng.permutation(len(cells))):
        sentiment, failing = cells[cell]
        score = round(float(rng.uniform(*CLASS_RANGES[sentiment])), 2)
        latents = {name: _latent(score, failing == name, rng) for name in MODALITIES}
        text = _new_text(latents["text"], rng, texts)
        yield Clip(f"{speaker.name}-{order + 1:02d}", speaker, order, text, score, sentiment, latents, failing)


def _latent(score: float, fails: bool, rng: np.random.Generator) -> float:
    """Draw what one modality shows of a score."""
    if not fails:
        shown = score
    elif abs(score) < 1:
        shown = float(rng.choice([-1, 1]) * rng.uniform(*FALSE_RANGE))
    else:
        shown = FLAT * score
    return float(shown + rng.normal(0, LATENT_SD))


def _new_text(latent: float, rng: np.random.Generator, texts: set[str]) -> str:
    """Draw a sentence that no other clip has, and remember it."""
    text = write_sentence(latent, rng)
    while text in texts:
        text = write_sentence(latent, rng)
    texts.add(text)
    return text
