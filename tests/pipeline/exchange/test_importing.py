"""Features from files: as a new corpus, or added to the features of a corpus, joined by id."""

from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import pytest

from features.store import open_store
from pipeline.settings.params import load_params
from tests.conftest import DATA, needs_data, run, write_csv

FAST = "train: {classifiers: [logistic], fusions: [concat]}\nrun: {workers: 1}\n"


def made(folder: Path, n: int = 60, **changes: np.ndarray) -> Path:
    """Write features.npz: voices that distinguish two classes, from six speakers."""
    rng = np.random.default_rng(0)
    labels = np.array(["calm", "lively"])[np.arange(n) % 2]
    arrays = {
        "name": np.array([f"c{i}" for i in range(n)]),
        "voice": (rng.normal(size=(n, 4)) + 3 * (labels == "lively")[:, None]).astype(np.float32),
        "face": rng.normal(size=(n, 3)).astype(np.float32),
        "emotion": labels,
        "actor": np.arange(n) % 6,
    }
    np.savez(folder / "features.npz", **(arrays | changes))
    (folder / "params.yaml").write_text(FAST)
    return folder


AS_CORPUS = ("import", "npz", "features.npz", "--corpus", "mine", "--id", "name", "--group", "actor", "--task",
             "classification", "--label", "emotion", "--array", "audio=voice", "--array", "video=face")  # fmt: skip


def trained(folder: Path, name: str) -> pd.DataFrame:
    """Prepare and train a corpus; return its predictions, which show as much as the table in less time."""
    run("prepare", "--corpus", name, cwd=folder)
    run("train", "--corpus", name, "--workers", "0", cwd=folder)
    return pd.read_csv(folder / "results" / name / "predictions.csv", keep_default_na=False)


def accuracy(predictions: pd.DataFrame, strategy: str, modalities: str) -> float:
    rows = predictions[(predictions["strategy"] == strategy) & (predictions["modalities"] == modalities)]
    return float((rows["truth"] == rows["prediction"]).mean())


def counts(predictions: pd.DataFrame) -> set[int]:
    return set(predictions.groupby(["strategy", "modalities", "model"]).size())


def test_a_file_becomes_a_corpus_that_trains_and_records_its_origin(tmp_path):
    folder = made(tmp_path)
    reported = run(*AS_CORPUS, cwd=folder).stdout
    assert "60 utterances; stores: voice, face" in reported
    corpus = load_params(folder / "params.yaml").corpora["mine"]
    assert (corpus.modalities, corpus.protocol.kind) == (("audio", "video"), "group-kfold")
    with open_store(folder / "data/work/mine/features/voice.h5") as store:
        np.testing.assert_array_equal(store.pooled(), np.load(folder / "features.npz")["voice"])
        assert store.utterances[:2] == ["c0", "c1"]
        assert store.attribute("kind") == "imported"
        assert store.attribute("config")["origin"] == "features.npz"
        assert len(store.attribute("config")["sha256"]["features.npz"]) == 64
    predictions = trained(folder, "mine")
    assert accuracy(predictions, "unimodal", "audio") > 0.95
    assert accuracy(predictions, "concat", "audio+video") > 0.9
    assert counts(predictions) == {60}
    run("evaluate", "--corpus", "mine", cwd=folder)
    assert set(pd.read_csv(folder / "results/mine/table.csv")["n"]) == {60}


def test_options_are_written_or_named(tmp_path):
    folder = made(tmp_path)
    reported = run(*AS_CORPUS, "--folds", "3", "--match", "x", "--run", cwd=folder).stdout
    assert load_params(folder / "params.yaml").corpora["mine"].protocol.folds == 3
    assert load_params(folder / "params.yaml").run.corpora == ("mine",)
    assert "--match: no effect with --corpus" in reported
    run("prepare", "--corpus", "mine", cwd=folder)
    out = run("import", "npz", "features.npz", "--into", "mine", "--id", "name", "--array", "audio=face", "--folds",
              "7", "--run", cwd=folder).stdout  # fmt: skip
    assert "--folds, --run: no effect with --into" in out


