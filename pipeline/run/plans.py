"""Plan what is computed for each utterance and under which key, and check whether a store holds exactly that."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from features.base import Extractor, Modality
from features.store import Status, open_store
from pipeline.corpora.utterances import Word, place_of, read_utterances, read_words
from pipeline.errors import OutOfDate, UserError
from pipeline.hashing import UNKNOWN, Content, HashMemo
from pipeline.run.keys.utterance import (
    audio_key,
    extractor_program,
    feature_key,
    stream_program,
    text_key,
    video_key,
)
from pipeline.settings.params import Params
from pipeline.settings.paths import CACHE, CorpusPaths
from pipeline.streams.spans import Region, Span

STREAM_FAILED = "StreamFailed"  # error of a clip that failed in an earlier stage, which counts it


@dataclass(frozen=True, slots=True)
class Clip:
    """One utterance that a step must compute: its content key, and what the step needs to know about it."""

    utterance: str
    key: str
    payload: Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one clip in a step.

    Attributes
    ----------
    utterance, key
        The utterance, and the key of its result.
    status, length
        The status, and the number of rows.
    note
        Why the status is not ok, or a remark.
    error
        Name of the exception if the clip failed.
    device
        The device on which an encoder computed the result, in this run or an earlier one.
    """

    utterance: str
    key: str
    status: Status
    length: int = 0
    note: str = ""
    error: str = ""
    device: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """What a stream is made from: a span of a recording, and for text and audio what is known about the words.

    Attributes
    ----------
    path, media
        The recording: its resolved path, and its path as the manifest gives it.
    span
        The place of the utterance in the recording.
    text, words
        For text: the transcript, and the words with times in seconds from the start of the recording.
    timed
        For audio: what `timed_words` returns.
    content
        The recording's hash and stamp when the run was planned; empty if it could not be read or is not needed.
    voice
        The utterance's sound, for video in which the speaking face is followed.
    """

    path: str
    media: str
    span: Span
    text: str = ""
    words: tuple[Word, ...] = ()
    timed: Mapping[str, float | int] = field(default_factory=dict)
    content: Content = UNKNOWN
    voice: "Source | None" = None


def stream_clips(params: Params, name: str, modality: Modality, *, trust_missing: bool = False) -> list[Clip | Outcome]:
    """Return, for every utterance, the clip to compute, or its outcome if there is nothing to compute.

    With `trust_missing`, a missing recording is assumed to be unchanged since `prepare`, so its stream stays usable.

    Raises
    ------
    UserError
        If a recording has changed since `prepare` read it.
    """
    corpus = params.corpus(name)
    paths = CorpusPaths(name)
    table = read_utterances(paths.utterances, corpus.label)
    if modality not in corpus.modalities:
        note = f"the corpus does not use {modality}"
        return [Outcome(utterance, "", "absent", note=note) for utterance in table["utterance"]]
    words = read_words(paths.words) if modality in {"text", "audio"} else {}
    program = stream_program(modality, params.streams[modality])
    contents = {} if modality == "text" else _contents(table, trust_missing)
    usual = None
    if modality == "video" and params.streams["video"].follow == "speaking":
        usual = str(params.streams["audio"].track), str(params.streams["audio"].channel)
    return [
        _clip(row, modality, words.get(str(row.utterance), ()), program, contents, usual) for row in table.itertuples()
    ]


def _clip(
    row: Any,
    modality: Modality,
    words: tuple[Word, ...],
    program: dict[str, Any],
    contents: Mapping[str, Content],
    usual: tuple[str, str] | None,
) -> Clip | Outcome:
    """Return the clip of an utterance, or its outcome if it has no recording.

    If the clip must include the utterance's voice, `usual` is the default track and channel of voices. Otherwise, it
    is None.
    """
    source = source_of(row, modality, words, contents)
    if modality != "text" and not source.media:
        return Outcome(row.utterance, "", "absent", note="no recording is named")
    span = source.span
    if modality == "text":
        key = text_key(program, row.text, words, span.start_s)
    elif modality == "audio":
        source = replace(source, text="", words=(), timed=timed_words(source))
        times = (span.start_s, span.end_s)
        key = audio_key(program, source.content.sha256, times, span.track, span.channel, source.timed)
    else:
        heard = None if usual is None else _voice(row, contents, usual)
        source = replace(source, text="", voice=heard)
        voice = () if heard is None else (heard.content.sha256, *astuple(heard.span))
        key = video_key(program, source.content.sha256, (span.start_s, span.end_s), span.track, row.region, voice)
    return Clip(row.utterance, key, source)


