"""Turn the files of a corpus into one table of utterances, with a problem for every fault."""

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.corpora.base import Fault
from pipeline.corpora.places import repeated, same_parts
from pipeline.corpora.problems import Problem, Severity, shown
from pipeline.corpora.reading import read_corpus
from pipeline.corpora.recordings import CHOICES, kinds_of, left_out, problems_of, read_all
from pipeline.corpora.registry import description
from pipeline.corpora.sources import END_TOLERANCE_S, SOURCES, label_file, sources_of
from pipeline.corpora.union import united
from pipeline.corpora.utterances import COLUMNS, Corpus, write_tables
from pipeline.corpora.word_sources import makes_words, with_sources
from pipeline.corpora.words import within_recordings
from pipeline.errors import UserError
from pipeline.hashing import HashMemo
from pipeline.run.locks import writing
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.paths import CACHE, INPUTS, CorpusPaths
from pipeline.settings.unions import UnionParams
from pipeline.tables.bound import PUBLISHED, TABLES

Completion = tuple[Corpus, Mapping[str, Any]]  # a corpus, and further entries of the record of its tables


def as_it_is(corpus: Corpus) -> Completion:
    """Return the corpus unchanged, and an empty dict, since nothing was added to it."""
    return corpus, {}


def tabulate(
    settings: CorpusParams, name: str, complete: Callable[[Corpus], Completion] = as_it_is
) -> Sequence[Problem]:
    """Write the tables of a corpus as `prepare` does, and return its problems, the worst first.

    The corpus need not be in the settings file, and need not have labels.

    Parameters
    ----------
    settings, name
        The settings and the name of the corpus.
    complete
        Function that adds recognised words and aligned times (`pipeline.run.words`); by default, none are added.

    Raises
    ------
    UserError
        If a problem is an error; no table is then written.
    """
    paths = CorpusPaths(name)
    with writing(paths.utterances):
        return _tabulate(settings, paths, complete)


def _tabulate(
    settings: CorpusParams, paths: CorpusPaths, complete: Callable[[Corpus], Completion]
) -> Sequence[Problem]:
    sources = sources_of(settings)
    corpus = gather(settings)
    errors = [problem for problem in corpus.problems if problem.severity == "error"]
    if errors:
        listed = "\n".join(shown(errors, paths.problems))
        raise UserError(
            f"{settings.root}: {len(errors)} bad row{'s' * (len(errors) != 1)}, no table was written:\n{listed}"
        )
    corpus, more = complete(corpus)
    label = [settings.label] if settings.label else []
    extra = [c for c in corpus.utterances.columns if c not in COLUMNS and c not in (*label, "line")]
    tables = {paths.utterances.name: corpus.utterances[[*COLUMNS, *label, *extra]], paths.words.name: corpus.words}
    record = {SOURCES: sources, PUBLISHED: published_of(settings), **more}
    write_tables(tables, paths.work, TABLES, f"crossmodal prepare --corpus {paths.name}", record)
    return _worst_first(corpus.problems)


def gather(settings: CorpusParams) -> Corpus:
    """Read a corpus and its recordings: fill in missing ends, hash contents, and check times against lengths.

    The parts of a union are gathered one by one, each by its own settings.
    """
    if isinstance(settings, UnionParams):
        found = united({name: gather(part) for name, part in settings.parts.items()}, settings)
        return replace(found, problems=_worst_first(found.problems))
    corpus = read_corpus(settings)
    wanted = bool({"audio", "video"} & set(settings.modalities)) or makes_words(settings)
    table, problems, there = _with_media(corpus.utterances, settings, wanted)
    there |= {"text"} if (table["text"] != "").any() or not corpus.words.empty or _is_written_down(settings) else set()
    known = known_bad(corpus.utterances, settings)
    problems += left_out(there | settings.features.keys(), settings)
    problems = [if_known(problem, known) for problem in problems]
    problems += _past_the_end(corpus.utterances, table["duration"], settings)
    words, late = within_recordings(corpus, table, Path(settings.root))
    problems += late + _same_once_ends_are_known(corpus.utterances, table, settings)
    predicted = not settings.label and bool(settings.features)  # the clips of `predict`, which DVC does not watch
    if not (predicted or INPUTS.exists()):
        problems += _outside(corpus.utterances, settings)
    table = with_sources(table, words)
    return replace(corpus, utterances=table, words=words, problems=_worst_first([*corpus.problems, *problems]))


def _is_written_down(settings: CorpusParams) -> bool:
    """Return whether `prepare` recognises words, which gives text to a corpus that has none."""
    return settings.transcribe not in (None, "never")


def published_of(settings: CorpusParams) -> bool | dict[str, bool]:
    """Return whether a corpus is a published one; for a union, return this for each part, keyed by its name."""
    if not isinstance(settings, UnionParams):
        return description(settings.reader) is not None
    parts = {name: published_of(part) for name, part in settings.parts.items()}
    return {name: part if isinstance(part, bool) else all(part.values()) for name, part in parts.items()}


def _worst_first(problems: Sequence[Problem]) -> list[Problem]:
    order = {"error": 0, "failed": 1, "warning": 2}
    return sorted(problems, key=lambda p: (order[p.severity], str(p.file), p.line or 0))


def known_bad(table: pd.DataFrame, settings: CorpusParams) -> dict[str, Fault]:
    """Return the recordings that are missing or unreadable in every copy of a published corpus, each with its fault."""
    published = description(settings.reader)
    bad = published.known_bad() if published else {}
    rows = table[table["utterance"].isin(bad)]
    return {media: bad[utterance] for utterance, media in zip(rows["utterance"], rows["media"], strict=True) if media}


