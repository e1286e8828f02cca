"""`crossmodal import`: read features from files of other tools as a new corpus, or add them to an existing one."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from common.atomic import replacing
from common.names import suggest
from features.registry import with_defaults
from features.store import Entry
from models.validation.protocol import PROTOCOLS
from pipeline.corpora.adding import RAW, add_corpus, add_features
from pipeline.corpora.gathering import gather
from pipeline.corpora.utterances import COLUMNS, read_utterances
from pipeline.errors import UserError, counted
from pipeline.exchange.bundle import Bundle, FeatureSet, ImportOptions, item_of
from pipeline.exchange.cells import as_text
from pipeline.exchange.checking import words_cut
from pipeline.exchange.import_ids import keyed, near_notices, unmatched
from pipeline.exchange.imported_stores import origin_of, renamed, written
from pipeline.exchange.reading import read_bundle
from pipeline.run.locks import writing
from pipeline.settings.params import Params, load_params
from pipeline.settings.paths import CorpusPaths, check_name
from pipeline.tables.csv_cells import mark_rows, write_csv
from pipeline.tables.rules import is_no_label

_FILLED_IN = (
    "recording",
    "media_sha256",
    "sound_sha256",
    "duration",
    "media",
    "sound",
    "sound_start",
    "region",
    "audio_track",
    "audio_channel",
    "video_track",
    "line",
)


def import_corpus(
    params_path: Path, form: str, path: Path, name: str, options: ImportOptions, settings: Mapping[str, Any]
) -> list[str]:
    """Make a corpus from a feature file: write data/raw/NAME/manifest.csv, its stores, and a block of settings.

    The function waits while another import, or `prepare`, writes the corpus. It returns the lines to print.

    Parameters
    ----------
    params_path
        The settings file, to which the corpus is added.
    form, path, options
        The format, the file, and how to read it.
    name
        The name of the new corpus.
    settings
        `task`, `label`, `folds`, `run` (whether to add the corpus to those that run) and `kind` (the protocol; if None,
        official if the file has the splits train and test, otherwise group-kfold).

    Raises
    ------
    UserError
        If the corpus already exists, or the file cannot be read or cannot become a corpus. Nothing is written then.
    """
    check_name(name)
    with writing(CorpusPaths(name).utterances):
        return _import_corpus(params_path, form, path, name, options, settings)


def _import_corpus(
    params_path: Path, form: str, path: Path, name: str, options: ImportOptions, settings: Mapping[str, Any]
) -> list[str]:
    root = RAW / name
    params = load_params(params_path) if params_path.exists() else None
    if params is not None and name in params.corpora:
        raise UserError(f"{params_path} already has a corpus {name!r}: add features to it with --into {name}")
    if root.exists():
        raise UserError(f"{root} already exists: choose another name for the corpus, or move that folder away")
    bundle = read_bundle(form, path, options)
    label = str(settings["label"])
    if label not in bundle.utterances.columns or label in COLUMNS:
        labels = [c for c in bundle.utterances.columns if c not in COLUMNS]
        raise UserError(f"--label: {path} has no label column {label!r}; {suggest(label, labels)}")
    _require_splits(bundle, str(settings.get("kind") or ""), path)
    bundle, notices = _labelled(bundle, label, path)
    words, cut = words_cut(bundle.words, bundle.utterances)
    bundle, notices = replace(bundle, words=words), [*notices, *cut]
    stores = renamed(bundle.features, with_defaults({}) if params is None else params.features, notices)
    block = {"root": str(root), "reader": "manifest", "task": settings["task"], "label": label}
    block |= _block(bundle, stores, settings)

    def check(params: Params) -> None:
        notices.extend(_preparable(params, name, path))

    try:
        _write_manifest(bundle, root)
        with written(name, stores, origin_of(form, path, options)):
            lines = add_corpus(params_path, name, block, also_run=bool(settings.get("run")), check=check)
    except BaseException:
        _forget(root, name)
        raise
    count = counted(len(bundle.utterances), "utterance")
    facts = f"{count}; stores: {', '.join(s.name for s in stores) or 'none, text only'}"
    return [*bundle.notices, *notices, f"imported {path}: {facts}", *lines]


def _write_manifest(bundle: Bundle, root: Path) -> None:
    """Write manifest.csv and, if there are words, words.csv for `prepare`.

    Numbers get as few digits as needed, and formulas are marked as text.
    """
    root.mkdir(parents=True)
    table = bundle.utterances[[c for c in bundle.utterances.columns if c not in _FILLED_IN]]
    for file, cells in (("manifest.csv", table), ("words.csv", bundle.words)):
        if len(cells):
            texts = pd.DataFrame({column: as_text(cells[column].to_numpy()) for column in cells.columns}, dtype="str")
            with replacing(root / file) as temporary:
                write_csv(mark_rows(texts), temporary)


def _preparable(params: Params, name: str, path: Path) -> list[str]:
    """Return the warnings of `prepare` about the new corpus as a whole, without those about single rows.

    Raise `UserError` if `prepare` would fail.
    """
    corpus = gather(params.corpus(name))
    names = dict(zip(corpus.utterances["line"], corpus.utterances["utterance"], strict=True))
    errors = [problem for problem in corpus.problems if problem.severity == "error"]
    if errors:
        first, more = errors[0], f" (and {counted(len(errors) - 1, 'more error')})" if len(errors) > 1 else ""
        who = f"{names[first.line]}: " if first.line in names and first.file.name == "manifest.csv" else ""
        raise UserError(f"{path} cannot become a corpus: {who}{first.message}{more}")
    return [problem.message for problem in corpus.problems if problem.line is None]


def import_into(params: Params, form: str, path: Path, name: str, options: ImportOptions, match: str) -> list[str]:
    """Add a file's features to the utterances of a corpus, matched by id; utterances not in the file count as absent.

    The function waits while another command writes the corpus. It returns the lines to print.

    Parameters
    ----------
    params
        All settings.
    form, path, options
        The format, the file, and how to read it.
    name
        The corpus, which has been prepared.
    match
        A regular expression whose only group is the part of an id that corpus and file have in common; if empty, whole
        ids are compared.

    Raises
    ------
    UserError
        If the file holds no features, if no ids match, if `match` reduces several ids to the same part, or if so many
        ids differ only in spelling that they are clearly the same. Nothing is written then.
    """
    with writing(CorpusPaths(name).utterances):
        return _import_into(params, form, path, name, options, match)


def _import_into(params: Params, form: str, path: Path, name: str, options: ImportOptions, match: str) -> list[str]:
    corpus = params.corpus(name)
    table = read_utterances(CorpusPaths(name).utterances, corpus.label)
    bundle = read_bundle(form, path, options)
    ours = keyed(list(table["utterance"]), match, f"the corpus {name}")
    theirs = keyed(list(bundle.utterances["utterance"]), match, str(path))
    both = [key for key in ours if key in theirs]
    here, there = [key for key in ours if key not in theirs], [key for key in theirs if key not in ours]
    notices = near_notices({k: ours[k] for k in here}, {k: theirs[k] for k in there}, len(both), (name, path))
    if not both:
        raise UserError(
            f"no id of {path} (such as {next(iter(theirs), 'none')!r}) is an id of the corpus {name} (such as "
            f"{next(iter(ours), 'none')!r}): name the id column with --id, or use --match to give the part that ids "
            "have in common"
        )
    stores = renamed(bundle.features, params.features, notices)
    if not stores:
        raise UserError(f"{path} holds no features: name some with --array MODALITY=NAME")
    chosen: dict[str, list[str]] = {s.modality: [t.name for t in stores if t.modality == s.modality] for s in stores}
    joined = [_joined(store, table, ours, theirs, path) for store in stores]
    with written(name, joined, origin_of(form, path, options)):
        lines = add_features(params.path, name, chosen)
    return [
        *bundle.notices,
        *notices,
        f"{len(both)} of {counted(len(ours), 'utterance')} of {name} matched by id",
        *unmatched([ours[key] for key in here], f"utterances of {name} that are not in {path} and count as absent"),
        *unmatched([theirs[key] for key in there], f"ids of {path} that are not utterances of {name} and are left out"),
        *lines,
    ]


def _joined(
    store: FeatureSet, table: pd.DataFrame, ours: Mapping[str, str], theirs: Mapping[str, str], path: Path
) -> FeatureSet:
    """Return an imported store with one item per utterance of the corpus, in the corpus's order.

    An utterance and an item belong together if the compared parts of their ids are equal. The keys of `ours` and
    `theirs` are these parts, and the values are the whole ids in the corpus and in the file. An utterance that is not
    in the file is absent.
    """
    items = {item.utterance: item for item in store.items}
    source = {ours[key]: theirs[key] for key in ours if key in theirs}
    missing = Entry("absent", f"not in {path.name}")
    joined = [
        replace(items[source[name]], utterance=name)
        if name in source and source[name] in items
        else item_of(name, missing)
        for name in table["utterance"]
    ]
    return replace(store, items=joined)


def _labelled(bundle: Bundle, label: str, path: Path) -> tuple[Bundle, list[str]]:
    """Return the bundle without utterances that have no label, and a notice if any were left out.

    Raise `UserError` if no utterance has a label.
    """
    texts = as_text(bundle.utterances[label].to_numpy())
    known = np.array([not is_no_label(cell) and cell not in ("inf", "-inf") for cell in texts], bool)
    if known.all():
        return bundle, []
    if not known.any():
        raise UserError(f"{path}: no utterance has a value for {label}, so there is nothing to predict: check the file")
    kept = bundle.utterances[known].reset_index(drop=True)
    names = set(kept["utterance"])
    stores = tuple(replace(s, items=[i for i in s.items if i.utterance in names]) for s in bundle.features)
    words = bundle.words[bundle.words["utterance"].isin(names)]
    left = int((~known).sum())
    return replace(bundle, utterances=kept, features=stores, words=words), [
        f"left out {counted(left, 'utterance')} without a value for {label}"
    ]


def _require_splits(bundle: Bundle, kind: str, path: Path) -> None:
    """Raise `UserError` if the chosen protocol needs splits that the file does not have."""
    if kind not in PROTOCOLS or not PROTOCOLS[kind].needs_splits:  # the check of all settings refuses unknown ones
        return
    splits = set(bundle.utterances["split"]) if "split" in bundle.utterances else set()
    if lacking := [name for name in ("train", "test") if name not in splits]:
        what = "no splits" if not splits - {""} else f"no utterance in the split {lacking[0]}"
        raise UserError(
            f"{path} has {what}, but --protocol {kind} needs train and test: give the column of splits with "
            "--split, and use --split-name if its splits have other names; or choose --protocol group-kfold"
        )


def _forget(root: Path, name: str) -> None:
    """Remove the manifest, the words and empty folders of a failed import; its stores were not written."""
    for file in (root / "manifest.csv", root / "words.csv"):
        file.unlink(missing_ok=True)
    for folder in (root, CorpusPaths(name).work / "features", CorpusPaths(name).work):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _block(bundle: Bundle, stores: Sequence[FeatureSet], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the modalities, protocol, folds, group and features for the settings of the new corpus."""
    table = bundle.utterances
    has_text = "text" in table and bool((table["text"].fillna("") != "").any())
    modalities = [
        m for m in ("text", "audio", "video") if m in {s.modality for s in stores} or (m == "text" and has_text)
    ]
    splits = set(table["split"]) if "split" in table else set()
    kind = settings.get("kind") or ("official" if {"train", "test"} <= splits else "group-kfold")
    features = {m: [s.name for s in stores if s.modality == m] for m in modalities}
    if has_text and not features.get("text"):
        features["text"] = ["tfidf"]
    return {
        "modalities": ",".join(modalities),
        "kind": kind,
        "folds": settings.get("folds"),
        "group": "group",
        "features": features,
    }
