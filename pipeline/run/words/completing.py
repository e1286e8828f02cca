"""A corpus completed with words that nobody gave: which utterances need them, and what is said of them."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from pipeline.corpora.gathering import Completion, as_it_is
from pipeline.corpora.problems import Problem
from pipeline.corpora.sources import MADE_WORDS, label_file
from pipeline.corpora.utterances import Corpus
from pipeline.corpora.word_sources import makes_words, needs_text, rule_of, word_settings
from pipeline.ingest.recognise import unsure
from pipeline.run.pool.cluster import Pool
from pipeline.run.words.kinds import RECOGNISE
from pipeline.run.words.making import made
from pipeline.run.words.tables import with_text
from pipeline.settings.blocks import CorpusParams
from pipeline.settings.params import Params


def completing(params: Params, name: str, pool: Pool) -> Callable[[Corpus], Completion]:
    """Return what adds machine-made words to a corpus, for `pipeline.corpora.gathering.tabulate`."""
    settings = params.corpus(name)
    return partial(_completed, settings, params, name, pool) if makes_words(settings) else as_it_is


def _completed(settings: CorpusParams, params: Params, name: str, pool: Pool, corpus: Corpus) -> Completion:
    rows = [row for row in corpus.utterances.itertuples() if needs_text(row, rule_of(settings, row.utterance))]
    heard = made(RECOGNISE, rows, {}, params, name, pool)
    corpus = with_text(corpus, [row.utterance for row in rows], heard.spoken)
    messages = [*heard.without("words"), *unsure(list(heard.spoken.values()), params.words)]
    warnings = [Problem("warning", label_file(settings), None, message) for message in messages]
    record = {MADE_WORDS: {"settings": word_settings(settings, params.words), "keys": heard.keys}}
    return replace(corpus, problems=[*corpus.problems, *warnings]), record
