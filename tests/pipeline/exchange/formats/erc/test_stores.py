"""Stores made of one vector per utterance: their modality, and numbers that are masked."""

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import UserError
from pipeline.exchange.bundle import ImportOptions
from pipeline.exchange.formats.erc.erc import read
from tests.pipeline.exchange.formats.erc.pickled import PLAIN, A, B, iemocap, padded, save


def test_a_single_bc_lstm_file_takes_its_modality_from_name_or_option(tmp_path: Path) -> None:
    path = save(tmp_path / "covarep.pickle", padded(2))
    assert read(path, ImportOptions(arrays=(("audio", ("covarep",)),))).features[0].modality == "audio"
    with pytest.raises(UserError, match=r"--array audio=covarep"):
        read(path, PLAIN)


def test_numbers_that_are_not_finite_are_masked_and_counted(tmp_path: Path) -> None:
    f = iemocap()
    f["audio"][A][1] = np.array([np.nan, 5.0, -np.inf])
    f["audio"][B][0] = np.full(3, np.nan)
    bundle = read(save(tmp_path / "x.pkl", tuple(f.values())), PLAIN)
    entries = [item.load() for item in bundle.features[1].items]
    assert [e.status for e in entries] == ["ok", "ok", "empty"]
    np.testing.assert_array_equal(entries[1].rows["values"], [[np.nan, 5, np.nan]])
    assert bundle.notices == ("audio: 5 numbers of 2 utterances are not finite and count as undefined",)
