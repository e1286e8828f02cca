"""The words of an utterance, as recognition or alignment returns them."""

import math
from dataclasses import dataclass
from typing import NamedTuple


class Word(NamedTuple):
    """A word of an utterance.

    Attributes
    ----------
    text
        The word as it is written.
    start_s, end_s
        When it is spoken, in seconds from the start of the utterance; NaN if unknown.
    confidence
        How sure recognition or alignment is, from 0 to 1; NaN if the word was neither recognised nor aligned.
    """

    text: str
    start_s: float = math.nan
    end_s: float = math.nan
    confidence: float = math.nan

    @property
    def timed(self) -> bool:
        """Whether both times are known."""
        return math.isfinite(self.start_s) and math.isfinite(self.end_s)


@dataclass(frozen=True)
class Spoken:
    """What is said in an utterance: its text, its words in order, and a note if something is unusual."""

    text: str
    words: tuple[Word, ...] = ()
    note: str = ""
