"""The two kinds of work on the sound of an utterance: recognising its words, and aligning known words with it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from features.devices import CPU, ctranslate2_device
from features.types import FloatArray
from pipeline.ingest import recognise
from pipeline.ingest.alignment import align
from pipeline.ingest.extra import require
from pipeline.ingest.words import Spoken
from pipeline.run.keys.description import library_versions
from pipeline.run.keys.utterance import files_sha256
from pipeline.settings.streams import WordsConfig


@dataclass(frozen=True)
class Kind:
    """A kind of work on the sound of an utterance: recognising or aligning its words.

    Attributes
    ----------
    words_of
        Function that takes mono samples at 16 kHz, the words known so far, the settings and the device, and returns the
        words of the utterance. It raises `EmptyInput` if no words can be recognised or aligned.
    program
        Function that returns what results depend on besides the sound and the known words: version, settings, models,
        libraries.
    reads_words
        Whether results depend on the words known so far.
    device_for
        Function from the setting ``run.device`` to the device to use.
    """

    words_of: Callable[[FloatArray, Spoken, WordsConfig, str], Spoken]
    program: Callable[[WordsConfig], Mapping[str, Any]]
    reads_words: bool
    device_for: Callable[[str], str] = lambda _: CPU


def _recognised(samples: FloatArray, known: Spoken, settings: WordsConfig, device: str) -> Spoken:  # noqa: ARG001
    return recognise.recognise(samples, settings, device)


def _recogniser(settings: WordsConfig) -> Mapping[str, Any]:
    require("faster-whisper", "words are recognised")
    return {
        "version": recognise.VERSION,
        "language": settings.language,
        "model": files_sha256(recognise.model_files(settings.model)),
        "libraries": library_versions(recognise.PACKAGES),
    }


def _aligned(samples: FloatArray, known: Spoken, settings: WordsConfig, device: str) -> Spoken:  # noqa: ARG001
    return align.align(samples, known)


def _aligner(settings: WordsConfig) -> Mapping[str, Any]:  # noqa: ARG001
    require("pocketsphinx", "words are aligned")
    return {"version": align.VERSION, "libraries": library_versions(align.PACKAGES)}


ALIGN, RECOGNISE = "align", "recognise"

KINDS: Mapping[str, Kind] = {
    ALIGN: Kind(_aligned, _aligner, reads_words=True),
    RECOGNISE: Kind(_recognised, _recogniser, reads_words=False, device_for=ctranslate2_device),
}