def if_known(problem: Problem, known: Mapping[str, Fault]) -> Problem:
    """Return the problem, or a warning instead if it is a failure that every copy of the corpus has."""
    for media, fault in known.items():
        if problem.severity == "failed" and problem.message.startswith(media):
            return replace(problem, severity="warning", message=f"{problem.message}. Known fault: {fault.source}")
    return problem


def _outside(table: pd.DataFrame, settings: CorpusParams) -> list[Problem]:
    """Return a warning if recordings lie outside the corpus's folder, since DVC does not watch them there."""
    root = os.path.realpath(settings.root)
    named = {m for m in (*table["media"], *table.get("sound", [])) if m}
    folders = {folder: Path(os.path.realpath(folder)) for folder in {Path(m).parent for m in named}}
    away = {m for m in named if not folders[Path(m).parent].is_relative_to(root)}
    if not away:
        return []
    message = (
        f"recordings outside {settings.root}: {len(away)}, such as {min(away)}. `dvc repro` does not notice when they "
        "change (`crossmodal status` does): link them into the folder, or run `dvc repro --force` after a change"
    )
    return [Problem("warning", label_file(settings), None, message)]


def _with_media(
    table: pd.DataFrame, settings: CorpusParams, wanted: bool
) -> tuple[pd.DataFrame, list[Problem], set[str]]:
    """Fill in `media_sha256`, `sound_sha256`, `duration` and `end`; each recording is opened only once.

    Return the table, problems, and which of audio and video the utterances may have (see `kinds_of`). Recordings that
    cannot be read are problems only if recordings are `wanted`.
    """
    table, file = table.copy(), label_file(settings)
    for name in ("sound", "sound_start", *CHOICES):
        table[name] = table.get(name, float("nan") if name == "sound_start" else "")
    table["sound_start"] = table["sound_start"].fillna(0.0).where(table["sound"] != "")
    files = {**_first_lines(table, "sound"), **_first_lines(table, "media")}
    if file.is_dir():  # labels come from several files, so a line number alone would be ambiguous
        files = dict.fromkeys(files, 0)
    hashes, found = _hashes(files), read_all(files, settings)
    lengths = {name: info.duration_s for name, info in found.items() if not isinstance(info, str)}
    seen = set(table["media"])
    problems = [
        Problem("failed", file, line or None, f"{found[name]}; {_LOST[name in seen]} will count as failed")
        for name, line in files.items()
        if wanted and isinstance(found[name], str)
    ]
    problems += problems_of(table, files, found, settings)
    table["media_sha256"] = table["media"].map(hashes).fillna("")
    table["sound_sha256"] = table["sound"].map(hashes).fillna("")
    length = table["duration"] = table["media"].map(lengths).astype(float)
    ends = table["end"].fillna(length)
    outside = length.isna() | (table["start"] >= length)
    table["end"] = ends.where(outside, ends.clip(upper=length))
    return table, problems, kinds_of(table, found)


_LOST = {True: "its audio and video", False: "its audio"}


def _first_lines(table: pd.DataFrame, column: str) -> dict[str, int]:
    """Return the recordings that a column names, each with the first line that names it."""
    lines = table[table[column] != ""].groupby(column, sort=False)["line"].first()
    return {str(name): int(line) for name, line in lines.items()}


def _hashes(files: Iterable[str]) -> dict[str, str]:
    memo = HashMemo(CACHE / "hashes.json")
    hashes = {}
    for name in files:
        try:
            hashes[name] = memo.sha256(Path(name)) if Path(name).is_file() else ""
        except OSError:
            hashes[name] = ""  # the file cannot be read; probing reports why
    memo.save()
    return hashes


def _same_once_ends_are_known(given: pd.DataFrame, table: pd.DataFrame, settings: CorpusParams) -> list[Problem]:
    """Return a warning if filling in missing ends makes rows cover the same part of a recording.

    A published corpus gets no such warning.
    """
    if description(settings.reader) is not None:
        return []
    known = repeated(table.assign(end=given["end"], duration=float("nan")))
    message = same_parts(table, repeated(table) & ~known)
    return [Problem("warning", label_file(settings), None, message)] if message else []


def _past_the_end(table: pd.DataFrame, length: pd.Series, settings: CorpusParams) -> list[Problem]:
    """Return a problem for each utterance that begins, or ends, later than its recording ends.

    An end is reported only if it is at least `END_TOLERANCE_S` too late. In a user's own folder, the problems are
    errors. In a published corpus, a late start is a failure, and a late end is a warning.
    """
    file = label_file(settings)
    problems: list[Problem] = []
    published = description(settings.reader) is not None
    late = table["start"] >= length - 1e-9
    long = (table["end"] >= length + END_TOLERANCE_S + 1e-9) & ~(late & published)
    for name, rows, remedy in (("start", late, "none of it can be heard or seen"), ("end", long, "it ends there")):
        for i in table.index[rows]:
            severity: Severity = ("failed" if name == "start" else "warning") if published else "error"
            message = f"{table.at[i, 'utterance']}: " if published else ""
            message += f"{name} is {table.at[i, name]:g} s, but {table.at[i, 'media']} is only {length[i]:.2f} s long"
            line = None if file.is_dir() else int(table.at[i, "line"])
            problems.append(Problem(severity, file, line, message + (f": {remedy}" if published else "")))
    return problems
