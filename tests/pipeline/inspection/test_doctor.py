"""doctor: its checks of this machine, and the remedies of those that fail."""

from pathlib import Path

import pytest
from packaging.requirements import Requirement

from pipeline.inspection import doctor
from tests.conftest import run


def test_all_checks_pass_on_this_machine(tmp_path: Path) -> None:
    printed = run("doctor", cwd=tmp_path).stdout
    assert "NOT OK" not in printed
    for name in ("Python", "torch", "libGL", "weights of face_cnn", "59534287fdfb125e", "Dask", "write data/cache"):
        assert name in printed
    assert "run.device: auto: torch uses " in printed


def test_a_failed_check_is_named(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file in the way")
    done = run("doctor", cwd=tmp_path, check=False)
    assert done.returncode == 1
    assert any(line.startswith("NOT OK") and "write results" in line for line in done.stdout.splitlines())


@pytest.mark.parametrize(
    ("required", "detail"),
    [
        ("no-such-thing~=1.0", 'not installed: pip install "no-such-thing~=1.0"'),
        ("numpy<2,>=1", 'pip install "numpy<2,>=1"'),
    ],
)
def test_a_missing_package_or_another_version_is_named_with_the_command(required: str, detail: str) -> None:
    check = doctor._package(Requirement(required))
    assert not check.ok
    assert check.needed
    assert check.detail.endswith(detail)


def test_what_is_required_is_what_the_package_states(monkeypatch: pytest.MonkeyPatch) -> None:
    stated = ["numpy~=2.4", "gone~=1.0 ; sys_platform == 'no-such-system'", "spoken==1 ; extra == 'speech'"]
    monkeypatch.setattr(doctor, "requires", lambda name: stated)
    assert [r.name for r in doctor.requirements()] == ["numpy"]
    assert [r.name for r in doctor.requirements("speech")] == ["spoken"]
    check = doctor._speech()
    assert not check.needed
    assert check.detail == 'words are neither recognised nor aligned: pip install "crossmodal[speech]"'


def test_two_builds_of_opencv_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "_installed", lambda package: package != doctor.OPENCV[1])
    check = doctor._guarded("libGL", doctor._opencv)
    assert not check.ok
    assert check.detail.startswith("opencv-python and opencv-contrib-python")
    assert "pip uninstall opencv-python" in check.detail
