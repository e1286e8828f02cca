"""A preview: what it holds of a clip, of a broken one, and as an entry of the cache."""

from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from pipeline.hashing import Content
from pipeline.reporting.utterance.preview import Preview, PreviewStep
from pipeline.run.plans import Clip, Source
from pipeline.settings.streams import AudioConfig, VideoConfig
from pipeline.streams.spans import Span


def test_it_survives_the_cache() -> None:
    one = Preview({"sound": {"wave": [-1, 1]}}, b"strip", b"clip")
    assert Preview.of(one.entry()) == one


def test_a_clip_that_no_stream_was_made_of_still_has_sound_and_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made_to_look_at: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    path = made_to_look_at / "c/a.mp4"
    source = Source(str(path), "a.mp4", Span(0.0, 2.64), content=Content(sha256(path.read_bytes()).hexdigest(), ""))
    step = PreviewStep(AudioConfig(), VideoConfig(), (), pictures=True)
    ((_, entry),) = step.compute([Clip("a", "k", source)])
    found = Preview.of(entry)  # type: ignore[arg-type]
    assert found.clip == path.read_bytes()
    assert found.facts["faces"]["times"] == []
    assert [frame["box"] for frame in found.facts["faces"]["shown"]] == [None]
    wave = np.array(found.facts["sound"]["wave"]).reshape(-1, 2)
    assert wave.max() == 100 or wave.min() == -100
    assert "kept" not in found.facts["sound"]


def test_batches_keep_all_workers_busy() -> None:
    step = PreviewStep(AudioConfig(), VideoConfig(), (), pictures=True)
    clips = [Clip(str(i), "k", None) for i in range(40)]
    assert [len(batch) for batch in step.batches(clips, 2)] == [5] * 8
