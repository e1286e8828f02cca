"""CREMA-D: twelve sentences by 91 actors in six emotions."""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.corpora.base import Description, Fault
from pipeline.corpora.problems import Problem
from pipeline.corpora.published.coded_names import Naming, meaning, read_coded
from pipeline.corpora.published.files import PICTURES, SOUNDS, csv_rows, named_cells
from pipeline.corpora.utterances import Corpus
from pipeline.errors import UserError
from pipeline.settings.blocks import CorpusParams

EMOTIONS = {"ANG": "anger", "DIS": "disgust", "FEA": "fear", "HAP": "happy", "NEU": "neutral", "SAD": "sad"}
ACTORS = range(1001, 1092)
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
    obtain="the repository CheyneyComputerScience/CREMA-D on GitHub, cloned with Git LFS",
    folders={
        "VideoFlash": "<actor>_<sentence>_<emotion>_<intensity>.flv, read if video is one of the modalities",
        "AudioWAV": "the same names as .wav, read if video is not one of the modalities",
        "VideoDemographics.csv": "gender, age, race and ethnicity of the actors; may be missing",
    },
    labels={
        "emotion": ", ".join(EMOTIONS.values()),
        "intensity": ", ".join(INTENSITIES.values()),
        "gender": "female, male",
    },
    counts={"utterances": 7442, "speakers": 91},
    protocol=(
        "no official split; folds by actor, accuracy over the 6 emotions that the actors were asked for, which are not "
        "always those that raters recognised"
    ),
    block={
        "task": "classification",
        "label": "emotion",
        "modalities": ["audio", "video"],
        "protocol": {"kind": "group-kfold", "folds": 5, "group": "speaker"},
    },
    faults=(
        Fault("1076_MTI_SAD_XX holds no sound", "readers of several public projects", ("1076_MTI_SAD_XX",)),
        Fault("1076_MTI_NEU_XX holds 3 frames, 1064_TIE_SAD_XX 18", "readers of several public projects"),
        Fault("1064_IEO_DIS_MD lasts a minute and holds the sentence in all emotions", "the same"),
        Fault("some .mp3 are empty; they are read only where there is neither .flv nor .wav", "issue 13"),
        Fault("1040_ITH_SAD_X has an intensity that is not documented: it counts as unspecified", "the release"),
        Fault("without Git LFS, every recording is a text file of three lines that cannot be decoded", "issue 3"),
    ),
)

DEMOGRAPHICS = "VideoDemographics.csv"
_COLUMNS = {"Sex": "gender", "Age": "age", "Race": "race", "Ethnicity": "ethnicity"}


def read(root: Path, corpus: CorpusParams) -> Corpus:
    """Read the names of all clips below the root, and a table of facts about the actors.

    The name of a clip has the form ``actor_sentence_emotion_intensity``.

    If video is one of the modalities, the video of an utterance is preferred, and otherwise its sound file; if the
    preferred file is missing, the other is used. Without VideoDemographics.csv, the actors' gender, age, race and
    ethnicity are empty.

    Raises
    ------
    UserError
        If there are no recordings, if no name has this form, if VideoDemographics.csv lacks a column, or if CREMA-D
        does not have the label that the settings name.
    """
    films, sounds = (".flv", *PICTURES), (*SOUNDS, ".mp3")
    suffixes = (*films, *sounds) if "video" in corpus.modalities else (*SOUNDS, *films, ".mp3")
    naming = Naming(r"(1\d\d\d)_([A-Z]{3})_([A-Z]{3})_([A-Z]+)", _decode, suffixes)
    found = read_coded(root, corpus, DESCRIPTION, naming)
    return found if found.utterances.empty else _with_demographics(found, root)


def _with_demographics(corpus: Corpus, root: Path) -> Corpus:
    table, problems = corpus.utterances, list(corpus.problems)
    path = next(iter(sorted(root.rglob(DEMOGRAPHICS))), None)
    actors = demographics(path) if path is not None else {}
    missing = sorted(set(table["speaker"]) - actors.keys())
    if missing:
        where = (
            f"{path} lacks actors ({len(missing)}, such as {missing[0]})" if path else f"no {DEMOGRAPHICS} for actors"
        )
        what = "their gender, age, race and ethnicity are empty"
        problems.append(Problem("warning", path or root, None, f"{where}: {what}"))
    cells = {name: [actors.get(actor, {}).get(name, "") for actor in table["speaker"]] for name in _COLUMNS.values()}
    return replace(corpus, utterances=table.assign(**cells), problems=problems)


def demographics(path: Path) -> dict[str, Mapping[str, str]]:
    """Return the gender, age, race and ethnicity of each actor, keyed by the actor's number.

    Raises
    ------
    UserError
        If a column is missing.
    """
    (_, header), *rows = csv_rows(path) or [(0, [])]
    for name in ("ActorID", *_COLUMNS):
        if name not in header:
            raise UserError(f"{path} has no column {name!r}: get the file again")
    found = [named_cells(header, cells) for _, cells in rows]
    actors = {row["ActorID"]: {ours: row[theirs] for theirs, ours in _COLUMNS.items()} for row in found}
    return {actor: {**cells, "gender": cells["gender"].lower()} for actor, cells in actors.items()}


def _decode(_: Path, parts: re.Match[str]) -> dict[str, Any]:
    actor, sentence, emotion, intensity = (part.upper() for part in parts.groups())
    if int(actor) not in ACTORS:
        raise ValueError(f"the corpus has no actor {actor}, only {ACTORS[0]} to {ACTORS[-1]}")
    return {
        "text": meaning(SENTENCES, sentence, "sentence"),
        "speaker": actor,
        "group": actor,
        "emotion": meaning(EMOTIONS, emotion, "emotion"),
        "intensity": meaning(INTENSITIES | {"X": "unspecified"}, intensity, "intensity"),
    }