def test_undefined_numbers_are_masked_and_utterances_without_others_are_empty(tmp_path):
    voice = np.random.default_rng(1).normal(size=(60, 4)).astype(np.float32)
    voice[3], voice[5, 1], voice[7, 2] = np.nan, -np.inf, np.nan
    folder = made(tmp_path, voice=voice)
    reported = run(*AS_CORPUS, cwd=folder).stdout
    assert "voice: 6 numbers of 3 utterances are not finite" in reported
    with open_store(folder / "data/work/mine/features/voice.h5") as store:
        assert [store.statuses[i] for i in (2, 3, 5)] == ["ok", "empty", "ok"]
        assert np.isnan(store.pooled()[[3, 5, 7], [0, 1, 2]]).all()
    assert counts(trained(folder, "mine")) == {60}  # a mask, not a dropped row


def test_into_joins_by_id_not_by_position(tmp_path):
    folder = made(tmp_path)
    run(*AS_CORPUS, cwd=folder)
    run("prepare", "--corpus", "mine", cwd=folder)
    order = np.random.default_rng(2).permutation(60)[:50]
    extra = np.stack([order, -order], axis=1).astype(np.float32)
    names = np.array([f"x_{i}" for i in [*order, 900, 901]])
    np.savez(folder / "more.npz", name=names, pulse=np.vstack([extra, np.ones((2, 2), np.float32)]))
    reported = run("import", "npz", "more.npz", "--into", "mine", "--id", "name", "--array", "audio=pulse",
               "--match", "[cx]_?(.+)", cwd=folder).stdout  # fmt: skip
    assert "50 of 60 utterances of mine matched by id" in reported
    assert "utterances of mine that are not in more.npz and count as absent: 10" in reported
    assert "ids of more.npz that are not utterances of mine and are left out: 2" in reported
    with open_store(folder / "data/work/mine/features/pulse.h5") as store:
        for i, name in enumerate(store.utterances):
            number = int(name[1:])
            expected = [number, -number] if number in order else [np.nan, np.nan]
            np.testing.assert_array_equal(store.pooled()[i], expected)
            assert store.statuses[i] == ("ok" if number in order else "absent")
    assert load_params(folder / "params.yaml").corpora["mine"].features["audio"] == ("voice", "pulse")
    assert counts(trained(folder, "mine")) == {60}


def test_a_store_named_like_an_extractor_gets_another_name(tmp_path):
    folder = made(tmp_path, mfcc=np.ones((60, 2), np.float32) * np.arange(60)[:, None])
    reported = run(*AS_CORPUS, "--array", "audio=mfcc", cwd=folder).stdout
    assert "mfcc are stored as mfcc_imported" in reported
    assert (folder / "data/work/mine/features/mfcc_imported.h5").exists()


@pytest.mark.parametrize(
    ("changes", "arguments", "message"),
    [
        ({}, ("--label", "emotoin"), "did you mean 'emotion'"),
        ({}, ("--id", "nmae"), "nmae"),
        ({}, ("--array", "audio=vioce"), "vioce"),
        ({}, ("--array", "smell=voice"), "'smell=voice'"),
        ({}, ("--array", "audio=voice,video=face"), "give each an --array of its own"),
        ({"voice": np.ones((59, 4), np.float32)}, (), "59"),
        ({"name": np.array(["a"] * 60)}, (), "'a'"),
        ({"name": np.array([f"c{i}\x00x" for i in range(60)])}, (), "holds a NUL character"),
        ({"voice": np.full((60, 4), None)}, (), "voice"),
        ({}, ("--protocol", "offical"), "did you mean 'official'"),
        ({}, ("--match", "(x)", "--into", "mine"), "name either a new corpus"),
    ],
)
def test_a_mistake_is_reported_in_one_sentence_and_leaves_nothing_behind(tmp_path, changes, arguments, message):
    folder = made(tmp_path, **changes)
    done = run(*AS_CORPUS, *arguments, cwd=folder, check=False)
    assert done.returncode == 1
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert (folder / "params.yaml").read_text() == FAST
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == ["features.npz", "params.yaml"]


