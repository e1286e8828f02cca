"""A model in a folder, fitted once."""

import pytest

from models.saving.saving import save
from tests.models.saving.tampering import trained


@pytest.fixture(scope="module")
def plain_model():
    return trained("concat", "classification")[0]


@pytest.fixture
def folder(plain_model, tmp_path):
    save(plain_model, tmp_path / "m", {})
    return tmp_path / "m"
