"""validate: a corpus checked without running it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from models.errors import ModelError
from pipeline.params import CorpusParams, Params
from pipeline.stages.prepare import gather, label_file
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
    problems += _cut_off(table, corpus) if {"audio", "video"} & set(corpus.modalities) else []
    where = Path(corpus.root)
    if all(problem.severity == "warning" for problem in problems):
        try:
            problems += [Problem("warning", where, None, notice) for notice in split(table, corpus)[1]]
        except ModelError as error:
            problems.append(Problem("error", where, None, str(error)))
    facts = (
        f"{name}: {len(table)} utterances, {table['recording'].nunique()} recordings, {len(found.words)} timed words"
    )
    if corpus.task == "classification":
        facts += "; " + ", ".join(f"{count} {label}" for label, count in sorted(Counter(table[corpus.label]).items()))
    return problems, facts


def _cut_off(table: pd.DataFrame, corpus: CorpusParams) -> Iterator[Problem]:
    """Read every recording to its end; name those that break off before the length they claim."""
    from pipeline.streams.decode import MediaError, breaks_off_s

    readable = table[table["end"].notna() & (table["media_sha256"] != "")]
    for media, line in readable.groupby("media", sort=False)["line"].first().items():
        try:
            end_s = breaks_off_s(Path(media))
            message = f"{media} breaks off at {end_s:.2f} s: copy it again" if end_s is not None else ""
        except MediaError as error:
            message = str(error)
        if message:
            yield Problem("failed", label_file(corpus), int(line), message)
