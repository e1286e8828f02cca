"""Every registered extractor keeps one contract: names, shapes, equal results, unusable input refused with a reason."""

import sys
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.names import Registry
from features import registry
from features.audio.mfcc import Mfcc
from features.base import MODALITIES, Extractor
from features.codec import feature_entry
from features.errors import EmptyInput, ExtractorError
from features.registry import build, default_extractors, extractor_class, extractor_names, register, with_defaults
from features.types import AudioStream, TextStream, VideoStream
from pipeline.settings import plugins
from pipeline.settings.streams import AudioConfig, TextConfig, VideoConfig
from pipeline.streams.audio import read_audio
from pipeline.streams.spans import Span
from pipeline.streams.text import read_text
from pipeline.streams.video import read_video
from tests import tiny_models

TOY = Path(__file__).with_name("toy_extractor.py")
DEMO = Path(__file__).parents[2] / "data" / "raw" / "demo" / "clips"
CLIPS = sorted(DEMO.glob("*.mp4"))[:2]


@pytest.fixture(scope="module")
def streams() -> dict[str, list[Any]]:
    span = Span(0.0, 2.0)
    words = [("It", 0.2, 0.4), ("was", 0.4, 0.6), ("wonderful", 0.7, 1.2)]
    return {
        "text": [read_text("It was wonderful!", words, 0.0, TextConfig()), read_text("No.", (), 0.0, TextConfig())],
        "audio": [next(read_audio(clip, [span], AudioConfig()))[1] for clip in CLIPS],
        "video": [next(read_video(clip, [span], VideoConfig()))[1] for clip in CLIPS],
    }


