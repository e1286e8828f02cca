"""Read feature stores into the inputs of models: pooled features, time steps and masks, in the table's order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.store import IMPORTED, Store, open_store
from features.text import fitted
from models.data.align import align_to_words, average_over_windows
from models.data.context import neighbours, with_context
from models.data.modalities import Modalities, Ragged
from models.data.speakers import per_speaker
from models.validation.protocol import groups_of
from pipeline.errors import UserError
from pipeline.settings.blocks import ContextParams, CorpusParams, SequenceParams, TrainParams
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths

SPECTROGRAM = "spectrogram"  # the extractor whose frames the spectrogram CNN reads; also their key in the sequences
ANY_TIME = np.array([[-np.inf, np.inf]])  # if steps are words: the only step of an utterance without timed words


def settings_of(params: Params, name: str) -> TrainParams:
    """Return the settings of training for a corpus: those of the corpus where it has its own, else the general ones."""
    corpus = params.corpus(name)
    features: dict[str, tuple[str, ...]] = {m: params.features_of(name, m) for m in corpus.modalities}
    return replace(
        params.train,
        features=features,
        classifiers=corpus.classifiers or params.train.classifiers,
        normalise=corpus.normalise or params.train.normalise,
        context=corpus.context or params.train.context,
        sequences=corpus.sequences or params.train.sequences,
    )


def stores_of(settings: TrainParams, modality: str) -> list[str]:
    """Return the names of a modality's stores, that is, of its features that are not fitted inside folds."""
    return [e for e in settings.features.get(modality, ()) if e not in fitted.fitted_names()]


def step_settings(
    name: str, settings: TrainParams, corpus: CorpusParams, table: pd.DataFrame
) -> tuple[TrainParams, list[str]]:
    """Return settings with which sequences can be read, and notices about what differs from `settings`.

    The times of words (``align: word``) come with the text features. If no utterance has timed words, steps are windows
    of ``step_s`` seconds instead. If some utterances have none, each of these utterances is read as one step. In all
    other utterances, words without times belong to no step. The notices count these utterances and words.
    """
    how = settings.sequences
    if how.align != "word":
        return settings, []
    stores = stores_of(settings, "text") if "text" in corpus.modalities else []
    rows = _timed(_over_time([_rows(CorpusPaths(name).features(e), table) for e in stores]))
    if rows is None:
        why = f"no row of {', '.join(stores)} has a time" if stores else "no text features come from a store"
        why = why if "text" in corpus.modalities else "text is not one of the corpus's modalities"
        return replace(settings, sequences=replace(how, align="none")), [
            f"sequences.align is word, but no utterance has timed words ({why}): steps are"
            f" {_without_words(corpus, how.step_s)}, as with align: none"
        ]
    return settings, list(_untimed(rows))


def _without_words(corpus: CorpusParams, step_s: float) -> str:
    """Return part of a sentence that says what a step is if there are no timed words."""
    heard = [name for modality, name in (("audio", "voice"), ("video", "face")) if modality in corpus.modalities]
    parts = [f"{step_s:g} s of {' and '.join(heard)}"] if heard else []
    return ", and ".join([*parts, *(["the rows of text"] if "text" in corpus.modalities else [])])


def _untimed(rows: "_Rows") -> Iterator[str]:
    """Yield notices that count the utterances without timed words, and the untimed words in other utterances."""
    known = [np.isfinite(times).all(axis=1) for times in rows.times]
    without = sum(not mask.any() for mask in known)
    if without:
        yield (
            f"sequences.align is word, but {without} of {len(known)} utterances have no timed words: each such"
            " utterance is read as a single step"
        )
    lost = sum(int((~mask).sum()) for mask in known if mask.any())
    if lost:
        yield (
            "sequences.align is word, so in utterances that have timed words, the words without times belong to no"
            f" step ({lost} in all)"
        )


