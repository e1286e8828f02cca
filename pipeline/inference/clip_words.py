"""The words of clips that come without a transcript: recognised as the settings say, and what is said of that."""

from collections.abc import Callable, Mapping, Sequence
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


def notices_of(problems: Sequence[Problem], table: pd.DataFrame, recordings: Mapping[str, Path]) -> list[str]:
    """Return notices of a table of clips: warnings about a manifest, and what a machine wrote.

    Parameters
    ----------
    problems
        Those of `tabulate`.
    table
        The table of utterances.
    recordings
        Utterance -> its recording; empty for a manifest.
    """
    if recordings:
        heard = table[table["text_source"] == RECOGNISED]
        words = zip(heard["utterance"], heard["text"], strict=True)
        lines = [
            f"{recordings[name]}: the words were recognised by a machine, not given: {text}" for name, text in words
        ]
        return lines + (_unheard(problems) if len(recordings) > 1 else [])
    lines, left = few([p for p in problems if p.severity == "warning" or "did you mean" in p.message])
    more = [f"... and {sum(left.values())} more warnings"] if left else []
    return [*lines, *more, *([made] if (made := machine_made(table)) else [])]


def _unheard(problems: Sequence[Problem]) -> list[str]:
    return [problem.message for problem in problems if "without words" in problem.message]


def without_text(problems: Sequence[Problem], clip: Path, *, alone: bool = True) -> str:
    """Return the note of a recording without words: why none was recognised, or where to write them.

    Parameters
    ----------
    problems
        Those of `tabulate`.
    clip
        The recording.
    alone
        Whether it is the only one, whose words can be given by ``--text``; of several, a notice says why none was
        recognised.
    """
    heard = _unheard(problems)
    if heard and alone:
        return f"{NO_TEXT}, and no words were recognised: {heard[0].partition('): ')[2] or heard[0]}"
    if heard:
        return f"{NO_TEXT}, and no words were recognised"
    given = "write --text WORDS, or " if alone else ""
    return (
        f"{NO_TEXT}: {given}put them into {clip.with_suffix('.txt')}, or let a machine write them down "
        "(streams.text.transcribe: missing)"
    )
