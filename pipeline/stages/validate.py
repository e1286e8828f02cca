"""validate: a corpus checked without running it."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from models.errors import ModelError
from pipeline.params import Params
from pipeline.stages.prepare import gather
from pipeline.stages.train import split
from pipeline.utterances import Problem


def validate(params: Params, name: str) -> tuple[Sequence[Problem], str]:
    """Return every problem of a corpus, and a sentence on what it holds.

    A recording that cannot be read is an error here; the protocol and the leak guard are tried where the rows allow.
    """
    corpus = params.corpus(name)
    found = gather(corpus)
    problems = [Problem("error", p.file, p.line, p.message) for p in found.problems]
    table = found.utterances
    where = Path(corpus.root)
    if not problems:
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
