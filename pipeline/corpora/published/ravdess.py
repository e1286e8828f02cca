"""RAVDESS: two sentences, spoken and sung by 24 actors in eight emotions."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.corpora.base import Description, Fault
from pipeline.corpora.problems import Problem
from pipeline.corpora.published.coded_names import Naming, clips_below, meaning, read_coded
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
FULL, PICTURE_ONLY, SOUND_ONLY = "01", "02", "03"  # a take is released in three forms

_CODE = r"(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)"

DESCRIPTION = Description(
    title="RAVDESS, Ryerson Audio-Visual Database of Emotional Speech and Song",
    citation=(
        "S. R. Livingstone, F. A. Russo: The Ryerson Audio-Visual Database of Emotional Speech and Song (RAVDESS), "
        "PLoS ONE 13(5), 2018"
    ),
    licence="CC BY-NC-SA 4.0: not for commercial use",
    obtain="Zenodo, record 1188976: Audio_Speech_Actors_01-24.zip, Video_Speech_Actor_01.zip to 24; and those of Song",
    folders={
        "Actor_01 ... Actor_24": (
            "<modality>-<channel>-<emotion>-<intensity>-<statement>-<repetition>-<actor>.wav or .mp4, such as "
            "03-01-06-01-02-01-12.wav; in any folder below the root"
        )
    },
    labels={
        "emotion": ", ".join(EMOTIONS.values()),
        "intensity": ", ".join(INTENSITIES.values()),
        "channel": ", ".join(CHANNELS.values()),
        "gender": "female, male",
    },
    counts={"speech utterances": 1440, "song utterances": 1012, "speakers": 24},
    protocol=(
        "no official split; folds by actor, accuracy over the 8 emotions of speech. Published results with the same "
        "actors in training and test cannot be compared"
    ),
    block={
        "task": "classification",
        "label": "emotion",
        "modalities": ["audio", "video"],
        "protocol": {"kind": "group-kfold", "folds": 6, "group": "speaker"},
    },
    faults=(
        Fault("there are no songs of actor 18, so 23 actors sing 44 each", "Livingstone and Russo, 2018"),
        Fault("no neutral clip has strong intensity; no song is labelled disgust or surprised", "the same"),
        Fault("Kaggle's copy of the speech holds all files twice: the first is used", "the copy"),
    ),
)


def read(root: Path, corpus: CorpusParams) -> Corpus:
    """Read the names of all clips below the root: ``modality-channel-emotion-intensity-statement-repetition-actor``.

    RAVDESS has three recordings of each take: full, picture only, and sound only. They are one utterance. If video is
    used, the full recording is preferred; if it is missing, the picture and the sound come from the other two. If
    video is not used, the sound-only recording is preferred.

    Raises
    ------
    UserError
        If there are no recordings, if no name matches this pattern, or if RAVDESS does not have the label that the
        settings name.
    """
    video = "video" in corpus.modalities
    order = (FULL, PICTURE_ONLY, SOUND_ONLY) if video else (SOUND_ONLY, FULL, PICTURE_ONLY)
    suffixes = (*SOUNDS, *PICTURES)

    def rank(clip: Path) -> int:
        form = order.index(clip.stem[:2]) if clip.stem[:2] in order else len(order)
        return form * len(suffixes) + suffixes.index(clip.suffix.lower())

    def take(clip: Path, _: re.Match[str]) -> str:
        return clip.stem[2:] if clip.stem[:2] in order else clip.stem

    naming = Naming(_CODE, _decode, suffixes, take, rank, kinds="channel")
    found = read_coded(root, corpus, DESCRIPTION, naming)
    return _with_both_channels_noted(_with_voices(found, root), root)


def _with_voices(corpus: Corpus, root: Path) -> Corpus:
    """Use the sound-only recording of the same take as the voice of utterances whose recording has no sound."""
    table = corpus.utterances
    if table.empty or not table["utterance"].str.startswith(PICTURE_ONLY).any():
        return corpus
    heard = {c.stem[2:]: c.as_posix() for c in clips_below(root, SOUNDS + PICTURES) if c.stem[:2] == SOUND_ONLY}
    silent = table["utterance"].str.startswith(PICTURE_ONLY)
    voices = table["utterance"].str[2:].map(heard).fillna("").where(silent, "")
    return replace(corpus, utterances=table.assign(sound=voices))


def _with_both_channels_noted(corpus: Corpus, root: Path) -> Corpus:
    counts = corpus.utterances["channel"].value_counts() if len(corpus.utterances) else {}
    if len(counts) < 2:
        return corpus
    message = (
        f"holds {counts['speech']} spoken and {counts['song']} sung clips, and all are used; to use one kind only, "
        "name the folder of its archives as root"
    )
    return replace(corpus, problems=[*corpus.problems, Problem("warning", root, None, message)])


def _decode(_: Path, parts: re.Match[str]) -> dict[str, Any]:
    form, channel, emotion, intensity, statement, repetition, actor = parts.groups()
    meaning({FULL: "", PICTURE_ONLY: "", SOUND_ONLY: ""}, form, "modality")
    if not 1 <= int(actor) <= 24:
        raise ValueError(f"the corpus has no actor {actor!r}, only 01 to 24")
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
