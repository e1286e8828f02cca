"""Make the sections *Data* and *One utterance* of the page: their JSON blocks, and the files beside the page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipeline.evaluation.results import notices_of, speakers_of
from pipeline.evaluation.scoring import Scores
from pipeline.reporting.utterance.known import known_of
from pipeline.reporting.utterance.overview import Overview, overview_of
from pipeline.reporting.utterance.parts import FOLDER, Judge, parts_of, place_for
from pipeline.reporting.utterance.previewing import previews
from pipeline.run.pool.cluster import Pool
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths


@dataclass(frozen=True)
class DataSections:
    """The sections *Data* and *One utterance*: data for the template, and JSON blocks for the scripts."""

    data: Overview
    blocks: Mapping[str, Any]


def data_sections(
    params: Params, name: str, pool: Pool, scores: Scores | None = None, predictions: pd.DataFrame | None = None
) -> DataSections:
    """Return the sections *Data* and *One utterance*, and write the folder of files beside the page.

    Parameters
    ----------
    params, name
        The settings, and the name of the corpus.
    pool
        The workers that make previews.
    scores, predictions
        The scores in table.csv and the rows of predictions.csv; None for a corpus that was not trained.

    Raises
    ------
    UserError
        If the corpus is not prepared, or a recording is not the one that `prepare` saw.
    """
    corpus, clips = params.corpus(name), params.report.clips
    known = known_of(params, name)
    made = previews(params, name, pool, pictures=clips != "none")
    where = place_for(clips, known, made)
    parts = parts_of(known, made, where, _judge(scores), CorpusPaths(name).results / FOLDER)
    folds = None if predictions is None else _folds(predictions)
    remarks: Sequence[str] = ()
    if predictions is not None:
        remarks = [f"{note}." for note in (speakers_of(name, corpus), *notices_of(name)) if note]
    return DataSections(overview_of(known, parts, folds, corpus.protocol.group, remarks), parts.blocks)


def _judge(scores: Scores | None) -> Judge:
    """Return the best fusion, or else the best single modality; a `Judge` without a name if there is neither."""
    best = None if scores is None else scores.best_fusion or scores.best_unimodal
    if best is None or scores is None:
        return Judge()
    return Judge(best.configuration.display, f"{scores.top} {'fusion' if best.is_fusion else 'single modality'}")


def _folds(predictions: pd.DataFrame) -> pd.Series:
    return predictions.drop_duplicates("utterance").set_index("utterance")["fold"]
