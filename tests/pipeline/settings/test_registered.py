"""Names in the settings against the registries: each unknown name at its place, and nothing else."""

from typing import Any

import pytest

from models.classical.classifiers import CLASSIFIERS, Classifier
from models.registry import STRATEGIES
from pipeline.settings.blocks import SettingsFile
from pipeline.settings.registered import unusable
from pipeline.settings.validation import validated
from tests.models.toy_strategies import ENTRIES

CORPUS: dict[str, Any] = {
    "reader": "manifest",
    "root": "clips",
    "task": "regression",
    "label": "mood",
    "modalities": ["text"],
    "protocol": {"kind": "group-kfold"},
}


def faults(**blocks: object) -> dict[str, str]:
    file, wrong = validated(SettingsFile, blocks)
    assert file is not None, wrong
    return {".".join(map(str, place)): fault for place, fault in unusable(file)}


def test_settings_that_name_what_there_is_have_no_fault() -> None:
    assert faults() == {}
    assert faults(corpora={"mine": CORPUS | {"features": {"text": ["their-own.v2"]}, "metrics": ["mae"]}}) == {}
    assert faults(features={"extract": ["vader"], "mfcc": {"count": 13}, "opensmile": None}) == {}
    assert faults(train={"features": {"text": ["word2vec"]}, "fusions": ["pca/svm", "vote", "concat"]}) == {}


@pytest.mark.parametrize(
    ("blocks", "place", "start"),
    [
        ({"run": {"corpora": ["a b"]}}, "run.corpora.0", ": a corpus cannot be named 'a b'"),
        ({"corpora": {"a/b": CORPUS}}, "corpora.a/b", ": a corpus cannot be named 'a/b'"),
        ({"corpora": {"a": CORPUS | {"metrics": ["mea"]}}}, "corpora.a.metrics.0", "is 'mea', which is unknown; did"),
        ({"corpora": {"a": CORPUS | {"metrics": ["accuracy"]}}}, "corpora.a.metrics.0", "is 'accuracy', which is"),
        ({"corpora": {"a": CORPUS | {"classifiers": ["sv"]}}}, "corpora.a.classifiers.0", "is 'sv', which is unknown"),
        ({"corpora": {"a": CORPUS | {"features": {"txt": []}}}}, "corpora.a.features.txt", "is unknown; did you mean"),
        ({"corpora": {"a": CORPUS | {"features": {"text": [".."]}}}}, "corpora.a.features.text.0", ": a store cannot"),
        (
            {"features": {"extract": ["vadr"]}},
            "features.extract.0",
            "is 'vadr', which is unknown; did you mean 'vader'",
        ),
        ({"features": {"extract": ["vader"] * 2}}, "features.extract", "names 'vader' twice"),
        ({"features": {"vadr": {}}}, "features.vadr", "is unknown; did you mean 'vader'"),
        ({"features": {"mine": {}}}, "features.mine", "is unknown; available: bert, "),
        (
            {"features": {"mine": {"extractor": "mfc"}}},
            "features.mine.extractor",
            "is 'mfc', which is unknown; did",
        ),
        ({"features": {"mine": {"extractor": "mfcc", "count": "x"}}}, "features.mine.count", "is 'x': it must be"),
        ({"features": {"mine": {"extractor": "mfcc", "count": 99}}}, "features.mine", ": count 99 and bands 64"),
        ({"features": {"a/b": {"extractor": "mfcc"}}}, "features.a/b", ": a store cannot be named 'a/b'"),
        ({"features": {"tfidf": {"extractor": "bert"}}}, "features.tfidf", ": this is the name of a feature that is"),
        ({"features": {"vader": {"extractor": "bert"}}}, "features.vader", ": vader is the name of another extractor"),
        ({"features": {"extract": ["face_encoder"]}}, "features.face_encoder", ": set either model"),
        (
            {"features": {"mine": {"extractor": "mfcc"}}, "train": {"features": {"video": ["mine"]}}},
            "train.features.video.0",
            "is 'mine', which reads audio, not video: list it under audio",
        ),
        (
            {"corpora": {"a": CORPUS | {"features": {"video": ["f0", "mfcc"]}}}},
            "corpora.a.features.video.1",
            "is 'mfcc', which reads audio, not video: list it under audio",
        ),
        (
            {"train": {"features": {"video": ["face_encoder"]}}},
            "train.features.video.0",
            "is 'face_encoder', which cannot run without settings: add a block face_encoder under features",
        ),
        ({"train": {"features": {"video": ["face_cn"]}}}, "train.features.video.0", "is 'face_cn', which is unknown;"),
        ({"features": {"mfcc": {"count": 1.5}}}, "features.mfcc.count", "is 1.5: it must be a whole number"),
        ({"features": {"mfcc": {"count": 99}}}, "features.mfcc", ": "),
        ({"train": {"features": {"smell": ["bert"]}}}, "train.features.smell", "is unknown; available: text"),
        ({"train": {"features": {"audio": ["tfidf"]}}}, "train.features.audio.0", "is 'tfidf', which is unknown"),
        (
            {"train": {"fusions": ["vote", "pca/sv"]}},
            "train.fusions.1",
            ": 'sv' is not a known model; did you mean 'svm'",
        ),
        ({"train": {"fusions": ["vote/svm"]}}, "train.fusions.0", ": 'vote' is not a fusion that takes a classifier"),
        ({"train": {"fusion_classifier": "lstm"}}, "train.fusion_classifier", "is 'lstm', which is unknown"),
        ({"train": {"settings": {"svn": {}}}}, "train.settings.svn", "is unknown; did you mean 'svm'"),
        ({"train": {"settings": {"svm": {"C": [1, 0]}}}}, "train.settings.svm.C.1", "is 0: it must be a number above"),
    ],
)
def test_a_name_that_is_unknown_is_the_only_fault(blocks: dict[str, Any], place: str, start: str) -> None:
    found = faults(**blocks)
    assert list(found) == [place]
    assert found[place].startswith(start)


def test_instances_run_an_extractor_several_times() -> None:
    instances = {"one": {"extractor": "mfcc", "count": 13}, "two": {"extractor": "mfcc", "count": 20}}
    features = {"extract": ["one", "two", "mfcc"], "mfcc": {"extractor": "mfcc"}, **instances}
    assert not faults(features=features, train={"features": {"audio": ["two", "one", "mfcc"]}})


def test_all_faults_are_found() -> None:
    found = faults(run={"corpora": ["."]}, train={"classifiers": ["a", "svm", "b"], "settings": {"c": {}}})
    assert list(found) == ["run.corpora.0", "train.classifiers.0", "train.classifiers.2", "train.settings.c"]


def test_a_setting_that_a_strategy_or_classifier_of_a_plugin_does_not_take_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(STRATEGIES, "_entries", dict(STRATEGIES.items()) | ENTRIES)
    own = Classifier(lambda task, settings: None, {"classification": {"C": 1.0}, "regression": {"alpha": 1.0}})
    monkeypatch.setattr(CLASSIFIERS, "_entries", dict(CLASSIFIERS.items()) | {"own": own})
    found = faults(train={"settings": {"mean": {"x": 1}, "own": {"alpha": 2.0, "c": 1}, "loud": {"any": 1}}})
    assert found == {
        "train.settings.mean.x": "is not a setting of mean; it has no settings",
        "train.settings.own.c": "is not a setting of own; available: C, alpha",
    }
