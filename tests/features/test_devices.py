"""Devices: what a setting means where a number of accelerators is there."""

import subprocess
import sys

import pytest

from features.devices import cuda_device, torch_device
from features.errors import ExtractorError


def test_a_number_is_a_device_that_is_there() -> None:
    assert cuda_device("cuda", 1, "torch") == "cuda:0"
    assert cuda_device("cuda:2", 3, "torch") == "cuda:2"


@pytest.mark.parametrize(
    ("wanted", "count", "found"),
    [("cuda", 0, "no CUDA device"), ("cuda:2", 2, "cuda:0, cuda:1")],
)
def test_a_device_that_is_not_there_is_refused_with_those_that_are(wanted: str, count: int, found: str) -> None:
    with pytest.raises(ExtractorError, match=f"run.device is {wanted}, but CTranslate2 finds {found}"):
        cuda_device(wanted, count, "CTranslate2")


@pytest.mark.parametrize(("cuda", "mps", "found"), [(2, False, "cuda:0"), (0, True, "mps"), (0, False, "cpu")])
def test_auto_is_an_accelerator_if_there_is_one(
    cuda: int, mps: bool, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setattr("features.devices.version", lambda package: "2.13.0")
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert torch_device("auto") == found
    assert torch_device("cpu") == "cpu"
    if mps:
        assert torch_device("mps") == "mps"
    else:
        with pytest.raises(ExtractorError, match=r"run\.device is mps, which torch cannot use here"):
            torch_device("mps")


@pytest.mark.parametrize(("build", "imported"), [("2.13.0+cpu", False), ("2.13.0", True)])
def test_a_build_for_the_cpu_is_known_without_importing_torch(build: str, imported: bool) -> None:
    script = (
        "import sys, features.devices as devices\n"
        f"devices.version = lambda package: {build!r}\n"
        "assert devices.torch_device('auto') == 'cpu' or 'torch' in sys.modules\n"
        "print('torch' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == str(imported)
