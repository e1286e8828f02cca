"""Train on one corpus, test on another, through the commands: speech of RAVDESS, and clips named as EmoDB's are."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
import yaml

from features.store import open_store
from tests.conftest import DATA, needs_data, run

pytestmark = needs_data

SPEECH = DATA / "ravdess" / "speech"
EMOTIONS = {"05": "W", "04": "T", "01": "N"}  # RAVDESS's anger, sadness, neutral by EmoDB's letters
LABELS = {"angry": "anger", "sad": "sadness"}
SMALL = {
    "run": {"workers": 1},
    "features": {"extract": ["mfcc", "prosody"], "mfcc": {"count": 13}},
    "train": {
        "features": {"audio": ["mfcc", "prosody"]},
        "classifiers": ["logistic"],
        "unimodal_models": [],
        "fusions": ["product"],
    },
    "evaluate": {"resamples": 100},
}


def german(name: str, speaker: str) -> str:
    """Return the name that a clip of RAVDESS would have in EmoDB."""
    _, _, emotion, _, statement, _, _ = name.split("-")
    return f"{speaker}{ {'01': 'a01', '02': 'b02'}[statement] }{EMOTIONS[emotion]}a.wav"


def clips(actor: str) -> Iterator[Path]:
    for emotion in EMOTIONS:
        for statement in ("01", "02"):
            yield SPEECH / f"03-01-{emotion}-01-{statement}-01-{actor}.flac"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three actors are in RAVDESS, three others in the corpus that is named as EmoDB, a little lower in pitch."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("ravdess", "emodb"):
        (folder / name).mkdir()
    for actor in ("01", "02", "03"):
        for clip in clips(actor):
            shutil.copy(clip, folder / "ravdess")
    for actor, speaker in (("04", "08"), ("05", "10"), ("06", "09")):
        for clip in clips(actor):
            samples, rate = soundfile.read(clip)
            soundfile.write(folder / "emodb" / german(clip.stem, speaker), samples, int(rate * 0.97))
    (folder / "params.yaml").write_text(yaml.safe_dump(SMALL))
    run("add-corpus", "ravdess", "--reader", "ravdess", "--root", "ravdess", "--modalities", "audio", cwd=folder)
    run("add-corpus", "emodb", "--reader", "emodb", "--root", "emodb", cwd=folder)
    labels = ",".join(f"{old}={new}" for old, new in LABELS.items())
    run("add-corpus", "both", "--reader", "union", "--of", "ravdess,emodb", "--labels", labels, "--run", cwd=folder)
    return folder


def stage(project: Path, name: str, corpus: str, *options: str) -> str:
    return run(name, "--corpus", corpus, *options, cwd=project).stdout


def test_each_corpus_is_predicted_by_models_of_the_other(project: Path) -> None:
    stage(project, "prepare", "ravdess")
    stage(project, "preprocess", "ravdess", "--modality", "audio")
    stage(project, "extract", "ravdess", "--extractor", "mfcc")
    assert "0 errors" in run("validate", "both", cwd=project).stdout
    stage(project, "prepare", "both")
    shared = stage(project, "preprocess", "both", "--modality", "audio") + stage(project, "extract", "both")
    assert "audio: 36 clips (36 ok): 18 computed, 18 from the cache" in shared
    assert "mfcc: 36 clips (36 ok): 18 computed, 18 from the cache" in shared
    stage(project, "train", "both")
    predictions = pd.read_csv(project / "results/both/predictions.csv")
    one = predictions[predictions["strategy"] == "unimodal"]
    of = one["utterance"].str.partition(":")[0]
    assert set(zip(of, one["fold"], strict=True)) == {("ravdess", "ravdess"), ("emodb", "emodb")}
    assert len(one) == 36
    assert set(one["truth"]) == {"anger", "sadness", "neutral"}

    printed = stage(project, "evaluate", "both", "--all")
    assert "emodb (18 utterances) is predicted by models that were trained on ravdess (18 utterances)" in printed
    groups = pd.read_csv(project / "results/both/by_group.csv")
    for (row, corpus), line in groups.groupby(["strategy", "group"]):
        mine = predictions[(predictions["strategy"] == row) & (predictions["fold"] == corpus)]
        right = (mine["truth"] == mine["prediction"]).mean()
        assert line["value"].item() == pytest.approx(right, abs=1e-6)
    assert set(groups["group"]) == {"ravdess", "emodb"}
    run("report", "--corpus", "both", cwd=project)
    assert "<h3>By corpus: " in (project / "results/both/report.html").read_text()


def test_the_features_of_a_clip_are_those_of_its_own_corpus(project: Path) -> None:
    with open_store(project / "data/work/ravdess/features/mfcc.h5") as own:
        alone, names = own.pooled(), own.utterances
    with open_store(project / "data/work/both/features/mfcc.h5") as joined:
        of = [f"ravdess:{name}" for name in names]
        rows = [joined.utterances.index(name) for name in of]
        assert np.array_equal(joined.pooled()[rows], alone)


def test_the_same_clip_in_both_corpora_fails_though_its_name_and_format_differ(project: Path) -> None:
    clip = next(clips("01"))
    samples, rate = soundfile.read(clip, dtype="int16")
    copy = project / "emodb" / german(clip.stem, "16")
    soundfile.write(copy, samples, rate)
    for name in ("prepare", "preprocess", "extract"):
        stage(project, name, "both")
    refused = run("train", "--corpus", "both", cwd=project, check=False)
    copy.unlink()
    assert refused.returncode == 1
    assert "the same voice, sample by sample, is in both parts" in refused.stderr
    assert f"emodb:{copy.stem}" in refused.stderr
    assert f"ravdess:{clip.stem}" in refused.stderr


def test_one_corpus_alone_cannot_be_left_out(project: Path) -> None:
    path = project / "params.yaml"
    before = path.read_text()
    path.write_text(before.replace("of: [ravdess, emodb]", "of: [ravdess]"))
    run("prepare", "--corpus", "both", cwd=project)
    refused = run("validate", "both", cwd=project, check=False)
    path.write_text(before)
    assert refused.returncode == 1
    assert "leave-one-corpus-out needs at least 2 corpora, but all utterances are from ravdess" in refused.stdout
