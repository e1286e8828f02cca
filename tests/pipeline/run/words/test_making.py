"""Words made on workers: what is kept, what is counted, and that a second run reads the cache."""

import shutil
from pathlib import Path

import pytest

from pipeline.corpora.gathering import gather
from pipeline.run.ledger import read_failures
from pipeline.run.plans import Outcome
from pipeline.run.pool.cluster import Pool
from pipeline.run.words.kinds import RECOGNISE
from pipeline.run.words.making import Made, made
from pipeline.settings.params import Params, load_params
from tests.conftest import DATA, write_csv

CLIP = DATA / "ravdess" / "speech" / "03-01-01-01-01-01-01.flac"
PARAMS = """corpora: {c: {reader: manifest, root: c, task: classification, label: mood, modalities: [text],
  protocol: {kind: group-kfold, folds: 2}}}
streams: {text: {transcribe: missing}}
"""


def test_sentences_count_what_is_without_words() -> None:
    nobody, gone = Outcome("a", "k", "empty", note="nobody speaks"), Outcome("c", "m", "failed", note="it is broken")
    found = Made({}, [nobody, Outcome("b", "l", "empty", note="nobody speaks"), gone, Outcome("d", "n", "ok", 3)])
    assert list(found.without("words")) == [
        "2 utterances without words (such as a): nobody speaks",
        "1 utterance without words because of an error (such as c: it is broken): all are in failures.csv",
    ]
    assert found.keys == ["k", "l", "m", "n"]


def test_without_utterances_no_model_is_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(PARAMS.replace("missing", "missing, model: no such folder"))
    assert made(RECOGNISE, [], {}, load_params(tmp_path / "params.yaml"), "c", Pool(0)) == Made({}, ())


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    if not CLIP.is_file():
        pytest.skip("needs a clip of RAVDESS")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(PARAMS)
    shutil.copy(CLIP, tmp_path / "clip.flac")
    (tmp_path / "torn.flac").write_bytes(CLIP.read_bytes()[:200])
    rows = [("../clip.flac", "a", 0, 3), ("../clip.flac", "b", 0, 0.6), ("../torn.flac", "a", 0, 1)]
    write_csv(tmp_path / "c" / "manifest.csv", ("media", "mood", "start", "end"), rows)
    return load_params(tmp_path / "params.yaml")


def test_a_clip_that_fails_is_recorded_and_a_second_run_reads_the_cache(params: Params) -> None:
    rows = list(gather(params.corpus("c")).utterances.itertuples())
    first = made(RECOGNISE, rows, {}, params, "c", Pool(0))
    assert [outcome.status for outcome in first.outcomes] == ["ok", "empty", "failed"]
    [spoken] = first.spoken.values()
    assert spoken.text.startswith("Kids are talking")
    [failure] = read_failures(Path("data/work/c/failures.csv"))
    assert (failure.stage, failure.step, failure.utterance) == ("prepare", "recognise", rows[2].utterance)
    assert made(RECOGNISE, rows[:2], {}, params, "c", Pool(0)).spoken == first.spoken
    assert read_failures(Path("data/work/c/failures.csv")) == []
