"""params.yaml: settings arrive with their types, and every mistake is named with its line."""

from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.settings.params import load_params

ROOT = Path(__file__).parents[3]
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
    assert set(params.features) - set(params.extract) == {"opensmile", "compare"}


def test_defaults_fill_what_is_left_out(tmp_path: Path) -> None:
    params = load_params(ROOT / "params.yaml")
    short = load(tmp_path, CORPUS)
    assert short.streams == params.streams  # type: ignore[attr-defined]
    assert set(short.train.fusions) >= set(params.train.fusions)  # type: ignore[attr-defined]
    rows = {"fusions": params.train.fusions, "table": params.train.table}
    assert replace(short.train, **rows) == params.train  # type: ignore[attr-defined]
    assert short.corpora["mine"].protocol.folds == 3  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("runs: {}", "line 1: runs is unknown; did you mean 'run'"),
        ("run: {worker: 2}", "line 1: run.worker is unknown; did you mean 'workers'"),
        ("run: {workers: many}", "run.workers is 'many': it must be a whole number of at least 1 or 'auto'$"),
        ("run: {workers: 0}", "run.workers is 0: it must be a whole number of at least 1 or 'auto'$"),
        ("run: {max_failed: 2}", "run.max_failed is 2: it must be a number from 0 to 1$"),
        ("run: {device: gpu}", "run: device is 'gpu': it must be auto, cpu, cuda, cuda:N or mps"),
        ("run: {corpora: demo}", "run.corpora is 'demo': it must be a list"),
        ("corpora: {a: {reader: manifest}}", "corpora.a.root is missing"),
        (CORPUS.replace("[text, audio]", "[text, smell]"), r"line 3: corpora.mine.modalities\[1\] is 'smell'"),
        (CORPUS.replace("[text, audio]", "[]"), r"modalities is \[\]: it must be a list of 1 or more"),
        (CORPUS.replace("classification", "guessing"), "task is 'guessing'"),
        ("streams: {sound: {}}", "streams.sound is unknown; available: text, audio, video"),
        ("streams: {audio: {rate: 16000}}", "streams.audio.rate is unknown; did you mean 'rate_hz'"),
        ("streams: {audio: {low_hz: 9000}}", "line 1: streams.audio: low_hz is 9000.0 and high_hz is 7600.0"),
        ("streams: {video: {detector: hair}}", "detector is 'hair'"),
        (
            "features: {extract: [opensmle]}",
            r"features.extract\[0\] is 'opensmle', which is unknown; did you mean 'opensmile'",
        ),
        ("features: {mfcc: {counts: 13}}", "features.mfcc.counts is unknown; did you mean 'count'"),
        ("features: {extract: [vader], mfcc: {counts: 13}}", "features.mfcc.counts is unknown"),
        ("features: {mfcc: {count: forty}}", "features.mfcc.count is 'forty': it must be a whole number"),
        ("features: {mfcc: [1]}", r"features.mfcc is \[1\]: it must be a mapping of names to values"),
        ("features: {extract: bert}", "features.extract is 'bert': it must be a list"),
        ("features: {extract: [bert, bert]}", "'bert' twice"),
        ("features: [bert]", r"features is \[.bert.\]: it must be a mapping of names to values"),
        ("streams: [text]", r"streams is \[.text.\]: it must be a mapping of names to values"),
        ("train: {features: {txt: [bert]}}", "train.features.txt is unknown; did you mean 'text'"),
        (
            "train: {features: {text: [beert]}}",
            r"train.features.text\[0\] is 'beert', which is unknown; did you mean 'bert'",
        ),
        ("train: {features: {text: [mfcc]}}", r"train.features.text\[0\] is 'mfcc', which reads audio, not text"),
        ("train: {classifiers: [logistik]}", "did you mean 'logistic'"),
        ("train: {classifiers: [svm, svm]}", "'svm' twice"),
        ("train: {fusions: [conct]}", "did you mean 'concat'"),
        ("train: {fusion_classifier: xx}", "train.fusion_classifier is 'xx', which is unknown"),
        ("train: {settings: {logistik: {C: 1}}}", "train.settings.logistik is unknown"),
        (CORPUS.replace("[text, audio]", "[text, text]"), "'text' twice"),
        ("features: {mfcc: {count: -1}}", "features.mfcc"),
        ("train: {classifier: [svm]}", "train.classifier is unknown; did you mean 'classifiers'"),
        ("evaluate: {resamples: 10.5}", "evaluate.resamples is 10.5: it must be a whole number of at least 0"),
        ("evaluate: {resamples: -5}", "evaluate.resamples is -5: it must be a whole number of at least 0"),
        ("evaluate: {seed: -1}", "evaluate.seed is -1: it must be a whole number of at least 0"),
        ("run: [", "not readable YAML"),
        ("just words", "must hold blocks"),
        ("run: {plugins: [no_such_module]}", "'no_such_module' cannot be imported"),
    ],
)
def test_each_mistake_is_named_with_its_place(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message):
        load(tmp_path, text)


