"""The base class of extractors that run a pretrained network, on the CPU or on an accelerator."""

from abc import abstractmethod
from collections.abc import Hashable, Sequence
from typing import Any

from features.base import Extractor, StreamT
from features.devices import CPU, torch_device
from features.errors import EmptyInput
from features.types import Features


class Encoder(Extractor[StreamT]):
    """An extractor whose network reads one or more inputs per utterance: faces, texts or windows of sound.

    On the CPU, the network reads one input at a time, so that the features of an utterance do not depend on other
    utterances. On an accelerator, it reads several inputs at once, also from different utterances, which can change the
    last digits of the features.

    Attributes
    ----------
    device
        The device on which the network is computed; it is set before the first utterance.
    """

    device: str = CPU

    def device_for(self, wanted: str) -> str:
        """Return the device that this network's library uses if the setting ``run.device`` is `wanted`.

        Raises
        ------
        ExtractorError
            If the wanted device is not available.
        """
        return torch_device(wanted)

    @abstractmethod
    def inputs(self, stream: StreamT) -> Sequence[Any]:
        """Return the network's inputs for an utterance; raise `EmptyInput` if there are none."""

    def shape(self, one: Any) -> Hashable:  # noqa: ARG002
        """Return a key of one input of the network; only inputs with equal keys are put into one batch."""
        return None

    @abstractmethod
    def encode(self, inputs: Sequence[Any]) -> Sequence[Any]:
        """Return the network's output for each input of a batch; all inputs have the same `shape`."""

    @abstractmethod
    def features(self, stream: StreamT, inputs: Sequence[Any], encoded: Sequence[Any]) -> Features:
        """Return the features of an utterance, computed from the network's outputs for its inputs."""

    def extract(self, stream: StreamT) -> Features:
        """Return the features of one utterance; raise `EmptyInput` if there is nothing to encode."""
        inputs = self.inputs(stream)
        return self.features(stream, inputs, [self.encode([one])[0] for one in inputs])

    def extract_batch(self, streams: Sequence[StreamT], size: int) -> list[Features | EmptyInput]:
        """Encode several utterances in batches of at most `size` inputs.

        Returns
        -------
        For each utterance its features, or an `EmptyInput` that says why there is nothing to encode.
        """
        read = [self._inputs_or_empty(stream) for stream in streams]
        everything = [one for inputs in read if not isinstance(inputs, EmptyInput) for one in inputs]
        encoded = iter(self._in_batches(everything, size))
        return [
            inputs
            if isinstance(inputs, EmptyInput)
            else self.features(stream, inputs, [next(encoded) for _ in range(len(inputs))])
            for stream, inputs in zip(streams, read, strict=True)
        ]

    def _inputs_or_empty(self, stream: StreamT) -> Sequence[Any] | EmptyInput:
        try:
            return self.inputs(stream)
        except EmptyInput as reason:
            return reason

    def _in_batches(self, inputs: Sequence[Any], size: int) -> list[Any]:
        alike: dict[Hashable, list[int]] = {}
        for i, one in enumerate(inputs):
            alike.setdefault(self.shape(one), []).append(i)
        encoded: dict[int, Any] = {}
        for indices in alike.values():
            for first in range(0, len(indices), size):
                batch = indices[first : first + size]
                encoded.update(zip(batch, self.encode([inputs[i] for i in batch]), strict=True))
        return [encoded[i] for i in range(len(inputs))]
