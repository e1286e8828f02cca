"""Names in params.yaml become folders and parts of commands: none leads out of its folder or reaches a shell."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipeline.errors import UserError
from pipeline.settings.params import load_params
from pipeline.settings.paths import CorpusPaths, check_store
from tests.conftest import ROOT, write_csv
from tests.forked import put_crossmodal_into
from tests.pipeline.settings.test_blocks import CORPUS

HOSTILE = [
    "../escape",
    "..",
    ".",
    "",
    "/escape",
    "a/b",
    "a\\b",
    "grid; touch OWNED #",
    "$(touch OWNED)",
    "`touch OWNED`",
    "' ; touch OWNED ; '",
    "a b",
    "a\nb",
    "a\x00b",
    "-rf",
    "--params=other.yaml",
    ".hidden",
    "1.10",
    "\x1b[31mred",
    "x" * 101,
    "a\u202eb",
]


def load(folder: Path, **blocks: object) -> object:
    (folder / "params.yaml").write_text(yaml.safe_dump(blocks, allow_unicode=False))
    return load_params(folder / "params.yaml")


@pytest.mark.parametrize("name", HOSTILE)
def test_names_that_a_corpus_cannot_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=r"params\.yaml, line \d+: corpora\..*: a corpus cannot be named"):
        load(tmp_path, corpora={name: CORPUS})
    with pytest.raises(UserError, match=r"params\.yaml, line \d+: run\.corpora\[0\]: a corpus cannot be named"):
        load(tmp_path, corpora={"mine": CORPUS}, run={"corpora": [name]})


@pytest.mark.parametrize("name", ["mine", "MOSI-2", "a_b", "2024", "größe", "语料", "on", "x" * 100])
def test_names_that_a_corpus_can_have(tmp_path: Path, name: str) -> None:
    params = load(tmp_path, corpora={name: CORPUS}, run={"corpora": [name]})
    assert params.run.corpora == (name,) == tuple(params.corpora)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["../../escape", "a/b", "..", "-x", ".x", "a;b", "a\x00", ""])
def test_names_that_a_store_cannot_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=r"corpora\.mine\.features\.text\[0\]: a store cannot be named"):
        load(tmp_path, corpora={"mine": CORPUS | {"features": {"text": [name]}}})


def test_stores_that_were_imported_keep_their_names(tmp_path: Path) -> None:
    corpus = CORPUS | {"features": {"text": ["glove+pos", "glove.840B", "bert_imported"]}}
    assert load(tmp_path, corpora={"mine": corpus})


@pytest.mark.parametrize("corpora", [["grid; touch OWNED #"], ["$(touch OWNED)"], [{"a; touch OWNED #": 1}], [["a"]]])
def test_no_name_reaches_the_shell_under_dvc(tmp_path: Path, corpora: list[object]) -> None:
    for name in ("dvc.yaml", ".dvcignore", "requirements.txt", "requirements-speech.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name in (".dvc", "data/raw/grid; touch OWNED #", "data/raw/$(touch OWNED)", "bin"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("common", "features", "models", "pipeline"):
        (tmp_path / name).symlink_to(ROOT / name)
    (tmp_path / ".dvc" / "config").write_text("[core]\n    no_scm = True\n    analytics = false\n")
    names = [name for name in corpora if isinstance(name, str)]
    blocks = {"run": {"corpora": corpora}, "corpora": dict.fromkeys(names, CORPUS), "features": {"extract": ["vader"]}}
    (tmp_path / "params.yaml").write_text(
        yaml.safe_dump(blocks | {"streams": {"text": {}, "audio": {}}, "train": {}, "evaluate": {}})
    )
    put_crossmodal_into(tmp_path / "bin")
    path = os.pathsep.join([str(tmp_path / "bin"), os.environ["PATH"]])
    dvc = [Path(sys.executable).parent / "dvc", "repro", "--single-item", *(f"prepare@{name}" for name in names)]
    env = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(dvc, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert not names or "a corpus cannot be named" in done.stderr + done.stdout
    assert not [path for path in tmp_path.rglob("OWNED*") if path.is_file()]


EVIL = [
    {"corpora": ["../raw/x"]},
    {"corpora": ["x/../../raw/x"]},
    {"corpora": ["../../kept"]},
    {"corpora": ["grid", "../raw/x"]},
    {"extract": ["../../../raw/x/kept"]},
    {"extract": ["vader", "../../../raw/x/kept"]},
    {"extract": ["x/../../../../raw/x/kept"]},
    {"extract": ["../../../../kept/utterances"]},
]


def params(corpora: list[str], extract: list[str]) -> str:
    """Return settings with such names; DVC looks those of extractors up by their parts between dots."""
    odd: dict[str, object] = {}
    for name in extract:
        place = odd
        for part in name.split("."):
            place = place.setdefault(part, {})  # type: ignore[assignment]
    corpus = CORPUS | {"root": "data/raw/grid", "modalities": ["text"]}
    blocks = {"run": {"corpora": corpora, "workers": 1}, "corpora": dict.fromkeys(corpora, corpus), "train": {}}
    blocks |= {"streams": {"text": {}, "audio": {}, "video": {}}, "features": {"extract": extract, **odd}}
    return yaml.safe_dump(blocks | {"evaluate": {}})


def test_dvc_deletes_nothing_through_names_that_lead_to_other_folders(tmp_path: Path) -> None:
    """DVC deletes the outs of a stage before it runs it: such a name must be refused before that."""
    for name in ("dvc.yaml", ".dvcignore", "requirements.txt", "requirements-speech.txt"):
        shutil.copy(ROOT / name, tmp_path / name)
    for name in ("pipeline", "models", "features", "common"):
        (tmp_path / name).symlink_to(ROOT / name)
    for name in (".dvc", "bin"):
        (tmp_path / name).mkdir()
    (tmp_path / ".dvc" / "config").write_text("[core]\n    no_scm = True\n    analytics = false\n")
    put_crossmodal_into(tmp_path / "bin")
    write_csv(
        tmp_path / "data/raw/grid/manifest.csv",
        ("text", CORPUS["label"]),
        [(f"day {i}", "ab"[i % 2]) for i in range(6)],
    )
    env = {**os.environ, "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}

    def repro(*arguments: str) -> subprocess.CompletedProcess[str]:
        dvc = [Path(sys.executable).parent / "dvc", "repro", *arguments]
        return subprocess.run(dvc, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)

    (tmp_path / "params.yaml").write_text(params(["grid"], ["vader"]))
    done = repro("extract@grid-vader")
    assert done.returncode == 0, done.stdout + done.stderr
    kept = {}
    for folder in ("kept", "data/raw/x"):
        for name in ("utterances.csv", "utterances.h5", "words.csv", "tables.json", "kept.h5", "predictions.csv"):
            kept[tmp_path / folder / name] = "kept"
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / name).write_text("kept")
    for names in EVIL:
        (tmp_path / "params.yaml").write_text(params(names.get("corpora", ["grid"]), names.get("extract", ["vader"])))
        done = repro("--keep-going")
        assert done.returncode != 0, (names, done.stdout)
        assert {file: file.read_text() for file in kept if file.exists()} == kept, (names, done.stdout)


def test_files_of_a_corpus_are_below_its_own_folders() -> None:
    paths = CorpusPaths("demo")
    assert [str(path) for path in (paths.work, paths.results)] == ["data/work/demo", "results/demo"]
    assert str(paths.stream("audio")) == "data/work/demo/streams/audio.h5"
    assert str(paths.features("mfcc")) == "data/work/demo/features/mfcc.h5"
    below = (paths.utterances, paths.words, paths.problems, paths.failures)
    assert [path.name for path in below] == ["utterances.csv", "words.csv", "problems.txt", "failures.csv"]
    assert all(path.parent == paths.work for path in below)
    assert str(paths.predictions) == "results/demo/predictions.csv"


@pytest.mark.parametrize("name", ["bert", "their-own.v2", "a+b", "x" * 100, "größe"])
def test_names_that_a_store_can_have(name: str) -> None:
    check_store(name)