@pytest.fixture(scope="module")
def needed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return settings for extractors that cannot run with their defaults."""
    path = tiny_models.onnx_means(tmp_path_factory.mktemp("onnx") / "means.onnx")
    return {"face_encoder": {"file": str(path), "size": 64}}


@pytest.fixture(scope="module", params=[*extractor_names(), "loudness"])
def extractor(request: pytest.FixtureRequest, needed: dict[str, Any]) -> Iterator[Any]:
    """Each extractor of the registry, and one that a plugin file registers."""
    with pytest.MonkeyPatch.context() as patch:
        own = Registry("extractor", ExtractorError, dict(registry._EXTRACTORS.items()))
        patch.setattr(registry, "_EXTRACTORS", own)
        patch.setattr(plugins, "_LOADED", set())
        if request.param == "loudness":
            patch.delitem(sys.modules, TOY.stem, raising=False)
            plugins.load_plugins((str(TOY),))
        yield build(request.param, needed.get(request.param, {}))
        sys.modules.pop(TOY.stem, None)


def test_it_describes_itself(extractor: Any) -> None:
    assert extractor.name in extractor_names()
    assert extractor.modality in MODALITIES
    assert extractor.version >= 1
    assert is_dataclass(type(extractor.config))
    for names in (extractor.feature_names, extractor.pooled_names):
        assert names
        assert len(set(names)) == len(names)
    assert all(path.is_file() for path in extractor.weights())


def test_shapes_types_and_times(extractor: Any, streams: dict[str, list[Any]]) -> None:
    found = extractor.extract(streams[extractor.modality][0])
    feature_entry(found, extractor)  # refuses infinities and shapes that disagree
    assert found.values.dtype == found.pooled.dtype == np.float32
    assert found.times.dtype == np.float64
    assert found.values.shape[1] == len(extractor.feature_names)
    assert len(found.pooled) == len(extractor.pooled_names)
    assert len(found.values) >= 1
    known = found.times[~np.isnan(found.times).any(axis=1)]
    assert (known[:, 1] >= known[:, 0]).all()
    assert (np.diff(known[:, 0]) >= 0).all()
    assert (known > -0.05).all()
    assert (known < 3.0).all()
    assert np.isfinite(found.pooled).mean() > 0.5


def test_the_same_result_twice_whatever_came_in_between(
    extractor: Any, streams: dict[str, list[Any]], needed: dict[str, Any]
) -> None:
    one, other = streams[extractor.modality]
    first = extractor.extract(one)
    extractor.extract(other)
    again = extractor.extract(one)
    fresh = build(extractor.name, needed.get(extractor.name, {})).extract(one)
    for repeated in (again, fresh):
        assert first.values.tobytes() == repeated.values.tobytes()
        assert first.pooled.tobytes() == repeated.pooled.tobytes()


def nothing(stream: Any) -> Any:
    if isinstance(stream, TextStream):
        return replace(stream, text="", tokens=(), times=np.zeros((0, 2)))
    if isinstance(stream, AudioStream):
        return replace(stream, samples=stream.samples[:5])
    assert isinstance(stream, VideoStream)
    blank = np.full((len(stream.times), 4), np.nan, np.float32)
    no_faces = tuple(b"" for _ in stream.faces)
    black = tuple(_black() for _ in stream.frames)
    return replace(stream, faces=no_faces, frames=black, boxes=blank, crops=blank, scores=blank[:, 0])


def _black() -> bytes:
    import cv2

    return bytes(cv2.imencode(".jpg", np.zeros((64, 64, 3), np.uint8))[1])


def test_nothing_to_measure_is_reported(extractor: Any, streams: dict[str, list[Any]]) -> None:
    with pytest.raises(EmptyInput, match=r"\w+"):
        extractor.extract(nothing(streams[extractor.modality][0]))


def test_unknown_settings_are_refused(extractor: Any) -> None:
    with pytest.raises(ExtractorError, match="unknown setting 'nonsense'"):
        build(extractor.name, {"nonsense": 1})


def test_every_setting_is_documented(extractor: Any) -> None:
    text = type(extractor.config).__doc__ or ""
    for field in fields(extractor.config):
        assert field.name in text


def test_an_instance_runs_another_extractor_under_its_own_name() -> None:
    instance = build("compare", {"extractor": "opensmile", "feature_set": "ComParE_2016"})
    assert type(instance) is extractor_class("opensmile")
    assert len(instance.pooled_names) == 6373
    assert type(build("mfcc", {"extractor": "mfcc"})) is Mfcc
    with pytest.raises(ExtractorError, match=r"features\.vader: vader is the name of another extractor"):
        build("vader", {"extractor": "mfcc"})
    with pytest.raises(ExtractorError, match="did you mean 'opensmile'"):
        build("egemaps", {"extractor": "opensmil"})
    with pytest.raises(ExtractorError, match=r"features\.second: unknown setting 'counts'; did you mean 'count'"):
        build("second", {"extractor": "mfcc", "counts": 3})


def test_extractors_that_need_no_settings_run_by_default_and_opensmile_as_egemaps() -> None:
    assert set(extractor_names()) ^ set(default_extractors()) == {"face_encoder", "opensmile", "egemaps"}


def test_blocks_change_settings_of_instances_or_make_new_ones() -> None:
    other = {"extractor": "mfcc"}
    found = with_defaults({"mfcc": None, "compare": {}, "egemaps": other, "mine": other})
    assert found["compare"] == {"extractor": "opensmile", "feature_set": "ComParE_2016"}
    assert found["egemaps"] == found["mine"] == other
    assert found["opensmile"] == found["mfcc"] == {}
    assert with_defaults({"compare": {"feature_set": "GeMAPSv01b"}})["compare"]["extractor"] == "opensmile"
    assert "face_encoder" not in found


def test_unknown_and_doubled_names() -> None:
    with pytest.raises(ExtractorError, match="did you mean 'opensmile'"):
        extractor_class("opensmil")
    other = type("Other", (Mfcc,), {})
    with pytest.raises(ExtractorError, match="there is already an extractor named 'mfcc': choose another name"):
        register(other)
    register(Mfcc)  # registering the same class again is allowed
    with pytest.raises(ExtractorError, match="takes the class of an extractor, not 'somewhere:Else'"):
        register("somewhere:Else")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("attributes", "sentence"),
    [
        ({"modality": None}, "modality is None; available: text, audio, video"),
        ({"modality": "audoi"}, "modality is 'audoi'; did you mean 'audio'"),
        ({"version": 0}, "version is 0: it must be a whole number of at least 1"),
        ({"version": "1"}, "version is '1': it must be a whole number of at least 1"),
        ({"Config": dict}, "Config is not a dataclass"),
    ],
)
def test_a_class_that_describes_itself_wrongly_is_refused(attributes: dict[str, Any], sentence: str) -> None:
    wrong = type("Wrong", (Mfcc,), {"name": "wrong", **attributes})
    with pytest.raises(ExtractorError, match=f"the extractor Wrong cannot be used: {sentence}"):
        register(wrong)
    assert "wrong" not in extractor_names()


def test_a_class_that_lacks_a_required_attribute_is_refused() -> None:
    class Bare(Extractor[AudioStream]):
        name = "bare"
        modality = "audio"

    with pytest.raises(ExtractorError, match="the extractor Bare cannot be used: version is missing"):
        register(Bare)


OWN = tuple(own.name for own in registry._OURS)


def test_every_extractor_states_a_licence_and_one_whose_weights_the_user_names_refers_to_their_page(
    needed: dict[str, Any],
) -> None:
    licences = {name: build(name, needed.get(name, {})).licence for name in OWN}
    assert "not stated" not in licences.values()
    assert licences["opensmile"] == "research only"
    assert licences["bert"] == "Apache-2.0"
    for name, settings in (("bert", {"model": "some/encoder"}), ("speech_encoder", {"model": "/folder"})):
        assert build(name, settings).licence == "as its page says"
        assert build(name, settings).is_named
        assert not build(name, {}).is_named
    assert licences["face_encoder"] == "as its page says"
