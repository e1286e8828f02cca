"""RAVDESS: two sentences, spoken and sung by 24 actors in eight emotions."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pipeline.corpora.base import Description, Fault
from pipeline.corpora.published.coded_names import clips_below, meaning, read_coded
from pipeline.corpora.published.files import PICTURES, SOUNDS
from pipeline.corpora.utterances import Corpus
from pipeline.settings.blocks import CorpusParams

EMOTIONS = {
    "01": "neutral",
    "02": "calm",
    "03": "happy",
    "04": "sad",
    "05": "angry",
    "06": "fearful",
    "07": "disgust",
    "08": "surprised",
}
CHANNELS = {"01": "speech", "02": "song"}
INTENSITIES = {"01": "normal", "02": "strong"}
STATEMENTS = {"01": "Kids are talking by the door", "02": "Dogs are sitting by the door"}
FULL, PICTURE_ONLY, SOUND_ONLY = "01", "02", "03"  # how the same take was recorded

_CODE = r"(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)"

DESCRIPTION = Description(
    title="RAVDESS, Ryerson Audio-Visual Database of Emotional Speech and Song",
    citation=(
        "S. R. Livingstone, F. A. Russo: The Ryerson Audio-Visual Database of Emotional Speech and Song (RAVDESS), "
        "PLoS ONE 13(5), 2018"
    ),
    licence="CC BY-NC-SA 4.0: not for commercial use",
    obtain="Zenodo, record 1188976: Audio_Speech_Actors_01-24.zip, Video_Speech_Actor_01.zip to 24, and those of songs",
    folders={"Actor_01 ... Actor_24": "MM-CC-EE-II-SS-RR-AA.wav or .mp4; in any folder below the root"},
    labels={
        "emotion": ", ".join(EMOTIONS.values()),
        "intensity": ", ".join(INTENSITIES.values()),
        "channel": ", ".join(CHANNELS.values()),
        "gender": "female, male",
    },
    counts={"speech utterances": 1440, "song utterances": 1012, "speakers": 24},
    protocol=(
        "none is official; folds by actor. Accuracy over 8 emotions of speech. Folds that share actors give 10 to 20 "
        "points more and say nothing about others"
    ),
    block={
        "task": "classification",
        "label": "emotion",
        "modalities": ["audio", "video"],
        "protocol": {"kind": "group-kfold", "folds": 6, "group": "speaker"},
    },
    faults=(
        Fault("actor 18 sang nothing, so there are 1012 songs and 1440 sentences", "Livingstone and Russo, 2018"),
        Fault("the neutral emotion has no strong intensity", "Livingstone and Russo, 2018"),
    ),
)


def read(root: Path, corpus: CorpusParams) -> Corpus:
    """Read the names ``modality-channel-emotion-intensity-statement-repetition-actor`` of all clips below the root.

    A take that exists with and without sound or picture is one utterance: the full recording is used where video
    matters, else the sound. Actors with even numbers are women.

    Raises
    ------
    UserError
        If there are no recordings, none is named so, or RAVDESS has no such label.
    """
    clips = clips_below(root, (*SOUNDS, *PICTURES))
    return read_coded(root, corpus, DESCRIPTION, _one_per_take(clips, corpus), _CODE, _decode, kinds="channel")


def _one_per_take(clips: Sequence[Path], corpus: CorpusParams) -> list[Path]:
    """Return for each take the recording with most of what the corpus's modalities need."""
    video, audio = "video" in corpus.modalities, "audio" in corpus.modalities
    order = (FULL, PICTURE_ONLY, SOUND_ONLY) if video and not audio else (FULL, SOUND_ONLY, PICTURE_ONLY)
    order = order if video else (SOUND_ONLY, FULL, PICTURE_ONLY)
    takes: dict[str, list[Path]] = {}
    for clip in clips:
        take = clip.stem[2:] if re.fullmatch(_CODE, clip.stem) and clip.stem[:2] in order else clip.stem
        takes.setdefault(take, []).append(clip)
    best = {take: min((c.stem[:2] for c in found), key=_place(order)) for take, found in takes.items()}
    return [clip for take, found in takes.items() for clip in found if clip.stem[:2] == best[take]]


def _place(order: Sequence[str]) -> Callable[[str], int]:
    return lambda recorded: order.index(recorded) if recorded in order else len(order)


def _decode(_: Path, parts: re.Match[str]) -> dict[str, Any]:
    recorded, channel, emotion, intensity, statement, repetition, actor = parts.groups()
    meaning({FULL: "", PICTURE_ONLY: "", SOUND_ONLY: ""}, recorded, "modality")
    if not 1 <= int(actor) <= 24:
        raise ValueError(f"{actor!r} is not a known actor; available: 01 to 24")
    return {
        "text": meaning(STATEMENTS, statement, "statement"),
        "speaker": actor,
        "group": actor,
        "emotion": meaning(EMOTIONS, emotion, "emotion"),
        "intensity": meaning(INTENSITIES, intensity, "intensity"),
        "channel": meaning(CHANNELS, channel, "channel"),
        "gender": "female" if int(actor) % 2 == 0 else "male",
        "repetition": repetition,
    }
