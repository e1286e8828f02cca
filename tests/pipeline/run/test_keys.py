"""Keys: everything that a result depends on changes its key, and nothing else does, in any process."""

import hashlib
import os
import subprocess
import sys
from dataclasses import astuple, dataclass, fields, replace
from pathlib import Path
from types import MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from features.codec import STREAM_SCHEMAS, audio_entry
from features.registry import build
from features.store import Item, open_store, write_store
from features.types import AudioStream
from pipeline.errors import UserError
from pipeline.run import keys
from pipeline.run.keys import FitInputs, described, frames_key, key_of
from pipeline.settings.streams import AudioConfig, VideoConfig
from pipeline.streams.spans import Span


def test_a_key_is_the_hash_of_the_description_as_sorted_json() -> None:
    assert described({"b": (1, 2.5), "a": {"d": None, "c": True}}) == '{"a": {"c": true, "d": null}, "b": [1, 2.5]}'
    assert key_of({"a": "ü"}) == hashlib.sha256(b'{"a": "\\u00fc"}').hexdigest()


@dataclass(frozen=True)
class Settings:
    step_s: float
    names: tuple[str, ...]


def test_equal_descriptions_in_other_containers_have_equal_keys() -> None:
    plain = {"config": {"step_s": 0.5, "names": ["a", "b"]}, "x": 1}
    others: list[Any] = [
        {"x": 1, "config": {"names": ("a", "b"), "step_s": 0.5}},
        {"x": 1, "config": Settings(0.5, ("a", "b"))},
        {"x": 1, "config": MappingProxyType({"step_s": 0.5, "names": ["a", "b"]})},
    ]
    assert {key_of(other) for other in others} == {key_of(plain)}


def test_every_part_and_the_order_of_lists_count() -> None:
    base = {"step": "mfcc", "version": 1, "config": {"count": 40}, "streams": ["s", "t"]}
    changed = [{"version": 2}, {"config": {"count": 41}}, {"streams": ["t", "s"]}, {"step": "m"}, {"version": "1"}]
    assert len({key_of(base), *(key_of(base | change) for change in changed)}) == 6


@pytest.mark.parametrize(
    "value", [{"a", "b"}, frozenset("ab"), np.arange(3), np.float32(1), Path("x"), object(), b"bytes", Settings]
)
def test_a_value_without_stable_text_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match=f"a key cannot depend on a {type(value).__name__}"):
        key_of({"settings": [{"names": value}]})


PROGRAM = {"step": "audio", "version": 3, "config": {"rate_hz": 16000}, "libraries": {"av": "1"}}


def fit(**changes: Any) -> FitInputs:
    base = FitInputs(
        configuration=("concat", "text+audio", "svm"),
        stores=[("bert", "1"), ("mfcc", "2")],
        features={"text": ("bert",), "audio": ("mfcc",)},
        settings=[{}, {"C": [1.0]}],
        text_features=[{}, {}, ""],
        preparation=["standard", Settings(0.5, ()), None],
        utterances="3",
        labels=["classification", "mood", "speaker", None],
        fold=["fold-1", "4", "5"],
        code=["6"],
    )
    return replace(base, **changes)


SCRIPT = """
import sys
from pipeline.run import keys
from tests.pipeline.run.test_keys import PROGRAM, fit
print(keys.key_of({name: name for name in {"a", "b", "c", "d"}}))
print(keys.audio_key(PROGRAM, "x", (0.5, 1.5), "2", "left", {"words": 3}))
print(fit().key)
"""


def test_keys_are_the_same_in_every_process_and_under_every_hash_seed() -> None:
    def printed(seed: str) -> str:
        root = str(Path(__file__).parents[3])
        own = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": root}
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT], env=own, capture_output=True, text=True, check=True, cwd=root
        )
        return done.stdout

    first = printed("1")
    assert first == printed("2")
    assert first.split()[2] == fit().key


def test_all_inputs_of_a_stream_are_in_its_key() -> None:
    one = ("x" * 64, (0.5, 1.5), "2", "left", {"words": 3})
    others: list[Any] = [
        ("y" * 64, *one[1:]),
        (one[0], (0.5, 1.6), *one[2:]),
        (one[0], (0.4, 1.5), *one[2:]),
        (*one[:2], "1", *one[3:]),
        (*one[:3], "right", one[4]),
        (*one[:4], {"words": 4}),
    ]
    found = [keys.audio_key(PROGRAM, *given) for given in [one, *others]]
    found.append(keys.audio_key({**PROGRAM, "version": 4}, *one))
    found += [keys.video_key(PROGRAM, one[0], one[1], "2", region) for region in ("", "0,0,1,1")]
    words = [("hello", 0.1, 0.2)]
    found += [keys.text_key(PROGRAM, text, words, start) for text in ("a", "b") for start in (0.0, 1.0)]
    found.append(keys.text_key(PROGRAM, "a", [], 0.0))
    assert len(set(found)) == len(found) == 15


def test_a_stream_depends_on_settings_version_and_libraries() -> None:
    program = keys.stream_program("audio", AudioConfig())
    assert set(program) == {"step", "version", "config", "libraries"}
    assert set(program["libraries"]) == {"av", "scipy", "numpy"}
    assert program["libraries"]["numpy"] == np.__version__
    other = keys.stream_program("audio", AudioConfig(trim_db=20))
    assert {name for name in program if program[name] != other[name]} == {"config"}


