"""MMSA 2.2.1 itself: it trains on what we export, on a CPU, and its metrics equal ours on the same predictions."""

import ast
import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np
import pandas as pd
import pytest

from common.threads import ENVIRONMENT
from features.store import Entry
from models.evaluation import metrics
from pipeline.exchange.bundle import Bundle, FeatureSet, ImportOptions, entry_of, item_of, pooled_names_of
from pipeline.exchange.formats import mmsa, npz
from tests.conftest import DATA, needs_data

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(find_spec("MMSA") is None, reason="MMSA is not installed: pip install -r requirements-mmsa.txt"),
]

OURS = {
    "Has0_acc_2": metrics.has0_acc,
    "Non0_acc_2": metrics.non0_acc,
    "Mult_acc_5": metrics.acc5,
    "Mult_acc_7": metrics.acc7,
    "MAE": metrics.mae,
    "Corr": metrics.r,
}

# MMSA calls `torch.cuda.set_device` even where there is none, and prints metrics only: both are changed here, in a
# process of its own. What it hands to its metrics last are the predictions of the test split.
RUN = """
import json, sys
from pathlib import Path
import torch
torch.cuda.set_device = lambda device: None
from MMSA import MMSA_run
from MMSA.utils.metricsTop import MetricsTop
last, get = {}, MetricsTop.getMetics
def watched(self, name):
    function = get(self, name)
    def call(prediction, truth):
        result = {k: float(v) for k, v in function(prediction, truth).items()}
        last.update(prediction=prediction.view(-1).tolist(), truth=truth.view(-1).tolist(), result=dict(result))
        return result
    return call
MetricsTop.getMetics = watched
jobs, sets = json.load(sys.stdin)
score, answer = MetricsTop("regression").getMetics("mosi"), {"runs": {}}
answer["figures"] = [score(torch.tensor(p), torch.tensor(t)) for p, t in sets]
for path, models in jobs.items():
    out = Path(path).with_suffix(".out")
    for model in models:
        MMSA_run(model, "mosi", custom_feature=path, seeds=[1111], gpu_ids=[], num_workers=0, verbose_level=0,
                 config={"early_stop": 0, "batch_size": 64}, model_save_dir=out, res_save_dir=out, log_dir=out)
        answer["runs"].setdefault(Path(path).stem, {})[model] = dict(last)
Path(sys.argv[1]).write_text(json.dumps(answer))
"""


def agree(theirs: Mapping[str, float], prediction: Sequence[float], truth: Sequence[float]) -> None:
    """MMSA rounds to four digits and computes in single precision."""
    for name, function in OURS.items():
        assert theirs[name] == pytest.approx(function(truth, prediction), abs=1.01e-4), name


def pairs() -> list[tuple[list[float], list[float]]]:
    """Predictions and truths in single precision."""
    rng = np.random.default_rng(0)
    halves = np.arange(-3.5, 4, 0.5)  # every possible tie, on both sides, and values beyond the scale
    sets = [
        (np.repeat(halves, len(halves)), np.tile(halves, len(halves))),
        (rng.normal(size=500) * 2, rng.integers(-15, 16, 500) / 5),
        (rng.integers(-6, 7, 300) / 2, rng.integers(-6, 7, 300) / 2),
        (np.array([0.0, -0.0, 0.1, -0.1, 2.5, -2.5]), np.array([0.0, 0.0, 0.0, -0.0, 2.0, -3.0])),
    ]
    return [(p.astype(np.float32).tolist(), t.astype(np.float32).tolist()) for p, t in sets]


def mosi() -> Bundle:
    """The published features, one row per utterance, with twelve videos of the training part set apart."""
    arrays: Any = tuple((m, (m,)) for m in ("text", "audio", "video"))
    options = ImportOptions(
        arrays, id="id", text="transcript", group="video_id", split="split", label="val", splits={"dev": "test"}
    )
    bundle = npz.read(DATA / "mosi" / "features.npz", options)
    table = bundle.utterances.rename(columns={"val": "sentiment"})
    last = table.loc[table["split"] == "train", "group"].unique()[-12:]
    table["split"] = table["split"].where(~table["group"].isin(last), "valid")
    return replace(bundle, utterances=table)


