"""A store read from Python holds what plain h5py finds in it."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from pipeline.notebook.errors import CrossmodalError
from pipeline.notebook.features import loaded_features, read_features


@pytest.fixture
def stores(demo_project: Path) -> Path:
    return demo_project / "data" / "work" / "demo" / "features"


def test_pooled_features_and_rows_are_those_of_the_file(stores: Path) -> None:
    found = read_features(stores / "prosody.h5")
    frame = found.to_frame()
    with h5py.File(stores / "prosody.h5") as file:
        names, offsets = list(file["utterance"].asstr()), file["offsets"][:]
        np.testing.assert_array_equal(frame, file["pooled"][:])
        steps = found.sequence(names[5])
        np.testing.assert_array_equal(steps, file["values"][offsets[5] : offsets[6]])
        times = steps.index.to_frame().to_numpy()
        np.testing.assert_array_equal(times, file["times"][offsets[5] : offsets[6]])
    assert frame.index.tolist() == names
    assert steps.index.names == ["start", "end"]
    assert steps.columns.tolist() == ["f0_hz", "f0_semitones", "intensity_db", "voiced"]


def test_an_xarray_dataset_holds_every_row_once(stores: Path, tmp_path: Path) -> None:
    import xarray as xr

    found = read_features(stores / "vader.h5")
    made = found.to_xarray()
    assert int(made["rows"].sum()) == made.sizes["row"]
    assert made["rows"].attrs["sample_dimension"] == "row"
    last = found.utterances[-1]
    of_last = made["values"].to_numpy()[made["row_utterance"].to_numpy() == last]
    np.testing.assert_array_equal(of_last, found.sequence(last))
    np.testing.assert_array_equal(made["pooled"].sel(utterance=last), found.to_frame().loc[last])
    assert isinstance(made, xr.Dataset)
    assert made.attrs["name"] == "vader"


def test_a_stream_has_sequences_but_no_features(stores: Path) -> None:
    sound = read_features(stores.parent / "streams" / "audio.h5")
    steps = sound.sequence(sound.utterances[0])
    starts = steps.index.get_level_values("start")
    assert starts[1] - starts[0] == pytest.approx(1 / 16000)
    words = read_features(stores.parent / "streams" / "text.h5").sequence("ana-01")
    assert words["text"].tolist()[:2] == ["i", "think"]
    pictures = read_features(stores.parent / "streams" / "video.h5").sequence("ana-01")
    assert pictures["video"].iloc[0][:2] == b"\xff\xd8"
    for method in (sound.to_frame, sound.to_xarray):
        with pytest.raises(CrossmodalError, match="audio is a stream, which has no features"):
            method()


def test_a_loaded_store_needs_its_file_no_longer(stores: Path, tmp_path: Path) -> None:
    copy = tmp_path / "vader.h5"
    copy.write_bytes((stores / "vader.h5").read_bytes())
    held, lazy = loaded_features(copy), read_features(copy)
    copy.unlink()
    assert len(held.sequence("ana-01"))
    with pytest.raises(CrossmodalError, match="does not exist"):
        lazy.sequence("ana-01")


def test_an_unknown_utterance_and_a_foreign_file_are_named(stores: Path, tmp_path: Path) -> None:
    with pytest.raises(CrossmodalError, match="holds no utterance 'ana-1'; did you mean 'ana-01'"):
        read_features(stores / "vader.h5").sequence("ana-1")
    (tmp_path / "a.h5").write_text("words")
    with pytest.raises(CrossmodalError, match=r"a\.h5 is not a store"):
        read_features(tmp_path / "a.h5")


def test_it_is_described_in_one_line(stores: Path) -> None:
    found = read_features(stores / "vader.h5")
    assert repr(found) == "<vader (text, 4 features): 12 utterances, 12 ok>"
    assert "&lt;vader" in found._repr_html_()
    assert "stream" in repr(read_features(stores.parent / "streams" / "text.h5"))
