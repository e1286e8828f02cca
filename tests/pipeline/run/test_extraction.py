"""Extraction: which clips are computed, from which stream, and that no store stays open."""

import gc
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from features.audio.speech_encoder import SpeechEncoder
from features.codec import STREAM_SCHEMAS, audio_entry
from features.errors import EmptyInput, ExtractorError
from features.registry import build
from features.store import IMPORTED, Entry, Item, feature_schema, write_store
from features.types import AudioStream
from pipeline.errors import Changed, UserError
from pipeline.run import extraction
from pipeline.run.extraction import ExtractStep, close_store, devices, write_features
from pipeline.run.keys.description import described
from pipeline.run.keys.utterance import extractor_program
from pipeline.run.plans import Clip, Outcome, feature_clips
from pipeline.run.pool.cluster import Pool
from pipeline.settings.params import load_params
from pipeline.settings.paths import CorpusPaths

RATE_HZ = 16000
RNG = np.random.default_rng(0)


def voice(seconds: float) -> AudioStream:
    samples = RNG.integers(-3000, 3000, round(seconds * RATE_HZ)).astype(np.int16)
    return AudioStream(samples, RATE_HZ, 0.0, seconds, 0.0)


def write_streams(path: Path, *entries: Entry) -> None:
    items = [Item(f"u{i}", f"key {i}", e.length, lambda e=e: e) for i, e in enumerate(entries)]  # type: ignore[misc]
    write_store(path, STREAM_SCHEMAS["audio"], {"rate_hz": RATE_HZ, "kind": "stream", "name": "audio"}, items)


@pytest.fixture
def stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    path = CorpusPaths("c").stream("audio")
    write_streams(
        path, audio_entry(voice(1.0)), Entry("absent", "no sound"), Entry("failed"), audio_entry(voice(0.001))
    )
    yield path
    close_store()


def step(stream: Path, name: str = "mfcc") -> ExtractStep:
    extractor = build(name, {})
    return ExtractStep(name, "{}", described(extractor_program(extractor)), str(stream.resolve()), extractor.light)


def test_only_clips_with_a_stream_are_computed(stream: Path) -> None:
    plans = feature_clips("c", build("mfcc", {}))
    assert [type(plan) for plan in plans] == [Clip, Outcome, Outcome, Clip]
    assert [(p.status, p.note, p.error) for p in plans if isinstance(p, Outcome)] == [
        ("absent", "no sound", ""),
        ("failed", "", "StreamFailed"),
    ]
    assert len({plan.key for plan in plans if isinstance(plan, Clip)}) == 2


def test_features_are_those_that_the_extractor_measures(stream: Path) -> None:
    todo = [plan for plan in feature_clips("c", build("mfcc", {})) if isinstance(plan, Clip)]
    found = dict(step(stream).compute(todo))
    entry = found[0]
    assert isinstance(entry, Entry)
    assert entry.clips["pooled"].shape == (len(build("mfcc", {}).pooled_names),)  # type: ignore[union-attr]
    assert type(found[1]).__name__ == "EmptyInput"  # one millisecond long, so only this clip is concerned


@pytest.mark.parametrize(("count", "workers", "sizes"), [(3, 2, [1, 1, 1]), (40, 2, [2] + [3] * 6), (999, 2, [15, 16])])
def test_batches_are_small_enough_to_keep_all_workers_busy_to_the_end(
    count: int, workers: int, sizes: list[int], stream: Path
) -> None:
    clips = [Clip(f"u{i}", "", i) for i in range(count)]
    batches = step(stream).batches(clips, workers)
    assert [len(batch) for batch in batches][: len(sizes)] == sizes
    assert [clip for batch in batches for clip in batch] == clips


def test_a_stream_that_was_written_again_is_refused_and_closed_at_once(stream: Path) -> None:
    todo = [plan for plan in feature_clips("c", build("mfcc", {})) if isinstance(plan, Clip)][:1]
    list(step(stream).compute(todo))
    first = extraction._extracted_from.get(stream.resolve())
    assert first.file.id.valid
    write_streams(stream, audio_entry(voice(1.0)))
    os.utime(stream, ns=(10**18, 10**18))
    gc.disable()
    try:
        with pytest.raises(Changed, match="changed while mfcc was extracted from it: run the same command again"):
            list(step(stream).compute(todo))
        assert not first.file.id.valid
        second = extraction._extracted_from.get(stream.resolve())
        close_store()
        assert not second.file.id.valid
    finally:
        gc.enable()


def test_one_store_stays_open_for_all_batches(stream: Path) -> None:
    assert extraction._extracted_from.get(stream.resolve()) is extraction._extracted_from.get(stream.resolve())


