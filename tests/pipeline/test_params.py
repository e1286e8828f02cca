"""params.yaml: what it says arrives typed; what it should not say is refused by name."""

from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.params import load_params

ROOT = Path(__file__).parents[2]
CORPUS = """
corpora:
  mine: {reader: manifest, root: clips, task: classification, label: emotion, modalities: [text, audio],
    protocol: {kind: group-kfold, folds: 3, group: speaker}}
"""


def load(tmp_path: Path, text: str) -> object:
    path = tmp_path / "params.yaml"
    path.write_text(text)
    return load_params(path)


def test_the_committed_file_names_every_setting_with_its_default() -> None:
    params = load_params(ROOT / "params.yaml")
    assert params.run.corpora == ("demo",)
    assert params.streams["audio"].level_db == -23.0
    assert params.corpus("demo").protocol.group == "speaker"
    assert set(params.extract) == set(params.features)


def test_defaults_fill_what_is_left_out(tmp_path: Path) -> None:
    params = load_params(ROOT / "params.yaml")
    short = load(tmp_path, CORPUS)
    assert short.streams == params.streams  # type: ignore[attr-defined]
    assert short.train == params.train  # type: ignore[attr-defined]
    assert short.corpora["mine"].protocol.folds == 3  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("runs: {}", "unknown block 'runs'; did you mean 'run'"),
        ("run: {worker: 2}", "unknown key 'worker'; did you mean 'workers'"),
        ("run: {workers: many}", "run.workers is 'many'"),
        ("run: {workers: 0}", "workers at least 1"),
        ("run: {max_failed: 2}", "max_failed is a share"),
        ("run: {corpora: demo}", "run.corpora must be a list"),
        ("corpora: {a: {reader: manifest}}", "corpora.a: the key 'root' is missing"),
        (CORPUS.replace("[text, audio]", "[text, smell]"), r"modalities\[1\] is 'smell'"),
        (CORPUS.replace("[text, audio]", "[]"), "modalities is empty"),
        (CORPUS.replace("classification", "guessing"), "task is 'guessing'"),
        ("streams: {sound: {}}", "unknown stream 'sound'"),
        ("streams: {audio: {rate: 16000}}", "streams.audio: unknown key 'rate'; did you mean 'rate_hz'"),
        ("streams: {audio: {low_hz: 9000}}", "low_hz 9000.0 and high_hz"),
        ("streams: {video: {detector: hair}}", "detector is 'hair'"),
        ("features: {extract: [opensmle]}", "'opensmle'; did you mean 'opensmile'"),
        ("features: {mfcc: {counts: 13}}", "unknown key 'counts'; did you mean 'count'"),
        ("features: {extract: [vader], mfcc: {counts: 13}}", "unknown key 'counts'"),
        ("features: {mfcc: {count: forty}}", "count is 'forty', but must be int"),
        ("features: {mfcc: [1]}", "must map names to values"),
        ("features: {extract: bert}", "must be a list"),
        ("features: {extract: [bert, bert]}", "'bert' twice"),
        ("features: [bert]", "features must map names"),
        ("streams: [text]", "streams must map names"),
        ("train: {features: {txt: [bert]}}", "'txt' is no modality; did you mean 'text'"),
        ("train: {features: {text: [beert]}}", "train.features.text: 'beert'.*did you mean 'bert'"),
        ("train: {features: {text: [mfcc]}}", "train.features.text: 'mfcc' is unknown there"),
        ("train: {classifiers: [logistik]}", "did you mean 'logistic'"),
        ("train: {classifiers: [svm, svm]}", "'svm' twice"),
        ("train: {fusions: [conct]}", "did you mean 'concat'"),
        ("train: {fusion_classifier: xx}", "train.fusion_classifier: 'xx'"),
        ("train: {settings: {logistik: {C: 1}}}", "train.settings: 'logistik'"),
        (CORPUS.replace("[text, audio]", "[text, text]"), "'text' twice"),
        ("features: {mfcc: {count: -1}}", "features.mfcc"),
        ("train: {classifier: [svm]}", "unknown key 'classifier'; did you mean 'classifiers'"),
        ("evaluate: {resamples: 10.5}", "resamples is 10.5, but must be int"),
        ("evaluate: {resamples: -5}", "evaluate: resamples is -5: a whole number from 0 on"),
        ("evaluate: {seed: -1}", "evaluate: seed is -1: a whole number from 0 on"),
        ("run: [", "no readable YAML"),
        ("just words", "must hold blocks"),
        ("run: {plugins: [no_such_module]}", "'no_such_module' cannot be imported"),
    ],
)
def test_what_is_wrong_is_named(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        load(tmp_path, text)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--params"):
        load_params(tmp_path / "none.yaml")


def test_an_unknown_corpus_names_the_nearest(tmp_path: Path) -> None:
    params = load(tmp_path, CORPUS)
    with pytest.raises(UserError, match="did you mean 'mine'"):
        params.corpus("mien")  # type: ignore[attr-defined]


def test_modalities_stand_in_one_order_whatever_the_file_says(tmp_path: Path) -> None:
    params = load(tmp_path, CORPUS.replace("[text, audio]", "[video, text]"))
    assert params.corpora["mine"].modalities == ("text", "video")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("name", "source", "message"),
    [
        ("mine.py", "def broken(:", "SyntaxError"),
        ("mine.py", "raise KeyError('oops')", "KeyError: 'oops'"),
        ("features.py", "x = 1", "rename the file"),
        ("absent.py", None, "there is no file"),
    ],
)
def test_plugins_that_cannot_be_run(name: str, source: str | None, message: str, tmp_path: Path) -> None:
    if source is not None:
        (tmp_path / name).write_text(source)
    with pytest.raises(UserError, match=message):
        load(tmp_path, f"run: {{plugins: [{tmp_path / name}]}}")
