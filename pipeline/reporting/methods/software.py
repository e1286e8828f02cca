"""Tables of package versions and licences, the devices of encoders, and the commands that reproduce the results."""

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version

from pipeline.corpora.base import Description
from pipeline.reporting.methods.features import Used
from pipeline.reporting.methods.words import Tool
from pipeline.reporting.tables import Table

_OF_EVERY_RUN = ("crossmodal", "numpy", "scikit-learn", "torch", "xgboost-cpu", "dvc")


def versions(used: Sequence[Used], tools: Sequence[Tool] = ()) -> Table:
    """Return a table of packages and versions: as the stores record them, or else as they are installed here."""
    found: dict[str, str] = {"Python": platform.python_version()}
    for package in (*_OF_EVERY_RUN, *(package for tool in tools for package in tool.packages)):
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # such as crossmodal itself in a checkout, or XGBoost's build for another system
            continue
    for one in used:
        found |= one.libraries
    return Table(["package", "version"], [[name, found[name]] for name in found])


def licences(used: Sequence[Used], published: Mapping[str, Description], tools: Sequence[Tool] = ()) -> Table:
    """Return a table of licences: what the corpora and the features may be used for."""
    lines = [["crossmodal", "MIT"]]
    lines += [[one.title, one.licence] for one in published.values()]
    lines += [[f"{one.name} ({one.modality})", one.licence] for one in used if one.licence]
    lines += [list(line) for tool in tools for line in tool.licences]
    return Table(["what", "licence"], lines)


def devices_sentence(devices: Mapping[str, str]) -> str:
    """Return a sentence that says on which device each encoder ran; empty if there are no encoders."""
    return (
        f"Where encoders ran: {', '.join(f'{name} on {device}' for name, device in devices.items())}."
        if devices
        else ""
    )


def commands(name: str) -> str:
    """Return the commands that reproduce the results, from the recordings to the page."""
    return "\n".join(
        [
            "make setup   # or: pip install crossmodal[tested]",
            f"dvc repro evaluate@{name} report@{name}",
            f"crossmodal evaluate --corpus {name} --show",
        ]
    )
