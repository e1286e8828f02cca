"""Where networks are computed: the CPU, or an accelerator that is there."""

from collections.abc import Callable, Mapping

from features.errors import ExtractorError

CPU, AUTO = "cpu", "auto"
ONNX_CUDA = "CUDAExecutionProvider"  # ONNX Runtime's name of what computes on CUDA devices

_MOST_DEVICES = 64  # ONNX Runtime does not say how many there are, and refuses one that is missing


def torch_device(wanted: str) -> str:
    """Return the device on which torch computes.

    Parameters
    ----------
    wanted
        ``cpu``, ``cuda``, ``cuda:N``, ``mps``, or ``auto``: an accelerator if there is one.

    Returns
    -------
    ``cpu``, ``cuda:N`` or ``mps``.

    Raises
    ------
    ExtractorError
        If that device is not there.

    >>> torch_device("cpu")
    'cpu'
    """
    if wanted == CPU:
        return CPU
    import torch

    cuda, mps = torch.cuda.device_count(), torch.backends.mps.is_available()
    if wanted == AUTO:
        return "cuda:0" if cuda else "mps" if mps else CPU
    if wanted == "mps" and mps:
        return wanted
    return cuda_device(wanted, cuda, "torch")


def ctranslate2_device(wanted: str) -> str:
    """Return the device on which CTranslate2 computes, as `torch_device` does; it cannot use ``mps``."""
    if wanted == CPU:
        return CPU
    import ctranslate2

    count = ctranslate2.get_cuda_device_count()
    if wanted == AUTO:
        return "cuda:0" if count else CPU
    return cuda_device(wanted, count, "CTranslate2")


def onnx_device(wanted: str) -> str:
    """Return the device on which ONNX Runtime computes, as `torch_device` does; here it cannot use ``mps``."""
    if wanted == CPU:
        return CPU
    import onnxruntime

    there = ONNX_CUDA in onnxruntime.get_available_providers()
    if wanted == AUTO:
        return "cuda:0" if there else CPU
    return cuda_device(wanted, _MOST_DEVICES if there else 0, "ONNX Runtime")


def cuda_device(wanted: str, count: int, library: str) -> str:
    """Return ``cuda:N`` if a library can use that device, given the number of devices that it finds.

    Raises
    ------
    ExtractorError
        If there is no such device.
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


# The libraries that compute encoders, each with what a setting means for it.
LIBRARIES: Mapping[str, Callable[[str], str]] = {
    "torch": torch_device,
    "CTranslate2": ctranslate2_device,
    "ONNX Runtime": onnx_device,
}
