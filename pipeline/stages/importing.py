"""import: features from other people's files, as a corpus of their own or beside what a corpus has."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from features.atomic import replacing_all
from features.base import extractor_names
from features.store import IMPORTED, Entry, Item, feature_schema, fill_store, open_store
from pipeline.errors import UserError, suggest
from pipeline.exchange.bundle import Bundle, FeatureSet, ImportOptions, reader_of
from pipeline.media import sha256_of
from pipeline.params import Params, load_params
from pipeline.paths import CorpusPaths
from pipeline.run.cache import key_of
from pipeline.settings_file import RAW, add_corpus, add_features, check_name
from pipeline.utterances import COLUMNS, read_utterances, write_table

_FILLED_IN = (
    "recording",
    "media_sha256",
    "sound_sha256",
    "duration",
    "media",
    "sound",
    "sound_start",
    "region",
    "line",
)
_EXAMPLES = 3


def import_corpus(
    params_path: Path, form: str, path: Path, name: str, options: ImportOptions, settings: Mapping[str, Any]
) -> list[str]:
    """Make a corpus of a file of features: data/raw/NAME/manifest.csv, its stores, and a block in the settings.

    Parameters
    ----------
    params_path
        The settings file, to which the corpus is added.
    form, path, options
        The file, what it is, and how to read it.
    name
        Of the corpus.
    settings
        `task`, `label`, `kind` of the protocol (None: official where the file has splits), `folds`, `run`.

    Raises
    ------
    UserError
        If the file cannot be read, or the corpus is there already; nothing is written then.
    """
    check_name(name)
    root = RAW / name
    if params_path.exists() and name in load_params(params_path).corpora:
        raise UserError(f"{params_path} has a corpus {name!r} already: add features to it with --into {name}")
    if root.exists():
        raise UserError(f"{root} is there already: choose another name for the corpus, or move that folder away")
    bundle = _checked(_read(form, path, options), path)
    label = str(settings["label"])
    if label not in bundle.utterances.columns or label in COLUMNS:
        labels = [c for c in bundle.utterances.columns if c not in COLUMNS]
        raise UserError(f"--label: {path} has no label column {label!r}; {suggest(label, labels)}")
    bundle, notices = _labelled(bundle, label)
    stores = _renamed(bundle.features, notices)
    kept = [c for c in bundle.utterances.columns if c not in _FILLED_IN]
    fresh = [store for store in stores if not CorpusPaths(name).features(store.name).exists()]
    root.mkdir(parents=True)
    try:
        write_table(bundle.utterances[kept], root / "manifest.csv")
        if len(bundle.words):
            write_table(bundle.words, root / "words.csv")
        _write(name, stores, _origin(form, path, options))
        block = {"root": str(root), "reader": "manifest", "task": settings["task"], "label": label}
        lines = add_corpus(
            params_path, name, block | _block(bundle, stores, settings), also_run=bool(settings.get("run"))
        )
    except BaseException:
        _forget(root, name, fresh)
        raise
    facts = f"{len(bundle.utterances)} utterances; stores: {', '.join(s.name for s in stores) or 'none, text only'}"
    return [*bundle.notices, *notices, f"imported {path}: {facts}", *lines]


def import_into(params: Params, form: str, path: Path, name: str, options: ImportOptions, match: str) -> list[str]:
    """Add a file's features to the utterances of a corpus, by id.

    Parameters
    ----------
    params
        All settings.
    form, path, options
        The file, what it is, and how to read it.
    name
        Of the corpus; it has been prepared.
    match
        A regular expression with one group: the part of an id that is the same on both sides; empty: all of it.

    Raises
    ------
    UserError
        If nothing matches, or an id of one side matches several of the other; nothing is written then.
    """
    corpus = params.corpus(name)
    table = read_utterances(CorpusPaths(name).utterances, corpus.label)
    bundle = _checked(_read(form, path, options), path)
    ours = _keyed(list(table["utterance"]), match, f"the corpus {name}")
    theirs = _keyed(list(bundle.utterances["utterance"]), match, str(path))
    both = [key for key in ours if key in theirs]
    if not both:
        raise UserError(
            f"no id of {path} (such as {next(iter(theirs), 'none')!r}) is one of the corpus {name} (such as "
            f"{next(iter(ours), 'none')!r}): name the id column with --id, or the equal part of both with --match"
        )
    notices: list[str] = []
    stores = _renamed(bundle.features, notices)
    if not stores:
        raise UserError(f"{path} holds no features: name some with --array MODALITY=NAME")
    _write(name, [_joined(s, table, ours, theirs, path) for s in stores], _origin(form, path, options))
    chosen: dict[str, list[str]] = {s.modality: [t.name for t in stores if t.modality == s.modality] for s in stores}
    lines = add_features(params.path, name, chosen)
    here = [ours[key] for key in ours if key not in theirs]
    there = [theirs[key] for key in theirs if key not in ours]
    return [
        *bundle.notices,
        *notices,
        f"{len(both)} of {len(ours)} utterances of {name} matched by id",
        *_unmatched(here, f"utterances of {name} are not in {path}: they count as absent"),
        *_unmatched(there, f"ids of {path} are no utterances of {name}: they were left out"),
        *lines,
    ]


def _unmatched(ids: Sequence[str], sentence: str) -> list[str]:
    if not ids:
        return []
    return [f"{len(ids)} {sentence} ({', '.join(ids[:_EXAMPLES])}{', ...' if len(ids) > _EXAMPLES else ''})"]


def _keyed(ids: Sequence[str], match: str, where: str) -> dict[str, str]:
    """Return what is compared -> id."""
    try:
        pattern = re.compile(match) if match else None
    except re.error as error:
        raise UserError(f"--match {match!r} is no regular expression: {error}") from None
    if pattern is not None and pattern.groups != 1:
        raise UserError(f"--match {match!r} must have one group in brackets, as in '\\d\\d-(.+)'")
    keyed: dict[str, str] = {}
    for name in ids:
        found = pattern.fullmatch(name) if pattern else None
        if pattern and not found:
            continue
        key = found[1] if found else name
        if key in keyed:
            raise UserError(f"{where}: the ids {keyed[key]!r} and {name!r} are both {key!r}: ids must tell all apart")
        keyed[key] = name
    return keyed


def _joined(
    store: FeatureSet, table: pd.DataFrame, ours: Mapping[str, str], theirs: Mapping[str, str], path: Path
) -> FeatureSet:
    """Return the store's items in the order of the corpus, named as the corpus names them."""
    items = {item.utterance: item for item in store.items}
    source = {ours[key]: theirs[key] for key in ours if key in theirs}
    missing = Entry("absent", f"not in {path.name}")
    joined = [
        replace(items[source[name]], utterance=name)
        if name in source and source[name] in items
        else Item(name, "", 0, partial(_same, missing))
        for name in table["utterance"]
    ]
    return replace(store, items=joined)