def test_into_refuses_ids_that_match_nothing_or_several(tmp_path):
    folder = made(tmp_path)
    run(*AS_CORPUS, cwd=folder)
    run("prepare", "--corpus", "mine", cwd=folder)
    np.savez(folder / "more.npz", name=np.array(["p", "q"]), pulse=np.ones((2, 2), np.float32))
    before = (folder / "params.yaml").read_bytes()
    into = ("import", "npz", "more.npz", "--into", "mine", "--id", "name", "--array", "audio=pulse")
    for extra, message in (
        ((), "no id of more.npz (such as 'p')"),
        (("--match", "."), "must have one group"),
        (("--match", "("), "not a regular expression"),
        (("--match", "(.).*"), "change the expression so that ids stay different"),
    ):
        done = run(*into, *extra, cwd=folder, check=False)
        assert done.returncode == 1
        assert message in done.stderr
    assert (folder / "params.yaml").read_bytes() == before
    assert not (folder / "data/work/mine/features/pulse.h5").exists()


def test_an_existing_corpus_is_not_overwritten(tmp_path):
    folder = made(tmp_path)
    run(*AS_CORPUS, cwd=folder)
    done = run(*AS_CORPUS, cwd=folder, check=False)
    assert "--into mine" in done.stderr
    assert done.returncode == 1


def test_csv_of_features_becomes_a_corpus(tmp_path):
    rng = np.random.default_rng(0)
    rows = [(f"u{i}", "ab"[i % 2], i % 5, *(rng.normal(size=2) + 4 * (i % 2))) for i in range(40)]
    write_csv(tmp_path / "f.csv", ("clip", "mood", "who", "v_1", "v_2"), rows)
    (tmp_path / "params.yaml").write_text(FAST)
    run("import", "csv", "f.csv", "--corpus", "mine", "--id", "clip", "--group", "who", "--array", "audio=v_*",
        "--label", "mood", "--task", "classification", cwd=tmp_path)  # fmt: skip
    assert accuracy(trained(tmp_path, "mine"), "unimodal", "audio") > 0.95


@needs_data
def test_published_mosi_features_give_the_known_results(tmp_path):
    (tmp_path / "params.yaml").write_text(FAST)
    run("import", "npz", str(DATA / "mosi/features.npz"), "--corpus", "mosi", "--id", "id", "--group", "video_id",
        "--text", "transcript", "--split", "split", "--split-name", "dev=test", "--label", "y", "--task",
        "classification", *(f"--array={m}={m}" for m in ("text", "audio", "video")), cwd=tmp_path)  # fmt: skip
    predictions = trained(tmp_path, "mosi")
    assert accuracy(predictions, "unimodal", "text") == pytest.approx(0.77, abs=0.02)
    assert accuracy(predictions, "concat", "text+audio+video") == pytest.approx(0.77, abs=0.02)
    with h5py.File(tmp_path / "data/work/mosi/features/text.h5") as store:
        names = dict(zip(store["utterance"].asstr()[:], store["pooled"][:], strict=True))
    original = np.load(DATA / "mosi/features.npz")
    np.testing.assert_array_equal(names[original["id"][700]], original["text"][700])


@needs_data
def test_published_ravdess_features_give_the_known_results(tmp_path):
    (tmp_path / "params.yaml").write_text(FAST)
    run("import", "npz", str(DATA / "ravdess/features.npz"), "--corpus", "ravdess", "--id", "id", "--group", "actor",
        "--array", "audio=audio_mfcc", "--array", "video=face_au", "--label", "emotion_name", "--task",
        "classification", "--folds", "6", cwd=tmp_path)  # fmt: skip
    predictions = trained(tmp_path, "ravdess")
    assert accuracy(predictions, "unimodal", "audio") == pytest.approx(0.31, abs=0.025)
    assert accuracy(predictions, "unimodal", "video") == pytest.approx(0.55, abs=0.02)
    assert accuracy(predictions, "concat", "audio+video") == pytest.approx(0.63, abs=0.02)
