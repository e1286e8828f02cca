"""The device on which networks are computed: the CPU, or an available accelerator."""

from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version

from features.errors import ExtractorError

CPU, AUTO = "cpu", "auto"
ONNX_CUDA = "CUDAExecutionProvider"  # ONNX Runtime's name for its CUDA backend

_MOST_DEVICES = 64  # ONNX Runtime does not report how many devices there are, and itself refuses a missing one


def torch_device(wanted: str) -> str:
    """Return the device on which torch computes.

    Parameters
    ----------
    wanted
        ``cpu``, ``cuda``, ``cuda:N``, ``mps``, or ``auto`` (an accelerator if there is one, otherwise the CPU).

    Returns
    -------
    ``cpu``, ``cuda:N`` or ``mps``.

    Raises
    ------
    ExtractorError
        If the wanted device is not available.

    >>> torch_device("cpu")
    'cpu'
    """
    if wanted == CPU or (wanted == AUTO and _built_for_cpu("torch")):
        return CPU
    import torch

    cuda, mps = torch.cuda.device_count(), torch.backends.mps.is_available()
    if wanted == AUTO:
        return "cuda:0" if cuda else "mps" if mps else CPU
    if wanted == "mps" and mps:
        return wanted
    return cuda_device(wanted, cuda, "torch")


def _built_for_cpu(package: str) -> bool:
    """Whether the version of the installed `package` ends in ``+cpu``: such a build cannot use an accelerator."""
    try:
        return version(package).endswith("+cpu")
    except PackageNotFoundError:
        return False


def ctranslate2_device(wanted: str) -> str:
    """Return the device on which CTranslate2 computes, as `torch_device` does for torch; ``mps`` is not supported."""
    if wanted == CPU:
        return CPU
    import ctranslate2

    count = ctranslate2.get_cuda_device_count()
    if wanted == AUTO:
        return "cuda:0" if count else CPU
    return cuda_device(wanted, count, "CTranslate2")


def onnx_device(wanted: str) -> str:
    """Return the device on which ONNX Runtime computes, as `torch_device` does for torch.

    ``mps`` is not supported. Whether ``cuda:N`` exists is left to ONNX Runtime to check.
    """
    if wanted == CPU:
        return CPU
    import onnxruntime

    there = ONNX_CUDA in onnxruntime.get_available_providers()
    if wanted == AUTO:
        return "cuda:0" if there else CPU
    return cuda_device(wanted, _MOST_DEVICES if there else 0, "ONNX Runtime")


def cuda_device(wanted: str, count: int, library: str) -> str:
    """Return `wanted` as ``cuda:N`` if it is one of the `count` CUDA devices that a library finds.

    Raises
    ------
    ExtractorError
        If `wanted` is none of these devices.
    """
    kind, _, number = wanted.partition(":")
    if kind != "cuda":
        raise ExtractorError(f"run.device is {wanted}, which {library} cannot use here: set run.device to auto or cpu")
    if int(number or 0) >= count:
        found = ", ".join(f"cuda:{i}" for i in range(count)) if count else "no CUDA device"
        raise ExtractorError(
            f"run.device is {wanted}, but {library} finds {found} here: set run.device to auto or cpu, or install the "
            "driver and a build of the library for that device"
        )
    return f"cuda:{int(number or 0)}"


# For each library that runs encoders, a function from the setting `run.device` to the device that the library uses.
LIBRARIES: Mapping[str, Callable[[str], str]] = {
    "torch": torch_device,
    "CTranslate2": ctranslate2_device,
    "ONNX Runtime": onnx_device,
}
