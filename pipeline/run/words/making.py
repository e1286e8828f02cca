"""Recognise or align the words of utterances, on workers."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pipeline.corpora.utterances import Word
from pipeline.errors import UserError, counted
from pipeline.hashing import Content
from pipeline.ingest.words import Spoken
from pipeline.run.cache import ClipCache
from pipeline.run.clips import run_step
from pipeline.run.keys.description import described
from pipeline.run.keys.utterance import word_key, word_program
from pipeline.run.ledger import Failure, record
from pipeline.run.plans import Clip, Outcome, source_of
from pipeline.run.pool.cluster import Pool
from pipeline.run.words.kinds import KINDS
from pipeline.run.words.step import WordStep, spoken_of
from pipeline.settings.params import Params
from pipeline.settings.paths import CACHE, CorpusPaths


@dataclass(frozen=True)
class Made:
    """The words that were recognised or aligned.

    Attributes
    ----------
    spoken
        The words of each utterance, with times in seconds from its start; utterances without a result are missing.
    outcomes
        The outcome of each utterance.
    """

    spoken: Mapping[str, Spoken]
    outcomes: Sequence[Outcome]

    @property
    def keys(self) -> list[str]:
        """The cache keys of all utterances, sorted; nothing is in the cache under the key of one that failed."""
        return sorted(outcome.key for outcome in self.outcomes)

    def without(self, what: str) -> Iterator[str]:
        """Yield sentences on how many utterances have no result, and why; `what` names the result, as in ``words``."""
        reasons = Counter(outcome.note for outcome in self.outcomes if outcome.status in ("empty", "absent"))
        for reason, count in reasons.items():
            first = next(outcome.utterance for outcome in self.outcomes if outcome.note == reason)
            yield f"{counted(count, 'utterance')} without {what} (such as {first}): {reason}"
        if failed := [outcome for outcome in self.outcomes if outcome.status == "failed"]:
            yield (
                f"{counted(len(failed), 'utterance')} without {what} because of an error (such as "
                f"{failed[0].utterance}: {failed[0].note}): all are in failures.csv"
            )


def made(
    kind: str, rows: Sequence[Any], words: Mapping[str, Sequence[Word]], params: Params, name: str, pool: Pool
) -> Made:
    """Recognise or align the words of utterances; a clip that fails is recorded in failures.csv and never ends the run.

    Parameters
    ----------
    kind
        A key of `pipeline.run.words.kinds.KINDS`.
    rows
        Rows of the table of utterances that name a recording, with the columns as attributes.
    words
        The words known so far, keyed by utterance, with times in seconds from the start of the recording.
    params, name
        The settings and the name of the corpus.
    pool
        The workers.
    """
    if not rows:
        record(CorpusPaths(name).failures, WordStep.stage, kind, [])
        return Made({}, ())
    failures_of = partial(record, CorpusPaths(name).failures, WordStep.stage, kind)
    audio = params.streams["audio"]
    program = word_program(kind, KINDS[kind].program(params.words), audio)
    step = WordStep(kind, params.words, audio, described(program), params.run.device, params.run.plugins)
    clips = [_clip(row, kind, tuple(words.get(row.utterance, ())), program) for row in rows]
    outcomes = run_step(step, clips, pool, CACHE).outcomes
    failures_of([Failure(o.utterance, step.stage, kind, o.error, o.note) for o in outcomes if o.status == "failed"])
    cache = ClipCache(CACHE, kind)
    return Made({o.utterance: _read(cache, o) for o in outcomes if o.status == "ok"}, outcomes)


def _clip(row: Any, kind: str, words: tuple[Word, ...], program: Mapping[str, Any]) -> Clip:
    """Return the clip of an utterance; its key includes the known words only if the result depends on them."""
    contents = {row.media: Content(row.media_sha256, ""), row.sound: Content(row.sound_sha256, "")}
    source = source_of(row, "audio", words, contents)
    span = source.span
    known = [source.text, source.words] if KINDS[kind].reads_words else []
    key = word_key(program, source.content.sha256, (span.start_s, span.end_s), span.track, span.channel, known)
    return Clip(row.utterance, key, source)


def _read(cache: ClipCache, outcome: Outcome) -> Spoken:
    entry = cache.written(outcome.key)
    if entry is None:
        raise UserError(f"the cache file {cache.path(outcome.key)} was damaged or deleted: run the same command again")
    return spoken_of(entry)
