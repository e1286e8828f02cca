"""EmoDB, the Berlin database of emotional speech: ten German sentences by ten actors in seven emotions."""

import re
from pathlib import Path
from typing import Any

from pipeline.corpora.base import Description
from pipeline.corpora.published.coded_names import clips_below, meaning, read_coded
from pipeline.corpora.published.files import SOUNDS
from pipeline.corpora.utterances import Corpus
from pipeline.settings.blocks import CorpusParams

EMOTIONS = {  # keyed by the first letter of the German word
    "W": "anger",
    "L": "boredom",
    "E": "disgust",
    "A": "fear",
    "F": "happiness",
    "T": "sadness",
    "N": "neutral",
}
SPEAKERS = {
    "03": "male",
    "08": "female",
    "09": "female",
    "10": "male",
    "11": "male",
    "12": "male",
    "13": "female",
    "14": "female",
    "15": "male",
    "16": "female",
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
    licence="CC0 1.0 in the release on Zenodo",
    obtain="Zenodo (Berlin Database of Emotional Speech), or the page of the authors: wav.zip",
    folders={"wav": "<speaker><sentence><emotion><version>.wav, as 03a01Fa.wav; in any folder below the root"},
    labels={"emotion": ", ".join(EMOTIONS.values()), "gender": "female, male"},
    counts={"utterances": 535, "speakers": 10},
    protocol="none is official; leave one speaker out. Accuracy and unweighted average recall over 7 emotions",
    block={
        "task": "classification",
        "label": "emotion",
        "modalities": ["audio"],
        "protocol": {"kind": "leave-one-group-out", "group": "speaker"},
    },
)


def read(root: Path, corpus: CorpusParams) -> Corpus:
    """Read the names ``speaker sentence emotion version`` of the clips below the root.

    Raises
    ------
    UserError
        If there are no recordings, none is named so, or EmoDB has no such label.
    """
    code = r"(\d\d)([ab]\d\d)([A-Z])([a-z])"
    return read_coded(root, corpus, DESCRIPTION, clips_below(root, SOUNDS), code, _decode)


def _decode(_: Path, parts: re.Match[str]) -> dict[str, Any]:
    speaker, sentence, emotion, _version = parts.groups()
    gender = meaning(SPEAKERS, speaker, "speaker")
    return {
        "text": meaning(SENTENCES, sentence.lower(), "sentence"),
        "speaker": speaker,
        "group": speaker,
        "emotion": meaning(EMOTIONS, emotion.upper(), "emotion"),
        "gender": gender,
    }
