"""CREMA-D: twelve sentences by 91 actors in six emotions."""

import re
from pathlib import Path
from typing import Any

from pipeline.corpora.base import Description, Fault
from pipeline.corpora.published.coded_names import clips_below, meaning, read_coded
from pipeline.corpora.published.files import PICTURES, SOUNDS
from pipeline.corpora.utterances import Corpus
from pipeline.settings.blocks import CorpusParams

EMOTIONS = {"ANG": "anger", "DIS": "disgust", "FEA": "fear", "HAP": "happy", "NEU": "neutral", "SAD": "sad"}
INTENSITIES = {"LO": "low", "MD": "medium", "HI": "high", "XX": "unspecified"}
SENTENCES = {
    "IEO": "It's eleven o'clock",
    "TIE": "That is exactly what happened",
    "IOM": "I'm on my way to the meeting",
    "IWW": "I wonder what this is about",
    "TAI": "The airplane is almost full",
    "MTI": "Maybe tomorrow it will be cold",
    "IWL": "I would like a new alarm clock",
    "ITH": "I think I have a doctor's appointment",
    "DFA": "Don't forget a jacket",
    "ITS": "I think I've seen this before",
    "TSI": "The surface is slick",
    "WSI": "We'll stop in a couple of minutes",
}

DESCRIPTION = Description(
    title="CREMA-D, Crowd-sourced Emotional Multimodal Actors Dataset",
    citation=(
        "H. Cao, D. G. Cooper, M. K. Keutmann, R. C. Gur, A. Nenkova, R. Verma: CREMA-D: Crowd-sourced Emotional "
        "Multimodal Actors Dataset, IEEE Transactions on Affective Computing 5(4), 2014"
    ),
    licence="Open Database License 1.0, contents Database Contents License 1.0",
    obtain="the repository CheyneyComputerScience/CREMA-D on GitHub, with Git LFS",
    folders={
        "VideoFlash": "<actor>_<sentence>_<emotion>_<intensity>.flv, where video matters",
        "AudioWAV": "the same names as .wav, where it does not",
    },
    labels={"emotion": ", ".join(EMOTIONS.values()), "intensity": ", ".join(INTENSITIES.values())},
    counts={"utterances": 7442, "speakers": 91},
    protocol="none is official; folds by actor. Accuracy over the 6 acted emotions, which are not the raters' votes",
    block={
        "task": "classification",
        "label": "emotion",
        "modalities": ["audio", "video"],
        "protocol": {"kind": "group-kfold", "folds": 5, "group": "speaker"},
    },
    faults=(Fault("1076_MTI_SAD_XX holds no sound", "readers of several public projects"),),
)


def read(root: Path, corpus: CorpusParams) -> Corpus:
    """Read the names ``actor_sentence_emotion_intensity`` of the clips below the root.

    Films are read where video matters and there are some, sounds otherwise.

    Raises
    ------
    UserError
        If there are no recordings, none is named so, or CREMA-D has no such label.
    """
    clips = clips_below(root, (*SOUNDS, ".mp3", *PICTURES, ".flv"))
    films = [clip for clip in clips if clip.suffix.lower() in (*PICTURES, ".flv")]
    sounds = [clip for clip in clips if clip.suffix.lower() in SOUNDS] or [c for c in clips if c not in films]
    chosen = (films or sounds) if "video" in corpus.modalities else (sounds or films)
    return read_coded(root, corpus, DESCRIPTION, chosen, r"(1\d\d\d)_([A-Z]{3})_([A-Z]{3})_([A-Z]+)", _decode)


def _decode(_: Path, parts: re.Match[str]) -> dict[str, Any]:
    actor, sentence, emotion, intensity = (part.upper() for part in parts.groups())
    return {
        "text": meaning(SENTENCES, sentence, "sentence"),
        "speaker": actor,
        "group": actor,
        "emotion": meaning(EMOTIONS, emotion, "emotion"),
        "intensity": meaning(INTENSITIES | {"X": "unspecified"}, intensity, "intensity"),
    }