def _voice(row: Any, contents: Mapping[str, Content], usual: tuple[str, str]) -> Source:
    """Return the source of an utterance's voice; `usual` gives the track and channel if its row names none."""
    sound = source_of(row, "audio", (), contents)
    track, channel = sound.span.track or usual[0], sound.span.channel or usual[1]
    return replace(sound, text="", span=replace(sound.span, region=None, track=track, channel=channel))


def source_of(row: Any, modality: Modality, words: tuple[Word, ...], contents: Mapping[str, Content]) -> Source:
    """Return the source of an utterance's stream, with times in seconds from the start of the file to read.

    Its transcript and its words are given for each modality.

    Parameters
    ----------
    row
        A row of the table of utterances, with the columns as attributes.
    modality
        The modality of the stream.
    words
        The words of the utterance, with times in seconds from the start of its recording.
    contents
        The hash and stamp of each recording, keyed by the recording's path.
    """
    media, start_s, end_s = place_of(row, modality)
    if modality == "audio" and row.sound:
        words = tuple((word, first + start_s - row.start, last + start_s - row.start) for word, first, last in words)
    region = Region.parse(row.region) if row.region else None
    track = {"audio": row.audio_track, "video": row.video_track, "text": ""}[modality]
    channel = row.audio_channel if modality == "audio" else ""
    path = os.path.realpath(media) if media else ""
    path = media if path == media else path  # one string, since a plan holds all clips of a corpus
    span = Span(start_s, end_s, region, track, channel)
    return Source(path, media, span, row.text, words, content=contents.get(media, UNKNOWN))


def _contents(table: pd.DataFrame, trust_missing: bool) -> dict[str, Content]:
    memo = HashMemo(CACHE / "hashes.json")
    contents: dict[str, Content] = {}
    paths = [*table["media"], *table["sound"]]
    for media, known in zip(paths, [*table["media_sha256"], *table["sound_sha256"]], strict=True):
        if not media or media in contents:
            continue
        try:
            contents[media] = memo.content(Path(media))
        except OSError:  # the recording is missing: reading it will fail with a message
            contents[media] = Content(known, "") if trust_missing else UNKNOWN
        if contents[media].sha256 not in ("", known):
            raise UserError(
                f"{media} is not the recording that prepare saw: run `crossmodal prepare` for this corpus again"
            )
    memo.save()
    return contents


def timed_words(source: Source) -> dict[str, float | int]:
    """Return the first start and the last end of timed words, and the number of words from the first to the last.

    Words without times are counted if they are between timed words. Times are in seconds from the utterance's start.
    The mapping is empty if no word has times.
    """
    timed = [i for i, (_, start, end) in enumerate(source.words) if math.isfinite(start + end)]
    if not timed:
        return {}
    start = source.span.start_s
    first, last = min(source.words[i][1] for i in timed), max(source.words[i][2] for i in timed)
    return {"words": timed[-1] - timed[0] + 1, "words_start_s": first - start, "words_end_s": last - start}


def feature_clips(name: str, extractor: Extractor[Any]) -> list[Clip | Outcome]:
    """Return, for every utterance, the clip to compute, or the outcome of its stream if the stream has no data."""
    program = extractor_program(extractor)
    plans: list[Clip | Outcome] = []
    with open_store(CorpusPaths(name).stream(extractor.modality)) as store:
        for i, utterance in enumerate(store.utterances):
            if store.statuses[i] == "ok":
                plans.append(Clip(utterance, feature_key(program, store, i), i))
            else:
                error = STREAM_FAILED if store.statuses[i] == "failed" else ""
                plans.append(Outcome(utterance, "", store.statuses[i], note=store.notes[i], error=error))
    return plans


def require_current(planned: Sequence[Clip | Outcome], path: Path, command: str) -> None:
    """Check that a store was made from the present files with the present settings.

    Raises
    ------
    OutOfDate
        If a stored utterance is out of date or superfluous, or if the store lacks an utterance. The message names the
        command that updates the store.
    """
    with open_store(path) as store:
        stored = dict(zip(store.utterances, zip(store.keys, store.statuses, strict=True), strict=True))
    old = [p.utterance for p in planned if not is_current(p, *stored.get(p.utterance, ("", "")))]
    if old or len(stored) != len(planned):
        names = ", ".join(old[:3]) or "fewer utterances now"
        raise OutOfDate(
            f"{path} is out of date for {max(len(old), 1)} of {len(planned)} utterances ({names}): run `{command}`"
        )


def is_current(plan: Clip | Outcome, key: str, status: str) -> bool:
    """Whether a stored utterance, given by its key and status, is what the plan would produce."""
    return bool(status) and (key == plan.key if isinstance(plan, Clip) else status == plan.status)
