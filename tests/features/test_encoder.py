"""Batches of an encoder: the same features as one by one, in order, whatever is empty or of another length."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from features.encoder import Encoder
from features.errors import EmptyInput, ExtractorError
from features.types import AudioStream, Features


@dataclass(frozen=True)
class NoConfig:
    """No settings."""


class Doubled(Encoder[AudioStream]):
    """Doubles each pair of samples, and records how many pairs were read at once."""

    name, modality, version, Config = "doubled", "audio", 1, NoConfig
    feature_names = pooled_names = ("value",)

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.read: list[int] = []

    def inputs(self, stream: AudioStream) -> list[Any]:
        if not len(stream.samples):
            raise EmptyInput("no sound")
        return [stream.samples[i : i + 2] for i in range(0, len(stream.samples), 2)]

    def shape(self, one: Any) -> int:
        return len(one)

    def encode(self, inputs: Sequence[Any]) -> list[Any]:
        self.read.append(len(inputs))
        assert len({len(one) for one in inputs}) == 1
        return [2 * one for one in inputs]

    def features(self, stream: AudioStream, inputs: Sequence[Any], encoded: Sequence[Any]) -> Features:
        values = np.concatenate(encoded).astype(np.float32)[:, None]
        return Features(values, np.zeros((len(values), 2)), values.mean(axis=0))


def sound(*samples: int) -> AudioStream:
    return AudioStream(np.array(samples, np.int16), 16000, 0.0, 1.0, 0.0)


STREAMS = [sound(1, 2, 3), sound(), sound(4, 5), sound(6), sound(7, 8, 9, 10)]
EXPECTED = [[2, 4, 6], None, [8, 10], [12], [14, 16, 18, 20]]


@pytest.mark.parametrize("size", [1, 2, 32])
def test_a_batch_gives_what_each_gives_alone(size: int) -> None:
    found = Doubled(NoConfig()).extract_batch(STREAMS, size)
    assert [None if isinstance(one, EmptyInput) else one.values[:, 0].tolist() for one in found] == EXPECTED
    for stream, one in zip(STREAMS, found, strict=True):
        if isinstance(one, EmptyInput):
            with pytest.raises(EmptyInput, match=str(one)):
                Doubled(NoConfig()).extract(stream)
        else:
            assert one.values.tobytes() == Doubled(NoConfig()).extract(stream).values.tobytes()


def test_only_inputs_of_one_shape_are_read_at_once_and_never_more_than_the_batch() -> None:
    encoder = Doubled(NoConfig())
    encoder.extract_batch(STREAMS, 3)
    assert sorted(encoder.read) == [1, 2, 3]  # four pairs in two batches, and both odd samples in one
    encoder.read.clear()
    encoder.extract(STREAMS[4])
    assert encoder.read == [1, 1]


def test_a_device_that_is_not_there_is_refused() -> None:
    encoder = Doubled(NoConfig())
    assert encoder.device == encoder.device_for("cpu") == "cpu"
    with pytest.raises(ExtractorError, match=r"run\.device is cuda:99, but torch finds"):
        encoder.device_for("cuda:99")
