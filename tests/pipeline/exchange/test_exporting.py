"""Exporting a small real corpus: each format comes back equal, and aligned as a plain loop does it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.store import open_store
from pipeline.errors import UserError
from pipeline.exchange.bundle import Bundle, ImportOptions
from pipeline.exchange.exporting import bundle_of, by_modality, export, scored
from pipeline.exchange.registry import reader_of
from pipeline.settings.params import Params, load_params
from tests.conftest import DATA, bind, grid_corpus, needs_data, run
from tests.pipeline.exchange.round_trip import assert_equal

SETTINGS = """
features: {extract: [vader, mfcc, posture]}
train: {features: {text: [vader, tfidf], audio: [mfcc], video: [posture]}}
"""
NAMES = ("vader", "mfcc", "posture")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four clips with timed words, and one without words and sound."""
    made = grid_corpus(tmp_path_factory.mktemp("export"), 4)
    manifest = made / "grid" / "manifest.csv"
    text = manifest.read_text().replace("calm", "negative").replace("lively", "Positive")
    manifest.write_text(f"{text}{DATA / 'edge' / 'no_audio.mp4'},no_audio,it is so,Positive,s1\n")
    params = made / "params.yaml"
    params.write_text(params.read_text() + SETTINGS)
    run("prepare", cwd=made)
    run("preprocess", cwd=made)
    run("extract", cwd=made)
    return made


@pytest.fixture
def params(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Params]:
    monkeypatch.chdir(folder)
    return load_params(Path("params.yaml"))


@needs_data
def test_a_bundle_equals_the_stores(params: Params) -> None:
    bundle = bundle_of(params, "grid", None, "", "")
    assert [store.name for store in bundle.features] == ["vader", "mfcc", "posture"]
    assert bundle.label == params.corpus("grid").label
    assert {"media", "media_sha256"}.isdisjoint(bundle.utterances.columns)
    for store in bundle.features:
        with open_store(Path(f"data/work/grid/features/{store.name}.h5")) as stored:
            assert [item.utterance for item in store.items] == stored.utterances
            for i, item in enumerate(store.items):
                entry = item.load()
                assert (entry.status, entry.note) == (stored.statuses[i], stored.notes[i])
                if entry.status == "ok":
                    np.testing.assert_array_equal(entry.rows["values"], stored.rows(i))
                    np.testing.assert_array_equal(entry.rows["times"], stored.rows(i, "times"))
                    np.testing.assert_array_equal(entry.clips["pooled"], stored.clip(i, "pooled"))
            assert store.details["weights"] == stored.attribute("weights")
    assert bundle.features[1].items[4].load().status == "absent"


def again(file_format: str, path: Path) -> Bundle:
    return reader_of(file_format)(path, ImportOptions())


@needs_data
@pytest.mark.parametrize("file_format", ["npz", "parquet"])
@pytest.mark.parametrize("align", ["", "word"])
def test_a_file_comes_back_equal(params: Params, file_format: str, align: str, tmp_path: Path) -> None:
    lines = export(params, "grid", file_format, tmp_path / "out", (), align)
    assert "5 utterances of grid" in lines[0]
    assert_equal(again(file_format, tmp_path / "out"), bundle_of(params, "grid", None, align, ""))
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


@needs_data
@pytest.mark.parametrize("align", ["", "word"])
def test_an_mmsa_pickle_comes_back_equal(params: Params, align: str, tmp_path: Path) -> None:
    path = tmp_path / "out.pkl"
    lines = export(params, "grid", "mmsa", path, NAMES, align, "fold-2")
    assert "split as fold-2" in lines[0]
    found = again("mmsa", path)
    wanted = bundle_of(params, "grid", by_modality(params, "grid", NAMES), align, "fold-2")
    corpus = params.corpus("grid")
    assert_equal(found, Bundle(scored(wanted.utterances, corpus), wanted.words, wanted.features))
    assert found.utterances["sentiment"].tolist() == [-1, 1, -1, 1, 1]


