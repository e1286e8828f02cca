"""A corpus of eight clips of a second, prepared."""

from pathlib import Path

import pytest

from pipeline.settings.params import Params, load_params
from pipeline.stages.prepare import prepare
from tests.faults import world


@pytest.fixture
def prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Params:
    """The settings of the corpus `world.NAME`, whose folder is the working directory."""
    monkeypatch.chdir(world.corpus(tmp_path / "corpus"))
    params = load_params(Path("params.yaml"))
    prepare(params, world.NAME)
    return params
