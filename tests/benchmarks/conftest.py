"""Imported features of voice and face, on which benchmarks of models are tested."""

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import output_of

PARAMS = "run: {corpora: []}\ncorpora: {}\n"
TRAIN = (
    "train: {classifiers: [logistic], unimodal_models: [], fusions: [weighted@extractor]}\nevaluate: {resamples: 50}\n"
)
SPEAKERS, EACH = 6, 10


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Import features of voice and face: `loud` tells the label, `face` and `pitch` a little, `noise` nothing."""
    monkeypatch.chdir(tmp_path)
    rng, n = np.random.default_rng(0), SPEAKERS * EACH
    truth = np.arange(n) % 2
    np.savez(
        "features.npz",
        id=np.array([f"u{i:02}" for i in range(n)]),
        speaker=np.repeat([f"s{i}" for i in range(SPEAKERS)], EACH),
        label=np.array(["low", "high"])[truth],
        loud=(truth + rng.normal(0, 0.3, n))[:, None].astype("f4"),
        pitch=(truth + rng.normal(0, 2, n))[:, None].astype("f4"),
        noise=rng.normal(size=(n, 3)).astype("f4"),
        face=(truth + rng.normal(0, 1, n))[:, None].astype("f4"),
    )
    Path("params.yaml").write_text(PARAMS)
    named = ("--id", "id", "--speaker", "speaker", "--label", "label", "--task", "classification")
    protocol = ("--group", "speaker", "--protocol", "group-kfold", "--folds", "3")
    arrays = ("--array", "audio=loud,pitch,noise", "--array", "video=face")
    output_of("import", "npz", "features.npz", "--corpus", "toy", *named, *protocol, *arrays)
    output_of("prepare", "--corpus", "toy")
    Path("params.yaml").write_text(Path("params.yaml").read_text() + TRAIN)
    return tmp_path
