"""`crossmodal export`: write the utterances, words and features of a corpus as a file for other tools."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from common.names import suggest
from features.base import MODALITIES, Modality
from features.store import is_imported, open_store
from features.text.fitted import fitted_names
from pipeline.corpora.utterances import COLUMNS, read_utterances, read_word_table
from pipeline.errors import Changed, UserError, counted
from pipeline.exchange.bundle import Bundle, FeatureSet
from pipeline.exchange.export_sources import ExportStore, joined
from pipeline.exchange.formats.mmsa import PART, SCORE
from pipeline.exchange.registry import entry_named, writer_of
from pipeline.exchange.writing import write_bundle
from pipeline.hashing import sha256_of
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.tables.rules import is_no_label
from pipeline.tables.splits import SPLITS
from pipeline.training.guard import plan_of
from pipeline.training.inputs import positions
from pipeline.training.matching import imported_differences
from pipeline.training.trained import require_extracted

ALIGNMENTS = ("", "word")
_LOCAL = (  # columns that are useless without the recordings
    *("media", "media_sha256", "sound", "sound_sha256", "sound_start", "region"),
    *("audio_track", "audio_channel", "video_track"),
)
_SIGNS = {"negative": -1.0, "neutral": 0.0, "positive": 1.0}
_OWN_ATTRIBUTES = ("format", "format_version", "name", "modality", "feature_names", "pooled_names")


def export(
    params: Params, name: str, form: str, path: Path, features: Sequence[str] = (), align: str = "", fold: str = ""
) -> list[str]:
    """Write the features of a corpus to `path`, which appears whole or not at all.

    Parameters
    ----------
    params, name
        The settings, and the corpus.
    form
        The name of the format, which must be one that can be written.
    path
        The file, or folder, to write.
    features
        Names of stores; if empty, the stores that the corpus is trained on, except features fitted inside folds.
    align
        ``word`` averages the rows of every store over words, and joins the stores of each modality.
    fold
        The fold of the protocol that gives the column ``split``. If empty, the split of the corpus is written, or the
        first fold if the format needs a split and the corpus has none.

    Returns
    -------
    list of str
        Lines that say what was written.

    Raises
    ------
    UserError
        If a store is missing or out of date, a label is not the number that is needed, or `path` is not writable.
    """
    writer_of(form)  # refuses a format that cannot be written
    scored_parts = entry_named(form).scored_parts
    corpus, paths = params.corpus(name), CorpusPaths(name)
    _require_label(form, name, corpus)
    with _unchanged_tables(paths):
        table = read_utterances(paths.utterances, corpus.label)
        if scored_parts and not fold and not (table["split"] != "").any():
            fold = plan_of(table, corpus).folds[0].name
        stores = by_modality(params, name, features) if features else _trained_on(params, name)
        differences = imported_differences(name, stores.values(), table)
        bundle = bundle_of(params, name, stores, align, fold)
    lines = [f"{path}: {counted(len(table), 'utterance')} of {name}" + (f", split as {fold}" if fold else "")]
    if scored_parts:
        bundle = replace(bundle, utterances=scored(bundle.utterances, corpus))
    if scored_parts and not fold and not _is_split(table):
        bundle, divided = _divided(bundle, table, corpus)
        lines.append(divided)
    write_bundle(form, bundle, path)
    return [*lines, *(_line(store) for store in bundle.features), *bundle.notices, *differences]


def _require_label(form: str, name: str, corpus: CorpusParams) -> None:
    if entry_named(form).scored_parts and not corpus.label:
        raise UserError(
            f"{form} needs labels, and {name} has none: name their column in corpora.{name}.label, or export to csd, "
            "npz or parquet, which do not need labels"
        )


@contextmanager
def _unchanged_tables(paths: CorpusPaths) -> Iterator[None]:
    """Raise `Changed` if the table of utterances or of words changed while the ``with`` block ran."""
    tables = [table for table in (paths.utterances, paths.words) if table.is_file()]
    before = [sha256_of(table) for table in tables]
    yield
    if [sha256_of(table) for table in tables] != before:
        raise Changed(f"the tables of {paths.name} changed while they were read: run the same command again")


def _divided(bundle: Bundle, table: pd.DataFrame, corpus: CorpusParams) -> tuple[Bundle, str]:
    """Return the bundle with the first fold as the additional column `PART`, and a notice about this split."""
    fold = plan_of(table, corpus).folds[0].name
    parts = _split_of(table, corpus, fold)
    counts = ", ".join(f"{int((parts == part).sum())} {part}" for part in SPLITS)
    lacking = " and ".join(part for part in SPLITS if not (table["split"] == part).any()) or "some utterances"
    return replace(bundle, utterances=bundle.utterances.assign(**{PART: parts})), (
        f"the corpus's split lacks {lacking}, so the file is split as in the fold {fold} ({counts}); `crossmodal "
        "import` still restores the split of the corpus from it"
    )


def _line(store: FeatureSet) -> str:
    there = sum(item.length > 0 for item in store.items)
    return (
        f"{store.modality} {store.name}: {counted(len(store.feature_names), 'column')}, {there} of "
        f"{counted(len(store.items), 'utterance')}"
    )


def bundle_of(
    params: Params, name: str, stores: Mapping[Modality, Sequence[str]] | None, align: str, fold: str
) -> Bundle:
    """Return a corpus as a bundle whose features are read only when they are needed, one utterance at a time.

    Parameters
    ----------
    params, name
        The settings, and the corpus.
    stores
        Names of stores by modality. None stands for the stores that the corpus is trained on, except features that
        are fitted inside folds.
    align
        ``word`` averages the rows of every store over words, and joins the stores of each modality; ``""`` does not.
    fold
        The fold of the protocol that gives the column ``split``; if empty, the split of the corpus.

    Raises
    ------
    UserError
        If a store is missing or out of date, or the fold does not exist or is too small. If `align` is given: also if a
        store has no times, or the corpus has no word times.
    """
    if align not in ALIGNMENTS:
        raise UserError(f"features cannot be aligned to {align!r}; {suggest(align, ALIGNMENTS[1:])}")
    corpus, paths = params.corpus(name), CorpusPaths(name)
    table = read_utterances(paths.utterances, corpus.label)
    if fold:
        table = table.assign(split=_split_of(table, corpus, fold))
    wanted = _trained_on(params, name) if stores is None else stores
    words = read_word_table(paths.words)
    if align and not words["start"].notna().any():
        raise UserError(f"the corpus {name} has no word times ({paths.words}): leave out --align word")
    sources = [_source(params, name, store, table) for names in wanted.values() for store in names]
    features = _by_word(sources, table, words) if align else [source.features() for source in sources]
    return Bundle(_shared(table, corpus), words, tuple(features), label=corpus.label)


def _trained_on(params: Params, name: str) -> dict[Modality, tuple[str, ...]]:
    found: dict[Modality, tuple[str, ...]] = {
        m: tuple(f for f in params.features_of(name, m) if f not in fitted_names())
        for m in params.corpus(name).modalities
    }
    if not any(found.values()):
        raise UserError(f"{params.path}: corpora.{name} names no features to export: name stores with --features")
    return found


def by_modality(params: Params, name: str, features: Sequence[str]) -> dict[Modality, tuple[str, ...]]:
    """Group the names of stores by the modality that each store states; raise `UserError` if a store is missing."""
    found: dict[Modality, tuple[str, ...]] = {}
    for feature in dict.fromkeys(features):
        with open_store(_there(params, name, feature)) as store:
            modality: Modality = store.attribute("modality")
        found[modality] = (*found.get(modality, ()), feature)
    return {m: found[m] for m in MODALITIES if m in found}


def _there(params: Params, name: str, feature: str) -> Path:
    path = CorpusPaths(name).features(feature)
    if path.exists():
        return path
    if feature in fitted_names():
        raise UserError(f"{feature} is fitted again in every fold, so it cannot be exported: leave it out")
    if feature in params.features:
        raise UserError(f"{path} does not exist: run `crossmodal extract --corpus {name} --extractor {feature}`")
    known = sorted({*params.features, *(p.stem for p in path.parent.glob("*.h5"))})
    raise UserError(f"{path} does not exist, and no extractor is named {feature!r}; {suggest(feature, known)}")


def _source(params: Params, name: str, feature: str, table: pd.DataFrame) -> ExportStore:
    path = _there(params, name, feature)
    with open_store(path) as store:
        at = positions(store, table, path)
        details = {k: store.attribute(k) for k in store.file.attrs if k not in _OWN_ATTRIBUTES}
        source = ExportStore(
            path.resolve(),
            store.digest,
            feature,
            store.attribute("modality"),
            tuple(store.attribute("feature_names")),
            tuple(store.attribute("pooled_names")),
            details,
            table["utterance"].tolist(),
            at,
            store.statuses,
            store.notes,
            store.offsets,
            timed=bool(np.isfinite(store.all_rows("times")).any()),
        )
    if feature in params.features and not is_imported(path) and CorpusPaths(name).stream(source.modality).exists():
        require_extracted(params, name, source.modality, feature)
    return source


def _by_word(sources: Sequence[ExportStore], table: pd.DataFrame, words: pd.DataFrame) -> list[FeatureSet]:
    """Return one store per modality, with one row per word."""
    for source in sources:
        if not source.timed and source.lengths.any():
            raise UserError(f"{source.path} has no times, so it cannot be aligned to words: leave {source.name} out")
    starts = table["start"].fillna(0).to_numpy(np.float64)
    spans = {str(u): own[["start", "end"]].to_numpy(np.float64) for u, own in words.groupby("utterance", sort=False)}
    timed = [spans.get(u, np.zeros((0, 2))) - starts[i] for i, u in enumerate(table["utterance"])]
    found = []
    for modality in MODALITIES:
        own = [source for source in sources if source.modality == modality]
        if own:
            found.append(joined(own, modality, timed))
    return found


def _shared(table: pd.DataFrame, corpus: CorpusParams) -> pd.DataFrame:
    """Return the utterance table without the columns that need the recordings.

    The numeric columns among `COLUMNS` become floats, and so does the label in a regression task.
    """
    kept = table.drop(columns=[column for column in _LOCAL if column in table])
    for column, kind in COLUMNS.items():
        if column in kept and kind == "number":
            kept[column] = kept[column].astype(np.float64)
    if corpus.label and corpus.task == "regression":
        kept[corpus.label] = pd.to_numeric(kept[corpus.label].map(lambda cell: "nan" if is_no_label(cell) else cell))
    return kept


def _is_split(table: pd.DataFrame) -> bool:
    return set(table["split"]) == set(SPLITS)


def _split_of(table: pd.DataFrame, corpus: CorpusParams, fold: str) -> NDArray[Any]:
    """Return ``(n,)``, the part of a fold that each utterance is in: train, valid, test or ``""``.

    Valid is the validation part of the fold's first inner fold.
    """
    folds = {one.name: one for one in plan_of(table, corpus).folds}
    if fold not in folds:
        raise UserError(f"the protocol has no fold {fold!r}; {suggest(fold, folds)}")
    chosen = folds[fold]
    if not chosen.inner:
        raise UserError(f"the fold {fold!r} has too few utterances for a validation part: choose another fold")
    names = np.full(len(table), "", object)
    names[chosen.train], names[chosen.test] = "train", "test"
    names[chosen.train[chosen.inner[0][1]]] = "valid"
    return names


def scored(table: pd.DataFrame, corpus: CorpusParams) -> pd.DataFrame:
    """Return the table with the label as numbers in the column ``sentiment``.

    The classes negative, neutral and positive become -1, 0 and 1. If ``sentiment`` exists and is not the label, it is
    renamed ``sentiment_as_given``.

    Raises
    ------
    UserError
        If a label is neither a number nor negative, neutral or positive.
    """
    scores = [_score(cell) for cell in table[corpus.label]]
    for utterance, cell, score in zip(table["utterance"], table[corpus.label], scores, strict=True):
        if score is None:
            what = f"no {corpus.label}" if is_no_label(str(cell)) else f"the {corpus.label} {str(cell)!r}"
            raise UserError(
                f"utterance {utterance!r} has {what}: MMSA needs numbers, or negative, neutral and positive (-1, 0, 1)"
            )
    if SCORE in table and corpus.label != SCORE:
        table = table.rename(columns={SCORE: f"{SCORE}_as_given"})
    return table.assign(**{SCORE: np.array(scores, np.float64)})


def _score(cell: Any) -> float | None:
    try:
        found = _SIGNS.get(str(cell).strip().lower())
        number = float(cell) if found is None else found
    except ValueError:
        return None
    return number if np.isfinite(number) else None
