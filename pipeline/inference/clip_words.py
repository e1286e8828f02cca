"""The words of clips that come without a transcript: recognised as the settings say, and what is said of that."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from pipeline.corpora.gathering import Completion
from pipeline.corpora.problems import Problem, few
from pipeline.corpora.utterances import Corpus
from pipeline.corpora.word_sources import RECOGNISED, machine_made
from pipeline.run.pool.cluster import Pool
from pipeline.run.words.completing import completing
from pipeline.settings.params import Params
from pipeline.settings.streams import When

NO_TEXT = "no transcript"  # the note of the text stream on an utterance without one


def rule_for(when: When, text: str | None) -> When:
    """Return which clips are recognised: a transcript on the command line is always used.

    >>> rule_for("always", "Hello."), rule_for("always", None), rule_for("missing", "Hello.")
    ('missing', 'always', 'missing')
    """
    return "missing" if when == "always" and text is not None else when


def completing_clips(params: Params, name: str, pool_of: Callable[[int], Pool]) -> Callable[[Corpus], Completion]:
    """Return what adds words to a corpus of clips, on a pool for their number."""

    def complete(corpus: Corpus) -> Completion:
        with pool_of(len(corpus.utterances)) as pool:
            return completing(params, name, pool)(corpus)

    return complete


def notices_of(problems: Sequence[Problem], table: pd.DataFrame, clip: Path | None) -> list[str]:
    """Return notices of a table of clips: warnings about a manifest, and what a machine wrote.

    Parameters
    ----------
    problems
        Those of `tabulate`.
    table
        The table of utterances.
    clip
        The only recording; None for a manifest.
    """
    if clip is not None:
        heard = table.loc[table["text_source"] == RECOGNISED, "text"].tolist()
        return [f"{clip}: the words were recognised by a machine, not given: {heard[0]}"] if heard else []
    lines, left = few([p for p in problems if p.severity == "warning" or "did you mean" in p.message])
    more = [f"... and {sum(left.values())} more warnings"] if left else []
    return [*lines, *more, *([made] if (made := machine_made(table)) else [])]


def without_text(problems: Sequence[Problem], clip: Path) -> str:
    """Return the note of a recording without words: why none was recognised, or where to write them."""
    heard = [p.message for p in problems if "without words" in p.message]
    if heard:
        return f"{NO_TEXT}, and no words were recognised: {heard[0].partition('): ')[2] or heard[0]}"
    return (
        f"{NO_TEXT}: write --text WORDS, or put them into {clip.with_suffix('.txt')}, or let a machine write them down "
        "(streams.text.transcribe: missing)"
    )
