"""preprocess: each stream against what can be read off the recordings and the manifest."""

import csv
from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

from features.codec import read_audio, read_text
from features.store import open_store
from pipeline.errors import TooManyFailures
from pipeline.run.pool.cluster import Pool
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.stages.prepare import prepare
from pipeline.stages.preprocess import preprocess
from tests.faults.world import CLIPS, NAME

PATHS = CorpusPaths(NAME)


def test_the_audio_stream_is_each_recording_at_one_level(prepared: Params) -> None:
    report = preprocess(prepared, NAME, "audio", Pool(0))
    assert [outcome.status for outcome in report.outcomes] == ["ok"] * CLIPS
    with open_store(PATHS.stream("audio")) as store:
        assert list(store.utterances) == [f"u{i}" for i in range(CLIPS)]
        for i in range(CLIPS):
            rate, samples = wavfile.read(f"clips/{i}.wav")
            stream, wave = read_audio(store, i), samples / 32768
            assert stream.rate_hz == rate
            assert stream.duration_s == pytest.approx(len(wave) / rate)
            level_db = 20 * np.log10(np.sqrt(np.mean(stream.signal().astype(float) ** 2)))
            assert level_db == pytest.approx(prepared.streams["audio"].level_db, abs=0.1)  # type: ignore[attr-defined]
            first = round(stream.start_s * rate)
            original = wave[first : first + len(stream.samples)]
            assert np.corrcoef(original, stream.signal())[0, 1] > 0.99  # nothing is shifted


def test_the_text_stream_is_the_transcript_with_the_times_of_its_words(prepared: Params) -> None:
    preprocess(prepared, NAME, "text", Pool(0))
    with Path("clips/manifest.csv").open() as file:
        texts = {row["utterance"]: row["text"] for row in csv.DictReader(file)}
    with open_store(PATHS.stream("text")) as store:
        for i, utterance in enumerate(store.utterances):
            stream = read_text(store, i)
            assert stream.tokens == tuple(texts[utterance].split())
            np.testing.assert_allclose(stream.times[:, 0], 0.2 * np.arange(4) + 0.1)
            np.testing.assert_allclose(stream.times[:, 1], 0.2 * np.arange(4) + 0.25)


def test_a_second_run_computes_nothing_and_another_setting_everything(prepared: Params) -> None:
    assert len(preprocess(prepared, NAME, "audio", Pool(0)).computed) == CLIPS
    before = PATHS.stream("audio").read_bytes()
    assert list(preprocess(prepared, NAME, "audio", Pool(0)).computed) == []
    assert PATHS.stream("audio").read_bytes() == before
    wavfile.write("clips/3.wav", 16000, wavfile.read("new.wav")[1])
    prepare(prepared, NAME)
    assert list(preprocess(prepared, NAME, "audio", Pool(0)).computed) == ["u3"]


def test_more_failures_than_allowed_raise_after_the_store_was_written(prepared: Params) -> None:
    for i in (2, 5):
        Path(f"clips/{i}.wav").write_bytes(b"not a recording")
    prepare(prepared, NAME)
    with pytest.raises(TooManyFailures, match=f"2 of {CLIPS} clips failed"):
        preprocess(prepared, NAME, "audio", Pool(0))
    with open_store(PATHS.stream("audio")) as store:
        assert [i for i, status in enumerate(store.statuses) if status == "failed"] == [2, 5]
    with (PATHS.work / "failures.csv").open() as file:
        assert [(row["utterance"], row["step"]) for row in csv.DictReader(file)] == [("u2", "audio"), ("u5", "audio")]
