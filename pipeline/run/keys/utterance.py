"""Keys of results for one utterance: its streams, words, features, imported features and preview."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib import import_module
from os.path import commonpath
from pathlib import Path
from typing import Any

from features.base import Extractor, Modality
from features.errors import ExtractorError, names_setting
from features.store import Store
from pipeline.corpora.utterances import Word
from pipeline.errors import UserError
from pipeline.hashing import HashMemo
from pipeline.run.keys.description import key_of, library_versions
from pipeline.settings.paths import CACHE

_STREAM_PACKAGES: Mapping[Modality, tuple[str, ...]] = {
    "text": (),
    "audio": ("av", "scipy", "numpy"),
    "video": ("av", "mediapipe", "opencv-contrib-python", "numpy"),
}
_SOUND_PACKAGES = ("av", "soxr", "numpy")
_PREVIEW_PACKAGES = ("av", "numpy", "opencv-contrib-python", "mediapipe")


def stream_program(modality: Modality, config: Any) -> dict[str, Any]:
    """Return what a stream depends on besides the recording and its transcript: algorithm, settings, libraries."""
    return {
        "step": modality,
        "version": int(import_module(f"pipeline.streams.{modality}").VERSION),
        "config": (settings := config.of_content()),
        "libraries": library_versions((*_STREAM_PACKAGES[modality], *(("scipy",) if "follow" in settings else ()))),
    }


def text_key(program: Mapping[str, Any], text: str, words: Sequence[Word], start_s: float) -> str:
    """Return the key of a text stream; it covers the transcript, its timed words, and the utterance's start."""
    return key_of({**program, "text": text, "words": words, "start": start_s})


def audio_key(
    program: Mapping[str, Any],
    sha256: str,
    span: tuple[float, float],
    track: str,
    channel: str,
    timed_words: Mapping[str, float],
) -> str:
    """Return the key of an audio stream; it covers the recording's content, what is read of it, and word times."""
    return key_of({**_span_of(program, sha256, span, track), "channel": channel, "words": timed_words})


def video_key(
    program: Mapping[str, Any],
    sha256: str,
    span: tuple[float, float],
    track: str,
    region: str,
    voice: Sequence[Any] = (),
) -> str:
    """Return the key of a video stream; it covers the recording's content, what is read of it, and the voice."""
    heard = {"voice": voice} if voice else {}
    return key_of({**_span_of(program, sha256, span, track), "channel": "", "region": region, **heard})


def _span_of(program: Mapping[str, Any], sha256: str, span: tuple[float, float], track: str) -> dict[str, Any]:
    return {**program, "media": sha256, "start": span[0], "end": span[1], "track": track}


def word_program(kind: str, depends: Mapping[str, Any], audio: Any) -> dict[str, Any]:
    """Return what recognised or aligned words depend on besides the recording and the words that are known already.

    Parameters
    ----------
    kind
        A key of `pipeline.run.words.kinds.KINDS`.
    depends
        Algorithm, settings, models and libraries of this kind of work.
    audio
        The settings of the audio stream; only its track and channel matter.
    """
    return {
        "step": kind,
        "depends": depends,
        "track": str(audio.track),
        "channel": str(audio.channel),
        "libraries": library_versions(_SOUND_PACKAGES),
    }


def word_key(
    program: Mapping[str, Any],
    sha256: str,
    span: tuple[float, float],
    track: str,
    channel: str,
    known: Sequence[Any],
) -> str:
    """Return the key of recognised or aligned words; it covers the recording's content, the span and known words."""
    return key_of({**program, "media": sha256, "span": span, "own": [track, channel], "known": known})


def extractor_program(extractor: Extractor[Any]) -> dict[str, Any]:
    """Return what an extractor's features depend on besides the stream: algorithm, settings, weights, libraries."""
    return {
        "name": extractor.name,
        "version": extractor.version,
        "config": asdict(extractor.config),
        "weights": weights_sha256(extractor),
        "libraries": library_versions(extractor.packages),
    }


def weights_sha256(extractor: Extractor[Any]) -> dict[str, str]:
    """Return the content hash of each weights file, keyed by its path relative to the files' common folder.

    Raises
    ------
    UserError
        If a file is missing or cannot be used. The message names the setting.
    """
    instance = extractor.instance or extractor.name
    try:
        with names_setting(instance):
            return files_sha256(extractor.weights())
    except ExtractorError as error:
        raise UserError(str(error)) from error
    except OSError as error:
        raise UserError(f"features.{instance}: its weights cannot be read: {error}") from error


def files_sha256(files: Sequence[Path]) -> dict[str, str]:
    """Return the content hash of each file, keyed by its path relative to the files' common folder.

    A missing file raises OSError.
    """
    memo = HashMemo(CACHE / "hashes.json")
    root = Path(commonpath([path.parent for path in files])) if files else Path()
    hashes = {path.relative_to(root).as_posix(): memo.sha256(path) for path in files}
    memo.save()
    return hashes


def feature_key(program: Mapping[str, Any], store: Store, i: int) -> str:
    """Return the key of an extractor's features for utterance `i`; it covers the stream's key and content."""
    return key_of({**program, "stream": [store.keys[i], store.digest_of(i)]})


def import_key(origin: Mapping[str, Any], store: str, utterance: str) -> str:
    """Return the key of an utterance's imported features; it covers the origin (file, options), store and utterance."""
    return key_of({"store": store, **origin, "utterance": utterance})


def frames_key(origin: str, store: str, row: Any, span: Sequence[float]) -> str:
    """Return the key of an utterance's imported frames.

    Parameters
    ----------
    origin
        The key of the origin (files and options).
    store
        The name of the store.
    row
        The row of the utterance table, with the columns as attributes; it names the recording and its content.
    span
        Start and end by which frames were chosen, in seconds; they are rounded to microseconds, as in the table.
    """
    place = [row.recording, row.media_sha256, row.sound_sha256, *(round(time, 6) for time in span)]
    return key_of({"store": store, "origin": origin, "utterance": row.utterance, "place": place})


def preview_program(drawn: Mapping[str, Any], pictures: bool) -> dict[str, Any]:
    """Return what an utterance's preview depends on besides recording and streams: the drawing and the libraries.

    Parameters
    ----------
    drawn
        The version of the drawing and its settings.
    pictures
        Whether clips and pictures of faces are made.
    """
    return {"preview": {**drawn, "pictures": pictures}, "libraries": library_versions(_PREVIEW_PACKAGES)}


def preview_key(program: Mapping[str, Any], recordings: Sequence[str], streams: Sequence[str]) -> str:
    """Return the key of an utterance's preview.

    Parameters
    ----------
    program
        From `preview_program`.
    recordings
        The keys of the audio and the video stream, which cover the recordings and what is read from them.
    streams
        The digests of the two streams in their stores; empty for a missing stream.
    """
    return key_of({**program, "recordings": recordings, "streams": streams})