@pytest.mark.parametrize(
    ("settings", "line", "message"),
    [
        ("fcnn:\n      hidden: 8\n      epochs: 0", 5, "fcnn.epochs is 0: it must be a whole number of at least 1"),
        ("fcnn: {epochs: 0}", 3, "fcnn.epochs is 0"),
        ("svm: {C: [1,\n      2,\n      -3]}", 5, r"svm.C\[2\] is -3: it must be a number above 0"),
        ("svm:\n      C:\n      - 1\n      - 0", 6, r"svm.C\[1\] is 0"),
        ("intermediate: {dropout: 1.0}", 3, "intermediate.dropout is 1.0"),
        ("transformer: {hidden: 33}", 3, "transformer.hidden is 33: it must be an even number"),
        ("lstm: {learning_rate: 1e-3}", 3, r"lstm.learning_rate is '1e-3'.*write the number as 0.001"),
        ("pca:\n      component: 5", 4, "pca.component is not a setting of pca; did you mean 'components'"),
        ("stacking:\n      meta: svm\n      settings:\n        C: 0", 6, "stacking.settings.C is 0"),
        ("vote: {voting: none}", 3, "vote.voting is 'none': it must be one of all, chosen"),
        ("vote: &all {voting: some}\n    svm: {C: 0}", 3, "vote.voting is 'some'"),
    ],
)
def test_an_impossible_setting_is_named_with_its_line(settings: str, line: int, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=rf"params.yaml, line {line}: train.settings.{message}"):
        load(tmp_path, f"train:\n  settings:\n    {settings}\n")


def test_all_mistakes_are_listed_in_the_order_of_their_lines(tmp_path: Path) -> None:
    text = "evaluate: {seed: -1}\ntrain:\n  budget: 0\n  normalise: none\nrun:\n  workers: all\nruns: {}\n"
    with pytest.raises(UserError) as caught:
        load(tmp_path, text)
    lines = [line.removeprefix(str(tmp_path / "params.yaml, ")) for line in str(caught.value).splitlines()]
    assert lines == [
        "line 1: evaluate.seed is -1: it must be a whole number of at least 0",
        "line 3: train.budget is 0: it must be a whole number of at least 1",
        "line 4: train.normalise is 'none'; available: standard, quantile, speaker",
        "line 6: run.workers is 'all': it must be a whole number of at least 1 or 'auto'",
        "line 7: runs is unknown; did you mean 'run'? Available: run, corpora, streams, features, train, evaluate, "
        "report",
    ]


def test_of_very_many_mistakes_the_first_are_listed(tmp_path: Path) -> None:
    with pytest.raises(UserError) as caught:
        load(tmp_path, "train: {fusions: [" + ", ".join(f"none_{i}" for i in range(100)) + "]}")
    lines = str(caught.value).splitlines()
    assert len(lines) == 41
    assert lines[-1] == "and 60 more"


def test_settings_that_are_possible_are_read(tmp_path: Path) -> None:
    text = (
        "train: {settings: {fcnn: {epochs: 1, hidden: [8, 16]}, svm: {class_weight: [null, balanced, {0: 1, 1: 2}]}}}"
    )
    params = load(tmp_path, text)
    assert params.train.settings["svm"] == {"class_weight": [None, "balanced", {"0": 1, "1": 2}]}  # type: ignore[attr-defined]


def test_an_empty_block_of_settings_sets_nothing(tmp_path: Path) -> None:
    params = load(tmp_path, "train: {settings: {logistic: , stacking: {settings: {class_weight: {1: 2, a: 3}}}}}")
    settings = params.train.settings  # type: ignore[attr-defined]
    assert settings["logistic"] == {}
    assert settings["stacking"] == {"settings": {"class_weight": {"1": 2, "a": 3}}}


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--params"):
        load_params(tmp_path / "none.yaml")


def test_an_unknown_corpus_names_the_nearest(tmp_path: Path) -> None:
    params = load(tmp_path, CORPUS)
    with pytest.raises(UserError, match="did you mean 'mine'"):
        params.corpus("mien")  # type: ignore[attr-defined]


def test_modalities_are_put_into_one_order(tmp_path: Path) -> None:
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


def test_an_extractor_that_needs_settings_is_not_called_unknown(tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text("features: {vader: {}}\n")
    params = load_params(tmp_path / "params.yaml")
    with pytest.raises(
        UserError, match=r"face_encoder cannot run without settings: add a block features\.face_encoder"
    ):
        params.extractor("face_encoder")
    with pytest.raises(UserError, match="no extractor is named 'face_encodr'"):
        params.extractor("face_encodr")


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ("", True),
        ("\ntrain: {features: {audio: [opensmile]}}", False),
        (", extract: [opensmile]", False),
    ],
)
def test_settings_of_opensmile_that_no_longer_change_a_default_feature_are_noticed(
    rest: str, said: bool, tmp_path: Path
) -> None:
    inside, outside = (rest, "") if rest.startswith(",") else ("", rest)
    path = tmp_path / "params.yaml"
    path.write_text(f"features: {{opensmile: {{feature_set: ComParE_2016}}{inside}}}{outside}\n")
    notices = load_params(path).notices
    assert [f"{path}, line 1: features.opensmile is not used" in notice for notice in notices] == [True] * said


def test_a_corpus_follows_the_settings_of_words_unless_it_has_its_own(tmp_path: Path) -> None:
    block = "reader: manifest, root: x, task: classification, label: mood, modalities: [text]"
    protocol = "protocol: {kind: group-kfold}"
    (tmp_path / "params.yaml").write_text(
        f"corpora: {{a: {{{block}, {protocol}}}, b: {{{block}, {protocol}, transcribe: never, align: always}}}}\n"
        "streams: {text: {transcribe: missing}}\n"
    )
    params = load_params(tmp_path / "params.yaml")
    assert (params.corpus("a").transcribe, params.corpus("a").align) == ("missing", "never")
    assert (params.corpus("b").transcribe, params.corpus("b").align) == ("never", "always")
    assert params.words.transcribe == "missing"
    assert not hasattr(params.streams["text"], "transcribe")