def sequences(aligned: bool) -> Bundle:
    """Sixty utterances of 1 to 6 rows; some without a picture, some numbers undefined."""
    rng = np.random.default_rng(1)
    n = 60
    names = [f"v{i // 5}_{i}" for i in range(n)]
    table = pd.DataFrame(
        {
            "utterance": names,
            "recording": [name.split("_")[0] for name in names],
            "text": ["some words"] * n,
            "split": ["train"] * 30 + ["valid"] * 15 + ["test"] * 15,
            "sentiment": np.round(rng.uniform(-3, 3, n), 1),
        }
    )
    lengths = rng.integers(1, 7, (n, 3))
    lengths[:, 1:] = lengths[:, :1] if aligned else lengths[:, 1:]

    def store(k: int, modality: Any, width: int) -> FeatureSet:
        entries = []
        for i in range(n):
            values = rng.normal(size=(lengths[i, k], width))
            values[0, 0] = np.nan if i % 7 == 0 and width > 1 else values[0, 0]
            absent = modality == "video" and i % 4 == 0
            entries.append(Entry("absent", "no picture") if absent else entry_of(values)[0])
        columns = tuple(f"c{j}" for j in range(width))
        items = [item_of(name, entry) for name, entry in zip(names, entries, strict=True)]
        return FeatureSet(modality, modality, columns, pooled_names_of(columns), items)

    return Bundle(table, features=(store(0, "text", 12), store(1, "audio", 5), store(2, "video", 8)))


BUNDLES: dict[str, tuple[Callable[[], Bundle], list[str]]] = {
    "mosi": (mosi, ["lf_dnn", "tfn", "ef_lstm"]),
    "unaligned": (lambda: sequences(aligned=False), ["lf_dnn", "tfn"]),
    "aligned": (lambda: sequences(aligned=True), ["ef_lstm"]),
}


@pytest.fixture(scope="module")
def peer(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Export all bundles, train MMSA's models for one epoch each, and have it score the fixed predictions."""
    folder = tmp_path_factory.mktemp("peer")
    jobs = {}
    for name, (make, models) in BUNDLES.items():
        if name != "mosi" or DATA.exists():
            mmsa.write(make(), folder / f"{name}.pkl")
            jobs[str(folder / f"{name}.pkl")] = models
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RUN, str(folder / "answer.json")],
        input=json.dumps([jobs, pairs()]),
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": "", **ENVIRONMENT},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    answer: dict[str, Any] = json.loads((folder / "answer.json").read_text())
    for name in answer["runs"]:
        with (folder / f"{name}.out" / "normal" / "mosi.csv").open() as file:
            answer["runs"][name]["table"] = {row["Model"]: row for row in csv.DictReader(file)}
    return answer


def test_metrics_equal_mmsas_on_the_same_predictions(peer: dict[str, Any]) -> None:
    for figures, (prediction, truth) in zip(peer["figures"], pairs(), strict=True):
        agree(figures, prediction, truth)


@pytest.mark.parametrize("name", [pytest.param("mosi", marks=needs_data), "unaligned", "aligned"])
def test_mmsa_trains_on_our_exports(name: str, peer: dict[str, Any]) -> None:
    make, models = BUNDLES[name]
    table = make().utterances
    runs = peer["runs"][name]
    assert list(runs["table"]) == models
    for model in models:
        run = runs[model]
        truth = table.loc[table["split"] == "test", "sentiment"]
        np.testing.assert_allclose(np.sort(run["truth"]), np.sort(truth), atol=1e-6)  # MMSA shuffles test rows, too
        assert np.isfinite(run["prediction"]).all()
        agree(run["result"], run["prediction"], run["truth"])
        shown = ast.literal_eval(runs["table"][model]["MAE"].replace("np.float64", ""))  # mean and deviation over seeds
        assert shown == (pytest.approx(100 * run["result"]["MAE"], abs=0.01), 0)


@needs_data
def test_what_mmsa_learns_from_mosi_holds_on_other_videos(peer: dict[str, Any]) -> None:
    # From features next to other utterances' labels it would learn nothing: about a half.
    for model in ("lf_dnn", "tfn"):  # one epoch is too short for ef_lstm
        assert peer["runs"]["mosi"][model]["result"]["Non0_acc_2"] > 0.65
