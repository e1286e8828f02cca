"""Encoders that a user names, as tiny random models: from the recordings to the table, and what is wrong with them."""

import shutil
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from features.store import open_store
from tests import tiny_models
from tests.conftest import DATA, grid_corpus, needs_data, shell
from tests.forked import Done, Running

pytestmark = needs_data

ASKED = "asked.txt"
SPEECH = ("wav2vec2", "hubert", "wavlm", "whisper")
FACES = ("vit", "clip", "onnx")
TRAIN = {
    "features": {"text": ["bert"], "audio": [*SPEECH, "packaged"], "video": [*FACES]},
    "classifiers": ["logistic"],
    "unimodal_models": [],
    "fusions": ["concat/logistic", "product@extractor"],
    "budget": 1,
}


def watch_network() -> None:
    """Write down, in the process that runs the commands, every address that is asked for."""

    def asked(*arguments: object, **_: object) -> Any:
        with Path(ASKED).open("a") as file:
            print(*arguments, file=file)
        raise OSError("there is no network")

    socket.socket.connect = socket.socket.connect_ex = socket.getaddrinfo = asked  # type: ignore[method-assign, assignment]


def crossmodal(folder: Path, *commands: Sequence[str], ok: bool = True) -> Done:
    """Run commands in one process that has no network."""
    done = Running(folder, [tuple(command) for command in commands], watch_network).done()
    assert "Traceback" not in done.output, done.output
    assert (done.code == 0) is ok, done.output
    return done


def write_settings(
    folder: Path, instances: Mapping[str, Any], extract: Sequence[str], name: str = "params.yaml", **run: object
) -> None:
    """Write settings with these instances, some of which are extracted."""
    blocks = yaml.safe_load((folder / "params.yaml").read_text())
    changes = {"run": blocks["run"] | run, "features": {"extract": list(extract), **instances}, "train": TRAIN}
    (folder / name).write_text(yaml.safe_dump(blocks | changes, sort_keys=False))


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for family in ("wav2vec2", "hubert", "wavlm"):
        tiny_models.waveform_encoder(folder / family, family)
    tiny_models.whisper(folder / "whisper")
    tiny_models.vision_encoder(folder / "vit")
    tiny_models.vision_encoder(folder / "clip", "CLIP")
    tiny_models.text_model(folder / "bert")
    tiny_models.onnx_means(folder / "means.onnx")
    return folder


def instances_of(models: Path) -> dict[str, Any]:
    speech = {name: {"extractor": "speech_encoder", "model": str(models / name)} for name in SPEECH}
    faces = {name: {"extractor": "face_encoder", "model": str(models / name)} for name in FACES[:2]}
    onnx = {"extractor": "face_encoder", "file": str(models / "means.onnx"), "size": 64}
    speech["hubert"] |= {"layer": [0, "mean"]}
    return {"bert": {}, **speech, "packaged": {"extractor": "speech_encoder"}, **faces, "onnx": onnx}


@pytest.fixture(scope="module")
def project(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = grid_corpus(tmp_path_factory.mktemp("encoders"), 4)
    write_settings(folder, instances_of(models), [*instances_of(models)], batch=1)
    stages = ("settings", "prepare", "preprocess", "extract", "train", "evaluate", "report")
    crossmodal(folder, *([stage] for stage in stages))
    return folder


def stores(folder: Path) -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in (folder / "data/work/grid/features").glob("*.h5")}


def test_every_encoder_has_its_rows_in_the_table_without_a_network(project: Path, models: Path) -> None:
    assert not (project / ASKED).exists()
    assert set(stores(project)) == set(instances_of(models))
    table = pd.read_csv(project / "results/grid/table.csv")
    assert {"unimodal", "concat", "product@extractor"} <= set(table["strategy"])
    assert table["value"].notna().all()
    page = (project / "results/grid/report.html").read_text()
    assert "Where encoders ran: bert on cpu, wav2vec2 on cpu, " in page


@pytest.mark.parametrize(
    ("instance", "width", "pooled"),
    [
        ("bert", 384, 384),
        ("wav2vec2", 16, 34),
        ("hubert", 32, 66),
        ("packaged", 384, 770),
        ("vit", 16, 32),
        ("onnx", 3, 6),
    ],
)
def test_stores_have_the_columns_of_their_encoder_and_its_device(
    project: Path, instance: str, width: int, pooled: int
) -> None:
    with open_store(project / f"data/work/grid/features/{instance}.h5") as store:
        assert len(store.attribute("feature_names")) == width
        assert len(store.attribute("pooled_names")) == pooled
        assert store.attribute("device") == "cpu"
        assert list(store.statuses) == ["ok"] * 4


def test_two_workers_and_large_batches_give_the_same_bytes(project: Path, models: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(project, other, ignore=shutil.ignore_patterns("features", "results", *instances_of(models)))
    chosen = ("bert", "packaged", "hubert", "vit")
    write_settings(other, instances_of(models), chosen, batch=32)
    assert shell("extract", "--workers", "2", cwd=other).stdout.count("4 computed") == len(chosen)
    expected = stores(project)
    assert stores(other) == {name: expected[name] for name in chosen}


@pytest.mark.parametrize(
    ("settings", "run", "sentence"),
    [
        ({"model": "{models}/none"}, {}, "there is no folder {models}/none: give the folder of an encoder, or a name"),
        ({"model": "{models}/bert"}, {}, "{models}/bert contains a model of the type 'bert', which is not a speech"),
        ({"model": "{models}/hubert", "layer": 9}, {}, "there is no layer 9: this encoder has layers 0 to 3"),
        ({"model": "some/encoder"}, {}, "the encoder 'some/encoder' is neither a folder nor in the local hub cache"),
        (
            {"step_s": 0.31},
            {"device": "cuda"},
            "run.device is cuda, but CTranslate2 finds no CUDA device here: set run",
        ),
        ({"extractor": "face_encoder", "file": "{models}/none.onnx"}, {}, "there is no file {models}/none.onnx: give"),
    ],
)
def test_what_is_wrong_with_an_encoder_is_one_sentence_that_names_its_setting(
    settings: Mapping[str, Any], run: Mapping[str, Any], sentence: str, project: Path, models: Path
) -> None:
    filled = {key: value.format(models=models) if isinstance(value, str) else value for key, value in settings.items()}
    mine = {"mine": {"extractor": "speech_encoder"} | filled}
    write_settings(project, instances_of(models) | mine, ["mine"], "wrong.yaml", **run)
    done = crossmodal(project, ["extract", "--params", "wrong.yaml"], ok=False)
    assert done.code == 1
    (line,) = done.output.splitlines()
    assert line.startswith(f"Error: features.mine: {sentence.format(models=models)}")
    assert line.count("features.mine") == 1
    assert not (project / ASKED).exists()


def test_every_command_that_needs_an_encoder_names_its_setting_once(project: Path, models: Path) -> None:
    fit = ["fit", "--corpus", "grid", "--strategy", "unimodal", "--modalities", "text"]
    crossmodal(project, fit)
    (model,) = (project / "results/grid/models").iterdir()
    write_settings(project, instances_of(models) | {"bert": {"model": str(models / "none")}}, ["bert"], "gone.yaml")
    predict = ["predict", str(DATA / "grid/s1/bbaf2n.mpg"), "--model", str(model), "--text", "good film"]
    for command in (["status"], ["train"], fit, predict):
        done = crossmodal(project, [*command, "--params", "gone.yaml"], ok=command == ["status"])
        assert f"features.bert: there is no folder {models}/none: give the folder" in done.output
        assert "features.bert: features.bert" not in done.output
