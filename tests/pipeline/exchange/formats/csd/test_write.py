"""Written files follow the rules of the SDK and are the same every time."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from pipeline.exchange.formats.csd.csd import read, write
from tests.pipeline.exchange.formats.csd.sequences import AUDIO, entries, example

TEMPLATE = (  # the SDK's own list, in which a comma is missing
    "root name",
    "computational sequence description",
    "dimension namescomputational sequence version",
    "alignment compatible",
    "dataset name",
    "dataset version",
    "creator",
    "contact",
    "featureset bib citation",
    "dataset bib citation",
)


def as_the_sdk_reads(path: Path) -> tuple[dict[str, Any], dict[str, tuple[np.ndarray, np.ndarray]]]:
    """Read a file by the SDK's rules: the first group, JSON metadata, features and intervals of equal length."""
    with h5py.File(path, "r") as h5:
        root = h5[next(iter(h5.keys()))]
        assert len(h5) == 1
        metadata = {key: json.loads(root["metadata"][key][0]) for key in root["metadata"]}
        data = {k: (root["data"][k]["features"][:], root["data"][k]["intervals"][:]) for k in root["data"]}
    for features, intervals in data.values():
        assert features.ndim >= 2
        assert intervals.ndim == 2
        assert intervals.shape == (len(features), 2)
    return metadata, data


def test_the_sdk_can_open_written_files(tmp_path: Path) -> None:
    write(example(), tmp_path)
    for path in tmp_path.glob("*.csd"):
        metadata, data = as_the_sdk_reads(path)
        assert set(TEMPLATE) | {"uuid", "md5"} <= set(metadata)
        assert metadata["root name"] == path.stem
        assert all(np.isfinite(intervals).all() for _, intervals in data.values())
    features, intervals = as_the_sdk_reads(tmp_path / "egemaps.csd")[1]["v_1"]
    assert features.dtype == np.float32
    np.testing.assert_allclose(intervals, [[10.25, 10.55], [10.25, 12.5], [10.55, 11.25]])  # recording seconds
    words = as_the_sdk_reads(tmp_path / "words.csd")[1]
    assert words["größe"][0].tolist() == [["naïve".encode()], [b"x"]]
    scores = as_the_sdk_reads(tmp_path / "labels.csd")[1]
    assert scores["v_1"][0].tolist() == [[-0.8, 1.0]]
    assert as_the_sdk_reads(tmp_path / "labels_emotion.csd")[1]["v_1"][0].tolist() == [[b"happy"]]


def test_an_export_can_be_read_without_our_metadata(tmp_path: Path) -> None:
    """Without our metadata, the plain part alone still gives rows and scores."""
    write(example(), tmp_path)
    for name in ("egemaps", "labels"):
        with h5py.File(tmp_path / f"{name}.csd", "a") as h5:
            for key in [key for key in h5[name]["metadata"] if key.startswith("crossmodal")]:
                del h5[name]["metadata"][key]
    bundle = read(tmp_path / "egemaps.csd", AUDIO)
    np.testing.assert_array_equal(
        entries(bundle)["v_1"].rows["values"], example().features[0].items[0].load().rows["values"]
    )


def test_the_same_bundle_gives_the_same_bytes(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        write(example(), tmp_path / folder)
    for path in (tmp_path / "a").iterdir():
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()
