"""Streams of a corpus: what each depends on, what is to be computed, and one recording at a time on a worker."""

import json
import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from socket import gethostname
from typing import Any

import pandas as pd

from features.base import Modality
from features.codec import STREAM_SCHEMAS, audio_entry, text_entry, video_entry
from features.store import Entry
from pipeline.corpora.utterances import read_utterances, read_words
from pipeline.errors import Changed, UserError
from pipeline.hashing import HashMemo, stamp_of
from pipeline.run.clips import Clip, Outcome, StepReport
from pipeline.run.keys import Word, audio_key, described, key_of, stream_program, text_key, video_key
from pipeline.run.pool.cluster import Pool
from pipeline.run.stores import finish, require_planned, run_and_store
from pipeline.settings.params import Params
from pipeline.settings.paths import CACHE, CorpusPaths
from pipeline.streams.spans import Region, Span

_MOST_IN_A_BATCH = 8  # recordings


@dataclass(frozen=True)
class Source:
    """What a stream is made from: a span of a recording, its transcript and its timed words."""

    path: str
    media: str
    span: Span
    text: str
    words: tuple[Word, ...]
    sha256: str = ""  # of the recording, as it was planned; empty where it could not be read, or is not needed


@dataclass(frozen=True)
class StreamStep:
    """Makes one kind of stream; a recording is one task, decoded once."""

    name: Modality
    config: Any
    depends: str  # what it was planned with, JSON
    plugins: tuple[str, ...] = ()
    stage: str = "preprocess"

    @property
    def light(self) -> bool:
        """Text is only cut and matched: no worker is worth starting for it."""
        return self.name == "text"

    def batches(self, clips: Sequence[Clip], workers: int) -> list[list[Clip]]:
        """Return whole recordings, a few a task where there are many."""
        if self.light:
            return [list(clips)]
        recordings = list(_by_recording(clips).values())
        size = max(1, min(_MOST_IN_A_BATCH, len(recordings) // (8 * workers)))
        return [[clip for part in recordings[i : i + size] for clip in part] for i in range(0, len(recordings), size)]

    def compute(self, clips: Sequence[Clip]) -> Iterator[tuple[int, Entry | Exception]]:
        """Yield each clip's stream as a store entry.

        Raises
        ------
        Changed
            If a recording, the code or a library is not the one that the clips' keys were made of.
        """
        require_planned(f"the {self.name} stream", json.loads(self.depends), stream_program(self.name, self.config))
        if self.light:
            yield from ((i, self._text(clip.payload)) for i, clip in enumerate(clips))
            return
        position = {id(clip): i for i, clip in enumerate(clips)}
        memo = HashMemo(CACHE / "hashes.json")
        for part in _by_recording(clips).values():
            left = set(range(len(part)))
            try:
                require_same = _sameness(part[0].payload, memo)
                for i, result in self._recording(part):
                    require_same()
                    left.discard(i)
                    yield position[id(part[i])], result
            except Changed:
                raise
            except Exception as error:  # whatever a codec throws at one recording does not touch the next
                yield from ((position[id(part[i])], error) for i in sorted(left))

    def _recording(self, clips: Sequence[Clip]) -> Iterator[tuple[int, Entry | Exception]]:
        source: Source = clips[0].payload
        for i, stream in self._read(Path(source.path), [clip.payload.span for clip in clips]):
            if isinstance(stream, Exception):
                yield i, _with_short_path(stream, source)
            elif self.name == "audio":
                yield i, audio_entry(replace(stream, **_timed_words(clips[i].payload)))
            else:
                yield i, video_entry(stream)

    def _read(self, path: Path, spans: Sequence[Span]) -> Iterator[tuple[int, Any]]:
        if self.name == "audio":
            from pipeline.streams.audio import read_audio

            return read_audio(path, spans, self.config)
        from pipeline.streams.video import read_video

        return read_video(path, spans, self.config)

    def _text(self, source: Source) -> Entry | Exception:
        from pipeline.streams.text import read_text

        try:
            return text_entry(read_text(source.text, source.words, source.span.start_s, self.config))
        except Exception as error:  # one bad transcript is that clip's failure
            return error


def _by_recording(clips: Sequence[Clip]) -> dict[str, list[Clip]]:
    found: dict[str, list[Clip]] = {}
    for clip in clips:
        found.setdefault(clip.payload.path, []).append(clip)
    return found


def _sameness(source: Source, memo: HashMemo) -> Callable[[], None]:
    """Return what checks that a recording is still the one that was planned; a recording that is gone fails by itself.

    Raises
    ------
    Changed
        If it is another one already; the check raises it too.
    OSError
        By the check, if it is gone.
    """
    path = Path(source.path)
    changed = Changed(
        f"{source.media} is not the recording that this run was planned with: run `crossmodal prepare` for this corpus "
        f"again, and give all workers the same files (this one was read on {gethostname()})"
    )
    try:
        before = stamp_of(path)
        if memo.sha256(path) != source.sha256:
            raise changed
    except OSError:
        before = []  # reading it will fail and say so

    def check() -> None:
        if before and stamp_of(path) != before:
            raise changed

    check()
    return check


def _with_short_path(error: Exception, source: Source) -> Exception:
    """Name the recording as the manifest does, so that outputs do not depend on where the checkout lies."""
    return type(error)(str(error).replace(source.path, source.media))


def _timed_words(source: Source) -> dict[str, float | int]:
    """Return how many words were said from the first timed one to the last, and when that was.

    A word without times counts where it stands between timed ones.
    """
    timed = [i for i, (_, start, end) in enumerate(source.words) if math.isfinite(start + end)]
    if not timed:
        return {}
    start = source.span.start_s
    first, last = min(source.words[i][1] for i in timed), max(source.words[i][2] for i in timed)
    return {"words": timed[-1] - timed[0] + 1, "words_start_s": first - start, "words_end_s": last - start}


def clips_of(params: Params, name: str, modality: Modality, *, trust_missing: bool = False) -> list[Clip | Outcome]:
    """Return, for every utterance, the clip to be done, or its outcome where there is nothing to do.

    With `trust_missing` a recording that is gone counts as the one that `prepare` saw: its stream may be kept and used.

    Raises
    ------
    UserError
        If a recording is not the one that `prepare` saw.
    """
    corpus = params.corpus(name)
    paths = CorpusPaths(name)
    table = read_utterances(paths.utterances, corpus.label)
    if modality not in corpus.modalities:
        note = f"the corpus does not use {modality}"
        return [Outcome(utterance, "", "absent", note=note) for utterance in table["utterance"]]
    words = read_words(paths.words)
    program = stream_program(modality, params.streams[modality])
    hashes = {} if modality == "text" else _hashes(table, trust_missing)
    return [
        _clip(row, modality, tuple(words.get(str(row.utterance), ())), program, hashes) for row in table.itertuples()
    ]


def _clip(
    row: Any, modality: Modality, words: tuple[Word, ...], program: dict[str, Any], hashes: dict[str, str]
) -> Clip | Outcome:
    media, start_s, end_s = row.media, float(row.start), float(row.end)
    if modality == "audio" and row.sound:
        media, start_s, end_s = row.sound, float(row.sound_start), float(row.sound_start) + end_s - start_s
        words = tuple((word, first + start_s - row.start, last + start_s - row.start) for word, first, last in words)
    if modality != "text" and not media:
        return Outcome(row.utterance, "", "absent", note="no recording is named")
    region = Region.parse(row.region) if row.region else None
    track = {"audio": row.audio_track, "video": row.video_track, "text": ""}[modality]
    channel = row.audio_channel if modality == "audio" else ""
    span = Span(start_s, end_s, region, track, channel)
    path = os.path.realpath(media) if media else ""
    source = Source(path, media, span, row.text, words, hashes.get(media, ""))
    if modality == "text":
        key = text_key(program, row.text, words, span.start_s)
    elif modality == "audio":
        key = audio_key(program, hashes[media], (span.start_s, span.end_s), track, channel, _timed_words(source))
    else:
        key = video_key(program, hashes[media], (span.start_s, span.end_s), track, row.region)
    return Clip(row.utterance, key, source)


def _hashes(table: pd.DataFrame, trust_missing: bool) -> dict[str, str]:
    memo = HashMemo(CACHE / "hashes.json")
    hashes = {}
    paths = [*table["media"], *table["sound"]]
    for media, known in zip(paths, [*table["media_sha256"], *table["sound_sha256"]], strict=True):
        if not media or media in hashes:
            continue
        try:
            hashes[media] = memo.sha256(Path(media))
        except OSError:
            hashes[media] = known if trust_missing else ""  # gone: reading it will fail and say so
        if hashes[media] and hashes[media] != known:
            raise UserError(
                f"{media} is not the recording that prepare saw: run `crossmodal prepare` for this corpus again"
            )
    memo.save()
    return hashes


def write_stream(params: Params, name: str, modality: Modality, pool: Pool) -> StepReport:
    """Write streams/<modality>.h5; for errors see the stage `preprocess`."""
    config = params.streams[modality]
    program = stream_program(modality, config)
    step = StreamStep(modality, config, described(program), params.run.plugins)
    attributes: dict[str, Any] = {
        "kind": "stream",
        "name": modality,
        "version": program["version"],
        "config": program["config"],
        "config_hash": key_of(program["config"]),
        "libraries": program["libraries"],
    }
    if modality == "audio":
        attributes["rate_hz"] = params.streams["audio"].rate_hz
    paths = CorpusPaths(name)
    planned = clips_of(params, name, modality)
    report = run_and_store(step, planned, pool, (paths.stream(modality), STREAM_SCHEMAS[modality], attributes))
    finish(report, params, paths, step)
    return report