def test_imported_features_are_not_overwritten(stream: Path, tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("{}")
    params = load_params(tmp_path / "params.yaml")
    path = CorpusPaths("c").features("mfcc")
    write_store(path, feature_schema(1, 1), {"kind": IMPORTED, "modality": "audio", "name": "mfcc"}, [])
    with pytest.raises(UserError, match="holds imported features, which would be overwritten: give the extractor mfcc"):
        write_features(params, "c", "mfcc", Pool(0))


def test_clips_are_read_at_once_where_an_accelerator_reads_them_and_one_at_a_time_on_the_cpu(
    stream: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_streams(stream, *(audio_entry(voice(0.4)) for _ in range(3)), audio_entry(voice(0.05)))
    extractor = build("speech_encoder", {})
    todo = [plan for plan in feature_clips("c", extractor) if isinstance(plan, Clip)]
    sizes: list[int] = []
    encode = SpeechEncoder.encode
    monkeypatch.setattr(SpeechEncoder, "encode", lambda self, one: sizes.append(len(one)) or encode(self, one))
    found = {}
    for at_once in (1, 32):
        batch = replace(step(stream, "speech_encoder"), at_once=at_once)
        found[at_once] = dict(batch.compute(todo))
    assert sizes == [1, 1, 1, 3]
    assert list(found[32]) == [0, 1, 2, 3]
    assert isinstance(found[1][3], EmptyInput)
    assert isinstance(found[32][3], EmptyInput)
    for i in range(3):
        alone, together = (found[n][i].clips["pooled"] for n in (1, 32))  # type: ignore[union-attr]
        np.testing.assert_allclose(together, alone, atol=1e-5)


def test_a_clip_that_fails_in_a_batch_fails_alone(stream: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_streams(stream, audio_entry(voice(0.4)), audio_entry(voice(0.5)))
    todo = [plan for plan in feature_clips("c", build("speech_encoder", {})) if isinstance(plan, Clip)]
    encode = SpeechEncoder.encode

    def fail(self: SpeechEncoder, inputs: Any) -> Any:
        if len(inputs[0]) == 8000:
            raise RuntimeError("out of memory")
        return encode(self, inputs)

    monkeypatch.setattr(SpeechEncoder, "encode", fail)
    found = dict(replace(step(stream, "speech_encoder"), at_once=8).compute(todo))
    assert isinstance(found[0], Entry)
    assert str(found[1]) == "out of memory"


def test_the_key_does_not_depend_on_the_device_and_an_entry_names_it(
    stream: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "device" not in described(extractor_program(build("speech_encoder", {})))
    todo = [plan for plan in feature_clips("c", build("speech_encoder", {})) if isinstance(plan, Clip)][:1]
    ((_, entry),) = step(stream, "speech_encoder").compute(todo)
    assert isinstance(entry, Entry)
    assert entry.device == "cpu"
    ((_, entry),) = step(stream, "mfcc").compute(
        [plan for plan in feature_clips("c", build("mfcc", {})) if isinstance(plan, Clip)][:1]
    )
    assert entry.device == ""  # type: ignore[union-attr]


def test_a_store_names_the_devices_that_computed_its_utterances_in_whatever_run() -> None:
    from_cache = [Outcome(name, "k", "ok", 1, device="cuda:0") for name in "abc"]
    assert devices(from_cache) == {"device": "cuda:0"}
    mixed = [
        *from_cache,
        Outcome("d", "k", "ok", 1, device="cpu"),
        Outcome("e", "k", "empty"),
        Outcome("f", "", "failed"),
    ]
    assert devices(mixed) == {"device": "cpu (1 of 4 utterances), cuda:0 (3 of 4 utterances)"}
    assert devices([Outcome("a", "k", "ok", 1)]) == {"device": "cpu"}  # from the cache of a version without devices
    assert devices([Outcome("a", "", "absent")]) == {}


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ("model: no/such/folder", "there is no folder no/such/folder: give the folder of an encoder, or a name on the"),
        ("layer: 1", "layer is 1, but CTranslate2 gives only the last layer of "),
    ],
)
def test_a_setting_that_an_encoder_cannot_work_with_is_named_once(
    settings: str, sentence: str, stream: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "params.yaml").write_text(f"features: {{mine: {{extractor: speech_encoder, {settings}}}}}")
    monkeypatch.setattr(extraction, "require_current", lambda *_: None)
    monkeypatch.setattr(extraction, "stream_clips", lambda *_, **__: [])
    with pytest.raises((UserError, ExtractorError), match=rf"^features\.mine: {sentence}"):
        write_features(load_params(tmp_path / "params.yaml"), "c", "mine", Pool(0))


def test_a_worker_names_the_setting_that_an_encoder_cannot_work_with(
    stream: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    todo = [plan for plan in feature_clips("c", build("speech_encoder", {})) if isinstance(plan, Clip)]

    def refuse(self: SpeechEncoder, inputs: Any) -> Any:
        raise ExtractorError("the weights are those of another model")

    monkeypatch.setattr(SpeechEncoder, "encode", refuse)
    with pytest.raises(ExtractorError, match=r"^features\.speech_encoder: the weights are those of another model$"):
        list(step(stream, "speech_encoder").compute(todo))


def test_the_device_of_an_encoder_is_found_only_if_there_is_something_to_compute(
    stream: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(SpeechEncoder, "device_for", lambda _, wanted: f"{wanted}:0")
    planned = replace(step(stream, "speech_encoder"), device="cuda", at_once=32)
    assert (planned.ready().device, planned.ready().at_once) == ("cuda:0", 32)
    assert replace(step(stream, "mfcc"), device="cuda", at_once=32).ready() == step(stream, "mfcc")
    monkeypatch.setattr(SpeechEncoder, "device_for", lambda *_: "cpu")
    assert planned.ready() == step(stream, "speech_encoder")
