"""Predict for new clips with a saved model; the stages process them exactly like its training clips."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from common.atomic import scratch_folder
from features.store import open_store
from models.data.modalities import Modalities
from models.errors import ModelError, reason_of
from models.evaluation.shapley import shapley_values
from models.outputs import checked_outputs
from models.registry import reads_sequences
from models.saving.saving import Saved, load
from pipeline.corpora.gathering import tabulate
from pipeline.corpora.utterances import read_utterances
from pipeline.errors import UserError
from pipeline.foreign import one_line
from pipeline.inference.clip_predictions import ClipPrediction, ClipPredictions
from pipeline.inference.clip_words import NO_TEXT, completing_clips, notices_of, rule_for, without_text
from pipeline.inference.ranges import notices_of_ranges, notices_of_unchecked
from pipeline.inference.schema import Schema, checked, extractors_of, require_same, trained_settings
from pipeline.inference.sources import MANIFEST, Clips, clip_manifest, clips_of
from pipeline.run.extraction import close_store, write_features
from pipeline.run.ledger import read_failures
from pipeline.run.pool.cluster import Pool
from pipeline.run.streaming import write_stream
from pipeline.settings.blocks import CorpusParams, ProtocolParams, TrainParams
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.settings.plugins import module_names
from pipeline.tables.rules import fault_of_name
from pipeline.training.inputs import load_modalities, stores_of
from pipeline.training.word_times import notices_of_untimed, spoken

FEW = 4  # for up to this many clips, one process is faster than starting a cluster
WORK = Path("data/work")


def predict(
    params: Params, folder: Path, sources: Path | Sequence[Path], *, text: str | None = None, workers: int | None = None
) -> ClipPredictions:
    """Predict for recordings, or for all rows of a manifest, with a saved model.

    Parameters
    ----------
    params
        The current settings; the blocks `streams` and `features` must agree with the model's.
    folder
        Folder of the model.
    sources
        Recordings, one manifest.csv, or its folder; no labels are needed.
    text
        The transcript of a single recording. By default, it is read from the text file with the same name;
        `streams.text.transcribe` says when it is recognised from the speech instead.
    workers
        Number of worker processes; by default 0 for up to `FEW` clips, and `run.workers` for more.

    Raises
    ------
    UserError
        If a source cannot be read, or would be processed differently from the model's training clips.
    ModelError
        If the model cannot be loaded.
    """
    clips = clips_of([sources] if isinstance(sources, Path) else sources)
    saved, schema = _checked_model(params, folder)
    notices = [*saved.notices, *require_same(params, schema, str(folder))]
    settings = trained_settings(schema, f"{folder}/model.json: schema.train")
    notices += _notices_of_source(settings, schema, folder, clips, text)
    with _corpus(params, saved.schema, clips, text) as (own, name):
        complete = completing_clips(own, name, lambda count: Pool(_workers(params, count, workers)))
        problems = tabulate(own.corpus(name), name, complete)
        table = read_utterances(CorpusPaths(name).utterances, "")
        notices += notices_of(problems, table, clips.recordings)
        _check_speakers(settings, table, folder)
        _measure(own, name, saved.schema, Pool(_workers(params, len(table), workers)))
        failed = {f.utterance: f.message for f in reversed(read_failures(CorpusPaths(name).failures))}
        sequences = reads_sequences(saved.schema["strategy"], saved.schema["classifier"])
        data = load_modalities(name, settings, own.corpus(name), table, sequences=sequences)
        notes = _notes(name, settings, table, data)
        sound = data.present.get("audio", np.zeros(len(table), bool))
        notices += notices_of_untimed(schema, settings, spoken(name, table, sound), str(folder))
    for note, clip in zip(notes, map(clips.recordings.get, table["utterance"]), strict=True):
        if note.get("text") == NO_TEXT and clip is not None:
            note["text"] = without_text(problems, clip, alone=clips.lone is not None)
    notices += notices_of_ranges(schema.get("ranges", {}), data, table["utterance"].tolist(), str(folder))
    lost, more = _without_anything(tuple(schema["modalities"]), table, notes, failed, bool(clips.recordings))
    return replace(_predicted(saved, str(folder), table, data, notes, lost), notices=(*notices, *more))


def _checked_model(params: Params, folder: Path) -> tuple[Saved, Schema]:
    """Return a saved model and its schema after checking both."""
    saved = load(folder, module_names(params.run.plugins))
    schema = checked(saved.schema, f"{folder}/model.json: schema")
    _check_classes(saved.model, folder)
    return saved, schema


def _notices_of_source(
    settings: TrainParams, schema: Schema, folder: Path, clips: Clips, text: str | None
) -> list[str]:
    """Return notices: the note of the model's corpus, what is not checked, and what has no effect on these clips."""
    note = one_line(schema.get("note", ""), None)
    notices = [f"{folder} was fitted on {schema['corpus']}: {note}"] if note else []
    measured = [modality for modality, features in schema["features"].items() if features]
    notices += notices_of_unchecked(schema.get("ranges"), measured, str(folder))
    if settings.context.before + settings.context.after and clips.recordings:
        notices.append(
            f"{folder} also reads the neighbours of an utterance, but separate recordings have no neighbours"
        )
    if text is not None and "text" not in schema["features"]:
        notices.append(f"--text has no effect: {folder} reads no text")
    return notices


