"""validate: a corpus checked without running it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from models.errors import ModelError
from pipeline.errors import UserError
from pipeline.params import CorpusParams, Params
from pipeline.paths import CorpusPaths
from pipeline.stages.matching import imported_differences
from pipeline.stages.prepare import gather, if_known, known_bad, label_file
from pipeline.stages.train import split
from pipeline.utterances import Problem


def validate(params: Params, name: str) -> tuple[Sequence[Problem], str]:
    """Return every problem of a corpus, and a sentence on what it holds.

    Every recording is read to its end, without decoding it; the protocol and the leak guard are tried
    where the rows allow.
    """
    corpus = params.corpus(name)
    found = gather(corpus)
    table = found.utterances
    problems = list(found.problems)
    known = known_bad(table, corpus)
    cut_off = _cut_off(table, corpus) if {"audio", "video"} & set(corpus.modalities) else []
    unread = tuple(problem.message for problem in problems)  # a message on a recording begins with its name
    problems += [if_known(p, known) for p in cut_off if not _named(p.message.split(" breaks off")[0], unread)]
    where = Path(corpus.root)
    if all(problem.severity == "warning" for problem in problems):
        linked = _linked(table)
        if linked.any():
            names = ", ".join(table.loc[linked, "media"].head(3))
            message = (
                f"{linked.sum()} recordings are one file under several names ({names}, ...): training refuses them"
            )
            problems.append(Problem("warning", where, None, message))
        try:  # links are said already: what else would the protocol and the leak guard say?
            alone = table.assign(media_sha256=table["media_sha256"].where(~linked, ""))
            problems += [Problem("warning", where, None, notice) for notice in split(alone, corpus)[1]]
        except ModelError as error:
            problems.append(Problem("error", where, None, str(error), stops="train"))
        problems += _stores(name, corpus, table)
    return problems, facts_of(name, found.utterances, found.words, corpus)


def _stores(name: str, corpus: CorpusParams, table: pd.DataFrame) -> list[Problem]:
    """Say where imported features are not those of the corpus's utterances."""
    folder = CorpusPaths(name).work / "features"
    try:
        return [
            Problem("warning", folder, None, said)
            for said in imported_differences(name, corpus.features.values(), table)
        ]
    except UserError as error:
        return [Problem("error", folder, None, str(error), stops="train")]


def facts_of(name: str, table: pd.DataFrame, words: pd.DataFrame, corpus: CorpusParams) -> str:
    """Return a sentence on what a corpus holds, and one on each part of a published split.

    Groups are those of the protocol.
    """
    groups = table[corpus.protocol.group if corpus.protocol.group in table else "group"]
    timed = int(words["start"].notna().sum())
    facts = f"{name}: {len(table)} utterances, {table['recording'].nunique()} recordings, {groups.nunique()} groups, "
    facts += f"{timed} timed words" + (f" and {len(words) - timed} without times" if timed < len(words) else "")
    if corpus.task == "classification":
        facts += "; " + ", ".join(f"{count} {label}" for label, count in sorted(Counter(table[corpus.label]).items()))
    for side, part in table[table["split"] != ""].groupby("split", sort=False):
        facts += f"\n{name}: {side}: {len(part)} utterances in {groups[part.index].nunique()} groups"
    return facts


def what_errors_stop(problems: Sequence[Problem], name: str) -> str:
    """Return what the errors among the problems of a corpus stop, and what to do."""
    if any(problem.severity == "error" and problem.stops == "prepare" for problem in problems):
        return "nothing can be prepared: mend the rows named above"
    return f"it can be prepared, but not trained: mend what is named above, or change corpora.{name}.protocol"


def _named(begins: str, messages: Sequence[str]) -> bool:
    return any(message.startswith(begins.split(" cannot be read")[0]) for message in messages)


def _linked(table: pd.DataFrame) -> pd.Series:
    """Return which recordings are hard links of one another: stand-ins, not copies that slipped in."""
    known = table[table["media_sha256"] != ""]["media"].unique()
    stats = {media: Path(media).stat() for media in known}
    files = table["media"].map({media: f"{s.st_dev} {s.st_ino}" for media, s in stats.items()}).fillna("")
    names = table.groupby(files)["media"].nunique()
    return files.map(names).gt(1) & (files != "")


_FILES = ("media", "sound")


def _cut_off(table: pd.DataFrame, corpus: CorpusParams) -> Iterator[Problem]:
    """Read every recording to its end; name those that break off before the length they claim."""
    from pipeline.streams.decode import probe
    from pipeline.streams.opening import MediaError

    files = [table[[name, f"{name}_sha256", "line"]].set_axis(["path", "sha256", "line"], axis=1) for name in _FILES]
    readable = pd.concat(files).query("sha256 != ''")
    said: dict[str, str] = {}  # by content: what stands there twice is read once
    file = label_file(corpus)
    for media, rows in readable.groupby("path", sort=False):
        content = rows["sha256"].iloc[0]
        if content not in said:
            try:
                end_s = probe(Path(media)).breaks_off_s
                said[content] = f"{{}} breaks off at {end_s:.2f} s: copy it again" if end_s is not None else ""
            except MediaError as error:
                said[content] = str(error).replace(media, "{}")
        if said[content]:
            line = None if file.is_dir() else int(rows["line"].iloc[0])
            yield Problem("failed", file, line, said[content].replace("{}", media))
