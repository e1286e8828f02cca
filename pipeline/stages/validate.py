"""validate: a corpus checked without running it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from models.errors import ModelError
from pipeline.params import CorpusParams, Params
from pipeline.stages.prepare import gather, if_known, known_bad, label_file
from pipeline.stages.train import split
from pipeline.utterances import Corpus, Problem


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
    problems += [if_known(problem, known) for problem in cut_off]
    where = Path(corpus.root)
    if all(problem.severity == "warning" for problem in problems):
        try:
            problems += [Problem("warning", where, None, notice) for notice in split(table, corpus)[1]]
        except ModelError as error:
            problems.append(Problem("error", where, None, str(error)))
    return problems, _facts(name, found, corpus)


def _facts(name: str, found: Corpus, corpus: CorpusParams) -> str:
    """Return a sentence on what a corpus holds, and one on each part of a published split."""
    table = found.utterances
    facts = (
        f"{name}: {len(table)} utterances, {table['recording'].nunique()} recordings, "
        f"{table['group'].nunique()} groups, {len(found.words)} timed words"
    )
    if corpus.task == "classification":
        facts += "; " + ", ".join(f"{count} {label}" for label, count in sorted(Counter(table[corpus.label]).items()))
    for side, part in table[table["split"] != ""].groupby("split", sort=False):
        facts += f"\n{name}: {side}: {len(part)} utterances in {part['group'].nunique()} groups"
    return facts


_FILES = ("media", "sound")


def _cut_off(table: pd.DataFrame, corpus: CorpusParams) -> Iterator[Problem]:
    """Read every recording to its end; name those that break off before the length they claim."""
    from pipeline.streams.decode import MediaError, breaks_off_s

    files = [table[[name, f"{name}_sha256", "line"]].set_axis(["path", "sha256", "line"], axis=1) for name in _FILES]
    readable = pd.concat(files).query("sha256 != ''")
    said: dict[str, str] = {}  # by content: what stands there twice is read once
    file = label_file(corpus)
    for media, rows in readable.groupby("path", sort=False):
        content = rows["sha256"].iloc[0]
        if content not in said:
            try:
                end_s = breaks_off_s(Path(media))
                said[content] = f"{{}} breaks off at {end_s:.2f} s: copy it again" if end_s is not None else ""
            except MediaError as error:
                said[content] = str(error).replace(media, "{}")
        if said[content]:
            line = None if file.is_dir() else int(rows["line"].iloc[0])
            yield Problem("failed", file, line, said[content].replace("{}", media))