def load_modalities(
    name: str, settings: TrainParams, corpus: CorpusParams, table: pd.DataFrame, *, sequences: bool = False
) -> Modalities:
    """Gather the features of each modality from the stores, in the order of the utterance table.

    Parameters
    ----------
    name, settings, corpus
        The name of the corpus, the settings that `settings_of` returns for it, and the corpus's own settings.
    table
        The utterances of the corpus.
    sequences
        Whether to read steps over time too. They include the frames of the spectrogram if its store exists.

    Raises
    ------
    UserError
        If a modality other than text has no extractor; if a store was made from a different utterance table, belongs to
        a different modality or holds an infinite feature; or if rows of several stores cannot be joined.
    ModelError
        If features are to be normalised per speaker and an utterance has no speaker.
    """
    pooled: dict[str, NDArray[np.float32]] = {}
    present: dict[str, NDArray[np.bool_]] = {}
    names: dict[str, tuple[str, ...]] = {}
    for modality in corpus.modalities:
        stores = stores_of(settings, modality)
        blocks = [pooled_of(CorpusPaths(name).features(e), table, modality) for e in stores]
        if blocks:
            pooled[modality] = np.hstack([block[0] for block in blocks])
            present[modality] = np.any([block[1] for block in blocks], axis=0)
            names[modality] = tuple(
                f"{e}.{column}" for e, block in zip(stores, blocks, strict=True) for column in block[2]
            )
        elif modality == "text":
            present[modality] = (table["text"] != "").to_numpy()
        else:
            raise UserError(f"{modality} has no extractor: list one in train.features, or in the corpus's features")
    text = np.array([t or None for t in table["text"]], object)
    steps = _sequences(name, settings, corpus, table) if sequences else {}
    data = Modalities(pooled, present, text, groups_of(table, corpus.protocol.group), names, steps)
    if settings.normalise == "speaker":
        data = per_speaker(data, table["speaker"].to_numpy(object))
    return with_context(data, _neighbours(settings.context, table)) if settings.context.used else data


def dialogues_by(context: ContextParams, table: pd.DataFrame) -> str:
    """Return the name of the column that holds dialogues; raises `UserError` if there is no such column."""
    if context.by not in table:
        raise UserError(f"context.by: the utterances have no column {context.by!r}; use group or recording")
    return context.by


def _neighbours(context: ContextParams, table: pd.DataFrame) -> dict[int, NDArray[np.intp]]:
    place = table["order"].where(table["order"].notna(), table["start"])
    dialogues = table[dialogues_by(context, table)].to_numpy()
    return neighbours(dialogues, place.to_numpy(float), context.before, context.after)


def pooled_of(
    path: Path, table: pd.DataFrame, modality: str = ""
) -> tuple[NDArray[np.float32], NDArray[np.bool_], list[str]]:
    """Return a store's pooled features ``(n, p)`` in the table's order, the mask of present rows, and column names.

    Raises
    ------
    UserError
        If a modality is given and the store belongs to a different one, if a feature is infinite, or if `positions`
        raises it.
    """
    with open_store(path) as store:
        own = store.attribute("modality") if "modality" in store.file.attrs else modality
        if modality not in ("", own):
            raise UserError(
                f"{path} holds features of {own}, but {path.stem} is listed under {modality}: list it under {own} in "
                "the corpus's features, or in train.features"
            )
        names = store.attribute("pooled_names")
        pooled, ok = store.pooled(), np.array([s == "ok" for s in store.statuses], bool)
        _refuse_infinite(pooled, np.arange(len(pooled) + 1), store, path)
        at = positions(store, table, path)
    there = at >= 0
    return np.where(there[:, None], pooled[at], np.float32("nan")), there & ok[at], names


def _refuse_infinite(values: NDArray[np.float32], offsets: NDArray[Any], store: Store, path: Path) -> None:
    """Raise `UserError` for an infinite feature, naming its utterance; rows of utterance i begin at `offsets[i]`."""
    if len(bad := np.flatnonzero(np.isinf(values).any(axis=1))):
        utterance = store.utterances[int(np.searchsorted(offsets, bad[0], side="right")) - 1]
        raise UserError(
            f"{path} holds an infinite feature of {utterance!r}, but an undefined one must be NaN. Fix the extractor "
            f"({path.stem}), increase its version, and run the stage again"
        )


def positions(store: Store, table: pd.DataFrame, path: Path) -> NDArray[np.intp]:
    """Return each utterance's position in a store; -1 if an imported store does not have the utterance.

    Raises
    ------
    UserError
        If the store is not an imported one and was made for a different table.
    """
    names = table["utterance"].tolist()
    if store.utterances == names:
        return np.arange(len(names))
    if store.attribute("kind") != IMPORTED:
        raise UserError(f"{path} does not match the utterance table: run preprocess and extract for this corpus again")
    found: NDArray[np.intp] = pd.Index(store.utterances).get_indexer(names).astype(np.intp)
    return found


@dataclass(frozen=True, eq=False)
class _Rows:
    """The rows of one store: one array per utterance of the table, empty for an utterance without rows."""

    name: str
    values: list[NDArray[np.float32]]
    times: list[NDArray[np.float64]]

    @property
    def timed(self) -> bool:
        """Whether every row has a time."""
        return all(bool(np.isfinite(t).all()) for t in self.times)


def _rows(path: Path, table: pd.DataFrame) -> _Rows | None:
    """Read all rows of a store in one go; None if no utterance has any."""
    with open_store(path) as store:
        at = positions(store, table, path)
        values, times, offsets = store.all_rows("values"), store.all_rows("times"), store.offsets
        _refuse_infinite(values, offsets, store, path)
    if not values.size:
        return None
    spans = [slice(offsets[i], offsets[i + 1]) if i >= 0 else slice(0, 0) for i in at]
    return _Rows(path.stem, [values[s] for s in spans], [times[s] for s in spans])


