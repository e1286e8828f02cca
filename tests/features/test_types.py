"""What an extractor sees."""

import numpy as np

from features.types import AudioStream


def test_samples_become_numbers_from_minus_one_to_below_one() -> None:
    stream = AudioStream(np.array([-32768, -1, 0, 16384, 32767], np.int16), 16000, 0.0, 1.0, 0.0)
    signal = stream.signal()
    assert signal.dtype == np.float32
    assert signal.tolist() == [-1.0, -1 / 32768, 0.0, 0.5, 32767 / 32768]
    assert stream.words == 0
    assert np.isnan([stream.words_start_s, stream.words_end_s]).all()
