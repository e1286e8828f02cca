"""What the demo speakers say: short verdicts on everyday things, negative, neutral or positive.

A sentence is a frame, a subject, an adverb and an adjective. Only the adjective shows the class. The adjectives of the
three classes are about equally long, so that the length of a clip does not tell its class.
"""

import re

import numpy as np

FRAMES = ("{subject} was {verdict}.", "To me, {subject} was {verdict}.", "I think {subject} was {verdict}.")
SUBJECTS = ("the film", "the book", "the show", "the meal", "the trip", "the course", "the talk", "the game")
ADVERBS = ("really", "rather")
ADJECTIVES = {
    "negative": (
        "terrible",
        "horrible",
        "disgusting",
        "pathetic",
        "annoying",
        "depressing",
        "frustrating",
        "miserable",
        "disappointing",
        "dreadful",
        "awful",
        "lousy",
    ),
    "neutral": (
        "ordinary",
        "regular",
        "typical",
        "familiar",
        "average",
        "moderate",
        "usual",
        "traditional",
        "conventional",
        "common",
        "normal",
        "standard",
    ),
    "positive": (
        "wonderful",
        "excellent",
        "fantastic",
        "delightful",
        "amazing",
        "fabulous",
        "terrific",
        "enjoyable",
        "magnificent",
        "lovely",
        "superb",
        "perfect",
    ),
}

_WORD = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)?")


def write_sentence(sentiment: str, rng: np.random.Generator) -> str:
    """Draw a sentence.

    Parameters
    ----------
    sentiment : str
        The class that the adjective shows, a key of `ADJECTIVES`.
    rng : numpy.random.Generator
        Generator of the random choices.

    Returns
    -------
    str
        A sentence that begins with a capital and ends with a full stop.
    """
    frame, subject, adverb, adjective = (
        choices[rng.integers(len(choices))] for choices in (FRAMES, SUBJECTS, ADVERBS, ADJECTIVES[sentiment])
    )
    sentence = frame.format(subject=subject, verdict=f"{adverb} {adjective}")
    return sentence[0].upper() + sentence[1:]


def word_spans(text: str) -> list[tuple[int, int]]:
    """Return the position of the first character of each word, and of the character after its last one.

    Punctuation does not belong to words.

    Examples
    --------
    >>> word_spans("To me, yes.")
    [(0, 2), (3, 5), (7, 10)]
    """
    return [match.span() for match in _WORD.finditer(text)]
