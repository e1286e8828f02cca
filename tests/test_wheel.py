"""The wheel holds all that the program reads beside its code; what it requires fits what is tested."""

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
ROOMS = ("common", "crossmodal", "features", "models", "pipeline")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """Build the wheel in a copy of the source, as pip does."""
    source = tmp_path_factory.mktemp("source")
    skip = shutil.ignore_patterns("__pycache__")
    for room in ROOMS:
        shutil.copytree(ROOT / room, source / room, symlinks=True, ignore=skip)
    for file in [*ROOT.glob("*.*"), ROOT / "LICENSE"]:
        if file.is_file():
            shutil.copy(file, source)
    code = "from setuptools.build_meta import build_wheel; build_wheel('built')"
    subprocess.run([sys.executable, "-c", code], cwd=source, check=True, capture_output=True)
    (built,) = (source / "built").glob("*.whl")
    return zipfile.ZipFile(built)


def pins(name: str) -> list[Requirement]:
    """Return the requirements in a file of them."""
    lines = (ROOT / name).read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def stated(wheel: zipfile.ZipFile) -> Message:
    (name,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
    return Parser().parsestr(wheel.read(name).decode())


def test_it_holds_every_file_of_the_program_and_no_other(wheel: zipfile.ZipFile) -> None:
    ours = {f"{folder}/{name}" for room in ROOMS for folder, _, names in os.walk(ROOT / room) for name in names}
    ours = {Path(path).relative_to(ROOT).as_posix() for path in ours if "__pycache__" not in path} | {"cli.py"}
    assert {"pipeline/reporting/templates/page.html", "pipeline/inspection/speed.json"} <= ours
    assert {name for name in wheel.namelist() if ".dist-info/" not in name} == ours


NOTEBOOK = """
import crossmodal as cm

reveal_type(cm.load("demo").X.columns)
reveal_type(cm.answer("demo").sentences)
cm.fit(3)
"""


def test_a_type_checker_sees_the_types_of_an_installed_wheel(wheel: zipfile.ZipFile, tmp_path: Path) -> None:
    """Signatures name classes of the other packages, so a package without types makes them Any."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    wheel.extractall(next((tmp_path / "venv" / "lib").iterdir()) / "site-packages")
    (tmp_path / "notebook.py").write_text(NOTEBOOK)
    how = ("--python-executable", "venv/bin/python", "--cache-dir", os.devnull)
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-m", "mypy", *how, "notebook.py"]
    said = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False).stdout
    assert 'note: Revealed type is "tuple[str, ...]"' in said.splitlines()[0].split("notebook.py:4: ")[1], said
    assert 'note: Revealed type is "tuple[str, ...]"' in said.splitlines()[1].split("notebook.py:5: ")[1], said
    assert 'notebook.py:6: error: Argument 1 to "fit" has incompatible type "int"; expected "str"' in said
    assert {f"{room}/py.typed" for room in ROOMS} <= set(wheel.namelist())


def test_its_stages_are_those_of_dvc_yaml(wheel: zipfile.ZipFile) -> None:
    assert wheel.read("pipeline/ingest/stages.yaml") == (ROOT / "dvc.yaml").read_bytes()


def test_it_states_the_version_once_and_the_extras(wheel: zipfile.ZipFile) -> None:
    found = stated(wheel)
    assert found["Version"] == PROJECT["version"]
    assert set(found.get_all("Provides-Extra", [])) == {"tested", "speech", "mmsa", "dev"}
    required = [Requirement(text) for text in found.get_all("Requires-Dist", [])]
    spoken = {r.name for r in required if r.marker and r.marker.evaluate({"extra": "speech"})}
    assert spoken >= {r.name for r in pins("requirements-speech.txt")}
    elsewhere = [ROOT / "cli.py", *(ROOT / "pipeline").rglob("*.py")]
    assert not [file for file in elsewhere if f'"{PROJECT["version"]}"' in file.read_text()]


def test_what_is_required_is_what_is_tested_and_each_pin_is_in_its_range() -> None:
    required = {(canonicalize_name(r.name), str(r.marker)): r for r in map(Requirement, PROJECT["dependencies"])}
    tested = {(canonicalize_name(r.name), str(r.marker)): r for r in pins("requirements.txt")}
    assert set(required) == set(tested)
    for key, pin in tested.items():
        (version,) = (specifier.version for specifier in pin.specifier)
        assert required[key].specifier.contains(version), f"{required[key]} does not allow {pin}"
