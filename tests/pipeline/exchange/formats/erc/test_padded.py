"""bc-LSTM's padded arrays: utterances without padding, files that must agree."""

from pathlib import Path

import pytest

from pipeline.errors import UserError
from pipeline.exchange.formats.erc.erc import read
from tests.pipeline.exchange.formats.erc.pickled import PLAIN, column, numbers, padded, save


@pytest.mark.parametrize("one_hot", [False, True])
def test_bc_lstm_folder(tmp_path: Path, one_hot: bool) -> None:
    for name, width in (("text", 4), ("audio", 3), ("video", 2)):
        save(tmp_path / f"{name}.pickle", padded(width, width, one_hot))
    bundle = read(tmp_path, PLAIN)
    assert column(bundle, "utterance")[:3] == ["train_vid0_utt0", "train_vid0_utt1", "train_vid1_utt0"]
    assert column(bundle, "split") == ["train"] * 3 + ["test"] * 3
    assert column(bundle, "sentiment") == ["positive", "negative", "positive", "negative", "positive", "positive"]
    assert sorted(s.name for s in bundle.features) == ["audio", "text", "video"]
    assert list(numbers(bundle, "audio").values()) == [[3] * 3, [4] * 3, [6] * 3, [3] * 3, [4] * 3, [5] * 3]


def test_bc_lstm_files_that_disagree_are_refused(tmp_path: Path) -> None:
    save(tmp_path / "text.pickle", padded(2))
    other = list(padded(2))
    other[6] = [2]
    save(tmp_path / "audio.pickle", tuple(other))
    with pytest.raises(UserError, match="different lengths or labels"):
        read(tmp_path, PLAIN)
