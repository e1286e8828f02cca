"""Which utterances have timed words, and what a model that was fitted on such words makes of those that have none."""

import math
from collections.abc import Sequence

import pandas as pd

from models.strategies import reads_sequences
from pipeline.params import TrainParams
from pipeline.paths import CorpusPaths
from pipeline.stages.schema import Schema
from pipeline.utterances import read_words

RATE_FROM_WORDS = "rate_from_words"  # the column of prosody that says where the rate of speech comes from


def without_timed_words(name: str, table: pd.DataFrame) -> list[str]:
    """Return the utterances of a corpus none of whose words has times."""
    words = read_words(CorpusPaths(name).words)
    timed = {u for u, said in words.items() if any(math.isfinite(start + end) for _, start, end in said)}
    return [str(utterance) for utterance in table["utterance"] if utterance not in timed]


def notices_of_untimed(
    schema: Schema, settings: TrainParams, untimed: Sequence[str], count: int, folder: str
) -> list[str]:
    """Return a notice where a model that was fitted on timed words answers for utterances without them.

    Parameters
    ----------
    schema, settings
        Of the model.
    untimed, count
        The utterances without timed words, and how many there are in all.
    folder
        Of the model, for the message.
    """
    effects = []
    if settings.sequences.align == "word" and reads_sequences(schema["strategy"], schema["classifier"]):
        effects.append("all of an utterance is one step")
    columns = [c for stores in schema["features"].values() for store in stores for c in store.get("columns", ())]
    if schema.get("timed_words") and any(RATE_FROM_WORDS in column for column in columns):
        effects.append("the rate of speech is estimated from the sound")
    if not untimed or not effects:
        return []
    who = "the words of the recording have no times" if count == 1 else f"{len(untimed)} of {count} clips have none"
    remedy = "a manifest.csv with a words.csv beside it can give them"
    return [f"{folder} was fitted on timed words, but {who}: {' and '.join(effects)}; {remedy}"]