def test_the_key_of_a_picture_holds_the_voice_only_where_the_face_that_speaks_is_followed() -> None:
    plain = keys.stream_program("video", VideoConfig(mouth_fps=10))
    before = ("fps", "detector", "min_score", "margin", "size", "frame_height", "jpeg_quality", "track")
    assert plain == keys.stream_program("video", VideoConfig())
    assert tuple(plain["config"]) == before
    speaking = keys.stream_program("video", VideoConfig(follow="speaking"))
    assert set(speaking["config"]) == {*before, "follow", "mouth_fps"}
    assert set(speaking["libraries"]) - set(plain["libraries"]) == {"scipy"}
    picture = ("x" * 64, (0.5, 1.5), "", "")
    at = Span(0.5, 1.5, track="2", channel="left")
    others = [replace(at, start_s=0.6), replace(at, end_s=1.6), replace(at, track="1"), replace(at, channel="mix")]
    voices = [("y" * 64, at), ("z" * 64, at), *(("y" * 64, other) for other in others)]
    found = [keys.video_key(speaking, *picture, voice=(sha256, *astuple(span))) for sha256, span in voices]
    assert len({*found, keys.video_key(speaking, *picture)}) == 7


def test_features_depend_on_the_stream_and_its_content(tmp_path: Path) -> None:
    def stream(key: str, sample: int) -> str:
        entry = audio_entry(AudioStream(np.array([sample], np.int16), 16000, 0.0, 1.0, 0.0))
        write_store(tmp_path / "a.h5", STREAM_SCHEMAS["audio"], {"rate_hz": 16000}, [Item("u", key, 1, lambda: entry)])
        with open_store(tmp_path / "a.h5") as store:
            return keys.feature_key(keys.extractor_program(build("mfcc", {})), store, 0)

    assert stream("k", 1) == stream("k", 1)
    assert len({stream("k", 1), stream("l", 1), stream("k", 2)}) == 3


def test_imported_frames_depend_on_their_origin_and_on_where_the_utterance_is() -> None:
    row = {"utterance": "u", "recording": "a", "media_sha256": "1", "sound_sha256": ""}

    def key(origin: str = "o", store: str = "s", start: float = 0.5, end: float = 2.0, **changed: str) -> str:
        return frames_key(origin, store, SimpleNamespace(**row | changed), (start, end))

    others: list[dict[str, Any]] = [{"utterance": "v"}, {"recording": "b"}, {"start": 0.6}, {"end": float("nan")}]
    others += [{"media_sha256": "2"}, {"sound_sha256": "2"}, {"origin": "p"}, {"store": "t"}]
    assert len({key(), *(key(**other) for other in others)}) == 1 + len(others)
    assert key(start=0.5000000001) == key()  # the table holds microseconds


def test_an_extractor_depends_on_each_weights_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    extractor = build("vader", {})
    files = (tmp_path / "w" / "a.bin", tmp_path / "w" / "deep" / "b.bin")
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(file.name.encode())
    monkeypatch.setattr(type(extractor), "weights", lambda self: files)
    assert keys.weights_sha256(extractor) == {
        "a.bin": hashlib.sha256(b"a.bin").hexdigest(),
        "deep/b.bin": hashlib.sha256(b"b.bin").hexdigest(),
    }
    files[0].unlink()
    with pytest.raises(UserError, match=r"^features\.vader: its weights cannot be read: "):
        keys.extractor_program(extractor)


def test_a_missing_library_is_named() -> None:
    with pytest.raises(UserError, match="no-such-thing is not installed: `crossmodal doctor` says what installs it"):
        keys.library_versions(["numpy", "no-such-thing"])


def test_every_input_of_a_fit_is_in_its_key() -> None:
    for field in fields(FitInputs):
        value = getattr(fit(), field.name)
        other = (
            {**value, "more": ()} if isinstance(value, dict) else "0" if isinstance(value, str) else [*value, "more"]
        )
        assert fit(**{field.name: other}).key != fit().key, field.name
    assert fit(settings=[{"C": [1.0]}, {}]).key != fit().key


def test_metrics_and_the_note_of_a_corpus_do_not_change_predictions() -> None:
    corpus = {"root": "r", "note": "n", "metrics": ("uar",), "label": "mood"}
    before = keys.training_inputs("c", corpus, {"budget": 1}, ["p"], {"a.csv": "1"})
    assert list(before) == ["train", "corpora.c", "run.plugins", "a.csv"]
    assert (
        keys.training_inputs("c", corpus | {"note": "", "metrics": ()}, {"budget": 1}, ["p"], {"a.csv": "1"}) == before
    )
    union = {"of": ["a"], "labels": {"x": "y"}, "parts": {"a": {"root": "z"}}}  # seen in the table of utterances
    assert keys.training_inputs("c", corpus | union, {"budget": 1}, ["p"], {"a.csv": "1"}) == before
    changed = keys.training_inputs("c", corpus | {"label": "x"}, {"budget": 2}, ["q"], {"a.csv": "2"})
    assert all(before[part] != changed[part] for part in before)


def test_tables_depend_on_metrics_note_plugins_and_each_setting() -> None:
    before = keys.evaluation_inputs("c", ("uar",), "n", ["p"], {"seed": 0, "resamples": 10})
    changed = keys.evaluation_inputs("c", ("mae",), "m", ["q"], {"seed": 1, "resamples": 10})
    assert {part for part in before if before[part] != changed[part]} == set(before) - {"evaluate.resamples"}
