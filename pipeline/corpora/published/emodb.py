"""EmoDB, the Berlin database of emotional speech: ten German sentences by ten actors in seven emotions."""

import re
from pathlib import Path
from typing import Any

from pipeline.corpora.base import Description, Fault
from pipeline.corpora.published.coded_names import Naming, meaning, read_coded
from pipeline.corpora.published.files import SOUNDS
from pipeline.corpora.utterances import Corpus
from pipeline.settings.blocks import CorpusParams

EMOTIONS = {  # by the first letter of the German word
    "W": "anger",
    "L": "boredom",
    "E": "disgust",
    "A": "fear",
    "F": "happiness",
    "T": "sadness",
    "N": "neutral",
}
SPEAKERS = {  # gender, age in years
    "03": ("male", "31"),
    "08": ("female", "34"),
    "09": ("female", "21"),
    "10": ("male", "32"),
    "11": ("male", "26"),
    "12": ("male", "30"),
    "13": ("female", "32"),
    "14": ("female", "35"),
    "15": ("male", "25"),
    "16": ("female", "31"),
}
SENTENCES = {
    "a01": "Der Lappen liegt auf dem Eisschrank.",
    "a02": "Das will sie am Mittwoch abgeben.",
    "a04": "Heute abend könnte ich es ihm sagen.",
    "a05": "Das schwarze Stück Papier befindet sich da oben neben dem Holzstück.",
    "a07": "In sieben Stunden wird es soweit sein.",
    "b01": "Was sind denn das für Tüten, die da unter dem Tisch stehen?",
    "b02": "Sie haben es gerade hochgetragen und jetzt gehen sie wieder runter.",
    "b03": "An den Wochenenden bin ich jetzt immer nach Hause gefahren und habe Agnes besucht.",
    "b09": "Ich will das eben wegbringen und dann mit Karl was trinken gehen.",
    "b10": "Die wird auf dem Platz sein, wo wir sie immer hinlegen.",
}

DESCRIPTION = Description(
    title="EmoDB, Berlin Database of Emotional Speech",
    citation=(
        "F. Burkhardt, A. Paeschke, M. Rolfes, W. Sendlmeier, B. Weiss: A Database of German Emotional Speech, "
        "Interspeech 2005"
    ),
    licence="CC0 1.0 in audEERING's edition (emodb 1.1.0 and later)",
    obtain="emodb.bilderbar.info, the page of the authors: download.zip; or the Python package audb: emodb",
    folders={"wav": "<speaker><sentence><emotion><version>.wav, such as 03a01Fa.wav; in any folder below the root"},
    labels={"emotion": ", ".join(EMOTIONS.values()), "gender": "female, male"},
    counts={"utterances": 535, "speakers": 10},
    protocol="no official split; leave one speaker out, accuracy and unweighted average recall over 7 emotions",
    block={
        "task": "classification",
        "label": "emotion",
        "modalities": ["audio"],
        "protocol": {"kind": "leave-one-group-out", "group": "speaker"},
    },
    faults=(
        Fault("version 2.0.0 adds 281 clips that fewer than 80 % of the listeners recognised", "audeering/emodb"),
        Fault("versions before 1.1.1 have wrong genders; the authors' own are used here", "audeering/emodb"),
    ),
)


def read(root: Path, corpus: CorpusParams) -> Corpus:
    """Read the names of all clips below the root: speaker (two digits), sentence, emotion, version.

    Raises
    ------
    UserError
        If there are no recordings, if no name matches this pattern, or if EmoDB does not have the label that the
        settings name.
    """
    naming = Naming(r"(\d\d)([ab]\d\d)([A-Z])([a-z]?)", _decode, SOUNDS)
    return read_coded(root, corpus, DESCRIPTION, naming)


def _decode(_: Path, parts: re.Match[str]) -> dict[str, Any]:
    speaker, sentence, emotion, _version = parts.groups()
    if speaker not in SPEAKERS:
        raise ValueError(f"the corpus has no speaker {speaker!r}, only {', '.join(SPEAKERS)}")
    gender, age = SPEAKERS[speaker]
    return {
        "text": meaning(SENTENCES, sentence.lower(), "sentence"),
        "speaker": speaker,
        "group": speaker,
        "emotion": meaning(EMOTIONS, emotion.upper(), "emotion"),
        "gender": gender,
        "age": age,
    }
