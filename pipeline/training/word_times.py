"""Find out which utterances have timed words, and say what a model fitted on timed words does without them."""

import math
from typing import Any

import pandas as pd
from numpy.typing import NDArray

from models.registry import reads_sequences
from pipeline.corpora.utterances import read_words
from pipeline.inference.schema import Schema
from pipeline.settings.blocks import TrainParams
from pipeline.settings.paths import CorpusPaths

RATE_FROM_WORDS = "rate_from_words"  # the feature of prosody that says whether the rate of speech comes from word times


def timed_of(name: str) -> dict[str, bool]:
    """Return, for each utterance in words.csv, whether any of its words has times."""
    known = read_words(CorpusPaths(name).words)
    return {u: any(math.isfinite(start + end) for _, start, end in words) for u, words in known.items()}


def spoken(name: str, table: pd.DataFrame, sound: NDArray[Any]) -> pd.DataFrame:
    """Return what is known about the words of each utterance of a corpus.

    Parameters
    ----------
    name
        The name of the corpus.
    table
        The n utterances of the corpus.
    sound
        Mask ``(n,)`` of the utterances that have audio features.

    Returns
    -------
    pd.DataFrame
        Columns `words` (whether any word is known), `timed` (whether any word has times) and `sound`.
    """
    timed = timed_of(name)
    words = (table["text"] != "") | table["utterance"].isin(list(timed))
    return pd.DataFrame({"words": words, "timed": [timed.get(u, False) for u in table["utterance"]], "sound": sound})


def notices_of_untimed(schema: Schema, settings: TrainParams, clips: pd.DataFrame, folder: str) -> list[str]:
    """Return notices if a model that was fitted on timed words predicts for utterances without timed words.

    Parameters
    ----------
    schema, settings
        The schema of the model and the settings that it was trained with.
    clips
        What `spoken` returned for the clips.
    folder
        Folder of the model, for the messages.
    """
    steps = settings.sequences.align == "word" and reads_sequences(schema["strategy"], schema["classifier"])
    columns = [c for stores in schema["features"].values() for store in stores for c in store.get("columns", ())]
    rate = bool(schema.get("timed_words")) and any(RATE_FROM_WORDS in column for column in columns)
    notices = []
    for rows, alone, many in (
        (clips["words"] & ~clips["timed"], "the words of the recording have no times", "clips have none"),
        (~clips["words"] & ~clips["timed"], "no words of the recording are known", "clips have no words"),
    ):
        touched = rows if steps else rows & clips["sound"] & rate
        if not touched.any():
            continue
        effects = ["the whole utterance is one step"] if steps else []
        if rate and (rows & clips["sound"]).any():
            effects.append("the rate of speech is estimated from the sound")
        who = alone if len(clips) == 1 else f"{int(touched.sum())} of {len(clips)} {many}"
        remedy = "a manifest.csv with a words.csv next to it can provide timed words"
        notices.append(f"the model in {folder} was fitted on timed words, but {who}: {' and '.join(effects)}; {remedy}")
    return notices