def _check_classes(model: Any, folder: Path) -> None:
    for name in map(str, getattr(model, "classes_", ())):
        if fault := fault_of_name(name):
            raise ModelError(f"{folder}: the class {name!r:.80} of the saved model {fault}, or fit the model again")


def _workers(params: Params, clips: int, workers: int | None) -> Any:
    return workers if workers is not None else 0 if clips <= FEW else params.run.workers


@contextmanager
def _corpus(params: Params, schema: Schema, clips: Clips, text: str | None) -> Iterator[tuple[Params, str]]:
    """Yield settings with a single corpus made of the clips, and its name; the corpus is removed at the end."""
    if text is not None and clips.folder is not None:
        raise UserError(
            f"--text is the transcript of one recording, but {clips.folder} holds a manifest: fill in its column text"
        )
    if text is not None and clips.lone is None:
        raise UserError(
            f"--text is the transcript of one recording, but {len(clips.recordings)} are named: put each transcript "
            "into a text file with the recording's name"
        )
    if WORK.exists() and not os.access(WORK, os.W_OK):
        raise UserError(
            f"{WORK}, where `predict` puts the features of the recording while it runs, cannot be written: make it "
            "writable, or run the command in another folder and give the full paths of the model and the recording"
        )
    with scratch_folder(WORK, ".predict-") as work, ExitStack() as stack:
        stack.callback(close_store)
        root = clips.folder or clip_manifest(clips, text, work / "clip")
        corpus = CorpusParams(
            reader="manifest",
            root=str(root),
            task=schema["task"],
            label="",
            modalities=tuple(schema["features"]),
            protocol=ProtocolParams("group-kfold"),
            features=trained_settings(schema, "").features,
            transcribe=rule_for(params.words.transcribe, text),
            align=params.words.align,
        )
        run = replace(params.run, max_failed=1.0)  # each failure is reported
        yield replace(params, corpora={work.name: corpus}, run=run), work.name


def _check_speakers(settings: TrainParams, table: pd.DataFrame, folder: Path) -> None:
    if settings.normalise != "speaker":
        return
    counts = table["speaker"].value_counts()
    lone = [str(speaker) or "(nobody)" for speaker, count in counts.items() if count < 2 or not speaker]
    if lone:
        raise UserError(
            f"{folder} was trained on features normalised per speaker, so it needs several clips of each speaker: name "
            f"a {MANIFEST} with a column speaker; there are too few clips of {', '.join(lone[:3])}"
        )


def _measure(own: Params, name: str, schema: Schema, pool: Pool) -> None:
    extractors = extractors_of(schema)
    with pool:
        for modality in dict.fromkeys(own.modality(e) for e in extractors):
            write_stream(own, name, modality, pool)
        for extractor in extractors:
            write_features(own, name, extractor, pool)