def _sequences(name: str, settings: TrainParams, corpus: CorpusParams, table: pd.DataFrame) -> dict[str, Ragged]:
    paths = CorpusPaths(name)
    rows = {m: _over_time([_rows(paths.features(e), table) for e in stores_of(settings, m)]) for m in corpus.modalities}
    if settings.sequences.align == "word" and "text" not in rows:
        raise UserError("sequences.align is word, but the corpus has no text with word times: set align to none")
    words = _words(rows["text"], len(table)) if settings.sequences.align == "word" else None
    steps: dict[str, Ragged] = {m: _steps(m, found, settings.sequences, words) for m, found in rows.items() if found}
    frames = _rows(paths.features(SPECTROGRAM), table) if paths.features(SPECTROGRAM).exists() else None
    if frames is not None and "audio" in corpus.modalities:
        steps[SPECTROGRAM] = Ragged.of(frames.values, frames.times)
    return steps


def _over_time(rows: Sequence[_Rows | None]) -> list[_Rows]:
    """Leave out stores with a single, pooled row per utterance if another store has several rows per utterance."""
    found = [r for r in rows if r is not None]
    several = [r for r in found if max(map(len, r.values)) > 1]
    return several or found


def _words(text: Sequence[_Rows], n: int) -> list[NDArray[np.float64]]:
    """Return the times of each utterance's words, from the first store that has any.

    An utterance without timed words gets one span that covers all times (`ANY_TIME`).
    """
    rows = _timed(text)
    if rows is None:
        return [ANY_TIME] * n
    timed = [times[np.isfinite(times).all(axis=1)] for times in rows.times]
    return [times if len(times) else ANY_TIME for times in timed]


def _timed(text: Sequence[_Rows]) -> _Rows | None:
    """Return the rows of the first store that has any row with a time; None if there is no such store."""
    return next((rows for rows in text if any(np.isfinite(t).all(axis=1).any() for t in rows.times)), None)


def _steps(
    modality: str, rows: Sequence[_Rows], how: SequenceParams, words: list[NDArray[np.float64]] | None
) -> Ragged:
    """Average the rows of a modality's stores over common steps, and join their columns."""
    if words is not None:
        on_words = [[_by_word(r, i, spans) for i, spans in enumerate(words)] for r in rows]
        return _side_by_side(on_words, [np.where(np.isfinite(spans), spans, np.nan) for spans in words])
    if modality != "text" and all(r.timed for r in rows):
        windows = [average_over_windows(r.values, r.times, how.step_s) for r in rows]
        longest = max(len(values) for found in windows for values in found)
        edges = how.step_s * np.arange(longest + 1)
        return _side_by_side(windows, [np.stack([edges[:-1], edges[1:]], axis=1)] * len(windows[0]))
    if any(len({len(values) for values in found} - {0}) > 1 for found in zip(*(r.values for r in rows), strict=True)):
        raise UserError(
            f"the rows of {', '.join(r.name for r in rows)} differ in number and have no common time steps, so they"
            f" cannot be joined: keep only one of these extractors in the corpus's features.{modality}"
        )
    return _side_by_side([r.values for r in rows], rows[0].times)


def _by_word(rows: _Rows, i: int, words: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return one row per word for utterance `i`.

    Rows without times are kept if there is one per word; a single row is repeated for every word.
    """
    values, times = rows.values[i], rows.times[i]
    if words is ANY_TIME:
        return average_over_windows([values], [np.zeros((len(values), 2))], 1.0)[0]
    if np.isfinite(times).any() or not len(values):
        return align_to_words(values, times, words)[0]
    if len(values) not in (1, len(words)):
        raise UserError(
            f"{rows.name} has {len(values)} rows without times for an utterance of {len(words)} timed words, so they"
            " cannot be aligned: set sequences.align to none"
        )
    return values if len(values) == len(words) else np.repeat(values, len(words), axis=0)


def _side_by_side(parts: Sequence[Sequence[NDArray[np.float32]]], times: Sequence[NDArray[np.float64]]) -> Ragged:
    """Join the columns of several stores, utterance by utterance; shorter sequences are padded with NaN."""
    values, clocks = [], []
    for i, clock in enumerate(times):
        n = max(len(part[i]) for part in parts)
        values.append(np.hstack([_padded(part[i], n) for part in parts]))
        clocks.append(clock[:n] if len(clock) >= n else np.full((n, 2), np.nan))
    return Ragged.of(values, clocks)


def _padded(values: NDArray[np.float32], n: int) -> NDArray[np.float32]:
    missing = np.full((n - len(values), values.shape[1]), np.nan, np.float32)
    return np.concatenate([values, missing])
