"""Recognise the words of clips that come without a transcript, and make notices about them for the user."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from pipeline.corpora.gathering import Completion
from pipeline.corpora.problems import Problem, few
from pipeline.corpora.utterances import Corpus
from pipeline.corpora.word_sources import RECOGNISED, machine_made
from pipeline.errors import counted
from pipeline.run.pool.cluster import Pool
from pipeline.run.words.completing import completing
from pipeline.settings.params import Params
from pipeline.settings.streams import When

NO_TEXT = "no transcript"  # the note in the text stream for an utterance without a transcript


def rule_for(when: When, text: str | None) -> When:
    """Return the rule for recognising words, adapted so that a transcript on the command line is always used.

    >>> rule_for("always", "Hello."), rule_for("always", None), rule_for("missing", "Hello.")
    ('missing', 'always', 'missing')
    """
    return "missing" if when == "always" and text is not None else when


def completing_clips(params: Params, name: str, pool_of: Callable[[int], Pool]) -> Callable[[Corpus], Completion]:
    """Return a function that recognises and aligns the words of a corpus of clips, as far as the settings ask for it.

    If the settings ask for neither, the function returns the corpus unchanged.

    Parameters
    ----------
    params, name
        The settings and the name of the corpus.
    pool_of
        Makes the worker pool, given the number of clips.
    """

    def complete(corpus: Corpus) -> Completion:
        with pool_of(len(corpus.utterances)) as pool:
            return completing(params, name, pool)(corpus)

    return complete


def notices_of(problems: Sequence[Problem], table: pd.DataFrame, recordings: Mapping[str, Path]) -> list[str]:
    """Return notices about clips: warnings about a manifest, which words were recognised, and why some were not.

    Parameters
    ----------
    problems
        The problems that `tabulate` returned.
    table
        The table of utterances.
    recordings
        The recording of each utterance, keyed by the utterance's name; empty for a manifest.
    """
    if recordings:
        heard = table[table["text_source"] == RECOGNISED]
        words = zip(heard["utterance"], heard["text"], strict=True)
        lines = [
            f"{recordings[name]}: the words were recognised by a machine, not given: {text}" for name, text in words
        ]
        return lines + (_unheard(problems) if len(recordings) > 1 else [])
    lines, left = few([p for p in problems if p.severity == "warning" or "did you mean" in p.message])
    more = [f"... and {counted(sum(left.values()), 'more warning')}"] if left else []
    return [*lines, *more, *([made] if (made := machine_made(table)) else [])]


def _unheard(problems: Sequence[Problem]) -> list[str]:
    return [problem.message for problem in problems if "without words" in problem.message]


def without_text(problems: Sequence[Problem], clip: Path, *, alone: bool = True) -> str:
    """Return the note for a recording without words: why none were recognised, or how to provide them.

    Parameters
    ----------
    problems
        The problems that `tabulate` returned.
    clip
        The recording.
    alone
        Whether this is the only recording: the note then mentions ``--text``, and says why no words were recognised.
        For several recordings, a notice says why.
    """
    heard = _unheard(problems)
    if heard and alone:
        return f"{NO_TEXT}, and no words were recognised: {heard[0].partition('): ')[2] or heard[0]}"
    if heard:
        return f"{NO_TEXT}, and no words were recognised"
    given = "write --text WORDS, or " if alone else ""
    return (
        f"{NO_TEXT}: {given}put the words into {clip.with_suffix('.txt')}, or let them be recognised "
        "(streams.text.transcribe: missing)"
    )
