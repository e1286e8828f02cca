"""What the readers of published corpora share: files, folders, rows and `.csd` files."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from pipeline.errors import UserError
from tests.pipeline.corpora.published.mosi_trees import get, opinion_csd, transcripts


def damage(path: Path, how: str) -> None:
    """Change the opinion labels of one video, or the file."""
    if how == "no HDF5":
        path.write_bytes(b"not at all")
        return
    with h5py.File(path.with_name("elsewhere.h5"), "w") as other:
        other["secret"] = np.zeros((2, 1))
    with h5py.File(path, "r+") as file:
        video = file["a root/data/03bSnISJMiM"]
        if how == "no data":
            del file["a root/data"]
            return
        del video["features"]
        if how == "external link":
            video["features"] = h5py.ExternalLink("elsewhere.h5", "/secret")
        elif how == "soft link":
            video["features"] = h5py.SoftLink("/a root/data/Bfr499ggo-0/features")
        elif how == "external data":
            video.create_dataset("features", (2, 1), "f8", external=[(path.with_name("raw.bin"), 0, 16)])
        elif how == "virtual data":
            layout = h5py.VirtualLayout((2, 1), "f8")
            layout[:] = h5py.VirtualSource(path.with_name("elsewhere.h5"), "secret", shape=(2, 1))
            video.create_virtual_dataset("features", layout)
        elif how == "other length":
            video["features"] = np.zeros((5, 1))
        elif how == "many columns":
            video["features"] = np.zeros((2, 3))


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("external link", "link to somewhere else"),
        ("soft link", "link to somewhere else"),
        ("external data", "is stored in another file"),
        ("virtual data", "is composed of other files"),
        ("missing", "has no a root/data/03bSnISJMiM/features"),
        ("no data", "has no a root/data"),
        ("other length", r"features \(5, 1\) and intervals \(2, 2\)"),
        ("many columns", "one score per row is expected"),
        ("no HDF5", "is not a readable HDF5 file"),
    ],
)
def test_unsafe_and_damaged_csd_files_are_refused(tmp_path: Path, how: str, message: str) -> None:
    path = tmp_path / "mosi" / "CMU_MOSI_Opinion_Labels.csd"
    transcripts(tmp_path / "mosi" / "Raw")
    opinion_csd(path)
    damage(path, how)
    with pytest.raises(UserError, match=message):
        get(tmp_path / "mosi")
