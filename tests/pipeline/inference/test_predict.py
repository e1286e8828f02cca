"""predict: real clips get exactly what the whole pipeline gives them; whatever differs or fails is named."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from sklearn.linear_model import LogisticRegression

from cli import main
from features.base import MODALITIES
from models.configuration import Configuration
from models.errors import ModelError
from models.saving.saving import load, save
from models.saving.traversal import iter_parts
from pipeline.corpora.utterances import read_utterances
from pipeline.errors import UserError
from pipeline.inference.fit import fit
from pipeline.inference.predict import predict
from pipeline.run.pool.cluster import Pool
from pipeline.settings.params import Params, load_params
from pipeline.stages.extract import extract
from pipeline.stages.prepare import prepare
from pipeline.stages.preprocess import preprocess
from pipeline.training.inputs import load_modalities, settings_of
from tests.conftest import DATA, needs_data, write_csv

pytestmark = needs_data

PARAMS = """
run: {corpora: [av], workers: 2}
corpora:
  av: {reader: manifest, root: av, task: classification, label: mood, modalities: [text, audio, video],
    protocol: {kind: group-kfold, folds: 2, group: speaker}}
features: {extract: [vader, prosody, posture]}
train:
  features: {text: [vader, tfidf], audio: [prosody], video: [posture]}
"""
TEXTS = {"1": "Kids are talking by the door", "2": "Dogs are sitting by the door"}
CLIPS = sorted((DATA / "ravdess" / "av").glob("*.mp4"))
ROW = Configuration("concat", ("text", "audio", "video"), "logistic")


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole pipeline over four clips, on workers, and a model fitted on them."""
    folder = tmp_path_factory.mktemp("pipeline")
    (folder / "params.yaml").write_text(PARAMS)
    rows = [(c, c.stem, TEXTS[c.stem[13]], "ab"[i % 2], f"s{i // 2}") for i, c in enumerate(CLIPS)]
    write_csv(folder / "av" / "manifest.csv", ("media", "utterance", "text", "mood", "speaker"), rows)
    with pytest.MonkeyPatch.context() as patch, Pool(2) as pool:
        patch.chdir(folder)
        params = load_params(Path("params.yaml"))
        prepare(params, "av")
        for modality in MODALITIES:
            preprocess(params, "av", modality, pool)
        for extractor in params.extract:
            extract(params, "av", extractor, pool)
        fit(params, "av", ROW)
    return folder


@pytest.fixture(scope="module")
def model(pipeline: Path) -> Path:
    return pipeline / "results" / "av" / "models" / "concat-text_audio_video-logistic"


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the same settings, but a cache of its own."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "params.yaml").write_text(PARAMS)
    return folder


@pytest.fixture
def params(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Params]:
    monkeypatch.chdir(elsewhere)
    yield load_params(Path("params.yaml"))
    assert not list((elsewhere / "data" / "work").glob("*"))  # whatever happened, nothing is left behind
    assert not (elsewhere / "results").exists()


def said(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["predict", *map(str, arguments)])


