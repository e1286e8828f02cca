"""What is changed while a stage runs: nothing of it is kept under the key of what was planned."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.io import wavfile

from features.registry import build
from pipeline.errors import Changed
from pipeline.run import extraction, streaming
from pipeline.run.clips import work
from pipeline.run.keys.description import described
from pipeline.run.keys.utterance import extractor_program, stream_program
from pipeline.run.plans import Clip, feature_clips, stream_clips
from pipeline.run.pool.cluster import Pool
from pipeline.settings.params import Params, load_params
from pipeline.settings.paths import CACHE, CorpusPaths
from pipeline.stages.extract import extract
from pipeline.stages.prepare import prepare
from pipeline.stages.preprocess import preprocess
from pipeline.stages.train import train
from pipeline.training.trained import inputs_of
from tests.conftest import bind, write_csv
from tests.forked import Running

RATE = 16000


def tone(path: Path, hertz: float, seconds: float = 6.0) -> None:
    wave = np.sin(2 * np.pi * hertz * np.arange(int(RATE * seconds)) / RATE)
    wavfile.write(path, RATE, (wave * 9000).astype(np.int16))


def settings(**streams: Any) -> Params:
    corpus = {
        "reader": "manifest",
        "root": "c",
        "task": "classification",
        "label": "label",
        "modalities": ["audio"],
        "protocol": {"kind": "group-kfold", "folds": 2, "group": "speaker"},
    }
    text = {
        "run": {"corpora": ["c"]},
        "corpora": {"c": corpus},
        "features": {"extract": ["prosody"]},
        "streams": {"audio": streams},
        "train": {"features": {"audio": ["prosody"]}, "classifiers": ["logistic"], "fusions": []},
    }
    Path("params.yaml").write_text(yaml.safe_dump(text))
    return load_params(Path("params.yaml"))


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    Path("c").mkdir()
    rows = []
    for i in range(4):
        tone(Path(f"c/{i}.wav"), 150 + 40 * i)
        rows += [(f"{i}.wav", f"u{i}{k}", 2 * k, 2 * k + 2, "ab"[k % 2], f"s{i}") for k in range(3)]
    write_csv(Path("c/manifest.csv"), ("media", "utterance", "start", "end", "label", "speaker"), rows)
    prepare(settings(), "c")
    yield tmp_path
    extraction.close_store()


def kept(step: str) -> set[str]:
    return {path.stem for path in (CACHE / step).rglob("*.clip")}


def audio_step(params: Params) -> tuple[streaming.StreamStep, list[Clip]]:
    config = params.streams["audio"]
    step = streaming.StreamStep("audio", config, described(stream_program("audio", config)))
    return step, [clip for clip in stream_clips(params, "c", "audio") if isinstance(clip, Clip)]


def test_a_recording_replaced_before_it_is_read(corpus: Path) -> None:
    step, clips = audio_step(settings())
    tone(Path("c/1.wav"), 500)
    with pytest.raises(Changed, match=r"c/1\.wav is not the recording .* prepare"):
        work(step, CACHE, clips)
    assert kept("audio") <= {clip.key for clip in clips[:3]}  # of the recording before it


@pytest.mark.parametrize("how", ["replaced", "written in place"])
def test_a_recording_changed_while_it_is_read(corpus: Path, how: str) -> None:
    step, clips = audio_step(settings())
    results = step.compute(clips[:3])
    next(results)
    if how == "replaced":
        tone(Path("other.wav"), 500)
        Path("other.wav").replace("c/0.wav")
    else:
        with Path("c/0.wav").open("r+b") as file:
            file.seek(1000)
            file.write(b"xx")
    with pytest.raises(Changed, match="not the recording"):
        list(results)


def test_a_recording_that_appears_after_the_plan_is_not_kept_under_the_key_of_none(corpus: Path) -> None:
    Path("c/2.wav").rename("away.wav")
    step, clips = audio_step(settings())
    Path("away.wav").rename("c/2.wav")
    with pytest.raises(Changed, match=r"c/2\.wav"):
        work(step, CACHE, clips)


def test_a_recording_that_is_gone_fails_alone(corpus: Path) -> None:
    step, clips = audio_step(settings())
    Path("c/1.wav").unlink()
    assert [o.status for o in work(step, CACHE, clips)] == ["ok"] * 3 + ["failed"] * 3 + ["ok"] * 6


def extract_step(params: Params) -> tuple[extraction.ExtractStep, list[Clip]]:
    extractor = build("prosody", {})
    depends = described(extractor_program(extractor))
    store = str(CorpusPaths("c").stream("audio").resolve())
    step = extraction.ExtractStep("prosody", "{}", depends, store, extractor.light)
    return step, [clip for clip in feature_clips("c", extractor) if isinstance(clip, Clip)]


def test_another_stream_than_the_planned_one_is_not_extracted(corpus: Path) -> None:
    before, after = settings(), settings(low_hz=400.0)
    preprocess(before, "c", "audio", Pool(0))
    step, clips = extract_step(before)
    work(step, CACHE, clips[:1])  # the store is open now
    preprocess(after, "c", "audio", Pool(0))
    with pytest.raises(Changed, match=r"audio\.h5 changed while prosody was extracted"):
        work(step, CACHE, clips)
    assert kept("prosody") == {clips[0].key}
    preprocess(before, "c", "audio", Pool(0))
    assert {o.status for o in work(step, CACHE, clips)} == {"ok"}


def test_a_stream_of_fewer_utterances_is_not_extracted(corpus: Path) -> None:
    params = settings()
    preprocess(params, "c", "audio", Pool(0))
    step, clips = extract_step(params)
    lines = Path("c/manifest.csv").read_text().splitlines()
    Path("c/manifest.csv").write_text("\n".join(lines[:7]) + "\n")
    prepare(params, "c")
    preprocess(params, "c", "audio", Pool(0))
    with pytest.raises(Changed):
        work(step, CACHE, clips[6:])
    assert not kept("prosody")


def test_another_extractor_or_weights_than_planned(corpus: Path) -> None:
    params = settings()
    preprocess(params, "c", "audio", Pool(0))
    step, clips = extract_step(params)
    for part, value in (("weights", {"a.pt": "0" * 64}), ("libraries", {"numpy": "1.0"}), ("version", 99)):
        other = json.dumps(json.loads(step.depends) | {part: value})
        with pytest.raises(Changed, match=rf"extractor prosody .*\(different: {part}\)"):
            work(replace(step, depends=other), CACHE, clips)
    assert not kept("prosody")


@pytest.mark.parametrize("stages", [("preprocess", "extract", "train", "evaluate")])
def test_two_runs_at_once_in_one_folder_both_end_well(corpus: Path, stages: tuple[str, ...]) -> None:
    settings()
    for stage in stages:
        both = [Running(corpus, [(stage, "--corpus", "c")]) for _ in range(2)]
        ends = [one.done(120) for one in both]
        assert [(end.code, end.fault) for end in ends] == [(0, ""), (0, "")], ends
    assert not list((CACHE / "locks").iterdir())
    assert {path.name for path in (CorpusPaths("c").work / "streams").iterdir()} == {"audio.h5", "text.h5", "video.h5"}


def features(params: Params) -> None:
    preprocess(params, "c", "audio", Pool(0))
    extract(params, "c", "prosody", Pool(0))


class Beside(Pool):
    """Does something just before the work starts, as another command might."""

    def __init__(self, what: Any) -> None:
        super().__init__(0)
        self.what = what

    def run(self, work: Any, tasks: Any, expected_s: float = 0.0) -> Any:
        self.what()
        return super().run(work, tasks, expected_s)


def test_train_refuses_features_that_were_made_anew_in_another_way(corpus: Path) -> None:
    before = settings()
    features(before)
    truth = inputs_of(before, "c")
    with pytest.raises(Changed, match="c are not those that this run was planned with"):
        train(before, "c", Beside(lambda: features(settings(low_hz=400.0))))
    assert not CorpusPaths("c").predictions.exists()
    features(before)
    train(before, "c", Pool(0))
    predictions = CorpusPaths("c").predictions.read_bytes()
    shutil.rmtree(CACHE / "fits")
    train(before, "c", Pool(0))
    assert CorpusPaths("c").predictions.read_bytes() == predictions
    assert json.loads((CorpusPaths("c").results / "train.json").read_text())["inputs"] == truth


def test_train_goes_on_where_features_were_only_written_again(corpus: Path) -> None:
    params = settings()
    features(params)
    train(params, "c", Beside(lambda: features(params)))
    assert CorpusPaths("c").predictions.exists()


def test_train_refuses_labels_that_were_changed(corpus: Path) -> None:
    params = settings()
    features(params)

    def change() -> None:
        table = pd.read_csv(CorpusPaths("c").utterances)
        table.loc[0, "label"] = "b"
        table.to_csv(CorpusPaths("c").utterances, index=False)
        bind(CorpusPaths("c").work)  # or it is noticed as an edited table

    with pytest.raises(Changed):
        train(params, "c", Beside(change))
    assert not kept("fits")


def test_the_record_names_what_was_read_and_not_what_is_there_at_the_end(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.stages import train as module

    params = settings()
    features(params)
    truth = inputs_of(params, "c")
    written = module.write_tables

    def slowly(*arguments: Any) -> None:
        features(settings(low_hz=400.0))
        written(*arguments)

    monkeypatch.setattr(module, "write_tables", slowly)
    train(params, "c", Pool(0))
    assert json.loads((CorpusPaths("c").results / "train.json").read_text())["inputs"] == truth
    assert inputs_of(params, "c") != truth


CHANGED = {
    "labels": lambda table: table.assign(label=["b", "a", *table["label"][2:]]),
    "groups": lambda table: table.assign(speaker=table["speaker"].to_numpy()[::-1]),
}


def prepared_with(change: Any) -> Any:
    """Return what edits the manifest and prepares it."""

    def act() -> None:
        change(pd.read_csv("c/manifest.csv", dtype=str, keep_default_na=False)).to_csv("c/manifest.csv", index=False)
        prepare(settings(), "c")

    return act


def after(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, act: Any) -> None:
    """Let something happen once beside a run, after it called a function."""
    original, left = getattr(module, name), [act]

    def slowly(*arguments: Any, **options: Any) -> Any:
        found = original(*arguments, **options)
        if left:
            left.pop()()
        return found

    monkeypatch.setattr(module, name, slowly)


@pytest.mark.parametrize("what", CHANGED)
@pytest.mark.parametrize("when", ["read_utterances", "plan_of", "contents_of", "load_modalities", "labels_of"])
def test_prepare_beside_train_gives_no_record_of_the_new_table_with_the_old_truths(
    what: str, when: str, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.stages import train as module

    params = settings()
    features(params)
    after(monkeypatch, module, when, prepared_with(CHANGED[what]))
    if when == "labels_of":  # all is read: the record says of what
        truth = inputs_of(params, "c")
        train(params, "c", Pool(0))
        assert json.loads((CorpusPaths("c").results / "train.json").read_text())["inputs"] == truth
        assert inputs_of(params, "c") != truth
        return
    with pytest.raises(Changed, match=r"changed while train read them \(data/work/c/utterances\.csv\)"):
        train(params, "c", Pool(0))
    assert not CorpusPaths("c").predictions.exists()


@pytest.mark.parametrize("when", ["read_utterances", "require_features", "load_modalities"])
def test_prepare_beside_fit_saves_no_model_of_the_old_labels(
    when: str, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.inference import fit as module

    params = settings()
    features(params)
    after(monkeypatch, module, when, prepared_with(CHANGED["labels"]))
    row = module.configuration_of(params, "c", "unimodal", ("audio",), "logistic")
    with pytest.raises(Changed, match=r"changed while fit read them \(data/work/c/utterances\.csv\)"):
        module.fit(params, "c", row)
    assert not (CorpusPaths("c").results / "models").exists()


def trained(params: Params) -> None:
    features(params)
    train(params, "c", Pool(0))


@pytest.mark.parametrize("what", CHANGED)
@pytest.mark.parametrize("when", ["require_trained", "read_predictions", "score"])
def test_prepare_beside_evaluate_gives_no_table(
    what: str, when: str, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.stages import evaluate as module

    params = settings()
    trained(params)
    after(monkeypatch, module, when, prepared_with(CHANGED[what]))
    with pytest.raises(Changed, match=r"data/work/c/utterances\.csv changed meanwhile"):
        module.evaluate(params, "c")
    assert not (CorpusPaths("c").results / "table.csv").exists()


@pytest.mark.parametrize("when", ["require_evaluated", "plan_of", "_predicted"])
def test_prepare_beside_explain_gives_no_importances(when: str, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.evaluation import explain as module
    from pipeline.stages import evaluate

    params = settings()
    trained(params)
    evaluate.evaluate(params, "c")
    after(monkeypatch, module, when, prepared_with(CHANGED["labels"]))
    with pytest.raises(Changed, match=r"data/work/c/utterances\.csv changed meanwhile"):
        module.explain(params, "c", Pool(0), ("unimodal:audio",), 1)
    assert not (CorpusPaths("c").results / "importance.csv").exists()


@pytest.mark.parametrize("when", ["require_trained", "read_predictions", "read_utterances"])
def test_prepare_beside_compare_gives_no_differences(when: str, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.evaluation import compare as module

    params = settings()
    trained(params)
    after(monkeypatch, module, when, prepared_with(CHANGED["groups"]))
    with pytest.raises(Changed, match=r"data/work/c/utterances\.csv changed meanwhile"):
        module.compare(params, "majority", "unimodal:audio")


@pytest.mark.parametrize("when", ["read_scores", "read_answer", "read_predictions"])
def test_train_beside_report_gives_no_page_of_two_runs(
    when: str, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.reporting import page
    from pipeline.stages import evaluate
    from pipeline.stages import report as module

    params = settings()
    trained(params)
    evaluate.evaluate(params, "c")
    after(
        monkeypatch,
        page if when == "read_answer" else module,
        when,
        lambda: (prepared_with(CHANGED["labels"])(), train(params, "c", Pool(0))),
    )
    with pytest.raises(Changed, match="c was rewritten meanwhile"):
        module.report(params, "c")
    assert not (CorpusPaths("c").results / "report.html").exists()
