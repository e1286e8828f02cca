"""Several modalities as one sequence: steps side by side, a shorter one stretched to the longest of its utterance."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from models.data.modalities import IntArray, Modalities
from models.nets.inputs import InputReader, Inputs
from models.nets.steps import padded
from models.nets.trained_net import Batch


class FusedInputs(Inputs):
    """What a network reads of several modalities as one sequence."""

    def reader(self, x: Modalities, settings: Mapping[str, Any]) -> "FusedReader":
        """Return what makes batches of `x`."""
        return FusedReader(self, x, settings.get("modality_dropout", 0.0))


class FusedReader(InputReader):
    """Batches for a network: the modalities' steps at the same places, and their summaries."""

    def batch(self, rows: IntArray, *, training: bool = False) -> Batch:
        """Return ``there`` ``(b, M)``, ``summaries`` and ``steps`` a modality, and the ``mask`` that steps share.

        An utterance without steps has one of zeros.
        """
        available = self.readable(rows, training)
        blocks, _, lengths = self.side_by_side(rows, available)
        steps = [padded(block, lengths)[0] for block in blocks]
        mask = np.arange(steps[0].shape[1]) < np.maximum(lengths, 1)[:, None]
        return {"available": available, "summaries": self.summary(rows, available), "steps": steps, "mask": mask}
