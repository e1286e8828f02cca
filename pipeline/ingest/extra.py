"""Errors for missing packages of the optional extra `speech`; these packages find, recognise and align speech."""

from importlib.util import find_spec

from pipeline.errors import UserError

INSTALL = 'pip install "crossmodal[speech]"'


def extra_missing(package: str, purpose: str) -> UserError:
    """Return the error for a missing package: what needs it, and the command that installs it.

    >>> print(extra_missing("pocketsphinx", "words are aligned"))
    words are aligned by the package pocketsphinx, which is not installed: pip install "crossmodal[speech]"
    """
    return UserError(f"{purpose} by the package {package}, which is not installed: {INSTALL}")


def require(package: str, purpose: str) -> None:
    """Raise the error of `extra_missing` if a package is not installed; the package is not imported."""
    if find_spec(package.replace("-", "_")) is None:
        raise extra_missing(package, purpose)
