"""Recognise the words of an utterance with Whisper, run by faster-whisper on CTranslate2.

Whisper writes words even for silence, noise and music (A. Koenecke et al., Careless Whisper, FAccT 2024). So Whisper is
only given the parts in which somebody speaks (`pipeline.ingest.voice`), and improbable segments are left out. Decoding
is a beam search without sampling: the same sound gives the same words.

Source: A. Radford et al., Robust speech recognition via large-scale weak supervision, ICML 2023.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from common.names import suggest
from features.audio.speech_models import PACKAGED, is_ctranslate2, model_folder
from features.devices import CPU
from features.errors import EmptyInput, ExtractorError
from features.pretrained import weight_files
from features.types import FloatArray
from pipeline.errors import UserError
from pipeline.ingest.extra import extra_missing
from pipeline.ingest.voice import RATE_HZ, WINDOW, speech_spans
from pipeline.ingest.words import Spoken, Word
from pipeline.settings.streams import WordsConfig

VERSION = 1  # raised whenever the same sound and settings would give different words
PACKAGES = ("faster-whisper", "ctranslate2", "onnxruntime", "tokenizers", "numpy")

WINDOW_S = 28.0  # longest window, unless a single span of speech is longer; Whisper itself reads 30 s
MARGIN_S = 0.3  # Whisper also reads this much sound on both sides of a window
UNSURE = -1.0  # minimum mean log-probability of the tokens: Whisper's own limit for a failed decoding
STRICTER = -0.6  # the same minimum for a sound whose loud parts are mostly not speech, as when somebody hums
LOUD_DB = 10.0  # sound is loud if its level is within this range of the loudest
MOSTLY = 1 / 3  # loud sound is mostly not speech if a smaller share of it is inside speech
SHORT_S = 1.2  # less speech than this, margins included, is ignored if the loud sound is mostly not speech
NOBODY = "nobody speaks"
REPEATED = 2.4  # a text that zlib compresses by more than this factor repeats itself, and counts as failed
FASTEST = 10.0  # largest plausible number of words per second of speech
TOKENS_PER_S, TOKENS, MOST_TOKENS = 12.0, 16, 220  # limits on the number of tokens, which stop endless repetition
_LEVEL = 0.05  # significance level of the sign test
UNSURE_MEAN = 0.6  # mean word probability of an utterance; in another language, most utterances are below this

HUMMED = re.compile(r"\W*(h*m+|m+h+m+|h+u+m+|\W)*\W*", re.IGNORECASE)  # a hum without words: Mm-hmm

Spans = NDArray[np.float64]


def recognise(samples: FloatArray, settings: WordsConfig, device: str = CPU) -> Spoken:
    """Return the text and the words that are spoken, with times and probabilities; `note` says what was left out.

    Parameters
    ----------
    samples
        Mono sound at 16 kHz in [-1, 1], shape (n,).
    settings
        The model and the language.
    device
        The device on which CTranslate2 runs.

    Raises
    ------
    EmptyInput
        If nobody speaks, if no word is heard, or if all segments are left out (see `doubt`).
    UserError
        If a package or the model is missing, or the model does not know the language.
    """
    spans = speech_spans(samples)
    if not len(spans):
        raise EmptyInput(NOBODY)
    mostly = speech_share(samples, spans) >= MOSTLY
    if not mostly and float(np.diff(spans).sum()) < SHORT_S:
        raise EmptyInput(NOBODY)
    found = [segment for start, end in windows(spans) for segment in _segments(samples, start, end, settings, device)]
    doubts = [doubt(segment, spans, UNSURE if mostly else STRICTER) for segment in found]
    kept = [segment for segment, why in zip(found, doubts, strict=True) if not why]
    if not kept:
        raise EmptyInput(next(iter(doubts), "no word is heard"))
    words = tuple(word for segment in kept for word in segment.words)
    left_out = f"some segments are left out: {'; '.join(dict.fromkeys(filter(None, doubts)))}" if any(doubts) else ""
    return Spoken(" ".join(segment.text.strip() for segment in kept), words, left_out)


def unsure(found: Sequence[Spoken], doubted: int, settings: WordsConfig) -> list[str]:
    """Return a sentence if the recogniser was unsure of most utterances, perhaps because of their language.

    A few utterances may be unclear for many reasons. So the list is empty unless a one-sided sign test at the 5 % level
    rejects the hypothesis that at least half of the utterances are clear. This takes at least five utterances.

    Parameters
    ----------
    found
        Utterances with their words.
    doubted
        The number of further utterances in which somebody speaks, but all segments were left out.
    settings
        The settings; the sentence names their language.
    """
    means = [float(np.mean([word.confidence for word in spoken.words])) for spoken in found] + [0.0] * doubted
    below = sum(mean < UNSURE_MEAN for mean in means)
    if sum(comb(len(means), k) for k in range(below, len(means) + 1)) / 2 ** len(means) >= _LEVEL:
        return []
    return [
        f"the recogniser is unsure of most utterances (median of their mean word probabilities: "
        f"{np.median(means):.2f}): if they are not in the language {settings.language}, set streams.text.language to "
        "their language, and streams.text.model to a model that knows it"
    ]


def windows(spans: Spans) -> Iterator[tuple[float, float]]:
    """Yield the windows that are decoded one by one: consecutive spans of speech, together at most `WINDOW_S` long.

    A single span that is longer is a window of its own.

    >>> list(windows(np.array([[1.0, 5.0], [6.0, 25.0], [27.0, 40.0]])))
    [(1.0, 25.0), (27.0, 40.0)]
    """
    first, last = spans[0]
    for start, end in spans[1:]:
        if end - first > WINDOW_S:
            yield float(first), float(last)
            first = start
        last = end
    yield float(first), float(last)


def speech_share(samples: FloatArray, spans: Spans) -> float:
    """Return the share of loud frames (at most `LOUD_DB` below the loudest) that are inside spans; 0 for silence.

    >>> hum = np.sin(np.arange(4 * RATE_HZ, dtype=np.float32))
    >>> round(speech_share(hum, np.array([[0.0, 1.0]])), 2)
    0.25
    """
    frames = samples[: len(samples) // WINDOW * WINDOW].reshape(-1, WINDOW)
    with np.errstate(divide="ignore"):
        levels_db = 10 * np.log10(np.mean(np.square(frames, dtype=np.float64), axis=1))
    if not np.isfinite(levels_db).any():
        return 0.0
    middles_s = (np.flatnonzero(levels_db >= levels_db.max() - LOUD_DB) + 0.5) * WINDOW / RATE_HZ
    inside = (middles_s[:, None] >= spans[:, 0]) & (middles_s[:, None] < spans[:, 1])
    return float(inside.any(axis=1).mean())


def doubt(segment: Any, spans: Spans, limit: float = UNSURE) -> str:
    """Return why a segment is left out, or ``""`` if it is kept.

    Parameters
    ----------
    segment
        A faster-whisper segment with its words; times in seconds from the start of the utterance.
    spans
        Where somebody speaks, ``(spans, 2)`` in seconds.
    limit
        The minimum mean log-probability of the segment's tokens.
    """
    if segment.compression_ratio > REPEATED:
        return "the same words are repeated over and over"
    if segment.avg_logprob < limit:
        return "the recogniser is too unsure"
    if all(HUMMED.fullmatch(word.text) for word in segment.words):
        return "there is only a hum without words"
    overlap = np.minimum(spans[:, 1], segment.end) - np.maximum(spans[:, 0], segment.start)
    speech_s = float(np.maximum(overlap, 0).sum())
    if len(segment.words) > FASTEST * speech_s:
        return "there are more words than anybody can say in that time"
    return ""


def model_files(model: str) -> tuple[Path, ...]:
    """Return the files of a model; raise `UserError` if it is missing, or not a Whisper model for CTranslate2."""
    try:
        folder = model_folder(_on_hub(model))
        if not is_ctranslate2(folder):
            raise ExtractorError(
                f"{folder} is not a Whisper model in CTranslate2's format (model.bin, a vocabulary): convert it with "
                "ct2-transformers-converter, or name another model"
            )
        return weight_files(folder)
    except ExtractorError as error:
        raise UserError(f"streams.text.model: {error}") from error


def _on_hub(model: str) -> str:
    """Return the hub name of a size that faster-whisper knows, such as ``small.en``; return other names unchanged."""
    from faster_whisper.utils import _MODELS

    return model if model == PACKAGED or Path(model).is_dir() else str(_MODELS.get(model, model))


def _segments(samples: FloatArray, start_s: float, end_s: float, settings: WordsConfig, device: str) -> Iterator[Any]:
    """Yield the segments that Whisper hears in a window, with times in seconds from the start of the whole sound."""
    first_s = max(0.0, start_s - MARGIN_S)
    part = samples[round(first_s * RATE_HZ) : round((end_s + MARGIN_S) * RATE_HZ)]
    found, _ = _model(settings.model, settings.language, device).transcribe(
        part,
        language=settings.language,
        temperature=0.0,  # at higher temperatures, words are drawn at random
        condition_on_previous_text=False,  # otherwise one mistake would lead to the next
        word_timestamps=True,
        no_speech_threshold=None,  # `doubt` decides this
        log_prob_threshold=None,
        compression_ratio_threshold=None,
        max_new_tokens=min(MOST_TOKENS, round(TOKENS_PER_S * len(part) / RATE_HZ) + TOKENS),
    )
    for segment in found:
        words = tuple(
            Word(word.word.strip(), word.start + first_s, word.end + first_s, float(word.probability))
            for word in segment.words
        )
        yield replace(segment, start=segment.start + first_s, end=segment.end + first_s, words=words)


@cache
def _model(model: str, language: str, device: str) -> Any:
    """Return the model, loaded once per process.

    Raises
    ------
    UserError
        If a package or the model is missing, or the model does not know the language.
    """
    try:
        from faster_whisper import WhisperModel
    except ImportError as error:
        raise extra_missing("faster-whisper", "words are recognised") from error
    folder = model_files(model)[0].parent
    kind, _, number = device.partition(":")
    try:
        found = WhisperModel(
            str(folder),
            device=kind,
            device_index=int(number or 0),
            compute_type="float32",
            cpu_threads=1,
            num_workers=1,
            local_files_only=True,
        )
    except (RuntimeError, ValueError, OSError) as error:
        raise UserError(
            f"streams.text.model: no Whisper model can be loaded from {folder} ({error}): name another model"
        ) from error
    if not found.model.is_multilingual and language != "en":
        raise UserError(
            f"streams.text.language is {language}, but the model {model} only knows English: name a multilingual model "
            "in streams.text.model, such as small"
        )
    if language not in found.supported_languages:
        raise UserError(f"streams.text.language: {suggest(language, found.supported_languages)}")
    return found
