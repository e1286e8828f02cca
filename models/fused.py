"""Several modalities as one sequence: steps side by side, a shorter one stretched to the longest of its utterance."""

from collections.abc import Mapping
from typing import Any

from models.data import IntArray, Modalities
from models.inputs import InputReader, Inputs, stretched
from models.training import Batch


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
        apart = super().batch(rows, training=training)
        steps, mask = stretched(apart["steps"], apart["masks"])
        mask[:, 0] = True
        return {"there": apart["there"], "summaries": apart["summaries"], "steps": steps, "mask": mask}