@needs_data
def test_the_split_is_that_of_the_protocol(params: Params, tmp_path: Path) -> None:
    export(params, "grid", "mmsa", tmp_path / "first.pkl", NAMES)
    first = again("mmsa", tmp_path / "first.pkl").utterances
    second = bundle_of(params, "grid", None, "", "fold-2").utterances
    for table, other in ((first, second), (second, first)):
        tested = table["split"] == "test"
        assert table.loc[tested, "speaker"].nunique() == 1  # folds are by speaker
        assert set(table["split"]) == {"train", "valid", "test"}
        assert not (tested & (other["split"] == "test")).any()
    with pytest.raises(UserError, match="no fold 'fold-3'; did you mean"):
        bundle_of(params, "grid", None, "", "fold-3")
    assert set(bundle_of(params, "grid", None, "", "").utterances["split"]) == {""}


@needs_data
def test_words_average_the_rows_that_overlap_them(params: Params) -> None:
    bundle = bundle_of(params, "grid", {"audio": ("mfcc",), "text": ("vader",)}, "word", "")
    text, audio = bundle.features
    assert (text.name, audio.name) == ("text", "audio")
    assert audio.feature_names[0].startswith("mfcc.")
    words = pd.read_csv("data/work/grid/words.csv")
    plain = bundle_of(params, "grid", {"audio": ("mfcc",)}, "", "").features[0]
    for item, source in zip(audio.items[:4], plain.items[:4], strict=True):
        entry, rows = item.load(), source.load().rows
        own = words[words["utterance"] == item.utterance]  # clips begin at 0, so words are on the same clock
        assert len(own) == entry.length > 3
        for j, (start, end) in enumerate(zip(own["start"], own["end"], strict=True)):
            inside = [
                v for v, (a, b) in zip(rows["values"], rows["times"], strict=True) if min(b, end) - max(a, start) > 1e-6
            ]
            wanted = np.mean(inside, axis=0, dtype=float) if inside else np.full(len(audio.feature_names), np.nan)
            np.testing.assert_allclose(entry.rows["values"][j], wanted, rtol=1e-5)
            assert tuple(entry.rows["times"][j]) == (start, end)
    assert (audio.items[4].load().status, text.items[4].load().note) == ("absent", "no word times")


@needs_data
def test_impossible_exports_are_refused(params: Params, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "out"
    for features, message in (
        (("opensmile",), "run `crossmodal extract --corpus grid --extractor opensmile`"),
        (("mfc",), "did you mean 'mfcc'"),
        (("tfidf",), "fitted again in every fold"),
    ):
        with pytest.raises(UserError, match=message):
            export(params, "grid", "npz", path, features)
    with pytest.raises(UserError, match="'phone'"):
        export(params, "grid", "npz", path, (), "phone")
    with pytest.raises(UserError, match="'exel'"):
        export(params, "grid", "exel", path)
    with pytest.raises(UserError, match="exactly one store per modality, but audio has 0"):
        export(params, "grid", "mmsa", path, ("vader", "posture"))
    words, record = Path("data/work/grid/words.csv"), Path("data/work/grid/tables.json")
    text, bound = words.read_text(), record.read_text()
    try:
        words.write_text(text.splitlines()[0] + "\n")
        bind(record.parent)  # otherwise the edited table would be refused
        with pytest.raises(UserError, match="no word times"):
            export(params, "grid", "npz", path, (), "word")
    finally:
        words.write_text(text)
        record.write_text(bound)
    assert not list(tmp_path.iterdir())


def test_labels_that_are_not_scores_are_translated_or_refused(tmp_path: Path) -> None:
    settings = (
        "corpora: {c: {reader: manifest, root: r, task: classification, label: mood, modalities: [text], "
        "protocol: {kind: official}}}"
    )
    (tmp_path / "params.yaml").write_text(settings)
    corpus = load_params(tmp_path / "params.yaml").corpus("c")
    table = pd.DataFrame({"utterance": ["a", "b", "c"], "mood": ["Neutral", "2.5", "negative"], "sentiment": ["x"] * 3})
    found = scored(table, corpus)
    assert found["sentiment"].tolist() == [0, 2.5, -1]
    assert found["sentiment_as_given"].tolist() == ["x"] * 3
    for wrong, what in (("joy", "the mood 'joy'"), ("", "no mood"), ("nan", "no mood")):
        with pytest.raises(UserError, match=f"utterance 'b' has {what}: MMSA"):
            scored(table.assign(mood=["1", wrong, "2"]), corpus)