def _same(entry: Entry) -> Entry:
    return entry


def _read(form: str, path: Path, options: ImportOptions) -> Bundle:
    """Read a file; whatever a broken or hostile one throws is one sentence."""
    read = reader_of(form)
    try:
        return read(path, options)
    except (UserError, OSError):
        raise
    except (ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, TypeError, ValueError) as error:
        what = " ".join(str(error).split()) or type(error).__name__
        raise UserError(f"{path} is no whole file of the format {form} ({what}): get it again") from error


def _checked(bundle: Bundle, path: Path) -> Bundle:
    """Return the bundle; without utterances, or with an id that is no name or occurs twice, raise `UserError`."""
    names = bundle.utterances["utterance"]
    if not len(names):
        raise UserError(f"{path} holds no utterances")
    odd = [name for name in names if not str(name).isprintable()]
    if odd:
        raise UserError(f"{path} has the id {odd[0]!r}, which holds characters that cannot be printed: mend it")
    repeated = names[names.duplicated()]
    if len(repeated):
        raise UserError(f"{path} has the id {repeated.iloc[0]!r} more than once: ids must tell all utterances apart")
    return bundle


def _labelled(bundle: Bundle, label: str) -> tuple[Bundle, list[str]]:
    """Leave out utterances without a label; say how many."""
    cells = bundle.utterances[label]
    known = cells.notna() & ~cells.astype(str).isin(("", "inf", "-inf"))
    if known.all():
        return bundle, []
    kept = bundle.utterances[known.to_numpy()].reset_index(drop=True)
    names = set(kept["utterance"])
    stores = tuple(replace(s, items=[i for i in s.items if i.utterance in names]) for s in bundle.features)
    words = bundle.words[bundle.words["utterance"].isin(names)]
    left = int((~known).sum())
    return replace(bundle, utterances=kept, features=stores, words=words), [
        f"{left} utterances without {label} were left out"
    ]


