"""Check whether the label files of a corpus have changed since `prepare` read them.

Later stages read only the tables that `prepare` wrote.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.corpora.reading import read_corpus
from pipeline.corpora.utterances import SOURCE_COLUMNS, Corpus, csv_text, read_utterances, read_word_table
from pipeline.corpora.word_sources import MADE_WORDS, made_words, word_settings
from pipeline.corpora.words import within_recordings
from pipeline.errors import UserError
from pipeline.hashing import sha256_of
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.settings.selected import is_selection
from pipeline.settings.unions import UnionParams
from pipeline.tables.bound import TABLES, read_record

END_TOLERANCE_S = 0.5  # the length stated in a container often differs a little from the time of its last sample
SOURCES = "sources"  # key in the record of `prepare`: the files that were read


MADE = ("line", "end", "duration", "media_sha256", "sound_sha256", "sound_start")  # a reader may leave these empty


def sources_of(settings: CorpusParams) -> dict[str, str]:
    """Return the sha256 of manifest.csv and words.csv, keyed by file name; empty for readers other than `manifest`.

    For a union, return its settings `of` and `labels`, and the hashes of its parts' files, keyed by ``<part>/<name>``.
    """
    if isinstance(settings, UnionParams):
        own = {"of": ", ".join(settings.of), "labels": str(dict(settings.labels))}
        parts = {name: sources_of(part) for name, part in settings.parts.items()}
        return own | {f"{name}/{key}": found for name, part in parts.items() for key, found in part.items()}
    manifest = label_file(settings)
    files = [manifest, manifest.with_name("words.csv")] if settings.reader == "manifest" and manifest.is_file() else []
    return {path.name: sha256_of(path) for path in files if path.is_file()}


def current(params: Params, name: str) -> bool:
    """Return whether utterances.csv and words.csv agree with the label files; recordings are not opened.

    They also disagree if `prepare` would now refuse the label files (for example because the label or task differs), or
    would recognise or align words with other settings. Words that were recognised or aligned are not compared.
    """
    settings, paths = params.corpus(name), CorpusPaths(name)
    corpus = read_corpus(settings)
    if any(problem.severity == "error" for problem in corpus.problems):
        return False
    stored = read_utterances(paths.utterances, settings.label)
    if is_selection(name):
        corpus = _of(corpus, stored)
    if _words_made_by(paths.work / TABLES) != word_settings(settings, params.words):
        return False
    same = [c for c in corpus.utterances.columns if c not in (*MADE, *SOURCE_COLUMNS)]
    if any(c not in stored.columns for c in same) or len(stored) != len(corpus.utterances):
        return False
    texts, times = made_words(settings, corpus, stored)
    fresh = _comparable(corpus.utterances, same, texts)
    kept = _comparable(stored, same, texts)
    known = fresh["end"] != ""  # if no end was given, `prepare` took it from the recording
    ends = (fresh["end"][known].astype(float) - kept["end"][known].replace("", "nan").astype(float)).abs()
    return (
        fresh[same].equals(kept[same])
        and not (ends > END_TOLERANCE_S).any()
        and _same_words(paths.words, _words_within(settings, corpus, stored), texts | times)
    )


def _of(corpus: Corpus, stored: pd.DataFrame) -> Corpus:
    """Return a corpus with only the utterances in the table `stored`, and only their words."""
    names = set(stored["utterance"])
    rows, words = (table[table["utterance"].isin(names)] for table in (corpus.utterances, corpus.words))
    return replace(corpus, utterances=rows, words=words)


def _comparable(table: pd.DataFrame, columns: Sequence[str], texts: Set[str]) -> pd.DataFrame:
    """Return the given columns and ``end`` of a table, with each cell as the text that a CSV file would hold.

    The texts of the utterances in `texts` are emptied, so that they are not compared.
    """
    given = table.assign(text=table["text"].where(~table["utterance"].isin(texts), ""))
    return pd.read_csv(StringIO(csv_text(given[[*columns, "end"]])), dtype=str, keep_default_na=False)


def _same_words(path: Path, words: pd.DataFrame, apart: Set[str]) -> bool:
    """Return whether a stored table of words equals `words`; the words of utterances in `apart` are not compared."""
    if not apart:
        found = path.read_bytes().decode("utf-8", errors="replace") if path.exists() else ""
        return found == csv_text(words)
    kept = read_word_table(path)
    given, there = (csv_text(table[~table["utterance"].isin(apart)]) for table in (words, kept))
    return given == there


def _words_made_by(path: Path) -> Any:
    """Return the settings with which `prepare` was to recognise or align words; empty if it was to do neither."""
    return read_record(path).get(MADE_WORDS, {}).get("settings", {})


def _words_within(settings: CorpusParams, corpus: Corpus, stored: pd.DataFrame, before: str = "") -> pd.DataFrame:
    """Return the words of `corpus` as `prepare` writes them: cut off at the end of their recording.

    `stored` is the table of utterances that `prepare` wrote. For a part of a union, `before` is what the names of its
    utterances begin with.
    """
    if not isinstance(settings, UnionParams):
        return within_recordings(corpus, stored, Path(settings.root))[0]
    found = []
    for name, part in settings.parts.items():
        own = f"{before}{name}:"
        rows, words = (table[table["utterance"].str.startswith(own)] for table in (corpus.utterances, corpus.words))
        kept = stored[stored["utterance"].str.startswith(own)]
        found.append(_words_within(part, Corpus(rows, words, ()), kept, own))
    return pd.concat(found, ignore_index=True)


def label_file(settings: CorpusParams) -> Path:
    """Return the file or folder from which the rows of a corpus come."""
    return Path(settings.root) / "manifest.csv" if settings.reader == "manifest" else Path(settings.root)


def changed_sources(params: Params, name: str) -> str:
    """Return a sentence if the manifest, its timed words or a union's parts have changed since `prepare`, else ``""``.

    If all files are missing, that does not count as a change, since features may have been copied without them.
    """
    settings, then = params.corpus(name), _read_then(name)
    now = sources_of(settings)
    if then is None or not now or now == then or _current(params, name):
        return ""
    changed = " and ".join(sorted(file for file in {**then, **now} if then.get(file) != now.get(file)))
    return (
        f"{settings.root}: {changed} changed since the last `crossmodal prepare --corpus {name}`: run that"
        " command again, and then the later stages"
    )


def _read_then(name: str) -> Mapping[str, str] | None:
    """Return the hashes that `prepare` recorded (see `sources_of`); None if there are none or the record is damaged."""
    path = CorpusPaths(name).work / TABLES
    try:
        found = read_record(path).get(SOURCES) if path.is_file() else None
    except UserError:
        return None
    return found if isinstance(found, dict) else None


def _current(params: Params, name: str) -> bool:
    """Return whether changed label files still give the tables that `prepare` wrote; False if they cannot be read."""
    try:
        return current(params, name)
    except UserError:
        return False
