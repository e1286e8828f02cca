"""Add recognised words and aligned times to the utterances of a corpus that need them, and warn of doubtful words."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from pipeline.corpora.gathering import Completion, as_it_is
from pipeline.corpora.problems import Problem
from pipeline.corpora.sources import label_file
from pipeline.corpora.utterances import WORD_COLUMNS, Corpus
from pipeline.corpora.word_sources import (
    ALIGNED,
    MADE_WORDS,
    RECOGNISED,
    coarsely_timed,
    makes_words,
    needs_text,
    needs_times,
    rule_of,
    word_settings,
)
from pipeline.errors import counted
from pipeline.ingest.alignment.align import LANGUAGE, doubtful
from pipeline.ingest.recognise import NOBODY, unsure
from pipeline.run.pool.cluster import Pool
from pipeline.run.words.kinds import ALIGN, RECOGNISE
from pipeline.run.words.making import made
from pipeline.run.words.tables import with_text, with_times
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.params import Params


def completing(params: Params, name: str, pool: Pool) -> Callable[[Corpus], Completion]:
    """Return the function with which `tabulate` adds recognised words and aligned times to a corpus."""
    settings = params.corpus(name)
    return partial(_completed, settings, params, name, pool) if makes_words(settings) else as_it_is


def _completed(settings: CorpusParams, params: Params, name: str, pool: Pool, corpus: Corpus) -> Completion:
    corpus, heard = _with_text(settings, params, name, pool, corpus)
    corpus, aligned = _with_times(settings, params, name, pool, corpus)
    warnings = [
        Problem("warning", label_file(settings), None, message) for message in (*heard.messages, *aligned.messages)
    ]
    record = {
        "settings": word_settings(settings, params.words),
        "keys": sorted([*heard.keys, *aligned.keys]),
        RECOGNISED: sorted(heard.utterances),
        ALIGNED: sorted(aligned.utterances),
    }
    return replace(corpus, problems=[*corpus.problems, *warnings]), {MADE_WORDS: record}


class _Notes(NamedTuple):
    """Notes on recognised or aligned words: messages to the user, cache keys, and the utterances that got words."""

    messages: Sequence[str] = ()
    keys: Sequence[str] = ()
    utterances: Collection[str] = ()


def _with_text(settings: CorpusParams, params: Params, name: str, pool: Pool, corpus: Corpus) -> tuple[Corpus, _Notes]:
    """Add recognised words where the settings request them; return the new corpus, and notes on these words."""
    rows = [row for row in corpus.utterances.itertuples() if needs_text(row, rule_of(settings, row.utterance))]
    heard = made(RECOGNISE, rows, {}, params, name, pool)
    corpus = with_text(corpus, [row.utterance for row in rows], heard.spoken)
    doubted = sum(outcome.status == "empty" and outcome.note != NOBODY for outcome in heard.outcomes)
    messages = [*heard.without("words"), *unsure(list(heard.spoken.values()), doubted, params.words)]
    return corpus, _Notes(messages, heard.keys, heard.spoken)


def _with_times(settings: CorpusParams, params: Params, name: str, pool: Pool, corpus: Corpus) -> tuple[Corpus, _Notes]:
    """Add aligned word times where the settings request them; return the new corpus, and notes on these words."""
    coarse = coarsely_timed(corpus.words)
    rows = [r for r in corpus.utterances.itertuples() if needs_times(r, rule_of(settings, r.utterance), coarse)]
    if rows and params.words.language != LANGUAGE:
        message = (
            f"only English words can be aligned with the sound, and streams.text.language is {params.words.language}: "
            f"the times of {counted(len(rows), 'utterance')} stay as they are"
        )
        return corpus, _Notes([message])
    columns = corpus.words[list(WORD_COLUMNS)].itertuples(index=False, name=None)
    words: dict[str, list[tuple[str, float, float]]] = {}
    for utterance, *word in columns:
        words.setdefault(utterance, []).append((word[0], word[1], word[2]))
    aligned = made(ALIGN, rows, words, params, name, pool)
    messages = [*aligned.without("aligned words"), *doubtful(aligned.spoken)]
    return with_times(corpus, aligned.spoken), _Notes(messages, aligned.keys, aligned.spoken)