def _renamed(stores: Sequence[FeatureSet], notices: list[str]) -> list[FeatureSet]:
    """Give stores whose names belong to extractors another one, so that neither overwrites the other."""
    taken = {*extractor_names(), "tfidf", "word2vec"}
    found = []
    for store in stores:
        name = f"{store.name}_imported" if store.name in taken else store.name
        if name != store.name:
            notices.append(f"the store {store.name} is called {name} here, since an extractor has that name")
        if not re.fullmatch(r"[\w.+-]+", name):
            raise UserError(f"a store cannot be named {name!r}: use letters, digits, _ and -")
        found.append(replace(store, name=name))
    return found


def _origin(form: str, path: Path, options: ImportOptions) -> dict[str, Any]:
    given = {k: v for k, v in asdict(options).items() if v}
    hashed = {f.name: sha256_of(f) for f in _files(path)}
    return {"origin": path.name, "format": form, "sha256": hashed, "options": _plain(given)}


def _files(path: Path) -> list[Path]:
    return sorted(f for f in path.iterdir() if f.is_file()) if path.is_dir() else [path]


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return value.name if isinstance(value, Path) else value


def _write(name: str, stores: Sequence[FeatureSet], origin: Mapping[str, Any]) -> None:
    """Write all stores to temporary names first: all of them take their places, or none."""
    targets = [CorpusPaths(name).features(store.name) for store in stores]
    for target in targets:
        if target.exists():
            _require_imported(target)
    with replacing_all(targets) as made:
        for store, temporary in zip(stores, made, strict=True):
            base = {"store": store.name, **origin}
            items = [replace(i, key=key_of(base | {"utterance": i.utterance})) for i in store.items]
            attributes = {**dict(store.details), "kind": IMPORTED, "modality": store.modality, "name": store.name}
            attributes |= {"version": 1, "config": dict(origin), "config_hash": key_of(dict(origin))}
            attributes |= {"feature_names": list(store.feature_names), "pooled_names": list(store.pooled_names)}
            schema = feature_schema(len(store.feature_names), len(store.pooled_names))
            fill_store(temporary, schema, attributes, items)


def _require_imported(target: Path) -> None:
    with open_store(target) as store:
        if store.attribute("kind") != IMPORTED:
            raise UserError(f"{target} was computed here, an import would overwrite it: give the array another name")


def _forget(root: Path, name: str, stores: Sequence[FeatureSet]) -> None:
    """Take back what a failed import wrote."""
    for file in (root / "manifest.csv", root / "words.csv", *(CorpusPaths(name).features(s.name) for s in stores)):
        file.unlink(missing_ok=True)
    for folder in (root, CorpusPaths(name).work / "features", CorpusPaths(name).work):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _block(bundle: Bundle, stores: Sequence[FeatureSet], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the rest of the corpus's settings: what the file itself decides."""
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
