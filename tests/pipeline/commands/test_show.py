"""crossmodal show: what it prints, what it writes, and what it says of mistakes."""

import json
from pathlib import Path

import pytest

from tests.conftest import run
from tests.pipeline.reporting import looked_at


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("show")
    looked_at.make(folder, streams=False)
    return folder


def test_it_prints_writes_and_reports(here: Path) -> None:
    ended = run("show", "a", "--corpus", "c", "--html", "a.html", "--png", "a.png", "--json", cwd=here)
    assert json.loads(ended.stdout)["id"] == "a"
    assert "c has no streams yet" in ended.stderr
    assert (here / "a.html").read_text().startswith("<!doctype html>")
    assert (here / "a.png").read_bytes().startswith(b"\x89PNG")


def test_an_unknown_id_is_a_sentence(here: Path) -> None:
    ended = run("show", "brokn", cwd=here, check=False)
    assert ended.returncode == 1
    assert "did you mean 'broken'?" in ended.stderr
