"""Run Python calls in the project that contains the working directory, or in a project that the caller names.

The stages read and write below the working directory. A call therefore changes the working directory while it runs, and
only one call runs at a time.
"""

import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from os import PathLike
from pathlib import Path

from pipeline.errors import UserError
from pipeline.settings.params import Params, load_params

Place = str | PathLike[str]

SETTINGS = "params.yaml"
_RUNNING = threading.RLock()  # all threads share the working directory


def absolute(path: Place) -> Path:
    """Return an absolute path, which stays valid when the working directory changes; ``~`` is the home folder."""
    return Path(path).expanduser().absolute()


@contextmanager
def project(place: Place | None = None) -> Iterator[Params]:
    """Run a block with the folder of a project as working directory, and yield its settings.

    Parameters
    ----------
    place
        The folder of the project or its settings file; by default the working directory or the closest folder above
        it that holds a params.yaml.

    Raises
    ------
    UserError
        If there is no project, or its settings cannot be used.
    """
    settings = _settings(place)
    with _RUNNING, chdir(settings.parent):
        params = load_params(Path(settings.name))
        for notice in params.notices:
            warnings.warn(notice, stacklevel=4)
        yield params


@contextmanager
def project_or_defaults(place: Place | None = None) -> Iterator[Params]:
    """Run a block in a project; if there is no project, run it in a temporary folder with default settings."""
    if place is not None or _above(Path.cwd()) is not None:
        with project(place) as params:
            yield params
        return
    with tempfile.TemporaryDirectory(prefix="crossmodal-") as folder, _RUNNING, chdir(folder):
        Path(SETTINGS).write_text("run: {corpora: []}\n", encoding="utf-8")
        yield load_params(Path(SETTINGS))


def _settings(place: Place | None) -> Path:
    """Return the settings file of a project."""
    if place is None:
        if (found := _above(Path.cwd())) is None:
            raise UserError(
                f"neither {Path.cwd()} nor a folder above it holds a {SETTINGS}: go to the folder of a project, name "
                "it with project=..., or make one with `crossmodal init FOLDER`"
            )
        return found
    named = absolute(place)
    if not named.exists():
        raise UserError(f"{named} does not exist: name the folder of a project, or its settings file")
    return named / SETTINGS if named.is_dir() else named


def _above(folder: Path) -> Path | None:
    """Return the settings file in a folder or in the closest one above it."""
    return next((one / SETTINGS for one in (folder, *folder.parents) if (one / SETTINGS).is_file()), None)