def whole(pipeline: Path, model: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """Return what the model says of the corpus as the pipeline made it."""
    with monkeypatch.context() as patch:
        patch.chdir(pipeline)
        params = load_params(Path("params.yaml"))
        table = read_utterances(Path("data/work/av/utterances.csv"), "mood")
        data = load_modalities("av", settings_of(params, "av"), params.corpus("av"), table)
        return np.asarray(load(model).model.predict_proba(data))


def test_a_clip_gets_what_the_pipeline_gives_it(
    params: Params, pipeline: Path, model: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = CLIPS[1]
    done = said(clip, "--model", model, "--text", TEXTS[clip.stem[13]], "--json", "--out", "out.csv")
    assert done.exit_code == 0, done.output
    (answer,) = json.loads(done.stdout)["answers"]
    wanted = whole(pipeline, model, monkeypatch)[1]
    assert list(answer["probabilities"].values()) == wanted.tolist()
    assert answer["prediction"] == "ab"[int(wanted.argmax())]
    assert answer["absent"] == {}
    assert answer["prior"] + sum(answer["shares"].values()) == pytest.approx(wanted.max(), abs=1e-12)
    made = {p.relative_to(elsewhere): p.read_bytes() for p in (elsewhere / "data" / "cache").rglob("*.clip")}
    assert {path.parts[2] for path in made} == {"audio", "video", "prosody", "posture"}  # light steps keep no file
    for path, content in made.items():
        assert (pipeline / path).read_bytes() == content
    assert (elsewhere / "out.csv").read_text().startswith("utterance,prediction,p_a,p_b,prior,share_text,share_audio")


def test_a_clip_without_words(params: Params, model: Path, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.symlink_to(CLIPS[0])
    (answer,) = predict(params, model, clip).answers
    assert set(answer.absent) == {"text"}
    assert answer.absent["text"].startswith("no transcript: write --text WORDS, or put the words into")
    assert answer.shares["text"] == 0
    assert answer.shares["audio"] != 0
    (tmp_path / "clip.txt").write_text(TEXTS["1"])
    (beside,) = predict(params, model, clip).answers
    (given,) = predict(params, model, CLIPS[0], text=TEXTS["1"]).answers
    assert replace(beside, utterance="") == replace(given, utterance="")
    assert beside.absent == {}


def test_a_manifest_answers_for_all_that_can_be_measured(params: Params, model: Path, tmp_path: Path) -> None:
    (tmp_path / "nonsense.mp4").write_bytes(b"hello")
    (tmp_path / "cut.mp4").write_bytes(CLIPS[0].read_bytes()[:200_000])
    rows = [
        (CLIPS[0], "whole", TEXTS["1"]),
        ("nonsense.mp4", "nonsense", ""),
        ("cut.mp4", "cut", ""),
        ("", "words", "no"),
    ]
    write_csv(tmp_path / "manifest.csv", ("media", "utterance", "text"), [*rows, ("", "nothing", "")])
    done = said(tmp_path, "--model", model, "--workers", 0)
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    assert "Error: 2 of 5 clips failed:\nnonsense: " in done.stderr
    assert "cut.mp4 breaks off" in done.stderr, done.stderr
    assert (
        "predict: nothing: the utterance has none of the modalities that the model reads (text: no transcript"
        in done.stderr
    )
    assert "the prediction is the prior, as in training" in done.stderr
    assert [line.split(":")[0] for line in done.stdout.splitlines() if line[0] != " "] == ["whole", "words", "nothing"]
    assert "  audio is absent: no recording is named" in done.stdout
    (alone,) = predict(params, model, CLIPS[0], text=TEXTS["1"]).answers
    assert f"whole: {alone.prediction} (a {alone.probabilities['a']:.3f}" in done.stdout


def test_several_recordings_get_what_each_gets_alone(params: Params, model: Path, tmp_path: Path) -> None:
    """A glob with odd names, a transcript beside one, and a recording that cannot be read."""
    names = ("=1, “x”.mp4", " b.mp4", "c;d #.mp4")
    for name, clip in zip(names, CLIPS, strict=False):
        (tmp_path / name).symlink_to(clip)
    (tmp_path / " b.txt").write_text(TEXTS["1"])
    (tmp_path / "nonsense.mp4").write_bytes(b"hello")
    done = said(*sorted(tmp_path.iterdir()), "--model", model, "--json", "--workers", 0)
    assert done.exit_code == 1
    assert "Error: 1 of 4 clips failed:\nnonsense: " in done.stderr
    answers = {one["utterance"]: one for one in json.loads(done.stdout)["answers"]}
    assert set(answers) == {name.removesuffix(".mp4").strip() for name in names}
    for name, text in zip(names, (None, TEXTS["1"], None), strict=True):
        (alone,) = predict(params, model, tmp_path / name, text=text).answers
        assert answers[alone.utterance]["probabilities"] == alone.probabilities
    with pytest.raises(UserError, match="--text is the transcript of one recording, but 2 are named"):
        predict(params, model, CLIPS[:2], text="words")


def test_the_note_of_the_corpus_is_repeated_and_odd_features_are_named(
    params: Params, model: Path, tmp_path: Path
) -> None:
    saved = load(model)
    assert saved.schema["ranges"] == {}  # of four clips, nothing can be said
    width = sum(len(one["columns"]) for one in saved.schema["features"]["audio"])
    for low, told in ((1e9, True), (-1e9, False)):
        ranges = {"audio": {"low": [low] * width, "high": [2e9] * width}}
        save(saved.model, tmp_path / "m", {**saved.schema, "note": "It is\x1b[2J acted.", "ranges": ranges})
        notices = predict(params, tmp_path / "m", CLIPS[0]).notices
        assert f"{tmp_path / 'm'} was fitted on av: It is\\u001b[2J acted." in notices
        assert any("the features of audio lie far outside the range of training" in n for n in notices) is told
        unchecked = "cannot warn about features of text and video outside the range of training: it was fitted on fewer"
        assert sum(unchecked in notice for notice in notices) == 1
    old = {key: value for key, value in saved.schema.items() if key not in ("note", "ranges")}
    save(saved.model, tmp_path / "m", old)  # as an earlier version wrote it
    assert not any("fitted on" in notice for notice in predict(params, tmp_path / "m", CLIPS[0]).notices)


def test_a_row_with_nothing_usable_gets_what_training_gives_it(params: Params, model: Path, tmp_path: Path) -> None:
    rows = [("", "nothing", ""), (CLIPS[0], "whole", TEXTS["1"])]
    write_csv(tmp_path / "manifest.csv", ("media", "utterance", "text"), rows)
    nothing, whole = predict(params, model, tmp_path, workers=0).answers
    prior = load(model).model.prior_
    assert list(nothing.probabilities.values()) == pytest.approx(prior.tolist())
    assert nothing.prior == pytest.approx(prior.max())
    assert set(nothing.absent) == {"text", "audio", "video"}
    assert set(nothing.shares.values()) == {0.0}
    assert whole == replace(predict(params, model, CLIPS[0], text=TEXTS["1"]).answers[0], utterance="whole")
    write_csv(tmp_path / "manifest.csv", ("media", "utterance", "text"), rows[:1])
    assert predict(params, model, tmp_path, workers=0).answers == (nothing,)


def test_a_clip_of_which_a_part_failed_is_answered_from_the_rest(params: Params, model: Path, tmp_path: Path) -> None:
    (tmp_path / "nonsense.mp4").write_bytes(b"hello")
    rows = [
        ("nonsense.mp4", CLIPS[0], "heard", "", 0, 3),
        ("nonsense.mp4", "", "read", TEXTS["1"], 0, 3),
        ("", "", "words", TEXTS["1"], "", ""),
    ]
    write_csv(tmp_path / "manifest.csv", ("media", "sound", "utterance", "text", "start", "end"), rows)
    answers = predict(params, model, tmp_path, workers=0)
    assert dict(answers.failed) == {}
    heard, read, words = answers.answers
    assert set(heard.absent) == {"text", "video"}
    assert "nonsense.mp4 cannot be read" in heard.absent["video"]
    assert heard.shares["audio"] != 0
    assert set(read.absent) == {"audio", "video"}
    assert "nonsense.mp4 cannot be read" in read.absent["audio"]
    assert (read.prediction, read.probabilities, read.shares) == (words.prediction, words.probabilities, words.shares)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ("streams: {audio: {rate_hz: 22050}}", "streams.audio.rate_hz: the model was trained with 16000, "),
        (
            "features: {extract: [vader], prosody: {pause_s: 0.5}}",
            "features.prosody.pause_s: the model was trained with ",
        ),
    ],
)
def test_another_setting_is_refused_by_name(params: Params, model: Path, settings: str, named: str) -> None:
    Path("other.yaml").write_text(settings + "\n")
    done = said(CLIPS[0], "--model", model, "--params", "other.yaml")
    assert done.exit_code == 1
    assert named in done.stderr
    assert "other.yaml says" in done.stderr


def test_another_version_or_other_weights_are_refused_and_libraries_remarked_on(params: Params, model: Path) -> None:
    from pipeline.inference.schema import require_same

    schema = json.loads(json.dumps(load(model).schema))
    made = schema["features"]["video"][0]["fingerprint"]
    assert require_same(params, schema, "m") == []
    made["libraries"] = dict.fromkeys(made["libraries"], "0.0.1")
    notices = require_same(params, schema, "m")
    assert len(notices) == len(made["libraries"]) > 0
    assert "features.posture: the model was trained with" in notices[0]
    made["version"] = 99
    made["weights"] = {"x": "y"}
    with pytest.raises(UserError, match="trained with version 99, but 1 is installed") as refused:
        require_same(params, schema, "m")
    assert "trained with different weights files" in str(refused.value)


def test_imported_features_are_refused_by_name(params: Params, model: Path) -> None:
    from pipeline.inference.schema import require_same

    schema = json.loads(json.dumps(load(model).schema))
    schema["features"]["audio"][0]["kind"] = "imported"
    with pytest.raises(UserError, match="reads the imported features prosody"):
        require_same(params, schema, "m")


def test_a_model_of_speakers_needs_several_clips_of_each(params: Params, pipeline: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(pipeline)
        own = load_params(Path("params.yaml"))
        folder = fit(
            replace(own, train=replace(own.train, normalise="speaker")),
            "av",
            Configuration("vote", ("text", "audio"), "svm"),
        )
    with pytest.raises(UserError, match=r"normalised per speaker.*several clips of each"):
        predict(params, pipeline / folder, CLIPS[0])


def test_a_text_that_a_model_does_not_read_is_said_to_be_without_effect(pipeline: Path, model: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(pipeline)
        own = load_params(Path("params.yaml"))
        folder = fit(own, "av", Configuration("unimodal", ("audio",), "logistic"))
        found = [predict(own, one, CLIPS[0], text="so it is").notices for one in (folder, model)]
    assert [[n for n in notices if "--text has no effect" in n] for notices in found] == [
        [f"--text has no effect: {folder} reads no text"],
        [],
    ]


def test_a_stop_leaves_nothing_behind(params: Params, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipeline.inference.predict.write_features", stop)
    done = said(CLIPS[0], "--model", model)
    assert done.exit_code == 130


def test_what_is_no_source_is_named(params: Params, model: Path, tmp_path: Path) -> None:
    (tmp_path / "clips.csv").write_text("media\n")
    for source, message in [
        (tmp_path / "no.mp4", "does not exist: name recordings"),
        (tmp_path, "holds no manifest.csv"),
        (tmp_path / "clips.csv", "must be called manifest.csv: rename it"),
    ]:
        with pytest.raises(UserError, match=message):
            predict(params, model, source)
    write_csv(tmp_path / "manifest.csv", ("media",), [(CLIPS[0],)])
    with pytest.raises(UserError, match="--text is the transcript of one recording"):
        predict(params, model, tmp_path, text="words")


def test_a_model_that_cannot_answer_is_a_fault_of_its_file(params: Params, model: Path, tmp_path: Path) -> None:
    """What fits together and yet cannot be used (a scale of other columns) is a sentence too, never a traceback."""
    saved = load(model)
    part = next(p for _, p in iter_parts(saved.model) if isinstance(p, LogisticRegression))
    columns = part.n_features_in_ - 1
    for attributes in (
        {"coef_": part.coef_[:, :-1]},
        {"coef_": part.coef_[:, :-1], "n_features_in_": columns},
        {"coef_": part.coef_ * np.nan, "n_features_in_": columns + 1},
    ):
        vars(part).update(attributes)
        save(saved.model, tmp_path / "m", saved.schema)
        done = said(CLIPS[0], "--model", tmp_path / "m", "--text", "a word")
        assert done.exit_code == 1
        due = "the saved model cannot predict" if len(attributes) > 1 else "has weights that do not fit its number"
        assert due in done.stderr
        assert "Traceback" not in done.stderr


TIMED = """
run: {corpora: [timed], workers: 1}
corpora:
  timed: {reader: manifest, root: timed, task: classification, label: mood, modalities: [text, audio],
    protocol: {kind: group-kfold, folds: 2, group: speaker}}
features: {extract: [vader, prosody]}
train: {features: {text: [vader], audio: [prosody]}}
"""


@pytest.mark.parametrize("odd", ["a\x1b[31mb", "a\nError: fake", "a\x00b", "a\u2028b"])
def test_a_class_that_import_would_refuse_is_refused(params: Params, model: Path, tmp_path: Path, odd: str) -> None:
    saved = load(model)
    saved.model.classes_ = np.array([odd, "b"])
    saved.model.target_ = replace(saved.model.target_, classes=saved.model.classes_)
    save(saved.model, tmp_path / "m", saved.schema)
    with pytest.raises(ModelError, match=r"the class .* of the saved model holds") as caught:
        predict(params, tmp_path / "m", CLIPS[0])
    assert "\n" not in str(caught.value)


def test_a_model_of_timed_words_says_that_words_have_no_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(TIMED)
    rows = [(c, c.stem, TEXTS[c.stem[13]], "ab"[i % 2], f"s{i // 2}") for i, c in enumerate(CLIPS)]
    header = ("media", "utterance", "text", "mood", "speaker")
    write_csv(tmp_path / "timed" / "manifest.csv", header, rows)
    words = [(c.stem, w, 0.5 + 0.3 * i, 0.7 + 0.3 * i) for c in CLIPS for i, w in enumerate(TEXTS[c.stem[13]].split())]
    write_csv(tmp_path / "timed" / "words.csv", ("utterance", "word", "start", "end"), words)
    params = load_params(Path("params.yaml"))
    prepare(params, "timed")
    with Pool(0) as pool:
        for modality in ("text", "audio"):
            preprocess(params, "timed", modality, pool)
        for extractor in params.extract:
            extract(params, "timed", extractor, pool)
    saved = fit(params, "timed", Configuration("concat", ("text", "audio"), "logistic"))
    alone = said(CLIPS[0], "--model", saved, "--text", TEXTS["1"])
    assert "was fitted on timed words, but the words of the recording have no times: the rate of speech" in alone.stderr
    write_csv(tmp_path / "new" / "manifest.csv", header[:3], [row[:3] for row in rows[:2]])
    write_csv(tmp_path / "new" / "words.csv", ("utterance", "word", "start", "end"), words[:6])
    assert "but 1 of 2 clips have none" in said(tmp_path / "new", "--model", saved, "--workers", 0).stderr
    lone = said(CLIPS[0], "--model", saved)
    assert "but no words of the recording are known: the rate of speech" in lone.stderr
    silent = [*rows[:2], ("", "read", TEXTS["1"])]
    write_csv(tmp_path / "new" / "manifest.csv", header[:3], [row[:3] for row in silent])
    assert "but 1 of 3 clips have none" in said(tmp_path / "new", "--model", saved, "--workers", 0).stderr
    write_csv(tmp_path / "new" / "manifest.csv", header[:3], [row[:3] for row in silent[::2]])
    assert "timed words" not in said(tmp_path / "new", "--model", saved, "--workers", 0).stderr
    write_csv(tmp_path / "new" / "manifest.csv", header[:3], [row[:3] for row in rows[:2]])
    write_csv(tmp_path / "new" / "words.csv", ("utterance", "word", "start", "end"), words[:12])
    assert "timed words" not in said(tmp_path / "new", "--model", saved, "--workers", 0).stderr


def test_a_manifest_follows_the_rules_of_prepare(params: Params, model: Path, tmp_path: Path) -> None:
    rows = [(CLIPS[0], "0", 0, 3, TEXTS["1"]), (CLIPS[0], "1", -0.5, 3, TEXTS["1"])]
    write_csv(tmp_path / "manifest.csv", (" Media", "utt_id", "START", "End ", "Text"), rows)
    done = said(tmp_path, "--model", model, "--workers", 0)
    assert done.exit_code == 0, done.output
    assert "the column 'utt_id' is not read; did you mean 'utterance'" in done.stderr
    assert "start is -0.5 s" in done.stderr
    assert "2 rows" not in done.stderr
    assert "`dvc repro`" not in done.stderr
    lines = [line for line in done.stdout.splitlines() if "absent" in line]
    assert lines == []
    write_csv(tmp_path / "manifest.csv", ("media", "text"), [(CLIPS[0], "no\0")])
    refused = said(tmp_path, "--model", model, "--workers", 0)
    assert refused.exit_code == 1
    assert "text holds a NUL character" in refused.stderr


def test_errors_name_what_was_given_and_the_file_that_is_meant(params: Params, model: Path, tmp_path: Path) -> None:
    clip = tmp_path / "clip.mp4"
    clip.symlink_to(CLIPS[0])
    (tmp_path / "clip.txt").write_text("no\0never")
    said_of = said(clip, "--model", model).stderr
    assert "clip.txt holds a NUL character after 'no'" in said_of
    assert ".predict-" not in said_of
    (tmp_path / "a\nb.mp4").symlink_to(CLIPS[0])
    said_of = said(tmp_path / "a\nb.mp4", "--model", model).stderr
    assert "the name of the recording holds the control character U+000A" in said_of
    assert ".predict-" not in said_of
    write_csv(tmp_path / "manifest.csv", ("media", "text"), [("CLIP.mp4", "a word")])
    assert "did you mean 'clip.mp4'" in said(tmp_path, "--model", model, "--workers", 0).stderr


@pytest.mark.usefixtures("elsewhere")
def test_words_that_nobody_gave_are_recognised_as_the_settings_say(model: Path, tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(PARAMS + "streams: {text: {transcribe: missing}}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        params = load_params(Path("params.yaml"))
        heard = predict(params, model, CLIPS[0])
        assert heard.notices[-1].endswith(f"recognised by a machine, not given: {TEXTS[CLIPS[0].stem[13]]}")
        assert not heard.answers[0].absent
        given = predict(params, model, CLIPS[0], text="Oh no.")
        assert not any("machine" in notice for notice in given.notices)
