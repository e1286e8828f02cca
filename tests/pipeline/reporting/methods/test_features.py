"""What the text says of streams and features is what their stores record."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from features.registry import extractor_class, extractor_names
from features.store import IMPORTED, Entry, Item, write_store
from features.store.schema import feature_schema
from features.text import fitted
from pipeline.reporting.methods.features import feature_sentences, stream_sentences, used_features
from pipeline.settings.params import Params, load_params
from pipeline.settings.paths import CorpusPaths

NAMES = {"feature_names": ["a"], "pooled_names": ["a_mean", "a_std"]}


def store(feature: str, **attributes: object) -> None:
    entry = Entry("ok", "", {"values": np.zeros((1, 1)), "times": np.zeros((1, 2))}, {"pooled": np.zeros(2)})
    whole = {"kind": "features", "libraries": {}, "config": {}, **NAMES, **attributes}
    path = CorpusPaths("c").features(feature)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_store(path, feature_schema(1, 2), whole, [Item("u", "u", 1, lambda: entry)])


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    monkeypatch.chdir(tmp_path)
    corpus = {"reader": "manifest", "root": "c", "task": "classification", "label": "label"}
    corpus |= {"modalities": ["text", "audio", "video"], "protocol": {"kind": "group-kfold"}}
    corpus["features"] = {
        "text": ["vader", "tfidf"],
        "audio": ["egemaps", "mine", "speech_encoder"],
        "video": ["landmarks"],
    }
    Path("params.yaml").write_text(yaml.safe_dump({"corpora": {"c": corpus}}))
    return load_params(Path("params.yaml"))


def test_each_feature_has_its_version_settings_size_and_references(params: Params) -> None:
    store("vader", name="vader", modality="text", version="1", libraries={"vaderSentiment": "3.3.2"})
    store("egemaps", name="opensmile", modality="audio", version="7", config={"feature_set": "eGeMAPSv02"})
    store("mine", name="mine", modality="audio", kind=IMPORTED)
    used = list(used_features(params, "c"))
    assert [(one.name, one.licence) for one in used][:3] == [
        ("vader", "MIT"),
        ("tfidf", ""),
        ("egemaps", "research only"),
    ]
    assert used[0].libraries == {"vaderSentiment": "3.3.2"}
    assert list(feature_sentences(used)) == [
        "Words: vader, version 1, 2 features (Hutto and Gilbert, 2014); tfidf, fitted on the training part of each "
        "fold (Spärck Jones, 1972).",
        "Voice: egemaps (extractor opensmile), version 7 (feature_set eGeMAPSv02), 2 features (Eyben et al., 2010; "
        "Eyben et al., 2016); mine, imported from a file (2 features); how they were made is not recorded.",
    ]


def test_a_packaged_encoder_is_named(params: Params) -> None:
    store("speech_encoder", name="speech_encoder", modality="audio", version="1", config={"model": "packaged"})
    *_, sentence = feature_sentences(list(used_features(params, "c")))
    assert sentence == (
        "Voice: speech_encoder, version 1 (model Whisper tiny.en), not trained further, 2 features (Radford et al., "
        "2023)."
    )


def test_streams_are_described_by_the_settings_that_they_were_made_with(params: Params) -> None:
    config = {"lowercase": False, "strip_punctuation": True}
    path = CorpusPaths("c").stream("text")
    path.parent.mkdir(parents=True)
    entry = Entry("absent", "no words")
    write_store(path, feature_schema(1, 1), {"kind": "stream", "config": config}, [Item("u", "u", 0, lambda: entry)])
    (sentence,) = stream_sentences(params, "c")
    assert sentence == "Transcripts were stripped of punctuation, tokenised; encoders read them as they were written."


@pytest.mark.parametrize(("extra", "tracked"), [({}, False), ({"detect_every_s": 1.0}, True)])
def test_frames_without_the_detector_are_told(params: Params, extra: dict[str, float], tracked: bool) -> None:
    config = {"fps": 5.0, "detector": "mediapipe", "min_score": 0.5, "margin": 0.25, "size": 224, **extra}
    path = CorpusPaths("c").stream("video")
    path.parent.mkdir(parents=True)
    entry = Entry("absent", "no picture")
    write_store(path, feature_schema(1, 1), {"kind": "stream", "config": config}, [Item("u", "u", 0, lambda: entry)])
    (sentence,) = stream_sentences(params, "c")
    assert ("While there was a single face, the detector ran every 1 s" in sentence) == tracked


def test_every_extractor_of_ours_says_what_to_cite() -> None:
    plain = {name for name in extractor_names() if not extractor_class(name).references}
    assert plain == {"face_encoder"}  # its weights are the user's own
    assert all(fitted.build(name, {}).references for name in fitted.fitted_names())
