"""One undisturbed run of the small corpus, which every test compares with."""

from pathlib import Path

import pytest

from tests.faults import world


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which all stages have run."""
    folder = world.corpus(tmp_path_factory.mktemp("faults") / "whole")
    done = world.run(folder, world.STAGES[0], world.IMPORT, *world.STAGES[1:], world.PREDICT)
    assert done.code == 0, done.output
    (folder / "data" / "raw" / world.NAME).unlink()  # a link to the clips, which a copy would share
    return folder
