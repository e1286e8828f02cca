"""Where networks are computed: the CPU, or an accelerator that is there."""

from features.errors import ExtractorError

CPU, AUTO = "cpu", "auto"


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


def cuda_device(wanted: str, count: int, library: str) -> str:
    """Return ``cuda:N`` if a library can use that device, given the number of devices that it finds.

    Raises
    ------
    ExtractorError
        If there is no such device.
    """
    kind, _, number = wanted.partition(":")
    if kind != "cuda" or int(number or 0) >= count:
        found = ", ".join(f"cuda:{i}" for i in range(count)) if count else "no CUDA device"
        raise ExtractorError(
            f"run.device is {wanted}, but {library} finds {found} here: set run.device to auto or cpu, or install the "
            "driver and a build of the library for that device"
        )
    return f"cuda:{int(number or 0)}"
