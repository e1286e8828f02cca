"""What the demo speakers say: short verdicts on everyday things, from very negative to very positive.

A sentence is a frame (says nothing), a subject (says nothing) and a verdict for one of seven levels. There are few
verdicts a level, so that a bag of words can learn them from a hundred clips.
"""

import re

import numpy as np

FRAMES = (
    "{subject} was {verdict}.",
    "I would say {subject} was {verdict}.",
    "To me, {subject} was {verdict}.",
    "As I told them, {subject} was {verdict}.",
    "Last week {subject} was {verdict}.",
)
SUBJECTS = (
    "the film",
    "the hotel",
    "the concert",
    "the dinner",
    "the new phone",
    "the course",
    "the book",
    "the show",
    "the trip",
    "the second game",
    "the talk",
    "the service",
)
VERDICTS = {
    -3: ("absolutely terrible", "very bad, the worst of the year"),
    -2: ("really bad", "quite boring and disappointing"),
    -1: ("a little disappointing", "rather boring in the end"),
    0: ("about what people expected", "much the same as last time", "neither long nor short"),
    1: ("rather nice in the end", "a little better than usual"),
    2: ("really good", "quite nice and enjoyable"),
    3: ("absolutely wonderful", "very good, the best of the year"),
}

_WORD = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)?")


def level_of(latent: float) -> int:
    """Return the verdict level (-3 to 3) nearest to a latent sentiment."""
    return int(np.clip(np.rint(latent), -3, 3))


def write_sentence(latent: float, rng: np.random.Generator) -> str:
    """Draw a sentence whose verdict is as positive as `latent` says.

    Parameters
    ----------
    latent : float
        Sentiment to express, about -3 to 3.
    rng : numpy.random.Generator
        Source of the choices.

    Returns
    -------
    str
        One sentence with capital and full stop.
    """
    frame = FRAMES[rng.integers(len(FRAMES))]
    subject = SUBJECTS[rng.integers(len(SUBJECTS))]
    verdicts = VERDICTS[level_of(latent)]
    sentence = frame.format(subject=subject, verdict=verdicts[rng.integers(len(verdicts))])
    return sentence[0].upper() + sentence[1:]


def word_spans(text: str) -> list[tuple[int, int]]:
    """Return the first and one-past-last character of each word, punctuation left out.

    Examples
    --------
    >>> word_spans("To me, yes.")
    [(0, 2), (3, 5), (7, 10)]
    """
    return [match.span() for match in _WORD.finditer(text)]
