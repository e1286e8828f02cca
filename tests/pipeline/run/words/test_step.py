"""The step that makes words: how clips are divided, what it reads, and how words come back from the cache."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.errors import EmptyInput
from features.store import Entry
from pipeline.errors import Changed
from pipeline.hashing import Content, sha256_of
from pipeline.ingest.words import Spoken, Word
from pipeline.run.cache import ClipCache
from pipeline.run.keys.description import described
from pipeline.run.keys.utterance import word_program
from pipeline.run.plans import Clip, Source
from pipeline.run.words import kinds
from pipeline.run.words.kinds import KINDS, RECOGNISE, Kind
from pipeline.run.words.step import WordStep, entry_of, known_of, spoken_of
from pipeline.settings.streams import AudioConfig, WordsConfig
from pipeline.streams.spans import Span

SETTINGS, AUDIO = WordsConfig(), AudioConfig(rate_hz=8000, high_hz=3900)


def level(samples: Any, known: Spoken, settings: WordsConfig, device: str) -> Spoken:
    """Stand for a recogniser: one word, the number of samples."""
    if not np.abs(samples).max(initial=0) > 0.1:
        raise EmptyInput("nobody speaks")
    if known.text == "break":
        raise RuntimeError("the model broke")
    return Spoken(str(len(samples)), (Word(str(len(samples)), 0, 1, 0.5),))


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WordStep:
    import wave

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(kinds, "KINDS", KINDS)
    monkeypatch.setitem(KINDS, "level", Kind(level, lambda _: {"version": 1}, reads_words=False))  # type: ignore[index]
    sound = np.concatenate([np.zeros(16000), 0.5 * np.sin(2 * np.pi * 300 * np.arange(16000) / 16000)])
    with wave.open("tone.wav", "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes((32000 * sound).astype("<i2").tobytes())
    return WordStep("level", SETTINGS, AUDIO, described(word_program("level", {"version": 1}, AUDIO)))


def clip(name: str, start_s: float, end_s: float, text: str = "", path: str = "tone.wav") -> Clip:
    sha256 = sha256_of(Path(path)) if Path(path).is_file() else ""
    return Clip(
        name, "", Source(str(Path(path).resolve()), path, Span(start_s, end_s), text, content=Content(sha256, ""))
    )


def test_a_kind_gets_the_sound_of_each_span_at_16_khz(step: WordStep) -> None:
    clips = [clip("a", 1.0, 1.5), clip("b", 0.0, 0.5), clip("c", 1.5, 2.0, "break"), clip("d", 1.0, 2.0)]
    found: Any = dict(step.compute(clips))
    assert found[0].clips["text"] == "8000"
    assert found[3].clips["text"] == "16000"
    assert isinstance(found[1], EmptyInput)
    assert str(found[2]) == "the model broke"  # which fails this clip alone


def test_a_missing_recording_fails_alone(step: WordStep) -> None:
    found = dict(step.compute([clip("a", 0, 1, path="gone.wav"), clip("b", 1, 2)]))
    assert isinstance(found[0], Exception)
    assert isinstance(found[1], Entry)


def test_other_code_than_planned_ends_the_run(step: WordStep) -> None:
    with pytest.raises(Changed, match="the step level is not the same"):
        list(replace(step, depends=described(word_program("level", {"version": 2}, AUDIO))).compute([clip("a", 1, 2)]))


def test_recordings_with_many_clips_are_divided_and_short_ones_put_together(step: WordStep) -> None:
    many = [clip(f"m{i}", i, i + 1) for i in range(40)]
    few = [clip(f"f{i}", 0, 1, path=f"{i}.wav") for i in range(8)]
    assert [len(batch) for batch in step.batches(many, 2)] == [10] * 4
    assert [len(batch) for batch in step.batches(few, 1)] == [1] * 8
    assert [len(batch) for batch in step.batches(few * 16, 1)] == [16] * 8


def test_words_come_back_from_the_cache_as_they_were(tmp_path: Path) -> None:
    spoken = Spoken("Né, so.", (Word("Né,", 0.1, 0.25, 0.5), Word("so.", math.nan, math.nan, 1.0)), "a note")
    cache = ClipCache(tmp_path, RECOGNISE)
    cache.put("ab", entry_of(spoken))
    entry = cache.get("ab")
    assert entry is not None
    found = spoken_of(entry)
    assert (found.text, found.note, found.words[0]) == (spoken.text, spoken.note, spoken.words[0])
    assert [word.timed for word in found.words] == [True, False]
    cache.put("cd", entry_of(Spoken("", ())))
    assert (empty := cache.get("cd")) is not None
    assert spoken_of(empty) == Spoken("", ())


def test_what_is_known_has_times_from_the_start_of_the_utterance() -> None:
    source = Source("x", "x", Span(10.0, 12.0), "oh", (("oh", 10.5, 11.0),))
    assert known_of(source).words[0][:3] == ("oh", 0.5, 1.0)