def _notes(name: str, settings: TrainParams, table: pd.DataFrame, data: Modalities) -> list[dict[str, str]]:
    """Return one mapping per utterance: each modality that it lacks -> the reason."""
    notes: list[dict[str, str]] = [{} for _ in range(len(table))]
    for modality, mask in data.present.items():
        found = [NO_TEXT] * len(table)
        for extractor in stores_of(settings, modality)[:1]:
            with open_store(CorpusPaths(name).features(extractor)) as store:
                found = [note or status for note, status in zip(store.notes, store.statuses, strict=True)]
        for i in np.flatnonzero(~mask):
            notes[i][modality] = found[i]
    return notes


def _without_anything(
    players: tuple[str, ...],
    table: pd.DataFrame,
    notes: Sequence[Mapping[str, str]],
    failed: Mapping[str, str],
    named: bool,
) -> tuple[dict[str, str], list[str]]:
    """Return the utterances that cannot be predicted, each with the reason, and notices about what the others lack.

    If an utterance has none of the modalities that the model reads, its prediction is the prior, as in training. But
    if processing it failed, or if the command line names recordings rather than a manifest (`named`), it has no
    prediction.
    """
    lost, notices = {}, []
    for utterance, missing in zip(table["utterance"], notes, strict=True):
        if players and set(players) <= set(missing):
            reasons = "; ".join(f"{m}: {why}" for m, why in missing.items())
            what = f"the utterance has none of the modalities that the model reads ({reasons})"
            if named or utterance in failed:
                lost[utterance] = failed.get(utterance, what)
            else:
                notices.append(f"{utterance}: {what}: the prediction is the prior, as in training")
        elif utterance in failed and failed[utterance] not in missing.values():
            notices.append(f"{utterance}: predicted without the part that failed: {failed[utterance]}")
    return lost, notices


def _predicted(
    saved: Saved, folder: str, table: pd.DataFrame, data: Modalities, notes: list[dict[str, str]], lost: dict[str, str]
) -> ClipPredictions:
    """Return the predictions for all utterances that are not in `lost`."""
    rows = np.flatnonzero(~table["utterance"].isin(list(lost)))
    modalities = tuple(saved.schema["modalities"])
    found = _predictions_of_saved(saved.model, data[rows], modalities, folder) if len(rows) else []
    named = (replace(a, utterance=table["utterance"][i], absent=notes[i]) for i, a in zip(rows, found, strict=True))
    return ClipPredictions(folder, tuple(named), lost)


def _predictions_of_saved(model: Any, data: Modalities, players: tuple[str, ...], folder: str) -> list[ClipPrediction]:
    """Return what `predictions_of` returns; any exception of the saved model becomes a `ModelError`."""
    try:
        return predictions_of(model, data, players)
    except Exception as error:
        raise ModelError(
            f"{folder}: the saved model cannot predict ({type(error).__name__}: {reason_of(error):.200}): fit it again"
        ) from error


def predictions_of(model: Any, data: Modalities, players: tuple[str, ...]) -> list[ClipPrediction]:
    """Return the prediction for each row, with the share of each modality.

    The shares are Shapley values. They add up to the output (the probability of the predicted class, or the score)
    minus the prior.
    """
    classes = [str(c) for c in model.classes_] if model.task == "classification" else []

    def outputs_of(rows: Modalities) -> Any:
        return checked_outputs(model.outputs(rows), len(rows), len(classes))

    outputs, prior = outputs_of(data), checked_outputs(np.atleast_2d(model.prior_), 1, len(classes))[0]
    chosen = outputs.argmax(axis=1)
    rows = np.arange(len(data))

    def worth(there: tuple[str, ...]) -> Any:
        if not there:
            return prior[chosen]
        if there == players:
            return outputs[rows, chosen]
        return outputs_of(data.without(set(players) - set(there)))[rows, chosen]

    shares = shapley_values(worth, players)
    return [
        ClipPrediction(
            "",
            classes[chosen[i]] if classes else float(outputs[i, 0]),
            {c: float(p) for c, p in zip(classes, outputs[i], strict=False)},
            float(prior[chosen[i]]),
            {m: float(share[i]) for m, share in shares.items()},
        )
        for i in rows
    ]
