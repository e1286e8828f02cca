"""Features of recordings outside any corpus, and a saved model's predictions for them, as tables."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.atomic import scratch_folder
from common.names import suggest
from features.base import MODALITIES
from pipeline.corpora.gathering import tabulate
from pipeline.errors import UserError
from pipeline.inference.clip_predictions import ClipPredictions
from pipeline.inference.clip_words import completing_clips, rule_for
from pipeline.inference.predict import WORK
from pipeline.inference.predict import predict as predict_from
from pipeline.inference.sources import clip_manifest, clips_of
from pipeline.notebook.features import Features, loaded_features
from pipeline.run.extraction import close_store, write_features
from pipeline.run.pool.cluster import Pool
from pipeline.run.streaming import write_stream
from pipeline.settings.blocks import CorpusParams, ProtocolParams
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths

if TYPE_CHECKING:
    import pandas as pd


def extract(params: Params, clip: Path, *, extractors: Sequence[str], text: str | None) -> dict[str, Features]:
    """Return the features of a recording, keyed by extractor, computed as in a corpus and held in memory.

    Raises
    ------
    UserError
        If the recording does not exist, if an extractor is unknown, or if no features can be computed.
    """
    if not clip.is_file():
        raise UserError(f"{clip} is not a file: name a recording")
    wanted = tuple(extractors) or params.extract
    for unknown in (e for e in wanted if e not in params.features):
        raise UserError(f"no extractor is named {unknown!r}; {suggest(unknown, params.features)}")
    modalities = tuple(m for m in MODALITIES if m in {params.modality(e) for e in wanted})
    with scratch_folder(WORK, ".predict-") as work:  # `crossmodal cache gc` deletes it after a kill
        try:
            own, name = _own(params, clip, text, modalities, work), work.name
            tabulate(own.corpus(name), name, completing_clips(own, name, lambda _: Pool(0)))
            with Pool(0) as pool:
                for modality in modalities:
                    write_stream(own, name, modality, pool)
                for extractor in wanted:
                    write_features(own, name, extractor, pool)
            found = {extractor: loaded_features(CorpusPaths(name).features(extractor)) for extractor in wanted}
        finally:
            close_store()
    _report_failures(found, clip)
    return found


def _report_failures(found: dict[str, Features], clip: Path) -> None:
    """Warn about features that could not be computed; if none could be computed, raise `UserError` with the reason."""
    failed = {name: one.note[0] for name, one in found.items() if one.status == ("failed",)}
    if failed and not any(one.status == ("ok",) for one in found.values()):
        raise UserError(f"{clip}: {next(iter(failed.values()))}")
    for name, why in failed.items():
        warnings.warn(f"{clip}: {name} could not be computed: {why}", stacklevel=2)


def _own(params: Params, clip: Path, text: str | None, modalities: tuple[Any, ...], work: Path) -> Params:
    """Return settings with a single corpus, which consists of the recording."""
    corpus = CorpusParams(
        reader="manifest",
        root=str(clip_manifest(clips_of([clip]), text, work / "clip")),
        task="classification",
        label="",
        modalities=modalities,
        protocol=ProtocolParams("group-kfold"),
        transcribe=rule_for(params.words.transcribe, text),
        align=params.words.align,
    )
    return replace(params, corpora={work.name: corpus}, run=replace(params.run, max_failed=1.0))


def predict(params: Params, model: Path, sources: Sequence[Path], *, text: str | None, workers: int) -> "pd.DataFrame":
    """Return what a saved model predicts for recordings; notices about the model are issued as Python warnings.

    Raises
    ------
    UserError
        If one transcript is given for several recordings, if a recording cannot be read, or if the model cannot be
        used.
    """
    if not sources:
        raise UserError("there is no recording to predict for: name at least one")
    if text is not None and len(sources) > 1:
        raise UserError(f"text is the transcript of one recording, but there are {len(sources)}: write a manifest.csv")
    found = predict_from(params, model, sources, text=text, workers=workers)
    for notice in found.notices:
        warnings.warn(notice, stacklevel=2)
    return predictions_table(found)


def predictions_table(found: ClipPredictions) -> "pd.DataFrame":
    """Return one row per utterance, failed ones included; `remark` says what was missing or why there is no prediction.

    >>> from pipeline.inference.clip_predictions import ClipPrediction
    >>> one = ClipPrediction("a", "sad", {"glad": 0.2, "sad": 0.8}, 0.5, {"audio": 0.3}, {"text": "no transcript"})
    >>> table = predictions_table(ClipPredictions("m", (one,), {"b": "no sound"}))
    >>> table["prediction"].tolist(), table["remark"].tolist()
    (['sad', None], ['text is absent: no transcript', 'no sound'])
    """
    import pandas as pd

    table = found.table() if found.answers else pd.DataFrame(columns=["utterance", "prediction"])
    absent = ["; ".join(f"{m} is absent: {why}" for m, why in one.absent.items()) for one in found.answers]
    failed = pd.DataFrame({"utterance": list(found.failed), "prediction": [None] * len(found.failed)}, dtype=object)
    rows = [
        part for part in (table.assign(remark=absent), failed.assign(remark=list(found.failed.values()))) if len(part)
    ]
    return pd.concat(rows or [table.assign(remark=[])]).set_index("utterance")
